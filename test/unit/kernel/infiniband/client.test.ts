// Clients of RDMA devices: order, failures, and what unregistering one waits for.

import { expect, it } from 'vitest';
import { ENODEV } from '#kernel/errno.ts';
import { ib_register_client, ib_unregister_client } from '#kernel/infiniband/client.ts';
import type { IbClient } from '#kernel/infiniband/client.ts';
import { ib_core_init } from '#kernel/infiniband/ib-core.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask } from './rig.ts';
import { softDevice, SoftDriver, softParent } from './soft-driver.ts';

function client(k: Kernel, log: string[], name: string, result = 0): IbClient {
  return {
    name,
    *add(device) {
      yield* msleep(k, 1);
      log.push(`add ${name} ${device.name}`);
      return result;
    },
    *remove(device) {
      yield* msleep(k, 1);
      log.push(`remove ${name} ${device.name}`);
    },
  };
}

it('clients are added in order of registration and removed in reverse', () => {
  const k = bareKernel();
  const log: string[] = [];
  runTask(k, function* () {
    yield* ib_core_init(k);
    yield* ib_register_client(k, client(k, log, 'a'));
    yield* ib_register_client(k, client(k, log, 'b'));
    const { device } = yield* softDevice(new SoftDriver(k, ['eth']), yield* softParent(k, 'c'));
    yield* ib_register_client(k, client(k, log, 'late'));
    yield* ib_unregister_device(device);
  });
  expect(log).toEqual([
    ...['add a soft_0', 'add b soft_0', 'add late soft_0'],
    ...['remove late soft_0', 'remove b soft_0', 'remove a soft_0'],
  ]);
});

it('a client whose add() fails hears nothing more of the device, which stays registered', () => {
  const k = bareKernel();
  const log: string[] = [];
  runTask(k, function* () {
    yield* ib_core_init(k);
    yield* ib_register_client(k, client(k, log, 'bad', -ENODEV));
    const { device, err } = yield* softDevice(
      new SoftDriver(k, ['eth']),
      yield* softParent(k, 'c'),
    );
    expect(err).toBe(0);
    expect(device.registered).toBe(true);
    yield* ib_unregister_device(device);
  });
  expect(log).toEqual(['add bad soft_0']);
});

it('unregistering a client waits for a removal that another task is doing', () => {
  const k = bareKernel();
  const log: string[] = [];
  const slow: IbClient = {
    name: 'slow',
    *remove() {
      yield* msleep(k, 100);
      log.push('removed');
    },
  };
  runTask(k, function* () {
    yield* ib_core_init(k);
    yield* ib_register_client(k, slow);
    const { device } = yield* softDevice(new SoftDriver(k, ['eth']), yield* softParent(k, 'c'));
    kthread_run(k, 'other', 'other', () => ib_unregister_device(device));
    yield* msleep(k, 10);
    yield* ib_unregister_client(k, slow);
    log.push('client gone');
  });
  expect(log).toEqual(['removed', 'client gone']);
});
