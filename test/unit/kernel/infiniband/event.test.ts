// Events of RDMA devices: from any context to the handlers, by way of the caches.

import { expect, it } from 'vitest';
import { EIO } from '#kernel/errno.ts';
import { ib_get_cached_port_state } from '#kernel/infiniband/cache.ts';
import { ib_dispatch_event, ib_register_event_handler } from '#kernel/infiniband/event.ts';
import type { IbEvent } from '#kernel/infiniband/event.ts';
import { ib_core_init } from '#kernel/infiniband/ib-core.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import {
  IB_EVENT_DEVICE_FATAL,
  IB_EVENT_GID_CHANGE,
  IB_EVENT_PORT_ACTIVE,
  IB_PORT_ACTIVE,
  IB_PORT_DOWN,
} from '#kernel/infiniband/ib-verbs.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import { mod_timer, timer_setup } from '#kernel/time/timer.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask } from './rig.ts';
import { softDevice, SoftDriver, softParent } from './soft-driver.ts';

/** A registered device with a handler that notes what it hears and what the cache says then. */
function* listener(
  k: Kernel,
  driver: SoftDriver,
  heard: [number, number | null][],
): MaySleep<IbDevice> {
  yield* ib_core_init(k);
  const { device } = yield* softDevice(driver, yield* softParent(k, 'card0'));
  yield* ib_register_event_handler(device, {
    name: 'listener',
    *handler(event: IbEvent) {
      heard.push([event.event, yield* ib_get_cached_port_state(device, 1)]);
    },
  });
  return device;
}

it('an event from a timer reaches the handlers in a work, with the cache up to date', () => {
  const k = bareKernel();
  const driver = new SoftDriver(k, ['eth']);
  const heard: [number, number | null][] = [];
  runTask(k, function* () {
    const device = yield* listener(k, driver, heard);
    expect(yield* ib_get_cached_port_state(device, 1)).toBe(IB_PORT_DOWN);
    driver.ports[0]!.state = IB_PORT_ACTIVE;
    const timer = timer_setup(k, 'card', () =>
      ib_dispatch_event({ device, event: IB_EVENT_PORT_ACTIVE, port_num: 1 }),
    );
    yield* mod_timer(timer, k.jiffies + 1);
    yield* msleep(k, 50);
  });
  expect(heard).toEqual([[IB_EVENT_PORT_ACTIVE, IB_PORT_ACTIVE]]);
  expect(k.findings).toEqual([]);
});

it('an event whose query fails is lost, one that needs no query is not', () => {
  const k = bareKernel();
  const driver = new SoftDriver(k, ['eth']);
  const heard: [number, number | null][] = [];
  runTask(k, function* () {
    const device = yield* listener(k, driver, heard);
    driver.errors.set('query_port', -EIO);
    yield* ib_dispatch_event({ device, event: IB_EVENT_PORT_ACTIVE, port_num: 1 });
    yield* ib_dispatch_event({ device, event: IB_EVENT_DEVICE_FATAL, port_num: 0 });
    yield* msleep(k, 50);
  });
  expect(heard.map(([event]) => event)).toEqual([IB_EVENT_DEVICE_FATAL]);
});

it('a GID change of an InfiniBand port reads its table again', () => {
  const k = bareKernel();
  const driver = new SoftDriver(k, ['ib']);
  runTask(k, function* () {
    const device = yield* listener(k, driver, []);
    const before = driver.count('query_gid');
    yield* ib_dispatch_event({ device, event: IB_EVENT_GID_CHANGE, port_num: 1 });
    yield* msleep(k, 50);
    expect(driver.count('query_gid') - before).toBe(driver.gidEntries);
  });
});

it('unregistering waits for the events that were dispatched before', () => {
  const k = bareKernel();
  const driver = new SoftDriver(k, ['eth']);
  const heard: [number, number | null][] = [];
  runTask(k, function* () {
    const device = yield* listener(k, driver, heard);
    yield* ib_dispatch_event({ device, event: IB_EVENT_PORT_ACTIVE, port_num: 1 });
    yield* ib_unregister_device(device);
    expect(heard).toHaveLength(1);
  });
});
