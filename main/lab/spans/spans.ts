// A run as lanes: for each task, lock, queue, port and map the stretches of time in which it stood
// one way, and for each counted object its count. One pass over the events; thumbnails and the
// comparison are made of it.

import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import { TaskNames } from '../record/words.ts';

/** What a lane is of. */
export type LaneKind = 'task' | 'lock' | 'reference' | 'queue' | 'port' | 'map';

/** How it stood: `stuck` waits and can never go on, `wanted` is a lock that others wait for. */
export type SpanState = 'run' | 'wait' | 'stuck' | 'hold' | 'wanted' | 'count' | 'state';

/** A stretch of time. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
  readonly state: SpanState;
  /** What it waits for, who holds it, the count, the state in words. */
  readonly text: string;
}

/** A lane of a run. */
export interface Lane {
  readonly kind: LaneKind;
  readonly name: string;
  readonly spans: readonly Span[];
}

interface Open {
  fromNs: number;
  state: SpanState;
  text: string;
}

interface Event {
  timeNs: number;
  cpu: number;
  task: number;
  object: number;
  value: number;
  place: number;
}

class Building {
  readonly lanes = new Map<string, { kind: LaneKind; name: string; spans: Span[] }>();
  private readonly trace: Trace;
  private readonly names: TaskNames;
  /** Open stretches by lane and what they are of. */
  private readonly open = new Map<string, Open & { readonly lane: string }>();
  private readonly running: string[] = [];
  private readonly resources = new Map<number, number>();
  /** Works that wait or hold: they have no lane, their queue has. */
  private readonly works = new Set<number>();
  private readonly counts = new Map<number, number>();
  private readonly queues = new Map<string, { running: string | null; waiting: Set<string> }>();
  private readonly queueOf = new Map<string, string>();

  constructor(trace: Trace) {
    this.trace = trace;
    this.names = new TaskNames(trace);
    this.names.refresh();
  }

  private lane(kind: LaneKind, name: string): string {
    const key = `${kind} ${name}`;
    if (!this.lanes.has(key)) this.lanes.set(key, { kind, name, spans: [] });
    return key;
  }

  private begin(id: string, lane: string, fromNs: number, state: SpanState, text: string): void {
    this.end(id, fromNs);
    this.open.set(id, { lane, fromNs, state, text });
  }

  end(id: string, toNs: number): void {
    const found = this.open.get(id);
    if (found === undefined) return;
    this.open.delete(id);
    const { lane, fromNs, state, text } = found;
    if (toNs > fromNs) this.lanes.get(lane)!.spans.push({ fromNs, toNs, state, text });
  }

  endAll(toNs: number): void {
    for (const id of [...this.open.keys()]) this.end(id, toNs);
    for (const { spans } of this.lanes.values()) spans.sort((a, b) => a.fromNs - b.fromNs);
  }

  private nameOf(handle: number): string {
    return this.trace.text(this.resources.get(handle) ?? handle);
  }

  readonly by: Readonly<Partial<Record<KindName, (event: Event) => void>>> = {
    'task.switch': ({ timeNs, cpu, object }) => {
      this.end(`run ${cpu}`, timeNs);
      const name = this.names.of(object);
      this.running[cpu] = name;
      this.begin(`run ${cpu}`, this.lane('task', name), timeNs, 'run', '');
    },
    'task.block': ({ timeNs, cpu }) => {
      this.end(`run ${cpu}`, timeNs);
    },
    resource: ({ object, place }) => {
      this.resources.set(object, place);
    },
    'work.actor': ({ object }) => {
      this.works.add(object);
    },
    'wait.begin': ({ timeNs, object, value }) => {
      if (this.works.has(value)) return;
      const actor = this.trace.text(value);
      const thing = this.nameOf(object);
      const id = `wait ${actor} ${object}`;
      this.begin(id, this.lane('task', actor), timeNs, 'wait', thing);
      const lock = `lock ${thing}`;
      if (this.lanes.has(lock)) this.begin(`wanted ${id}`, lock, timeNs, 'wanted', actor);
    },
    'wait.end': ({ timeNs, object, value }) => {
      const id = `wait ${this.trace.text(value)} ${object}`;
      this.end(id, timeNs);
      this.end(`wanted ${id}`, timeNs);
    },
    'deadlock.wait': ({ object, value }) => {
      const id = `wait ${this.trace.text(value)} ${object}`;
      const found = this.open.get(id);
      if (found !== undefined) found.state = 'stuck';
    },
    'mutex.acquired': (event) => {
      this.take(event);
    },
    'mutex.unlock': ({ timeNs, object }) => {
      this.end(`lock ${object}`, timeNs);
    },
    'ref.hold': (event) => {
      this.count(event, 1);
    },
    'ref.put': (event) => {
      this.count(event, -1);
    },
    'ref.rename': ({ timeNs, object, value }) => {
      this.end(`count ${object}`, timeNs);
      const known = this.counts.get(object);
      if (known !== undefined) this.counts.set(value, known);
    },
    'work.queue': ({ timeNs, object, value }) => {
      this.queue(timeNs, this.trace.text(value), this.trace.text(object), 'queued');
    },
    'work.start': ({ timeNs, object, value }) => {
      this.queue(timeNs, this.trace.text(value), this.trace.text(object), 'runs');
    },
    'work.end': ({ timeNs, object, value }) => {
      this.queue(timeNs, this.trace.text(value), this.trace.text(object), 'done');
    },
    'work.cancel': ({ timeNs, object }) => {
      const work = this.trace.text(object);
      const queue = this.queueOf.get(work);
      if (queue !== undefined) this.queue(timeNs, queue, work, 'done');
    },
    link: ({ timeNs, object, value }) => {
      const port = this.trace.text(object);
      const text = value === 0 ? 'no link' : `link, ${value / 1000} Gb/s`;
      this.begin(`port ${object}`, this.lane('port', port), timeNs, 'state', text);
    },
    'card.map': ({ timeNs, object, value }) => {
      const map = `${value & 0xf}, ${value >> 4}`;
      const lane = this.lane('map', this.trace.text(object));
      this.begin(`map ${object}`, lane, timeNs, 'state', `(${map})`);
    },
  };

