// What a task is there for at the moment, as one says it in a few words: the work that it runs, or
// the terminal that it belongs to and what that asked for. A program belongs to the terminal whose
// shell, or whose shell's child, it is.

import { K } from '#trace/kinds.ts';
import type { Fold } from '../fold/fold.ts';
import { workRunBy, workSign } from './stand.ts';
import type { Scene, ThingSign } from './stand.ts';

/** A task's part; null for one of which nothing is known. */
export type Role =
  | { readonly kind: 'work'; readonly work: ThingSign }
  /** It has written this text to a file: `echo ib > …/mlx4_port1`. */
  | { readonly kind: 'writes'; readonly text: string; readonly tab: number }
  | { readonly kind: 'line'; readonly line: string; readonly tab: number }
  | { readonly kind: 'prompt'; readonly tab: number }
  /** A worker that sleeps until there is work. */
  | { readonly kind: 'idle' }
  /** It carries out the scenario and is no task of the machine. */
  | { readonly kind: 'script' };

/** Number on the tab of the terminal that a task belongs to, from 1; 0 for none. */
function tabOf(fold: Fold, task: number): number {
  const shells = [...fold.terminals.values()].map(({ task: shell }) => shell);
  const seen = new Set<number>();
  for (let each = task; each !== 0 && !seen.has(each); each = fold.tasks.get(each)?.parent ?? 0) {
    const at = shells.indexOf(each);
    if (at >= 0) return at + 1;
    seen.add(each);
  }
  return 0;
}

/** What the task has written since its line began, without the line's end; null for nothing. */
function writtenSince({ naming, last }: Scene, task: number, sinceNs: number): string | null {
  const { trace } = naming;
  for (let seq = last.of(task)?.seq ?? -1; seq >= 0; seq--) {
    const event = trace.event(seq);
    if (event.timeNs < sinceNs) break;
    if (event.task !== task || event.kind !== K.syscall) continue;
    return trace.text(event.object).startsWith('write ') ? trace.text(event.value).trim() : null;
  }
  return null;
}

/** Kernel threads that a command has made are no programs of its terminal. */
function terminalRole(scene: Scene, task: number): Role | null {
  const { fold, trace } = scene.naming;
  const tab = tabOf(fold, task);
  const terminal = [...fold.terminals.values()][tab - 1];
  if (terminal === undefined) return null;
  if (terminal.line === 0) return terminal.task === task ? { kind: 'prompt', tab } : null;
  const text = writtenSince(scene, task, terminal.sinceNs);
  if (text !== null) return { kind: 'writes', text, tab };
  return { kind: 'line', line: trace.text(terminal.line).trim(), tab };
}

/** An idle worker sleeps under its own name. */
function isIdle({ naming, last }: Scene, task: number): boolean {
  const event = last.of(task);
  if (event?.kind !== K['task.block']) return false;
  const waited = event.value === 0 ? event.object : event.value;
  return waited === naming.fold.names.get(task);
}

/** What a task that lives is there for. */
export function roleOf(scene: Scene, task: number): Role | null {
  const { names } = scene;
  const work = workRunBy(scene, task);
  if (work !== 0) return { kind: 'work', work: workSign(scene, work) };
  if (isIdle(scene, task)) return { kind: 'idle' };
  return names.pidOf(task) === '' ? { kind: 'script' } : terminalRole(scene, task);
}
