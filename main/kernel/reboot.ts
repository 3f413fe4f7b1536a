// reboot(2) (kernel/reboot.c): every device is shut down, under its device_lock, before the machine
// restarts. So a task that holds one of those locks for ever stops the reboot too (facts/driver
// 7.2). Left out: reboot notifiers, stopping other CPUs, the restart itself: the machine ends here.

import type { MaySleep } from '#sim/task.ts';
import { device_shutdown } from './base/shutdown.ts';
import { entry_SYSCALL_64_after_hwframe } from './fs/syscalls.ts';
import type { Kernel } from './kernel.ts';
import { pr_emerg } from './printk.ts';

function* kernel_restart(k: Kernel): MaySleep<void> {
  yield* device_shutdown(k);
  pr_emerg(k, 'reboot: Restarting system');
}

function* __do_sys_reboot(k: Kernel): MaySleep<void> {
  yield* kernel_restart(k);
}

function* __x64_sys_reboot(k: Kernel): MaySleep<void> {
  yield* __do_sys_reboot(k);
}

/** Shuts the machine down for a restart; comes back when nothing is left to wait for. */
export const sys_reboot = (k: Kernel): MaySleep<void> =>
  entry_SYSCALL_64_after_hwframe(() => __x64_sys_reboot(k));
