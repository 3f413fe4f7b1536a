// Parts that reports of faults share (lib/dump_stack.c, kernel/module/main.c, kernel/workqueue.c):
// the line with CPU and task, the worker's line, the modules, the call trace. Levels are
// KERN_DEFAULT. Left out: hardware name, registers, code bytes, offsets.

import { captureStack } from '#sim/stack.ts';
import type { Task } from '#sim/task.ts';
import type { Kernel } from './kernel.ts';
import type { Module } from './module.ts';
import { KERN_DEFAULT, printk } from './printk.ts';
import { stackFrames } from './stack.ts';
import { print_tainted, print_tainted_verbose } from './taint.ts';

/** preempt_count() of a context: preemption, softirqs and interrupts in their places. */
export function preempt_count(task: Task): number {
  const inSoftirq = task.kind === 'softirq' ? 0x100 : 0;
  const inHardirq = task.kind === 'hardirq' ? 0x1_0000 : 0;
  return task.preemptDepth + task.softirqDepth * 0x200 + inSoftirq + inHardirq;
}

export const irqs_disabled = (task: Task): boolean =>
  task.irqsOffDepth > 0 || task.kind === 'hardirq';

/** `Workqueue: mlx4_en mlx4_en_bond_work [mlx4_en]` of a worker that executes a work; else none. */
export function print_worker_info(k: Kernel, task: Task): string[] {
  const work = k.workqueues.executedBy(task);
  if (work === null) return [];
  const [name, module] = work.functionSite;
  return [`Workqueue: ${work.queueName} ${name}${module === '' ? '' : ` [${module}]`}`];
}

/** Lines that say on which CPU, in which task and in which kernel. */
export function dump_stack_print_info(k: Kernel, task: Task): string[] {
  const { release } = k.options;
  const user = k.is612 ? 'UID: 0 ' : '';
  const comm = task.kind === 'task' ? task.comm : `swapper/${task.cpu}`;
  const verbose = k.is612 ? print_tainted_verbose(k) : '';
  return [
    `CPU: ${task.cpu} ${user}PID: ${task.pid} Comm: ${comm} ${print_tainted(k)} ${release} #1`,
    ...(verbose === '' ? [] : [verbose]),
    ...print_worker_info(k, task),
  ];
}

/** Call trace of `function@file:line` sites as printed on x86-64. */
export const traceLines = (sites: readonly string[]): string[] => [
  'Call Trace:',
  ' <TASK>',
  ...stackFrames(sites).map((frame) => ` ${frame}`),
  ' </TASK>',
];

function module_flags(k: Kernel, module: Module): string {
  const taints = ['O', 'E'].filter((letter) => k.taint.includes(letter)).join('');
  const state = module.state === 'going' ? '-' : module.state === 'coming' ? '+' : '';
  const flags = taints + state;
  return flags === '' ? '' : `(${flags})`;
}

/** `Modules linked in: mlx4_en mlx4_core [last unloaded: mlx4_ib]`, the youngest first. */
export function print_modules(k: Kernel): string {
  const names = k.modules.loaded
    .toReversed()
    .filter((module) => module.state !== 'unformed')
    .map((module) => ` ${module.name}${module_flags(k, module)}`);
  const last = k.modules.lastUnloaded;
  return `Modules linked in:${names.join('')}${last === '' ? '' : ` [last unloaded: ${last}]`}`;
}

/**
 * dump_stack(): where the running context is. Its own frame and those in `without` are left out.
 */
export function dump_stack(k: Kernel, without: readonly string[]): void {
  const leftOut = ['dump_stack', ...without];
  const sites = captureStack().filter((site) => !leftOut.includes(site.split('@')[0]!));
  const lines = [...dump_stack_print_info(k, k.sim.current), ...traceLines(sites)];
  printk(k, KERN_DEFAULT, lines.join('\n'));
}
