// Signals (kernel/signal.c), as far as a shell needs them: sending, taking, and what is fatal. A
// task in state D notices nothing; one in state K only what would kill it; kernel threads nothing.
// Who is killed is decided on the way back to user space, by the program's own code (main/lab).
// Left out: masks, stop and continue, siginfo, process groups (main/lab keeps those).

import type { SleepState, Task } from '#sim/task.ts';
import type { Kernel } from './kernel.ts';

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGKILL = 9;
export const SIGPIPE = 13;
export const SIGTERM = 15;

/** Numbers by name, for programs that take both. */
export const signalNumbers: ReadonlyMap<string, number> = new Map([
  ['HUP', SIGHUP],
  ['INT', SIGINT],
  ['QUIT', SIGQUIT],
  ['KILL', SIGKILL],
  ['PIPE', SIGPIPE],
  ['TERM', SIGTERM],
]);

/** What a shell says of a program that this signal has killed. */
export const signalTexts: ReadonlyMap<number, string> = new Map([
  [SIGHUP, 'Hangup'],
  [SIGQUIT, 'Quit'],
  [SIGKILL, 'Killed'],
  [SIGTERM, 'Terminated'],
]);

/** True for tasks without a program: nothing can be sent to them that they would notice. */
export const isKernelThread = (task: Task): boolean => task.pid === 2 || task.parentPid === 2;

/** Sends a signal; 0 only asks whether that could be done. Kernel threads drop it, as in Linux. */
export function send_sig(k: Kernel, sig: number, task: Task): void {
  if (sig === 0 || isKernelThread(task)) return;
  task.signals.add(sig);
  task.signalPending = true;
  const fatal = sig === SIGKILL || !task.signalHandlers.has(sig);
  if (task.sleepState === 'S' || (fatal && task.sleepState === 'K')) k.sim.wake(task);
}

/** Takes the lowest pending signal; 0 without one. */
export function dequeue_signal(task: Task): number {
  const sig = [...task.signals].sort((a, b) => a - b)[0] ?? 0;
  task.signals.delete(sig);
  task.signalPending = task.signals.size > 0;
  return sig;
}

/** The pending signal that will kill the program on its way back to user space; 0 for none. */
export function fatal_signal_pending(task: Task): number {
  if (task.signals.has(SIGKILL)) return SIGKILL;
  return [...task.signals].sort((a, b) => a - b).find((sig) => !task.signalHandlers.has(sig)) ?? 0;
}

/** True when a sleep in this state must end because of a signal: S any, K a fatal one. */
export const signal_pending_state = (state: SleepState, task: Task): boolean =>
  (state === 'S' && task.signalPending) || (state === 'K' && fatal_signal_pending(task) !== 0);
