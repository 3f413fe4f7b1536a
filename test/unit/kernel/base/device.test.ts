// Devices and drivers: references, registration and its order, binding under device_lock, walks of
// lists that change meanwhile, and shutting down.

import { describe, expect, it } from 'vitest';
import type { BusOperations } from '#kernel/base/bus.ts';
import { bus_for_each_dev, BusType } from '#kernel/base/bus.ts';
import {
  Device,
  device_add,
  device_create_file,
  device_del,
  device_initialize,
  device_lock,
  device_register,
  device_remove_file,
  device_remove_file_self,
  device_rename,
  device_trylock,
  device_unlock,
  device_unregister,
  get_device,
  put_device,
} from '#kernel/base/device.ts';
import { DeviceDriver, driver_register, driver_unregister } from '#kernel/base/driver.ts';
import { device_shutdown } from '#kernel/base/shutdown.ts';
import { vfs_read, vfs_readdir, vfs_readlink, vfs_write } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import { Oops } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

interface Rig {
  readonly k: Kernel;
  readonly bus: BusType;
  readonly log: string[];
  makeDevice(name: string, parent?: Device): Device;
  makeDriver(name: string): DeviceDriver;
  run(body: () => MaySleep<void>): void;
}

/** A bus on which a driver fits devices whose name begins with its own. */
function rig(seed?: number, ops: Partial<BusOperations> = {}): Rig {
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

describe('references', () => {
  it('release the device with the last one, in the context that puts it', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    r.run(function* () {
      yield* device_initialize(dev);
      yield* get_device(dev);
      yield* put_device(dev);
      expect(dev.freed).toBe(false);
      yield* put_device(dev);
      expect(dev.freed).toBe(true);
    });
    expect(r.log).toEqual(['release card0']);
  });

  it('that do not add up are said once', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    r.run(function* () {
      yield* device_initialize(dev);
      yield* put_device(dev);
      yield* put_device(dev);
      yield* get_device(dev);
      yield* get_device(dev);
    });
    const lines = logLines(r.k).filter((line) => line.startsWith('refcount_t'));
    expect(lines).toEqual([
      'refcount_t: underflow; use-after-free.',
      'refcount_t: addition on 0; use-after-free.',
    ]);
  });

  it('of a device without release() end in a warning', () => {
    const r = rig();
    const dev = new Device(r.k, 'card0', null);
    r.run(function* () {
      yield* device_initialize(dev);
      yield* put_device(dev);
    });
    expect(logLines(r.k)[1]).toBe(
      "Device 'card0' does not have a release() function, it is broken and must be fixed. " +
        'See Documentation/core-api/kobject.rst.',
    );
  });
});

