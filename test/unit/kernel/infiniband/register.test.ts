// Registration of RDMA devices: names, order of the calls, sysfs, uevents, and the wait for the
// last reference.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import { vfs_read, vfs_readdir } from '#kernel/fs/vfs.ts';
import { ib_core_init } from '#kernel/infiniband/ib-core.ts';
import {
  ib_dealloc_device,
  ib_device_put,
  ib_device_try_get,
} from '#kernel/infiniband/ib-device.ts';
import { IB_PORT_ACTIVE } from '#kernel/infiniband/ib-verbs.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import { EIO } from '#kernel/errno.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, runTask } from './rig.ts';
import { softDevice, SoftDriver, softParent } from './soft-driver.ts';

const listing = (k: Kernel, path: string): string[] => {
  const entries = vfs_readdir(k, path);
  return typeof entries === 'number' ? [] : entries.map(({ name }) => name);
};

describe('registration', () => {
  it('gives the lowest number that is free, also when devices went in between', () => {
    const k = bareKernel();
    const names: string[] = [];
    runTask(k, function* () {
      yield* ib_core_init(k);
      const parent = yield* softParent(k, 'card0');
      const make = () => softDevice(new SoftDriver(k, ['eth']), parent);
      const first = yield* make();
      const second_ = yield* make();
      names.push(first.device.name, second_.device.name);
      yield* ib_unregister_device(first.device);
      yield* ib_dealloc_device(first.device);
      names.push((yield* make()).device.name);
    });
    expect(names).toEqual(['soft_0', 'soft_1', 'soft_0']);
  });

  it('keeps the name of an unregistered device until its memory is given back', () => {
    const k = bareKernel();
    const names: string[] = [];
    runTask(k, function* () {
      yield* ib_core_init(k);
      const parent = yield* softParent(k, 'card0');
      const first = yield* softDevice(new SoftDriver(k, ['eth']), parent);
      yield* ib_unregister_device(first.device);
      names.push((yield* softDevice(new SoftDriver(k, ['eth']), parent)).device.name);
    });
    expect(names).toEqual(['soft_1']);
  });

  it('asks ports, the device, then fills the caches: every GID and P_Key of InfiniBand', () => {
    const k = bareKernel();
    const driver = new SoftDriver(k, ['ib']);
    runTask(k, function* () {
      yield* ib_core_init(k);
      yield* softDevice(driver, yield* softParent(k, 'card0'));
    });
    const until = driver.log.indexOf('alloc_pd 0');
    expect(driver.log.slice(0, until)).toEqual([
      'immutable 1',
      'query_device 0',
      'query_port 1',
      'query_gid 1',
      'query_gid 1',
      'query_pkey 1',
      'query_pkey 1',
      'query_port 1',
    ]);
  });

  it('shows the device and its ports in sysfs, and asks the driver anew at each reading', () => {
    const k = bareKernel();
    const driver = new SoftDriver(k, ['ib', 'eth']);
    const read: Record<string, string | number> = {};
    runTask(k, function* () {
      yield* ib_core_init(k);
      const { device } = yield* softDevice(driver, yield* softParent(k, 'card0'));
      driver.ports[0]!.state = IB_PORT_ACTIVE;
      const before = driver.count('query_port');
      for (const file of [
        ...['node_type', 'node_guid', 'sys_image_guid', 'fw_ver', 'node_desc'],
        ...[
          'state',
          'phys_state',
          'rate',
          'lid',
          'cap_mask',
          'link_layer',
          'pkeys/0',
          'gids/0',
        ].map((name) => `ports/1/${name}`),
        ...['gids/1', 'gid_attrs/types/0', 'gid_attrs/types/1'].map((name) => `ports/1/${name}`),
        'ports/2/link_layer',
      ]) {
        read[file] = yield* vfs_read(k, `/sys/class/infiniband/soft_0/${file}`);
      }
      expect(driver.count('query_port') - before).toBe(5);
      yield* ib_unregister_device(device);
      yield* ib_dealloc_device(device);
    });
    expect(read).toEqual({
      node_type: '1: CA\n',
      node_guid: '0002:c903:0000:0000\n',
      sys_image_guid: '0002:c903:0000:0003\n',
      fw_ver: '1.2.3\n',
      node_desc: 'soft node\n',
      'ports/1/state': '4: ACTIVE\n',
      'ports/1/phys_state': '5: LinkUp\n',
      'ports/1/rate': '40 Gb/sec (4X QDR)\n',
      'ports/1/lid': '0x7\n',
      'ports/1/cap_mask': '0x00010000\n',
      'ports/1/link_layer': 'InfiniBand\n',
      'ports/1/pkeys/0': '0xffff\n',
      'ports/1/gids/0': 'fe80:0000:0000:0000:0002:c903:0000:0001\n',
      'ports/1/gids/1': '0000:0000:0000:0000:0000:0000:0000:0000\n',
      'ports/1/gid_attrs/types/0': 'IB/RoCE v1\n',
      'ports/1/gid_attrs/types/1': -22,
      'ports/2/link_layer': 'Ethernet\n',
    });
    expect(listing(k, '/sys/class/infiniband')).toEqual([]);
  });

  it('sends its uevent when everything is there, and a removal', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* ib_core_init(k);
      const driver = new SoftDriver(k, ['eth']);
      const { device } = yield* softDevice(driver, yield* softParent(k, 'card0'));
      expect(driver.count('create_qp')).toBe(1);
      yield* ib_unregister_device(device);
    });
    const ours = k.uevents.queue.filter((event) => event.subsystem === 'infiniband');
    expect(ours.map(({ action, name, env }) => [action, name, env['NAME']])).toEqual([
      ['add', 'soft_0', 'soft_0'],
      ['remove', 'soft_0', 'soft_0'],
    ]);
  });

  it.each([
    ['immutable', "Couldn't create per-port data", []],
    [
      'query_gid',
      "Couldn't set up InfiniBand P_Key/GID cache",
      ['query_gid failed (-5) for index 0'],
    ],
    ['query_pkey', "Couldn't set up InfiniBand P_Key/GID cache", []],
  ])('fails and leaves nothing in sysfs when %s fails', (operation, complaint, more) => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* ib_core_init(k);
      const driver = new SoftDriver(k, ['ib']);
      driver.errors.set(operation, -EIO);
      const { device, err } = yield* softDevice(driver, yield* softParent(k, 'card0'));
      expect(err).toBe(-EIO);
      yield* ib_dealloc_device(device);
    });
    const lines = logLines(k);
    expect(lines).toContain(`infiniband soft_0: ${complaint}`);
    for (const text of more) expect(lines).toContain(`infiniband soft_0: ${text}`);
    expect(listing(k, '/sys/class/infiniband')).toEqual([]);
    expect(k.infiniband.devices).toEqual([]);
  });
});

