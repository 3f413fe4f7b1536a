// Find: what a person types (`intf_mutex`, `task:A`, `obj:intf_mutex`, `kind:dev_hold`,
// `took>1ms`) as conditions, all of which must hold, and the events or spans for which they do.
// `took` asks for spans; without it events are found.

import { kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import { TaskNames, valueMeaning } from '../record/words.ts';
import type { Lanes, LaneTrack } from './lanes.ts';
import type { Spans } from './spans.ts';
import type { Labels } from './labels.ts';

/** Something that was found. */
export interface Hit {
  readonly seq: number;
  readonly timeNs: number;
  /** Lane in which it is; null for an event that no lane shows. */
  readonly lane: number | null;
}

/** Everything that was found. */
export interface Found {
  /** The first ones. */
  readonly hits: readonly Hit[];
  /** All of them. */
  readonly total: number;
  /** Lanes with hits. */
  readonly lanes: readonly number[];
  /** Why nothing can be found, or null. */
  readonly said: string | null;
}

/** A query taken apart. */
export interface Query {
  /** In lower case. */
  readonly texts: readonly string[];
  readonly tasks: readonly string[];
  readonly objects: readonly string[];
  readonly kinds: readonly string[];
  readonly tookNs: { readonly over: number; readonly under: number } | null;
}

/** How a query is carried out. */
export interface FindOptions {
  readonly limit: number;
  /** Letter of a lane, as it is shown beside it. */
  readonly letterOf?: (lane: number) => string;
  /** What has not ended has lasted until now, ns. */
  readonly nowNs: number;
}

const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** Kernel functions that people look for, by the kinds that tell of them. */
const kindAliases: Readonly<Record<string, string>> = {
  dev_hold: 'ref.hold',
  dev_put: 'ref.put',
  get_device: 'ref.hold',
  put_device: 'ref.put',
  mutex_lock: 'mutex.lock',
  mutex_unlock: 'mutex.unlock',
  queue_work: 'work.queue',
  flush_work: 'work.flush',
  schedule: 'task.block',
  wake_up_process: 'task.wake',
};

/** Takes a query apart; a sentence when it cannot be read. */
export function parseQuery(text: string): Query | string {
  const query = { texts: [], tasks: [], objects: [], kinds: [] } as Record<string, string[]>;
  let tookNs: Query['tookNs'] = null;
  for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const took = /^took([<>])([\d.]+)(ns|us|µs|ms|s)$/.exec(word);
    if (took !== null) {
      const bound = Number(took[2]) * unitNs[took[3]!]!;
      const before: NonNullable<Query['tookNs']> = tookNs ?? { over: -1, under: Infinity };
      tookNs = took[1] === '>' ? { ...before, over: bound } : { ...before, under: bound };
      continue;
    }
    if (word.startsWith('took')) return `Write ${word} as took>1ms or took<20us.`;
    const [, key = '', rest = ''] = /^(task|obj|kind):(.*)$/.exec(word) ?? [];
    if (key === '') query['texts']!.push(word);
    else if (rest === '') return `Write a name behind ${key}:`;
    else query[{ task: 'tasks', obj: 'objects', kind: 'kinds' }[key]!]!.push(rest);
  }
  return { ...(query as unknown as Omit<Query, 'tookNs'>), tookNs };
}

/** The texts of a run that contain all words, remembered by number. */
function containing(
  textOf: (number: number) => string,
  words: readonly string[],
): (number: number) => boolean {
  const known: (boolean | undefined)[] = [];
  return (number) =>
    (known[number] ??= words.every((word) => textOf(number).toLowerCase().includes(word)));
}

/** True for the lanes of tasks that a `task:` means: by letter, or by a part of the name. */
function isMeant(lane: LaneTrack, task: string, letterOf: FindOptions['letterOf']): boolean {
  if (lane.kind !== 'task' && lane.kind !== 'interrupt') return false;
  if (letterOf !== undefined && /^[a-z]{1,2}$/.test(task)) {
    return letterOf(lane.id).toLowerCase() === task;
  }
  return `${lane.name} ${lane.psName}`.toLowerCase().includes(task);
}

/** Collects hits. */
class Hits {
  readonly hits: Hit[] = [];
  total = 0;
  private readonly lanes = new Set<number>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(seq: number, timeNs: number, lane: number | null): void {
    this.total++;
    if (lane !== null) this.lanes.add(lane);
    if (this.hits.length < this.limit) this.hits.push({ seq, timeNs, lane });
  }

