// What a person leaves behind who ends a live run: nobody may call it settled while something in it
// waits, is held back or has not been done. A function of the machine, so that a replay says the
// same.

import type { LabMachine } from './machine.ts';
import type { Script } from './script.ts';

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `left with 2 tasks waiting`, `left while running`; null when nothing is left to do. */
export function leftWith({ k, card }: LabMachine, script: Script | null): string | null {
  const waiting = new Set(
    [...k.graph.resources]
      .filter(({ kind }) => kind !== 'workqueue')
      .flatMap(({ waiters }) => [...waiters.keys()]),
  ).size;
  const held = card.faults.heldCommands.length;
  const parts = [
    ...(waiting === 0 ? [] : [`${counted(waiting, 'task')} waiting`]),
    ...(held === 0 ? [] : [counted(held, 'command held', 'commands held')]),
  ];
  if (parts.length > 0) return `left with ${parts.join(' and ')}`;
  if (k.sim.runnableTasks.length > 0) return 'left while running';
  return script === null || script.unfinished === null ? null : 'left before its script was done';
}