describe('registration', () => {
  it('puts a device into sysfs, tells user space, and probes it', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    r.run(function* () {
      yield* driver_register(r.makeDriver('card'));
      expect(yield* device_register(dev)).toBe(0);
      expect(vfs_readlink(r.k, '/sys/bus/soft/devices/card0')).toBe('../../../devices/card0');
      expect(vfs_readlink(r.k, '/sys/devices/card0/driver')).toBe('../../bus/soft/drivers/card');
      expect(vfs_readlink(r.k, '/sys/bus/soft/drivers/card/card0')).toBe(
        '../../../../devices/card0',
      );
      expect(yield* vfs_read(r.k, '/sys/devices/card0/uevent')).toBe('DRIVER=card\n');
    });
    expect(r.log).toEqual(['probe card0']);
    expect(r.k.uevents.queue.map(({ action, devpath }) => `${action} ${devpath}`)).toEqual([
      'add /devices/card0',
      'bind /devices/card0',
    ]);
  });

  it('of a name that is taken fails, with the warning of sysfs', () => {
    const r = rig();
    const [one, two] = [r.makeDevice('card0'), r.makeDevice('card0')];
    r.run(function* () {
      yield* device_register(one);
      yield* device_initialize(two);
      expect(yield* device_add(two)).toBe(-17);
      yield* put_device(two);
    });
    expect(logLines(r.k)).toEqual(["sysfs: cannot create duplicate filename '/devices/card0'"]);
    expect(r.log).toEqual(['release card0']);
  });

  it('is undone in order: dead, off the bus, unbound, out of sysfs, told, released', () => {
    const r = rig();
    const parent = r.makeDevice('bridge');
    const dev = r.makeDevice('card0', parent);
    r.run(function* () {
      yield* device_register(parent);
      yield* driver_register(r.makeDriver('card'));
      yield* device_register(dev);
      r.log.length = 0;
      r.k.uevents.queue.length = 0;
      yield* device_unregister(dev);
      expect(vfs_readdir(r.k, '/sys/devices/bridge')).toHaveLength(2);
      expect(parent.ref.count).toBe(1);
    });
    expect(r.log).toEqual(['remove card0', 'release card0']);
    expect(r.k.uevents.queue.map(({ action }) => action)).toEqual(['unbind', 'remove']);
    expect(dev.driver).toBeNull();
  });

  it('takes the link off the bus before the driver lets go (facts/driver 7.2)', () => {
    const r = rig(undefined, {
      *remove() {
        expect(vfs_readdir(r.k, '/sys/bus/soft/devices')).toEqual([]);
        yield* r.k.sim.spend(1);
      },
    });
    const dev = r.makeDevice('card0');
    r.run(function* () {
      yield* driver_register(r.makeDriver('card'));
      yield* device_register(dev);
      yield* device_del(dev);
    });
  });

  it('of class devices makes their class, and a glue directory that goes with the last of them', () => {
    const r = rig();
    const card = r.makeDevice('card0');
    const net = new Device(r.k, 'eth0', card);
    net.className = 'net';
    net.release = function* () {
      yield* r.k.sim.spend(1);
    };
    r.run(function* () {
      yield* device_register(card);
      yield* device_register(net);
      expect(vfs_readlink(r.k, '/sys/class/net/eth0')).toBe('../../devices/card0/net/eth0');
      expect(vfs_readlink(r.k, '/sys/devices/card0/net/eth0/device')).toBe('../..');
      expect(device_rename(net, 'ens1')).toBe(0);
      expect(vfs_readlink(r.k, '/sys/class/net/ens1')).toBe('../../devices/card0/net/ens1');
      yield* device_unregister(net);
      expect(vfs_readdir(r.k, '/sys/devices/card0/net')).toBe(-2);
      expect(vfs_readdir(r.k, '/sys/class/net')).toEqual([]);
    });
    expect(r.k.uevents.queue.map(({ action, name }) => `${action} ${name}`)).toEqual([
      'add card0',
      'add eth0',
      'move ens1',
      'remove ens1',
    ]);
  });
});

describe('binding', () => {
  it('is done once, and a probe that fails leaves the device unbound and says why', () => {
    const answers = new Map([
      ['card0', -5],
      ['card1', -19],
      ['card2', -6],
      ['card3', 0],
    ]);
    const r = rig(undefined, {
      *probe(dev) {
        yield* r.k.sim.spend(1);
        return answers.get(dev.name)!;
      },
    });
    const devices = [...answers.keys()].map((name) => r.makeDevice(name));
    r.run(function* () {
      for (const dev of devices) yield* device_register(dev);
      yield* driver_register(r.makeDriver('card'));
    });
    expect(devices.map((dev) => dev.driver?.name ?? null)).toEqual([null, null, null, 'card']);
    expect(logLines(r.k)).toEqual(['card: probe of card0 failed with error -5']);
  });

  it('says it in the words of 6.12 there', () => {
    const k = bareKernel({ profile: '6.12' });
    const bus = new BusType(k, 'soft', {
      match: () => true,
      *probe() {
        yield* k.sim.spend(1);
        return -5;
      },
      *remove() {
        yield* k.sim.spend(1);
      },
    });
    const dev = new Device(k, 'card0', null);
    dev.bus = bus;
    thread(k, 'user', function* () {
      yield* device_register(dev);
      yield* driver_register(new DeviceDriver({ name: 'card', bus, owner: null }));
    });
    k.sim.run(second);
    expect(logLines(k)).toEqual(['card card0: probe with driver card failed with error -5']);
  });

  it('holds device_lock over probe and remove', () => {
    const held: boolean[] = [];
    const note = function* (dev: Device): MaySleep<number> {
      held.push(dev.mutex.owner === r.k.sim.current);
      yield* r.k.sim.spend(1);
      return 0;
    };
    const r = rig(undefined, {
      probe: note,
      *remove(dev) {
        yield* note(dev);
      },
    });
    r.run(function* () {
      yield* device_register(r.makeDevice('card0'));
      const driver = r.makeDriver('card');
      yield* driver_register(driver);
      yield* driver_unregister(driver);
    });
    expect(held).toEqual([true, true]);
  });

  it('by hand: bind and unbind of a driver', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    const answers: number[] = [];
    const write = (file: string, text: string): MaySleep<number> =>
      vfs_write(r.k, `/sys/bus/soft/drivers/card/${file}`, text);
    r.run(function* () {
      yield* driver_register(r.makeDriver('card'));
      yield* driver_register(r.makeDriver('other'));
      yield* device_register(dev);
      answers.push(yield* write('unbind', 'card0\n'), yield* write('unbind', 'card0'));
      answers.push(yield* write('bind', 'nothing'), yield* write('bind', 'card0'));
      answers.push(yield* write('bind', 'card0'));
      answers.push(yield* vfs_write(r.k, '/sys/bus/soft/drivers/other/bind', 'card0'));
      answers.push(yield* vfs_write(r.k, '/sys/bus/soft/drivers_probe', 'card0'));
      answers.push(yield* vfs_write(r.k, '/sys/bus/soft/drivers_probe', 'nothing'));
    });
    expect(answers).toEqual([6, -19, -19, 5, -16, -19, 5, -22]);
    expect(r.log).toEqual(['probe card0', 'remove card0', 'probe card0']);
  });

  it('of new devices and drivers can be switched off', () => {
    const r = rig();
    r.run(function* () {
      expect(yield* vfs_write(r.k, '/sys/bus/soft/drivers_autoprobe', '0')).toBe(1);
      yield* device_register(r.makeDevice('card0'));
      yield* driver_register(r.makeDriver('card'));
      expect(yield* vfs_read(r.k, '/sys/bus/soft/drivers_autoprobe')).toBe('0\n');
    });
    expect(r.log).toEqual([]);
  });

  it('does not happen to a device that is being removed', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    r.run(function* () {
      yield* device_register(dev);
      dev.dead = true;
      yield* driver_register(r.makeDriver('card'));
    });
    expect(r.log).toEqual([]);
  });
});

