// The report of a fault, in the kernel's shape (arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c,
// lib/bug.c, kernel/exit.c: make_task_dead). The context dies; what it held stays held, as in the
// kernel. In an interrupt that is a panic: its line is printed, and the machine goes on, so that it
// can be looked at. Left out: registers, code bytes, page tables, reboot.

import type { Oops } from '#sim/shared.ts';
import { callSites } from '#sim/stack.ts';
import type { Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import {
  dump_stack_print_info,
  irqs_disabled,
  preempt_count,
  print_modules,
  traceLines,
} from './dump-stack.ts';
import type { Kernel } from './kernel.ts';
import { KERN_ALERT, KERN_CRIT, KERN_DEFAULT, KERN_EMERG, KERN_ERR, KERN_INFO } from './printk.ts';
import { printk } from './printk.ts';
import { placeOf } from './stack.ts';
import { add_taint, print_tainted } from './taint.ts';

const cutHere = '------------[ cut here ]------------';

/** How a fault is reported. */
interface Shape {
  /** Lines before the one that counts the oops: level and text. */
  readonly head: readonly (readonly [level: number, text: string])[];
  /** What was raised, with its error code. */
  readonly die: string;
  /** A page fault's address; those are handled with interrupts off. */
  readonly faultAddress: string | null;
}

/** A fetch of an instruction that is gone, or a read of data that is not mapped. */
function pageFault(headline: string): Shape {
  const address = /([0-9a-f]{8,16})$/.exec(headline)?.[1] ?? '0000000000000000';
  const isFetch = headline.startsWith('unable to handle') && address.startsWith('ffffffffc');
  const access = isFetch ? 'instruction fetch' : 'read access';
  const code = isFetch ? '0010' : '0000';
  return {
    head: [
      [KERN_ALERT, `BUG: ${headline}`],
      [KERN_ALERT, `#PF: supervisor ${access} in kernel mode`],
      [KERN_ALERT, `#PF: error_code(0x${code}) - not-present page`],
    ],
    die: `Oops: ${code}`,
    faultAddress: address,
  };
}

function shapeOf(headline: string): Shape {
  if (/^(unable to handle page fault|kernel NULL pointer)/.test(headline))
    return pageFault(headline);
  const bug = (place: string): Shape['head'] => [
    [KERN_DEFAULT, cutHere],
    [KERN_CRIT, `kernel BUG at ${place}`],
  ];
  const trap = { die: 'invalid opcode: 0000', faultAddress: null };
  if (headline.startsWith('kernel BUG at ')) {
    return { head: bug(headline.slice('kernel BUG at '.length)), ...trap };
  }
  if (headline.startsWith('list_')) {
    return { head: [[KERN_ERR, headline], ...bug('lib/list_debug.c:56!')], ...trap };
  }
  if (headline.startsWith('general protection fault')) {
    return { head: [], die: `${headline}: 0000`, faultAddress: null };
  }
  const head: Shape['head'] = [[KERN_ERR, `BUG: ${headline}`]];
  return { head, die: 'Oops: 0000', faultAddress: null };
}

/** Prints the report and records the finding. */
export function oops_report(k: Kernel, task: Task, error: Oops): void {
  const { trace } = k;
  trace.emit(K.oops, trace.intern(error.headline), trace.intern(task.name));
  const number = k.findings.filter((finding) => finding.kind === 'oops').length + 1;
  const sites = callSites(error);
  k.report({
    kind: 'oops',
    timeNs: k.sim.now(),
    task: task.name,
    text: error.headline,
    place: placeOf(sites),
  });
  if (error.headline.startsWith('KASAN')) add_taint(k, 'B');
  const shape = shapeOf(error.headline);
  for (const [level, text] of shape.head) printk(k, level, text);
  const prefix = k.is612 ? 'Oops: ' : '';
  const lines = [
    `${prefix}${shape.die} [#${number}] PREEMPT SMP`,
    ...dump_stack_print_info(k, task),
    ...traceLines(sites),
    print_modules(k),
    ...(shape.faultAddress === null ? [] : [`CR2: ${shape.faultAddress.padStart(16, '0')}`]),
    '---[ end trace 0000000000000000 ]---',
  ];
  printk(k, KERN_DEFAULT, lines.join('\n'));
  add_taint(k, 'D');
  make_task_dead(k, task, shape.faultAddress !== null);
}

/** What the end of a task in the middle of its work leaves to say. */
function make_task_dead(k: Kernel, task: Task, inFault: boolean): void {
  if (task.kind !== 'task') {
    printk(k, KERN_EMERG, 'Kernel panic - not syncing: Fatal exception in interrupt');
    return;
  }
  const note = (text: string): void => {
    printk(k, KERN_INFO, `note: ${task.comm}[${task.pid}] exited with ${text}`);
  };
  if (inFault || irqs_disabled(task)) note('irqs disabled');
  if (preempt_count(task) > 0) note(`preempt_count ${preempt_count(task)}`);
}

/** `Not tainted`, or `Tainted: G …`. */
export const tainted = print_tainted;
