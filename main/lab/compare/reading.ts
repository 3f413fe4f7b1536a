// All that a comparison needs of one run, taken in one pass over its events: how many of each kind,
// each task's deeds in order, each object's tally, and where log lines, commands and packets are.

import { K, kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import type { Piece } from '../record/piece.ts';
import { deedForms, plainName } from './deeds.ts';
import type { DeedPart, DeedTable } from './deeds.ts';
import { Sequence } from './sequence.ts';
import { columnOfKind, Tally } from './tally.ts';
import type { TaskNames } from '../record/words.ts';

/** One run, read. */
export class Reading {
  readonly trace: Trace;
  readonly names: TaskNames;
  readonly kindCounts: number[] = kindTable.map(() => 0);
  /** By task name: all but what it printed. */
  readonly tasks = new Map<string, Sequence>();
  /** By plain name of the object. */
  readonly tallies = new Map<string, Tally>();
  readonly log = new Sequence();
  readonly commands = new Sequence();
  readonly packets = new Sequence();

  private readonly table: DeedTable;
  /** By number in the trace: plain text's number in the table. */
  private readonly texts: number[] = [0];
  private readonly taskTexts: number[] = [];
  private readonly sequences: Sequence[] = [];
  private readonly talliesByText: (Tally | undefined)[] = [];
  /** By task: its last event. */
  private readonly lastSeqs: number[] = [];

  /** `names` must know the trace. */
  constructor(trace: Trace, names: TaskNames, table: DeedTable) {
    this.trace = trace;
    this.names = names;
    this.table = table;
    for (const piece of pieces(trace, 0, trace.count)) this.read(piece);
  }

  private read({ from, count, u8, u16, u32 }: Piece): void {
    for (let at = 0; at < count; at++) {
      const kind = u8[at * 24 + 22]!;
      const task = u16[at * 12 + 10]!;
      const object = u32[at * 6 + 2]!;
      const value = u32[at * 6 + 3]!;
      this.kindCounts[kind]!++;
      this.lastSeqs[task] = from + at;
      const column = columnOfKind[kind]!;
      if (column >= 0 && object !== 0) this.tally(object).add(column, kind, task, value);
      const form = deedForms[kind];
      if (form?.isDeed !== true) continue;
      const said = this.part(form.object, object);
      const deed = this.table.number(kind, said, this.part(form.value, value));
      const stream = this.streamOf(kind);
      stream?.push(deed, from + at);
      // Lines of the log are told by the log.
      if (stream !== this.log) this.sequence(task).push(deed, from + at);
    }
  }

  /** A number of this trace as one of the table. */
  private part(part: DeedPart, number: number): number {
    switch (part) {
      case 'text':
        return this.texts[number] ?? this.newText(number);
      case 'task':
        return this.taskTexts[number] ?? this.newTask(number);
      case 'number':
        return number;
      default:
        return 0;
    }
  }

  private newText(number: number): number {
    const known = this.table.names.of(plainName(this.trace.text(number)));
    this.texts[number] = known;
    return known;
  }

  private newTask(number: number): number {
    const known = this.table.names.of(this.names.of(number));
    this.taskTexts[number] = known;
    return known;
  }

  private sequence(task: number): Sequence {
    return (this.sequences[task] ??= entry(this.tasks, this.names.of(task), () => new Sequence()));
  }

  private tally(object: number): Tally {
    return (this.talliesByText[object] ??= entry(
      this.tallies,
      plainName(this.trace.text(object)),
      () => new Tally(),
    ));
  }

  private streamOf(kind: number): Sequence | undefined {
    switch (kind) {
      case K.printk:
        return this.log;
      case K['fw.command']:
        return this.commands;
      case K['packet.send']:
      case K['packet.receive']:
      case K['packet.drop']:
        return this.packets;
      default:
        return undefined;
    }
  }

  /** Names of the tasks whose last event is that they began to wait for something, by its name. */
  waiters(): Map<string, string[]> {
    const waiters = new Map<string, string[]>();
    this.lastSeqs.forEach((seq, task) => {
      const { kind, object } = this.trace.event(seq);
      if (kind !== K['task.block'] && kind !== K['task.spin']) return;
      const [name, waiter] = [plainName(this.trace.text(object)), this.names.of(task)];
      // A worker that has nothing to do waits for itself.
      if (name !== '' && name !== waiter) entry(waiters, name, () => []).push(waiter);
    });
    return waiters;
  }
}

/** What a map has under a key, put there when it is missing. */
function entry<Key, V>(map: Map<Key, V>, key: Key, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
