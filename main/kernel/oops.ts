// The report of a fault, in the kernel's shape (arch/x86/mm/fault.c, kernel/panic.c). The context
// dies; what it held stays held, as in the kernel.

import type { Oops } from '#sim/shared.ts';
import { callSites } from '#sim/stack.ts';
import type { Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';
import { KERN_ALERT, KERN_WARNING, printk } from './printk.ts';
import { stackFrames } from './stack.ts';

/** Prints the report and records the finding. */
export function oops_report(k: Kernel, task: Task, error: Oops): void {
  const { trace } = k;
  trace.emit(K.oops, trace.intern(error.headline), trace.intern(task.name));
  const number = k.findings.filter((finding) => finding.kind === 'oops').length + 1;
  printk(k, KERN_ALERT, `BUG: ${error.headline}`);
  const header = `CPU: ${task.cpu} PID: ${task.pid} Comm: ${task.comm} ${tainted(k)} ${k.options.release} #1`;
  const frames = stackFrames(callSites(error)).map((frame) => ` ${frame}`);
  printk(k, KERN_WARNING, `Oops: 0000 [#${number}] PREEMPT SMP\n${header}`);
  printk(k, KERN_WARNING, ['Call Trace:', ' <TASK>', ...frames, ' </TASK>'].join('\n'));
  if (task.irqsOffDepth > 0) {
    printk(k, KERN_WARNING, `note: ${task.comm}[${task.pid}] exited with irqs disabled`);
  }
  k.findings.push({ kind: 'oops', timeNs: k.sim.now(), task: task.name, text: error.headline });
}

/** `Not tainted`, or `Tainted: G …` after the first oops or foreign module. */
export function tainted(k: Kernel): string {
  const died = k.findings.some((finding) => finding.kind === 'oops');
  if (!died && k.taint === '') return 'Not tainted';
  return `Tainted: G ${died ? '     D   ' : '          '}${k.taint}`.trimEnd();
}
