// device_shutdown() (drivers/base/core.c): what reboot does with devices. Newest first, each under
// its device_lock, so a task that holds one stops the reboot (facts/driver 7.2).

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { device_lock, device_unlock, get_device, put_device } from './device.ts';

/** Shuts every device down; comes back when all drivers' shutdown callbacks have. */
export function* device_shutdown(k: Kernel): MaySleep<void> {
  const left = [...k.buses.all];
  for (;;) {
    const dev = left.pop();
    if (dev === undefined) return;
    yield* get_device(dev);
    const { parent } = dev;
    if (parent !== null) yield* device_lock(parent);
    yield* device_lock(dev);
    const shutdown = dev.bus?.ops.shutdown;
    if (shutdown !== undefined && dev.driver !== null) yield* shutdown(dev);
    yield* device_unlock(dev);
    if (parent !== null) yield* device_unlock(parent);
    yield* put_device(dev);
  }
}
