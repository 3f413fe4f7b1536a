// WARN_ON() (kernel/panic.c: __warn): a report with the place, the modules and the call trace. The
// context goes on; the kernel is tainted.

import { captureStack } from '#sim/stack.ts';
import { dump_stack_print_info, print_modules, traceLines } from './dump-stack.ts';
import type { Kernel } from './kernel.ts';
import { KERN_WARNING, printk } from './printk.ts';
import { placeOf } from './stack.ts';
import { add_taint } from './taint.ts';

/** WARN_ON_ONCE(): as warn_on(), the first time at this place. */
export function warn_on_once(k: Kernel, place: string, functionName: string, message = ''): void {
  if (k.warned.has(place)) return;
  k.warned.add(place);
  warn_on(k, place, functionName, message === '' ? undefined : message);
}

/**
 * Prints the report and records a finding. `place` is the kernel's file and line, `functionName`
 * the function in which the WARN stands, `message` the text of WARN(), printed before the report.
 */
export function warn_on(k: Kernel, place: string, functionName: string, message?: string): void {
  const task = k.sim.current;
  const sites = captureStack().filter((site) => !/^warn_on(_once)?@/.test(site));
  const text = `WARNING: CPU: ${task.cpu} PID: ${task.pid} at ${place} ${functionName}`;
  printk(
    k,
    KERN_WARNING,
    [
      '------------[ cut here ]------------',
      ...(message === undefined ? [] : [message]),
      text,
      print_modules(k),
      ...dump_stack_print_info(k, task),
      ...traceLines(sites),
      '---[ end trace 0000000000000000 ]---',
    ].join('\n'),
  );
  add_taint(k, 'W');
  const timeNs = k.sim.now();
  k.report({ kind: 'warning', timeNs, task: task.name, text, place: placeOf(sites) });
}
