// The picture of the waits at a moment: who holds and who waits for what, as nodes and lines. What
// is in play is always there; of the rest the shells, the workers, the locks with letters of their
// own, the references of netdevs, and the queues.

import type { Cycle } from './cycles.ts';
import { holdEdges, numbered, waitEdges, workEdges } from './edges.ts';
import type { Edge } from './edges.ts';
import { words } from './phrase.ts';
import type { Phrase } from './phrase.ts';
import { lastingResources, Picture, shownResources } from './picture.ts';
import { resourceThing } from './resource-things.ts';
import { endedThing, taskThing, workThing } from './task-things.ts';
import type { Naming, Thing } from './things.ts';
import { waitsSentence } from './waits-sentence.ts';

/** The whole picture. */
export interface Waits {
  readonly things: readonly Thing[];
  readonly edges: readonly Edge[];
  readonly cycles: readonly Cycle[];
  readonly sentence: readonly Phrase[];
}

/** The picture of Linux itself, which nobody sees into. */
export const nothingSeen: Waits = {
  things: [],
  edges: [],
  cycles: [],
  sentence: [
    words('Linux itself shows none of its locks, references and works.'),
    words(' What its card does is on the panel and in the lists, what it says is in dmesg.'),
  ],
};

/** Tasks that are in the picture: in play, or a shell, or a worker. */
function taskThings(picture: Picture, actors: ReadonlySet<number>): Thing[] {
  const { naming } = picture;
  const { fold, index } = naming;
  const shells = new Set([...fold.terminals.values()].map(({ task }) => task));
  const shown = [...fold.tasks].filter(
    ([number, { name }]) => actors.has(name) || shells.has(number) || index.workers.has(name),
  );
  const gone = [...actors].filter((name) => !picture.living.has(name) && !naming.isWork(name));
  return [
    ...shown.map(([number, task]) => taskThing(picture, number, task)),
    ...gone.map((name) => endedThing(naming, name)),
  ];
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
  const lasting = lastingResources(naming);
  const things = [
    ...taskThings(picture, actors),
    ...resources.map((handle) => ({
      ...resourceThing(picture, handle),
      lasts: lasting.has(handle),
    })),
    ...[...works].map((work) => workThing(naming, work, fold.works.get(work))),
  ];
  const { cycles } = picture;
  return { things, edges, cycles, sentence: waitsSentence({ naming, cycles, things, edges }) };
}
