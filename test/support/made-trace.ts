// Made-up runs for tests of what is a function of a run: a story told deed by deed, by names
// instead of numbers. `new MadeTrace().as('sh').did('mutex.acquired', 'rtnl_mutex')`.

import type { RunEnd, RunHead, RunRecord } from '#lab/record/run-record.ts';
import { K, kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { endOf, headOf } from './heads.ts';

/** What an event can say besides who, when and what. Names and texts are interned. */
export type MadeValue = number | string | Uint8Array;

/** A trace under way. Time goes on by 100 ns with every deed. */
export class MadeTrace {
  readonly trace = new Trace();
  private readonly numbers = new Map<string, number>();

  /** From now on this task acts; it is born when it is new. */
  as(name: string): this {
    this.trace.task = this.taskNumber(name);
    return this;
  }

  /** From now on nobody acts but the machine itself. */
  asMachine(): this {
    this.trace.task = 0;
    return this;
  }

  /** From now on it is this time, ns. */
  at(timeNs: number): this {
    this.trace.nowNs = timeNs;
    return this;
  }

  /** From now on it is this CPU. */
  on(cpu: number): this {
    this.trace.cpu = cpu;
    return this;
  }

  /** Uses up numbers of texts, tasks and blobs, so that those of another run differ. */
  shifted(): this {
    this.trace.intern('a text that only this run has');
    this.trace.blob(Uint8Array.of(1, 2, 3));
    this.numbers.set('a task that only this run has', 1);
    return this;
  }

  did(kind: KindName, object = '', value: MadeValue = 0): this {
    const { trace } = this;
    const isTask = kindTable[K[kind]]?.object === 'task';
    const number = isTask ? this.taskNumber(object) : trace.intern(object);
    trace.emit(K[kind], number, this.valueNumber(value));
    trace.nowNs += 100;
    return this;
  }

  private valueNumber(value: MadeValue): number {
    if (typeof value === 'number') return value;
    return typeof value === 'string' ? this.trace.intern(value) : this.trace.blob(value);
  }

  /** Number of a task; task.create is emitted for a new one, at the present time. */
  private taskNumber(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.numbers.size + 1;
    this.numbers.set(name, number);
    this.trace.emit(K['task.create'], number, this.trace.task, this.trace.intern(name));
    return number;
  }

  /** The run that this trace is of. */
  record(end: Partial<RunEnd> | null = {}, head: Partial<RunHead> = {}): RunRecord {
    const made = { scenarioFile: 'made.yaml', scenarioName: 'made', scenarioText: '' };
    return {
      head: headOf({ ...made, ...head }),
      end: end === null ? null : endOf({ virtualNs: this.trace.nowNs, ...end }),
      inputs: [],
      choices: [],
      trace: this.trace,
    };
  }
}