  private take({ timeNs, task, object }: Event): void {
    const lane = this.lane('lock', this.trace.text(object));
    this.begin(`lock ${object}`, lane, timeNs, 'hold', this.names.of(task));
  }

  /** Only the first value is taken as it is: later ones are of the moment before. */
  private count({ timeNs, object, value }: Event, change: 1 | -1): void {
    const before = this.counts.get(object);
    const count = before === undefined ? value : before + change;
    this.counts.set(object, count);
    const lane = this.lane('reference', this.trace.text(object));
    this.begin(`count ${object}`, lane, timeNs, 'count', String(count));
  }

  private queue(
    timeNs: number,
    name: string,
    work: string,
    what: 'queued' | 'runs' | 'done',
  ): void {
    const queue = this.queues.get(name) ?? { running: null, waiting: new Set<string>() };
    this.queues.set(name, queue);
    if (what === 'queued') queue.waiting.add(work);
    else queue.waiting.delete(work);
    this.queueOf.set(work, name);
    if (what === 'runs') queue.running = work;
    else if (queue.running === work && what === 'done') queue.running = null;
    const waiting = queue.waiting.size;
    const id = `queue ${name}`;
    const lane = this.lane('queue', name);
    if (queue.running === null && waiting === 0) this.end(id, timeNs);
    else {
      const runs = queue.running === null ? [] : [`${queue.running} runs`];
      const waits = waiting === 0 ? [] : [`${waiting} wait${waiting === 1 ? 's' : ''}`];
      this.begin(id, lane, timeNs, 'state', [...runs, ...waits].join(', '));
    }
  }
}

/** All lanes of a run, in the order in which they come up. */
export function lanesOf(trace: Trace): Lane[] {
  const building = new Building(trace);
  const handlers: (((event: Event) => void) | undefined)[] = [];
  for (const [name, handle] of Object.entries(building.by)) handlers[K[name as KindName]] = handle;
  const event: Event = { timeNs: 0, cpu: 0, task: 0, object: 0, value: 0, place: 0 };
  for (const { count, f64, u32, u16, u8 } of pieces(trace, 0, trace.count)) {
    for (let at = 0; at < count; at++) {
      const handle = handlers[u8[at * 24 + 22]!];
      if (handle === undefined) continue;
      event.timeNs = f64[at * 3]!;
      event.cpu = u8[at * 24 + 23]!;
      event.task = u16[at * 12 + 10]!;
      event.object = u32[at * 6 + 2]!;
      event.value = u32[at * 6 + 3]!;
      event.place = u32[at * 6 + 4]!;
      handle(event);
    }
  }
  building.endAll(trace.nowNs);
  return [...building.lanes.values()];
}

/** Time that a lane spends one way, ns. */
export const timeIn = ({ spans }: Lane, ...states: readonly SpanState[]): number =>
  spans.reduce((sum, span) => sum + (states.includes(span.state) ? span.toNs - span.fromNs : 0), 0);
