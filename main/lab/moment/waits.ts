// The picture of the waits at a moment: who holds and who waits for what, as nodes and lines. What
// is in play is always there; of the rest the shells, the workers, the locks with letters of their
// own, the references of netdevs, and the queues. Of works that wait in a queue only the first few
// are nodes, and those of a cycle; the queue counts the others.

import { K } from '#trace/kinds.ts';
import type { FoldedHold, FoldedWait } from '../fold/graph.ts';
import { cyclesOf } from './cycles.ts';
import type { Cycle } from './cycles.ts';
import { fixedLetters } from './letters.ts';
import type { Phrase } from './phrase.ts';
import { endedThing, taskThing, workThing } from './task-things.ts';
import type { RunBy, WaitsByActor } from './task-things.ts';
import type { Naming, Thing } from './things.ts';
import { waitsSentence } from './waits-sentence.ts';

/** What a line says. */
export type Relation = 'holds' | 'waitsFor' | 'runs' | 'queuedOn';

/** A line of the picture. */
export interface Edge {
  /** Ids of things: from the owner or waiter to what it has or wants. */
  readonly from: string;
  readonly to: string;
  readonly relation: Relation;
  readonly sinceNs: number;
  /** Function in which it waits, or why it holds; empty when that is not known. */
  readonly where: string;
  /** Number of the cycle's step that it is, from 1. */
  readonly step: number | null;
  /** How often: of references. */
  readonly count: number;
}

/** The whole picture. */
export interface Waits {
  readonly things: readonly Thing[];
  readonly edges: readonly Edge[];
  readonly cycles: readonly Cycle[];
  readonly sentence: readonly Phrase[];
}

/** Works of one queue that are nodes though they only wait in it. */
const queuedShown = 3;

/** Everything about one moment that the parts below look up. */
class Picture {
  readonly naming: Naming;
  readonly cycles: readonly Cycle[];
  readonly waits: WaitsByActor;
  readonly runs: RunBy;
  /** Works that are nodes. */
  readonly works: ReadonlySet<number>;
  /** Works that are queued, by queue, in order. */
  readonly queues: ReadonlyMap<number, readonly number[]>;
  private readonly cycleThings: ReadonlySet<string>;

  constructor(naming: Naming) {
    const { fold } = naming;
    this.naming = naming;
    this.cycles = cyclesOf(naming);
    this.cycleThings = new Set(
      this.cycles.filter(({ stands }) => stands).flatMap(({ steps }) => steps.map((s) => s.from)),
    );
    this.waits = this.waitsByActor();
    this.runs = new Map(
      [...fold.works].flatMap(([work, { task }]) => (task === 0 ? [] : [[task, work] as const])),
    );
    this.queues = this.queued();
    this.works = this.shownWorks();
  }

  inCycle(id: string): boolean {
    return this.cycleThings.has(id);
  }

  private waitsByActor(): WaitsByActor {
    const map = new Map<number, { handle: number; sinceNs: number }[]>();
    for (const [handle, waits] of this.naming.fold.waits) {
      for (const { actor, sinceNs } of waits) {
        map.set(actor, [...(map.get(actor) ?? []), { handle, sinceNs }]);
      }
    }
    for (const waits of map.values()) waits.sort((a, b) => a.sinceNs - b.sinceNs);
    return map;
  }

  private queued(): ReadonlyMap<number, readonly number[]> {
    const queues = new Map<number, number[]>();
    for (const [work, { queue, armed }] of this.naming.fold.works) {
      if (queue === 0 || armed) continue;
      const works = queues.get(queue) ?? [];
      works.push(work);
      queues.set(queue, works);
    }
    return queues;
  }

  private shownWorks(): ReadonlySet<number> {
    const { naming } = this;
    const shown = new Set<number>(this.runs.values());
    for (const works of this.queues.values()) {
      for (const work of works.slice(0, queuedShown)) shown.add(work);
    }
    for (const work of naming.fold.works.keys()) {
      if (this.inCycle(naming.actorId(work))) shown.add(work);
    }
    return shown;
  }

  /** A work that waits for its turn is drawn on its queue, unless that is in a cycle. */
  isDrawn(handle: number): boolean {
    const { naming } = this;
    return naming.thingKind(handle) !== 'queue' || this.inCycle(naming.resourceId(handle));
  }

