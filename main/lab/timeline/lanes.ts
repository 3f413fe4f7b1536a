// The lanes of a run, in the order in which they come up: tasks, objects, ports, the bond, the
// firmware. A lane's number is its place in that order and never changes; its rows of spans grow
// with the trace.

import { Spans } from './spans.ts';
import type { SpanStyle } from './styles.ts';

export type LaneGroup = 'tasks' | 'objects' | 'ports' | 'bond' | 'firmware';

export type LaneKind =
  | 'task'
  /** A context of interrupts or softirqs. */
  | 'interrupt'
  | 'mutex'
  | 'rwsem'
  | 'semaphore'
  | 'spinlock'
  | 'reference'
  | 'activeReference'
  | 'queue'
  | 'port'
  | 'bond'
  | 'firmware';

/** A lane, as the window knows it. */
export interface Lane {
  /** From 0; stable within a run. */
  readonly id: number;
  readonly group: LaneGroup;
  readonly kind: LaneKind;
  /** As the trace has it: the same in every run. */
  readonly name: string;
  /** What the window calls it. */
  readonly shown: string;
  /** Events that began its first and its last span. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How much happens there: spans so far. */
  readonly weight: number;
}

const groups: Readonly<Partial<Record<LaneKind, LaneGroup>>> = {
  task: 'tasks',
  interrupt: 'tasks',
  port: 'ports',
  bond: 'bond',
  firmware: 'firmware',
};

/** A lane with its rows. */
export class LaneTrack {
  readonly id: number;
  kind: LaneKind;
  name: string;
  /** What `ps` calls a task; empty for everything else. */
  psName = '';
  readonly firstSeq: number;
  readonly rows: Spans[] = [];

  constructor(id: number, kind: LaneKind, name: string, firstSeq: number) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.firstSeq = firstSeq;
  }

  /** A new row below the others. */
  addRow(...styles: readonly SpanStyle[]): Spans {
    const row = new Spans(styles);
    this.rows.push(row);
    return row;
  }

  /** As plain data. */
  get lane(): Lane {
    const { id, kind, name, firstSeq, rows } = this;
    const shown = this.psName === '' ? name : this.psName;
    let lastSeq = firstSeq;
    let weight = 0;
    for (const row of rows) {
      weight += row.count;
      if (row.count > 0) lastSeq = Math.max(lastSeq, row.seq[row.count - 1]!);
    }
    return { id, group: groups[kind] ?? 'objects', kind, name, shown, firstSeq, lastSeq, weight };
  }
}

/** The lanes of one run. */
export class Lanes {
  readonly all: LaneTrack[] = [];

  add(kind: LaneKind, name: string, firstSeq: number): LaneTrack {
    const lane = new LaneTrack(this.all.length, kind, name, firstSeq);
    this.all.push(lane);
    return lane;
  }

  /** Throws RangeError for a number that is no lane's. */
  get(id: number): LaneTrack {
    const lane = this.all[id];
    if (lane === undefined) throw new RangeError(`there is no lane ${id}`);
    return lane;
  }
}