describe('drivers', () => {
  it('have names of their own', () => {
    const r = rig();
    r.run(function* () {
      expect(yield* driver_register(r.makeDriver('card'))).toBe(0);
      expect(yield* driver_register(r.makeDriver('card'))).toBe(-16);
    });
    expect(logLines(r.k)).toEqual(["Error: Driver 'card' is already registered, aborting..."]);
  });

  it('that leave unbind their devices, the last bound first', () => {
    const r = rig();
    const driver = r.makeDriver('card');
    r.run(function* () {
      for (const name of ['card0', 'card1', 'card2']) yield* device_register(r.makeDevice(name));
      yield* driver_register(driver);
      r.log.length = 0;
      yield* driver_unregister(driver);
      expect(vfs_readdir(r.k, '/sys/bus/soft/drivers')).toEqual([]);
    });
    expect(r.log).toEqual(['remove card2', 'remove card1', 'remove card0']);
  });

  it('and devices that come and go at the same time end unbound, on every schedule', () => {
    for (let seed = 1; seed <= count(60, 2000); seed++) {
      const bound = new Set<string>();
      const r = rig(seed, {
        *probe(dev) {
          expect(bound.has(dev.name)).toBe(false);
          yield* msleep(r.k, 1);
          bound.add(dev.name);
          return 0;
        },
        *remove(dev) {
          expect(bound.delete(dev.name)).toBe(true);
          yield* msleep(r.k, 1);
        },
      });
      const driver = r.makeDriver('card');
      thread(r.k, 'driver', function* () {
        yield* driver_register(driver);
        yield* msleep(r.k, 4);
        yield* driver_unregister(driver);
      });
      for (let n = 0; n < 3; n++) {
        thread(r.k, `device${n}`, function* () {
          const dev = r.makeDevice(`card${n}`);
          yield* device_register(dev);
          yield* msleep(r.k, 3 * n);
          yield* device_unregister(dev);
        });
      }
      expect(r.k.sim.run(10 * second)).toBe('quiescent');
      expect(livingTasks(r.k)).toEqual([]);
      expect([...bound]).toEqual([]);
      expect(r.log.toSorted()).toEqual(['release card0', 'release card1', 'release card2']);
      expect(driver.devices).toEqual([]);
    }
  });

  it('a walk meets devices that were added meanwhile, and holds the one it looks at', () => {
    const r = rig();
    const met: string[] = [];
    r.run(function* () {
      const first = r.makeDevice('a');
      yield* device_register(first);
      yield* bus_for_each_dev(r.bus, function* (dev) {
        met.push(dev.name);
        if (dev === first) {
          yield* device_register(r.makeDevice('b'));
          yield* device_unregister(first);
          expect(first.freed).toBe(false);
        }
        return 0;
      });
      expect(first.freed).toBe(true);
    });
    expect(met).toEqual(['a', 'b']);
  });
});

