// What a person sees who chooses the next task: for each that can run what it would do next, why it
// can run, what its step does and what it holds; and who cannot run. A context stands at a point
// before what the point announces, so the last event of each tells its next step. Nothing is said
// about what comes of it.

import type { Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { waitsNow } from '../fold/waiting.ts';
import { objectText } from '../record/words.ts';
import type { TaskNames } from '../record/words.ts';
import { codePlace } from './code-place.ts';
import type { CodePlace } from './code-place.ts';
import { effectsOf } from './effects.ts';
import type { Effect } from './effects.ts';
import { holdsOf } from './holds.ts';
import type { HeldThing } from './holds.ts';
import { roleOf } from './role.ts';
import type { Role } from './role.ts';
import { kindOf } from './stand.ts';
import type { Scene, Stand } from './stand.ts';

/** A task that can be picked. */
export interface ChoiceCard {
  readonly task: string;
  /** What the window calls it. */
  readonly shown: string;
  /** It runs already: picking it is going on. */
  readonly current: boolean;
  /** What it is there for; null where nothing is known. */
  readonly role: Role | null;
  /** What it would do next: `take` and `intf_mutex`. */
  readonly verb: string;
  readonly object: string;
  /** Name of the event's kind; empty for a task that begins. */
  readonly kind: KindName | '';
  /** Function that it stands in; null where that is not known. */
  readonly place: CodePlace | null;
  /** What that step does, at most three things. */
  readonly effects: readonly Effect[];
  readonly because: string;
  readonly holds: readonly HeldThing[];
}

/** A task that waits and cannot be picked. */
export interface WaitingTask {
  readonly task: string;
  readonly shown: string;
  readonly waitsFor: string;
  readonly sinceNs: number;
}

/** The question that is open. */
export interface OpenQuestion {
  readonly cards: readonly ChoiceCard[];
  readonly waiting: readonly WaitingTask[];
}

/** What the point of a kind is about to do, as one says it to somebody. */
const verbs: Readonly<Partial<Record<KindName, string>>> = {
  'mutex.lock': 'take',
  'mutex.trylock': 'try',
  'mutex.unlock': 'release',
  'spin.lock': 'take',
  'rwsem.read': 'take for reading',
  'rwsem.write': 'take for writing',
  'rwsem.release': 'release',
  'sem.down': 'take',
  'sem.up': 'release',
  'completion.wait': 'look at',
  'completion.complete': 'complete',
  'ref.hold': 'hold',
  'ref.put': 'put',
  'work.queue': 'queue',
  'work.start': 'start',
  'work.cancel': 'cancel',
  'work.flush': 'flush',
  'notifier.call': 'call',
  'cell.read': 'read',
  'cell.write': 'write',
  'timer.arm': 'arm',
  'timer.cancel': 'disarm',
  'mmio.write': 'write',
};

/** Who woke a task last, after event `since`; null for a timer or the card. */
function wakerOf(trace: Trace, names: TaskNames, task: number, since: number): string | null {
  for (let seq = trace.count - 1; seq > since; seq--) {
    if (!trace.matches(seq, K['task.wake'], task)) continue;
    const { task: waker } = trace.event(seq);
    return waker === 0 ? null : names.shownOf(waker);
  }
  return null;
}

/** Cards for the tasks of a question; `current` runs, or nobody does. */
export function questionOf(
  scene: Scene,
  eligible: readonly Task[],
  current: Task | null,
): OpenQuestion {
  return {
    cards: eligible.map((task) => cardOf(scene, task, task === current)),
    waiting: waitingTasks(scene, eligible),
  };
}

/**
 * Tasks in the wait graph, each once, with what it began to wait for first. One that was woken is
 * there until it runs, but can be picked.
 */
function waitingTasks({ naming, names }: Scene, eligible: readonly Task[]): WaitingTask[] {
  const { trace, fold } = naming;
  const woken = new Set(eligible.map(({ number }) => number));
  const waits = waitsNow(trace, fold).sort((a, b) => a.sinceNs - b.sinceNs);
  return [...fold.tasks].flatMap(([number, { name }]) => {
    const wait = waits.find(({ actor }) => actor === name);
    if (wait === undefined || woken.has(number)) return [];
    const waitsFor = naming.shownResource(wait.handle);
    const task = trace.text(name);
    return [{ task, shown: names.shownOf(number), waitsFor, sinceNs: wait.sinceNs }];
  });
}

function cardOf(scene: Scene, task: Task, current: boolean): ChoiceCard {
  const { names, last } = scene;
  const { number, name } = task;
  const sites = task.standsAt;
  const card = {
    task: name,
    shown: names.shownOf(number),
    current,
    role: roleOf(scene, number),
    place: codePlace(sites),
    holds: holdsOf(scene, number),
  };
  const event = last.of(number);
  if (event === null) {
    const because = 'it was just made';
    return { ...card, verb: 'begin', object: '', kind: '', effects: [], because };
  }
  const actor = scene.naming.fold.names.get(number) ?? 0;
  const stand: Stand = { ...scene, task: number, actor, event, sites };
  const effects = effectsOf(stand);
  return { ...card, ...nextStep(stand, effects, current), effects };
}

/** There is one card: its name behind that of a thing tells nothing. */
const shownText = (name: string): string => name.replace(/^netdev /, '').replace(/\(card0\)$/, '');

/** What the point of a task announces, and why the task can go on from there. */
function nextStep(
  stand: Stand,
  [effect]: readonly Effect[],
  current: boolean,
): Pick<ChoiceCard, 'verb' | 'object' | 'kind' | 'because'> {
  const { naming, names, event, task } = stand;
  const { trace } = naming;
  const kind = kindOf(stand);
  if (kind === 'task.block') {
    const waited = trace.text(event.value === 0 ? event.object : event.value);
    const waker = wakerOf(trace, names, task, event.seq);
    // An idle worker sleeps under its own name.
    if (waited === names.of(task)) {
      const because = waker === null ? 'there may be work' : `${waker} woke it`;
      return { verb: 'look for', object: 'work', kind, because };
    }
    const object = shownText(waited);
    const because = waker === null ? `${object} is over` : `${waker} woke it`;
    return { verb: 'go on after', object, kind, because };
  }
  const because = current ? 'nothing stops it' : 'it was only made to wait its turn';
  if (effect?.kind === 'posts') return { verb: 'send', object: effect.name, kind, because };
  const object = shownText(objectText(trace, names, event));
  return { verb: verbs[kind] ?? 'go on after', object, kind, because };
}