  /** Works that are queued and no nodes: their holds are counted, not drawn. */
  isFolded(actor: number): boolean {
    return this.naming.isWork(actor) && !this.works.has(actor) && this.isQueued(actor);
  }

  private isQueued(work: number): boolean {
    return (this.naming.fold.works.get(work)?.queue ?? 0) !== 0;
  }
}

/** Resources that are in the picture, in the order in which they came up. */
function shownResources(picture: Picture): number[] {
  const { naming } = picture;
  const { fold } = naming;
  const inPlay = [...fold.holds.keys(), ...fold.waits.keys()].filter((handle) =>
    picture.isDrawn(handle),
  );
  const named = [...fold.resources.keys()].filter((handle) => {
    const name = naming.nameOf(handle);
    const kind = naming.kindOf(handle);
    return kind === 'workqueue' || (kind === 'mutex' && fixedLetters(name) !== undefined);
  });
  const netdevs = [...fold.references.keys()].filter((handle) =>
    naming.nameOf(handle).startsWith('netdev '),
  );
  const queues = [...picture.queues.keys()];
  const wanted = new Set([...inPlay, ...named, ...netdevs, ...queues]);
  const order = [...fold.resources.keys()].filter((handle) => wanted.has(handle));
  return [...new Set([...order, ...wanted])];
}

const firstHold = (holds: readonly FoldedHold[]): number =>
  Math.min(...holds.map(({ sinceNs }) => sinceNs));

function lockDetail(naming: Naming, holds: readonly FoldedHold[], waits: number): string {
  const names = holds.map(({ actor }) => naming.actorLetter(actor) || naming.trace.text(actor));
  if (names.length === 0) return 'free';
  const wanted = waits === 0 ? '' : `, ${waits} ${waits === 1 ? 'waits' : 'wait'}`;
  return `held by ${names.join(', ')}${wanted}`;
}

/** Second line of a reference: what becomes of its object. */
function referenceDetail(naming: Naming, handle: number, waits: number): string {
  const { going, master } = netdevFacts(naming, handle);
  if (waits > 0) return going ? 'going, needs 1' : 'waited for';
  if (going) return 'going';
  if (!naming.nameOf(handle).startsWith('netdev ')) return '';
  return master === '' ? 'registered' : `registered; ${master}`;
}

function netdevFacts(naming: Naming, handle: number): { going: boolean; master: string } {
  const { fold } = naming;
  const master = fold.notes.get(K['bond.slave'])?.get(handle) ?? 0;
  return {
    going: fold.notes.get(K['netdev.going'])?.get(handle) === 1,
    master: master === 0 ? '' : naming.shortName(master),
  };
}

function resourceThing(picture: Picture, handle: number): Thing {
  const { naming } = picture;
  const { fold, index } = naming;
  const kind = naming.thingKind(handle);
  const holds = fold.holds.get(handle) ?? [];
  const waits: readonly FoldedWait[] = fold.waits.get(handle) ?? [];
  const base = {
    id: naming.resourceId(handle),
    kind,
    name: naming.nameOf(handle),
    alias: '',
    letter: kind === 'lock' ? index.locks.of(handle) : '',
    state: holds.length === 0 ? ('free' as const) : ('held' as const),
    sinceNs: holds.length === 0 ? 0 : firstHold(holds),
  };
  if (kind === 'reference') {
    const count = fold.references.get(handle) ?? holds.reduce((sum, hold) => sum + hold.count, 0);
    const needs = naming.kindOf(handle) === 'reference' ? 1 : 0;
    const detail = referenceDetail(naming, handle, waits.length);
    const folded = holds.filter(({ actor }) => picture.isFolded(actor)).length;
    return { ...base, detail, count, folded, ...(waits.length > 0 ? { needs } : {}) };
  }
  if (kind === 'queue') {
    const works = picture.queues.get(handle) ?? [];
    const folded = works.filter((work) => !picture.works.has(work)).length;
    const detail = works.length === 0 ? 'queue, empty' : `queue, ${works.length} waiting`;
    return { ...base, detail, queued: works.length, folded };
  }
  return { ...base, detail: lockDetail(naming, holds, waits.length) };
}

