// The auxiliary bus: names, matching, what is refused, and the calls that a driver gets.

import { describe, expect, it } from 'vitest';
import {
  auxiliary_device_add,
  auxiliary_device_delete,
  auxiliary_device_init,
  auxiliary_device_uninit,
  auxiliary_driver_register,
  auxiliary_driver_unregister,
  auxiliaryDriverOf,
  AuxiliaryDevice,
} from '#kernel/base/auxiliary.ts';
import type { AuxiliaryDriver } from '#kernel/base/auxiliary.ts';
import { Device, device_register } from '#kernel/base/device.ts';
import { device_shutdown } from '#kernel/base/shutdown.ts';
import { vfs_read, vfs_readdir } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { stackFrames } from '#kernel/stack.ts';
import { captureStack } from '#sim/stack.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, thread } from '#test/support/threads.ts';

function rig() {
  const k = bareKernel();
  const log: string[] = [];
  const card = new Device(k, '0000:06:00.0', null);
  card.release = function* () {
    yield* k.sim.spend(1);
  };
  const make = (name: string, id = 0, parent: Device | null = card): AuxiliaryDevice => {
    const adev = new AuxiliaryDevice(k, { modname: 'mlx4_core', name, id, parent });
    adev.release = function* () {
      log.push(`release ${adev.name}`);
    };
    return adev;
  };
  const driver = (kind: string, answer = 0): AuxiliaryDriver => ({
    name: kind,
    id_table: [`mlx4_core.${kind}`],
    *probe(adev) {
      log.push(`probe ${adev.name}`);
      yield* k.sim.spend(1);
      return answer;
    },
    *remove(adev) {
      log.push(`remove ${adev.name}`, ...stackFrames(captureStack()).slice(1, 4));
      yield* k.sim.spend(1);
    },
    *shutdown(adev) {
      log.push(`shutdown ${adev.name}`);
      yield* k.sim.spend(1);
    },
  });
  const run = (body: () => MaySleep<void>): void => {
    thread(k, 'user', function* () {
      if (card.kobj === null) yield* device_register(card);
      yield* body();
    });
    k.sim.run(k.sim.now() + second);
  };
  return { k, log, make, driver, run };
}

const add = function* (adev: AuxiliaryDevice): MaySleep<number> {
  const error = yield* auxiliary_device_init(adev);
  return error === 0 ? yield* auxiliary_device_add(adev, 'mlx4_core') : error;
};

describe('an auxiliary device', () => {
  it('is named by module, kind and number, and bound by the part before the last dot', () => {
    const { k, log, make, driver, run } = rig();
    const [eth, ib] = [make('eth', 3), make('ib', 3)];
    run(function* () {
      yield* auxiliary_driver_register(k, driver('eth'), null, 'mlx4_en');
      expect(yield* add(eth)).toBe(0);
      expect(yield* add(ib)).toBe(0);
      expect(auxiliaryDriverOf(eth)?.name).toBe('eth');
      expect(auxiliaryDriverOf(ib)).toBeNull();
      expect(yield* vfs_read(k, '/sys/bus/auxiliary/devices/mlx4_core.ib.3/uevent')).toBe(
        'MODALIAS=auxiliary:mlx4_core.ib\n',
      );
      const drivers = vfs_readdir(k, '/sys/bus/auxiliary/drivers') as { name: string }[];
      expect(drivers.map(({ name }) => name)).toEqual(['mlx4_en.eth']);
    });
    expect(log).toEqual(['probe mlx4_core.eth.3']);
    expect(k.uevents.queue.map(({ action, name }) => `${action} ${name}`)).toEqual([
      'add mlx4_core.eth.3',
      'bind mlx4_core.eth.3',
      'add mlx4_core.ib.3',
    ]);
  });

  it('that goes is unbound by the calls that stacks show, then released', () => {
    const { k, log, make, driver, run } = rig();
    const eth = make('eth');
    run(function* () {
      yield* auxiliary_driver_register(k, driver('eth'), null, 'mlx4_en');
      yield* add(eth);
      log.length = 0;
      yield* auxiliary_device_delete(eth);
      yield* auxiliary_device_uninit(eth);
    });
    expect(log).toEqual([
      'remove mlx4_core.eth.0',
      'auxiliary_bus_remove',
      'device_remove',
      'device_release_driver_internal',
      'release mlx4_core.eth.0',
    ]);
  });

  it('whose probe fails stays, unbound', () => {
    const { k, make, driver, run } = rig();
    const eth = make('eth');
    run(function* () {
      yield* auxiliary_driver_register(k, driver('eth', -12), null, 'mlx4_en');
      expect(yield* add(eth)).toBe(0);
    });
    expect(eth.driver).toBeNull();
    expect(logLines(k)).toEqual(['mlx4_en.eth: probe of mlx4_core.eth.0 failed with error -12']);
  });

  it.each<[string, (k: Kernel) => AuxiliaryDevice, string]>([
    [
      'a parent',
      (k) => new AuxiliaryDevice(k, { modname: 'm', name: 'eth', id: 0, parent: null }),
      'auxiliary: auxiliary_device_init: auxiliary_device has a NULL dev->parent',
    ],
    [
      'a name',
      (k) =>
        new AuxiliaryDevice(k, { modname: 'm', name: '', id: 0, parent: new Device(k, 'p', null) }),
      'auxiliary: auxiliary_device_init: auxiliary_device has a NULL name',
    ],
  ])('without %s is refused', (_what, make, line) => {
    const { k, run } = rig();
    run(function* () {
      expect(yield* auxiliary_device_init(make(k))).toBe(-22);
    });
    expect(logLines(k)).toEqual([line]);
  });

  it('without a module name, or with a name that is taken, is not added', () => {
    const { k, make, run } = rig();
    run(function* () {
      const first = make('eth');
      yield* auxiliary_device_init(first);
      expect(yield* auxiliary_device_add(first, '')).toBe(-22);
      expect(yield* auxiliary_device_add(first, 'mlx4_core')).toBe(0);
      const second = make('eth');
      expect(yield* add(second)).toBe(-17);
      yield* auxiliary_device_uninit(second);
      expect(second.freed).toBe(true);
    });
    expect(logLines(k)).toEqual([
      'auxiliary mlx4_core.eth.0: auxiliary device modname is NULL',
      "sysfs: cannot create duplicate filename '/devices/0000:06:00.0/mlx4_core.eth.0'",
      'auxiliary mlx4_core.eth.0: adding auxiliary device failed!: -17',
    ]);
  });
});

describe('an auxiliary driver', () => {
  it('takes devices that are there, and gives them up when it goes', () => {
    const { k, log, make, driver, run } = rig();
    const en = driver('eth');
    run(function* () {
      for (const id of [0, 1]) yield* add(make('eth', id));
      yield* auxiliary_driver_register(k, en, null, 'mlx4_en');
      yield* auxiliary_driver_unregister(en);
    });
    expect(log.filter((line) => /^(probe|remove)/.test(line))).toEqual([
      'probe mlx4_core.eth.0',
      'probe mlx4_core.eth.1',
      'remove mlx4_core.eth.1',
      'remove mlx4_core.eth.0',
    ]);
  });

  it('is asked to shut its devices down', () => {
    const { k, log, make, driver, run } = rig();
    run(function* () {
      yield* auxiliary_driver_register(k, driver('eth'), null, 'mlx4_en');
      yield* add(make('eth'));
      yield* add(make('ib'));
      yield* device_shutdown(k);
    });
    expect(log.at(-1)).toBe('shutdown mlx4_core.eth.0');
  });
});