describe('files of a device', () => {
  it('are shown and stored through their functions', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    let value = 'eth';
    const path = '/sys/devices/card0/mlx4_port1';
    r.run(function* () {
      yield* device_register(dev);
      device_create_file(dev, {
        name: 'mlx4_port1',
        mode: 0o644,
        *show() {
          return `${value}\n`;
        },
        *store(_dev, buf) {
          value = buf.trim();
          return buf.length;
        },
      });
      expect(yield* vfs_write(r.k, path, 'ib\n')).toBe(3);
      expect(yield* vfs_read(r.k, path)).toBe('ib\n');
      yield* device_remove_file(dev, 'mlx4_port1');
      expect(yield* vfs_read(r.k, path)).toBe(-2);
    });
  });

  it('can remove themselves, once, on every schedule', () => {
    for (let seed = 1; seed <= count(60, 2000); seed++) {
      const r = rig(seed);
      const dev = r.makeDevice('card0');
      const answers: boolean[] = [];
      r.run(function* () {
        yield* device_register(dev);
        device_create_file(dev, {
          name: 'remove',
          mode: 0o200,
          *store(_dev, buf) {
            yield* msleep(r.k, 4);
            answers.push(yield* device_remove_file_self(dev, 'remove'));
            yield* msleep(r.k, 10);
            return buf.length;
          },
        });
        for (const name of ['one', 'two', 'three']) {
          thread(r.k, name, function* () {
            yield* vfs_write(r.k, '/sys/devices/card0/remove', '1');
          });
        }
      });
      expect(answers.toSorted()).toEqual([false, false, true]);
      expect(livingTasks(r.k)).toEqual([]);
      expect(r.k.graph.deadlocks).toEqual([]);
    }
  });

  it('take events by hand in uevent', () => {
    const r = rig();
    r.run(function* () {
      yield* device_register(r.makeDevice('card0'));
      expect(yield* vfs_write(r.k, '/sys/devices/card0/uevent', 'change\n')).toBe(7);
      expect(yield* vfs_write(r.k, '/sys/devices/card0/uevent', 'explode')).toBe(-22);
    });
    expect(r.k.uevents.queue.map(({ action }) => action)).toEqual(['add', 'change']);
  });
});

describe('device_lock', () => {
  it('is a mutex of the device', () => {
    const r = rig();
    const dev = r.makeDevice('card0');
    const answers: boolean[] = [];
    r.run(function* () {
      yield* device_lock(dev);
      thread(r.k, 'other', function* () {
        answers.push(yield* device_trylock(dev));
      });
      yield* msleep(r.k, 4);
      yield* device_unlock(dev);
      answers.push(yield* device_trylock(dev));
    });
    expect(answers).toEqual([false, true]);
    expect(dev.mutex.name).toBe('device_lock(card0)');
  });
});

describe('shutdown', () => {
  it('asks each bound device, the newest first, and stops at one whose lock is taken', () => {
    const shut: string[] = [];
    const r = rig(undefined, {
      *shutdown(dev) {
        shut.push(dev.name);
        yield* r.k.sim.spend(1);
      },
    });
    const devices = ['card0', 'card1', 'free', 'card2'].map((name) => r.makeDevice(name));
    r.run(function* () {
      yield* driver_register(r.makeDriver('card'));
      for (const dev of devices) yield* device_register(dev);
    });
    thread(r.k, 'holder', function* () {
      yield* device_lock(devices[0]!);
      yield* r.k.sim.block('S', 'for ever');
    });
    thread(r.k, 'reboot', () => device_shutdown(r.k));
    r.k.sim.run(20 * second);
    expect(shut).toEqual(['card2', 'card1']);
    expect(livingTasks(r.k)).toEqual(['holder', 'reboot']);
  });
});

it('a driver whose text is gone is an oops when it is called', () => {
  const r = rig();
  const owner = r.k.modules.make({
    name: 'mlx4_ib',
    description: '',
    depends: [],
    aliases: [],
    params: [],
    create: () => {
      throw new Oops('never');
    },
  });
  owner.textFreed = true;
  r.run(function* () {
    yield* driver_register(new DeviceDriver({ name: 'card', bus: r.bus, owner }));
    yield* device_register(r.makeDevice('card0'));
  });
  expect(r.k.findings[0]!.text).toMatch(/^unable to handle page fault for address: ffffffffc0/);
});
