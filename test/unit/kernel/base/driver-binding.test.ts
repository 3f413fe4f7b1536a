// Drivers and their devices: binding under device_lock, by itself and by hand, drivers that leave,
// walks of lists that change meanwhile, and a driver whose text is gone.

import { describe, expect, it } from 'vitest';
import { bus_for_each_dev, BusType } from '#kernel/base/bus.ts';
import { Device, device_register, device_unregister } from '#kernel/base/device.ts';
import { DeviceDriver, driver_register, driver_unregister } from '#kernel/base/driver.ts';
import { vfs_read, vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import { msleep } from '#kernel/time/delay.ts';
import { Oops } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';
import { rig } from './rig.ts';

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