  found(): Found {
    const lanes = [...this.lanes].sort((a, b) => a - b);
    return { hits: this.hits, total: this.total, lanes, said: null };
  }
}

/** Looks for events or spans. */
export class Finder {
  private readonly trace: Trace;
  private readonly lanes: Lanes;
  private readonly labels: Labels;
  private readonly names: TaskNames;

  constructor(trace: Trace, lanes: Lanes, labels: Labels) {
    this.trace = trace;
    this.lanes = lanes;
    this.labels = labels;
    this.names = new TaskNames(trace);
  }

  /** The first hits of a query, in the order of the run, and how many there are. */
  find(text: string, options: FindOptions): Found {
    const query = parseQuery(text);
    if (typeof query === 'string') return { hits: [], total: 0, lanes: [], said: query };
    this.names.refresh();
    return query.tookNs === null ? this.events(query, options) : this.spans(query, options);
  }

  private events({ texts, tasks, objects, kinds }: Query, options: FindOptions): Found {
    const hits = new Hits(options.limit);
    const { trace } = this;
    const byName = new Map(this.lanes.all.map(({ name, id }) => [name, id]));
    const isObject = containing((number) => trace.text(number), objects);
    const contains = texts.map((word) => containing((number) => trace.text(number), [word]));
    const isTask = this.taskCheck(tasks, options);
    const isKind = kindTable.map(({ name }) =>
      kinds.every((kind) => name.includes(kindAliases[kind] ?? kind)),
    );
    const nameHas = kindTable.map(({ name }) => texts.map((word) => name.includes(word)));
    for (const { from, count, f64, u32, u16, u8 } of pieces(trace, 0, trace.count)) {
      for (let at = 0; at < count; at++) {
        const kind = u8[at * 24 + 22]!;
        if (isKind[kind] !== true) continue;
        const task = u16[at * 12 + 10]!;
        if (tasks.length > 0 && !isTask(task)) continue;
        const object = this.objectText(kind, u32[at * 6 + 2]!);
        if (objects.length > 0 && (object === 0 || !isObject(object))) continue;
        const value = valueMeaning(kind) === 'text' ? u32[at * 6 + 3]! : 0;
        const holds = contains.every(
          (has, i) => nameHas[kind]![i] === true || has(object) || (value !== 0 && has(value)),
        );
        if (!holds) continue;
        const lane = byName.get(trace.text(object)) ?? byName.get(this.names.of(task)) ?? null;
        hits.add(from + at, f64[at * 3]!, lane);
      }
    }
    return hits.found();
  }

  /** The text that names an event's object; a task by its name. */
  private objectText(kind: number, object: number): number {
    const meaning = kindTable[kind]?.object;
    if (meaning === 'task') return this.names.textOf(object);
    return meaning === 'none' ? 0 : object;
  }

  private taskCheck(
    tasks: readonly string[],
    { letterOf }: FindOptions,
  ): (task: number) => boolean {
    const meant = new Set(
      this.lanes.all
        .filter((lane) => tasks.every((task) => isMeant(lane, task, letterOf)))
        .map(({ name }) => name),
    );
    const known: (boolean | undefined)[] = [];
    return (task) => (known[task] ??= meant.has(this.names.of(task)));
  }

  /** Spans by how long they took; their texts are the lane's name and their label. */
  private spans(query: Query, { limit, letterOf, nowNs }: FindOptions): Found {
    const { texts, tasks, objects, tookNs } = query;
    const found: { readonly lane: number; readonly row: Spans; readonly at: number }[] = [];
    const isLabel = containing((number) => this.labels.text(number), texts);
    for (const lane of this.lanes.all) {
      if (!tasks.every((task) => isMeant(lane, task, letterOf))) continue;
      const name = lane.name.toLowerCase();
      if (lane.kind === 'task' && objects.length > 0) continue;
      if (!objects.every((object) => name.includes(object))) continue;
      const nameHolds = texts.every((text) => name.includes(text));
      for (const row of lane.rows) {
        for (let at = 0; at < row.count; at++) {
          const took = Math.min(row.end[at]!, nowNs) - row.start[at]!;
          if (took <= tookNs!.over || took >= tookNs!.under) continue;
          if (nameHolds || isLabel(row.label[at]!)) found.push({ lane: lane.id, row, at });
        }
      }
    }
    found.sort((a, b) => a.row.start[a.at]! - b.row.start[b.at]!);
    const hits = new Hits(limit);
    for (const { lane, row, at } of found) hits.add(row.seq[at]!, row.start[at]!, lane);
    return hits.found();
  }
}