describe('unregistration', () => {
  /** A thread that holds the device for a while. */
  function holder(k: Kernel, take: () => MaySleep<void>): void {
    kthread_run(k, 'holder', 'holder', take);
  }

  it('waits until the last reference is given back', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      yield* ib_core_init(k);
      const { device } = yield* softDevice(new SoftDriver(k, ['eth']), yield* softParent(k, 'c'));
      holder(k, function* () {
        expect(yield* ib_device_try_get(device, 'a user')).toBe(true);
        yield* msleep(k, 100);
        log.push('put');
        yield* ib_device_put(device);
      });
      yield* msleep(k, 10);
      yield* ib_unregister_device(device);
      log.push('unregistered');
      expect(yield* ib_device_try_get(device, 'too late')).toBe(false);
    });
    expect(log).toEqual(['put', 'unregistered']);
  });

  it('of a device that its holder cannot let go is a deadlock with the holder in it', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'intf_mutex');
    kthread_run(k, 'unregister', 'unregister', function* () {
      yield* ib_core_init(k);
      const { device } = yield* softDevice(new SoftDriver(k, ['eth']), yield* softParent(k, 'c'));
      holder(k, function* () {
        yield* ib_device_try_get(device, 'a user');
        yield* msleep(k, 20);
        yield* mutex_lock(lock);
        yield* ib_device_put(device);
        yield* mutex_unlock(lock);
      });
      yield* msleep(k, 10);
      yield* mutex_lock(lock);
      yield* ib_unregister_device(device);
    });
    k.sim.run(10 * second);
    expect(k.graph.deadlocks).toHaveLength(1);
    const sentence = deadlockSentence(k.graph.deadlocks[0]!);
    expect(sentence).toContain('the last reference on RDMA device soft_0 (soft)');
    expect(sentence).toContain('holder waits for the mutex intf_mutex');
  });
});
