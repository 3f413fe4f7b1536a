// The standard files of /proc: uptime, version, interrupts, modules, the hung task sysctls and
// sysrq-trigger. Files of the net core and of bonding are made by their owners with proc_create().

import type { MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import type { HungTaskSysctls } from '../hung-task.ts';
import type { Kernel } from '../kernel.ts';
import type { KernfsNode } from './kernfs.ts';
import { get_taint } from '../taint.ts';
import { createProcFile, createSysctl } from './procfs.ts';
import { handle_sysrq } from './sysrq.ts';

/** Seconds with two digits, as /proc/uptime prints them. */
const hundredths = (ns: number): string => (Math.floor(ns / 1e7) / 100).toFixed(2);

function readable(proc: KernfsNode, name: string, text: () => string): void {
  createProcFile(proc, name, {
    *show() {
      return text();
    },
  });
}

function hungTaskSysctl(
  k: Kernel,
  proc: KernfsNode,
  name: keyof HungTaskSysctls,
  lowest: number,
): void {
  createSysctl(proc, `kernel/${name}`, {
    get: () => k.hungTask.sysctls[name],
    set(text) {
      const value = Number(text);
      if (!/^-?\d+$/.test(text) || value < lowest) return -EINVAL;
      k.hungTask.sysctls[name] = value;
      if (name !== 'hung_task_warnings') k.hungTask.retime();
      return 0;
    },
  });
}

/** Makes the standard files; called once by the file system. */
export function createProcFiles(k: Kernel, proc: KernfsNode): void {
  readable(proc, 'uptime', () => `${hundredths(k.sim.now())} 0.00\n`);
  readable(proc, 'version', () => `Linux version ${k.options.release} (mlx4-lab) #1 SMP PREEMPT\n`);
  readable(proc, 'interrupts', () => k.irqs.describe());
  readable(proc, 'modules', () => k.modules.describe());
  hungTaskSysctl(k, proc, 'hung_task_timeout_secs', 0);
  hungTaskSysctl(k, proc, 'hung_task_check_interval_secs', 0);
  hungTaskSysctl(k, proc, 'hung_task_warnings', -1);
  createSysctl(proc, 'kernel/osrelease', { get: () => k.options.release });
  createSysctl(proc, 'kernel/tainted', { get: () => get_taint(k) });
  createProcFile(proc, 'sysrq-trigger', {
    *write(text): MaySleep<number> {
      handle_sysrq(k, text);
      return text.length;
    },
  });
}
