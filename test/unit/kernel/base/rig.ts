// Devices and drivers for tests: on a bus of their own, which notes whom it probes and removes.

import type { BusOperations } from '#kernel/base/bus.ts';
import { BusType } from '#kernel/base/bus.ts';
import { Device } from '#kernel/base/device.ts';
import { DeviceDriver } from '#kernel/base/driver.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

export interface Rig {
  readonly k: Kernel;
  readonly bus: BusType;
  readonly log: string[];
  makeDevice(name: string, parent?: Device): Device;
  makeDriver(name: string): DeviceDriver;
  run(body: () => MaySleep<void>): void;
}

/** A bus on which a driver fits devices whose name begins with its own. */
export function rig(seed?: number, ops: Partial<BusOperations> = {}): Rig {
  const k = bareKernel(seed === undefined ? {} : { seed });
  const log: string[] = [];
  const bus = new BusType(k, 'soft', {
    match: (dev, drv) => dev.name.startsWith(drv.name),
    *probe(dev) {
      log.push(`probe ${dev.name}`);
      yield* k.sim.spend(100);
      return 0;
    },
    *remove(dev) {
      log.push(`remove ${dev.name}`);
      yield* k.sim.spend(100);
    },
    ...ops,
  });
  return {
    k,
    bus,
    log,
    makeDevice(name, parent) {
      const dev = new Device(k, name, parent ?? null);
      dev.bus = bus;
      dev.release = function* () {
        log.push(`release ${name}`);
      };
      return dev;
    },
    makeDriver: (name) => new DeviceDriver({ name, bus, owner: null }),
    run(body) {
      thread(k, 'user', body);
      k.sim.run(k.sim.now() + 10 * second);
    },
  };
}
