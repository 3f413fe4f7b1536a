// WARN_ON() (kernel/panic.c): a report with the place and the call trace; the context goes on.

import { captureStack } from '#sim/stack.ts';
import type { Kernel } from './kernel.ts';
import { tainted } from './oops.ts';
import { KERN_WARNING, printk } from './printk.ts';
import { stackFrames } from './stack.ts';

/**
 * Prints the report and records a finding. `place` is the kernel's file and line, `functionName`
 * the function in which the WARN stands, `message` the text of WARN(), printed before the report.
 */
export function warn_on(k: Kernel, place: string, functionName: string, message?: string): void {
  const task = k.sim.current;
  const frames = stackFrames(captureStack()).filter((frame) => frame !== 'warn_on');
  const text = `WARNING: CPU: ${task.cpu} PID: ${task.pid} at ${place} ${functionName}`;
  printk(
    k,
    KERN_WARNING,
    [
      '------------[ cut here ]------------',
      ...(message === undefined ? [] : [message]),
      text,
      `CPU: ${task.cpu} PID: ${task.pid} Comm: ${task.comm} ${tainted(k)} ${k.options.release} #1`,
      'Call Trace:',
      ' <TASK>',
      ...frames.map((frame) => ` ${frame}`),
      ' </TASK>',
      '---[ end trace 0000000000000000 ]---',
    ].join('\n'),
  );
  k.findings.push({ kind: 'warning', timeNs: k.sim.now(), task: task.name, text });
}
