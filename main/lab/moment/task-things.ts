// Tasks and works of a moment as nodes: state, second line, since when. A task that polls counts as
// one that waits, also while it sleeps on something else.

import type { FoldedTask, FoldedWork } from '../fold/scheduling.ts';
import type { Naming, Thing, ThingState } from './things.ts';

/** What one actor waits for: resources by handle, the one that it began first. */
export type WaitsByActor = ReadonlyMap<number, readonly { handle: number; sinceNs: number }[]>;

/** Works by the task that runs them. */
export type RunBy = ReadonlyMap<number, number>;

function stateOf(naming: Naming, number: number, task: FoldedTask, waits: boolean): ThingState {
  if (task.state === 'runnable' && number === naming.fold.running) return 'running';
  if (waits || task.state === 'spinning') return 'waits';
  return task.state === 'blocked' ? 'sleeps' : 'canRun';
}

/** The letter that `ps` shows; a task that spins runs. */
const psOf = (naming: Naming, { state, sleep }: FoldedTask): string =>
  state === 'blocked' && sleep !== 0 ? naming.trace.text(sleep) : 'R';

/** What a shell is doing, with the number on its tab; null for a task that has no terminal. */
function shellDetail(naming: Naming, number: number): string | null {
  const { fold } = naming;
  const tab = [...fold.terminals.values()].findIndex(({ task }) => task === number);
  const terminal = [...fold.terminals.values()][tab];
  if (terminal === undefined) return null;
  return `tab ${tab + 1}, ${terminal.line === 0 ? 'prompt' : 'runs a line'}`;
}

/** The second line of a task that waits; one that polls sleeps on something else meanwhile. */
function waitDetail(naming: Naming, task: FoldedTask, handle: number): string {
  const name = naming.shownResource(handle);
  const kind = naming.kindOf(handle);
  if (kind === 'reference' && task.object !== handle) return `sleeping, polls ${name}`;
  return `waits for ${name}`;
}

interface TaskParts {
  readonly naming: Naming;
  readonly waits: WaitsByActor;
  readonly runs: RunBy;
}

/** A living task as a node. */
export function taskThing(parts: TaskParts, number: number, task: FoldedTask): Thing {
  const { naming, waits, runs } = parts;
  const { trace, index } = naming;
  const [first] = waits.get(task.name) ?? [];
  const state = stateOf(naming, number, task, first !== undefined);
  const work = runs.get(number);
  const details = [
    first === undefined ? null : waitDetail(naming, task, first.handle),
    work === undefined ? null : `runs ${naming.shownActor(work)}`,
    shellDetail(naming, number),
    index.workers.has(task.name) ? 'no work' : null,
    task.state === 'blocked' ? trace.text(task.text === 0 ? task.object : task.text) : '',
  ];
  return {
    id: `task:${trace.text(task.name)}`,
    kind: 'task',
    name: trace.text(task.name),
    shown: naming.shownActor(task.name),
    letter: index.letterOfTask(task.name),
    state,
    detail: details.find((one) => one !== null) ?? '',
    sinceNs: state === 'waits' && first !== undefined ? first.sinceNs : task.sinceNs,
    ps: psOf(naming, task),
  };
}

/** An actor that still holds or waits, but lives no longer. */
export const endedThing = (naming: Naming, name: number): Thing => ({
  id: naming.actorId(name),
  kind: 'task',
  name: naming.trace.text(name),
  shown: naming.shownActor(name),
  letter: naming.index.letterOfTask(name),
  state: 'ended',
  detail: 'has ended',
  sinceNs: 0,
});

/** A work as a node. One that only holds something, and is on no queue yet, counts as queued. */
export function workThing(naming: Naming, name: number, work: FoldedWork | undefined): Thing {
  const { trace, fold } = naming;
  const task = work?.task ?? 0;
  const queue = work?.queue ?? 0;
  const lane = queue === 0 ? (work?.from ?? 0) : queue;
  const runner = naming.shownActor(fold.names.get(task) ?? 0);
  const where = work?.armed === true ? 'its timer runs' : `queued on ${trace.text(queue)}`;
  const idle = queue === 0 ? 'not queued' : where;
  return {
    id: `work:${trace.text(name)}`,
    kind: 'work',
    name: trace.text(name),
    shown: naming.shownActor(name),
    letter: naming.index.letterOfWork(name),
    state: task === 0 ? 'queued' : 'executed',
    detail: task === 0 ? idle : `run by ${runner}`,
    sinceNs: work?.sinceNs ?? 0,
    ...(lane !== 0 && { queue: trace.text(lane) }),
  };
}
