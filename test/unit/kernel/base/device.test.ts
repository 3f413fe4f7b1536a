// Devices: references, registration and its order, files, device_lock, and shutting down.

import { describe, expect, it } from 'vitest';
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
import { driver_register } from '#kernel/base/driver.ts';
import { device_shutdown } from '#kernel/base/shutdown.ts';
import { vfs_read, vfs_readdir, vfs_readlink, vfs_write } from '#kernel/fs/vfs.ts';
import { msleep } from '#kernel/time/delay.ts';
import { count } from '#test/support/counts.ts';
import { second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';
import { rig } from './rig.ts';

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

  it('of class devices makes their class, and a glue directory that goes with the last', () => {
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