/** Tasks that are in the picture: in play, or a shell, or a worker. */
function taskThings(picture: Picture, actors: ReadonlySet<number>): Thing[] {
  const { naming } = picture;
  const { fold, index } = naming;
  const shells = new Set([...fold.terminals.values()].map(({ task }) => task));
  const living = new Set([...fold.tasks.values()].map(({ name }) => name));
  const shown = [...fold.tasks].filter(
    ([number, { name }]) => actors.has(name) || shells.has(number) || index.workers.has(name),
  );
  const gone = [...actors].filter((name) => !living.has(name) && !naming.isWork(name));
  return [
    ...shown.map(([number, task]) => taskThing(picture, number, task)),
    ...gone.map((name) => endedThing(naming, name)),
  ];
}

function holdEdges(picture: Picture, handle: number): Edge[] {
  const { naming } = picture;
  const to = naming.resourceId(handle);
  const holds = naming.fold.holds.get(handle) ?? [];
  return holds
    .filter(({ actor }) => !picture.isFolded(actor))
    .map(({ actor, sinceNs, why, count }) => {
      const from = naming.actorId(actor);
      return {
        from,
        to,
        relation: 'holds',
        sinceNs,
        where: naming.trace.text(why),
        step: null,
        count,
      };
    });
}

function waitEdges(picture: Picture, handle: number): Edge[] {
  const { naming } = picture;
  const to = naming.resourceId(handle);
  const waits = naming.fold.waits.get(handle) ?? [];
  return waits
    .filter(({ actor }) => !picture.isFolded(actor))
    .map(({ actor, sinceNs }) => {
      const from = naming.actorId(actor);
      return { from, to, relation: 'waitsFor', sinceNs, where: '', step: null, count: 1 };
    });
}

function workEdges({ naming, works }: Picture): Edge[] {
  const { fold, trace } = naming;
  return [...works].flatMap((work): Edge[] => {
    const folded = fold.works.get(work);
    const { task = 0, queue = 0, armed = false, sinceNs = 0 } = folded ?? {};
    const id = naming.actorId(work);
    const rest = { sinceNs, step: null, count: 1 };
    const runner = `task:${trace.text(fold.names.get(task) ?? 0)}`;
    const to = naming.resourceId(queue);
    return [
      ...(task === 0
        ? []
        : [
            { from: runner, to: id, relation: 'runs' as const, where: 'process_one_work', ...rest },
          ]),
      ...(queue === 0 || armed
        ? []
        : [{ from: id, to, relation: 'queuedOn' as const, where: '', ...rest }]),
    ];
  });
}

/** Puts the steps of the cycles that stand on their lines. */
function numbered(edges: readonly Edge[], cycles: readonly Cycle[]): Edge[] {
  const steps = cycles
    .filter(({ stands }) => stands)
    .flatMap(({ steps: each }) => each.map((step, at) => ({ step, number: at + 1 })));
  return edges.map((edge) => {
    const found = steps.find(({ step: { from, to, relation } }) =>
      edge.relation === 'waitsFor'
        ? relation === 'waits for' && from === edge.from && to === edge.to
        : relation !== 'waits for' && from === edge.to && to === edge.from,
    );
    if (found === undefined) return edge;
    const where = edge.where === '' ? found.step.where : edge.where;
    return { ...edge, step: found.number, where };
  });
}

/** The picture of one moment. */
export function waitsOf(naming: Naming): Waits {
  const picture = new Picture(naming);
  const { fold } = naming;
  const resources = shownResources(picture);
  const drawn = resources.filter((handle) => picture.isDrawn(handle));
  const edges = numbered(
    [
      ...drawn.flatMap((handle) => [...holdEdges(picture, handle), ...waitEdges(picture, handle)]),
      ...workEdges(picture),
    ],
    picture.cycles,
  );
  const actors = new Set([
    ...drawn.flatMap((handle) => [
      ...(fold.holds.get(handle) ?? []).map(({ actor }) => actor),
      ...(fold.waits.get(handle) ?? []).map(({ actor }) => actor),
    ]),
    ...[...picture.runs.keys()].map((task) => fold.names.get(task) ?? 0),
  ]);
  const works = new Set([
    ...picture.works,
    ...[...actors].filter((actor) => naming.isWork(actor) && !picture.isFolded(actor)),
  ]);
  const things = [
    ...taskThings(picture, actors),
    ...resources.map((handle) => resourceThing(picture, handle)),
    ...[...works].map((work) => workThing(naming, work, fold.works.get(work))),
  ];
  const { cycles } = picture;
  return { things, edges, cycles, sentence: waitsSentence({ naming, cycles, things, edges }) };
}
