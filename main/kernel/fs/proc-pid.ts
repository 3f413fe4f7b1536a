// /proc/PID (fs/proc/base.c): stack, wchan, comm, status and cmdline of the tasks that live. The
// nodes are made when somebody looks. Stacks are those captured when the task blocked (facts/driver
// 7.2, 9.14).

import type { MaySleep, Task } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { procStackFrames } from '../stack.ts';
import { KernfsNode } from './kernfs.ts';
import type { DynamicEntries } from './kernfs.ts';
import { createProcFile } from './procfs.ts';

/** Letter and word of the State line. */
function stateText(task: Task): string {
  if (task.runState !== 'blocked') return 'R (running)';
  if (task.sleepState === 'S') return 'S (sleeping)';
  return task.sleepState === 'I' ? 'I (idle)' : 'D (disk sleep)';
}

/** A worker's name tells which queue it works for. */
const proc_task_name = (task: Task): string => task.comm + task.commSuffix;

const isBlocked = (task: Task): boolean => task.runState === 'blocked';

/** Lines of /proc/PID/stack; a running task has none. */
function stackText(task: Task): string {
  if (!isBlocked(task)) return '';
  return procStackFrames(task.stack)
    .map((frame) => `[<0>] ${frame}\n`)
    .join('');
}

/** Function in which the task sleeps, `0` for one that runs. */
function wchanText(task: Task): string {
  const frame = isBlocked(task) ? procStackFrames(task.stack)[0] : undefined;
  return frame?.split(' ')[0] ?? '0';
}

/** A bit for each signal, signal 1 in the lowest. */
const signalMask = (signals: ReadonlySet<number>): string =>
  [...signals]
    .reduce((mask, signal) => mask + 2 ** (signal - 1), 0)
    .toString(16)
    .padStart(16, '0');

function statusText(task: Task): string {
  return [
    `Name:\t${proc_task_name(task)}`,
    `State:\t${stateText(task)}`,
    `Tgid:\t${task.pid}`,
    `Pid:\t${task.pid}`,
    `PPid:\t${task.parentPid}`,
    `ShdPnd:\t${signalMask(task.signals)}`,
    `voluntary_ctxt_switches:\t${task.switchCount}`,
    '',
  ].join('\n');
}

function* show(text: string): MaySleep<string> {
  return text;
}

function processNode(k: Kernel, parent: KernfsNode, task: Task): KernfsNode {
  const node = new KernfsNode(k, String(task.pid), parent, { kind: 'directory', mode: 0o555 });
  createProcFile(node, 'stack', { show: () => show(stackText(task)), mode: 0o400 });
  createProcFile(node, 'wchan', { show: () => show(wchanText(task)) });
  createProcFile(node, 'comm', { show: () => show(`${proc_task_name(task)}\n`) });
  createProcFile(node, 'status', { show: () => show(statusText(task)) });
  // Kernel threads have an empty command line; a program's is its comm here.
  createProcFile(node, 'cmdline', {
    show: () => show(task.parentPid === 2 ? '' : `${task.comm}\0`),
  });
  return node;
}

/** The tasks as entries of /proc. */
export function processEntries(k: Kernel, parent: () => KernfsNode): DynamicEntries {
  const tasks = (): Task[] =>
    [...k.sim.tasks.values()].filter((task) => task.kind === 'task' && task.pid > 0);
  return {
    lookup(name) {
      const task = tasks().find((each) => String(each.pid) === name);
      return task === undefined ? undefined : processNode(k, parent(), task);
    },
    list: () => tasks().map((task) => processNode(k, parent(), task)),
  };
}
