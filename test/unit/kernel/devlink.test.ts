// devlink: who may see an instance, how commands keep it alive, the lock around every callback, and
// what differs between the profiles.

import { describe, expect, it } from 'vitest';
import { Device, device_lock, device_unlock } from '#kernel/base/device.ts';
import {
  devl_assert_locked,
  devl_lock,
  devl_port_register,
  devl_port_unregister,
  devl_unlock,
  devlink_alloc,
  devlink_free,
  devlink_params_register,
  devlink_params_unregister,
  devlink_port_type_clear,
  devlink_port_type_eth_set,
  devlink_port_type_ib_set,
  devlink_register,
  devlink_unregister,
  DevlinkPort,
} from '#kernel/devlink.ts';
import type { Devlink, DevlinkOps, DevlinkParam, DevlinkParamMode } from '#kernel/devlink.ts';
import {
  devlink_nl_info_get,
  devlink_nl_param_get,
  devlink_nl_param_set,
  devlink_nl_port_set,
  devlink_nl_reload,
  devlinkTypeName,
} from '#kernel/devlink-netlink.ts';
import type { Kernel, KernelOptions } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

const handle = 'pci/0000:06:00.0';

interface Rig {
  readonly k: Kernel;
  readonly devlink: Devlink;
  readonly port: DevlinkPort;
  /** What happened, in order. */
  readonly log: string[];
}

/** An instance with one port; each operation of the driver notes begin and end, 40 ms apart. */
function rig(options: Partial<KernelOptions> & { seed?: number } = {}, more: DevlinkOps = {}): Rig {
  const k = bareKernel(options);
  const log: string[] = [];
  function* slowly(name: string): MaySleep<number> {
    log.push(`${name} begins`);
    yield* msleep(k, 40);
    log.push(`${name} ends`);
    return 0;
  }
  const ops: DevlinkOps = {
    port_type_set: (_, type) => slowly(`type ${devlinkTypeName(type)}`),
    reload_down: () => slowly('down'),
    reload_up: () => slowly('up'),
    ...more,
  };
  const dev = new Device(k, '0000:06:00.0', null);
  dev.bus = k.buses.pci;
  const devlink = devlink_alloc(k, ops, dev);
  const port = new DevlinkPort();
  thread(k, 'probe', function* () {
    yield* devl_lock(devlink);
    expect(devl_port_register(devlink, port, 1)).toBe(0);
    yield* devl_unlock(devlink);
    yield* devlink_register(devlink);
  });
  k.sim.run(k.sim.now() + second);
  log.length = 0;
  return { k, devlink, port, log };
}

/** A user's command; its answer is noted. */
function command<T>({ k, log }: Rig, name: string, what: () => MaySleep<T>): void {
  thread(k, name, function* () {
    const answer = yield* what();
    log.push(`${name}: ${typeof answer === 'object' ? JSON.stringify(answer) : String(answer)}`);
  });
}

const run = ({ k }: Rig): void => void k.sim.run(k.sim.now() + second);

/** A parameter kept in a variable, with the values that it refuses. */
function param(k: Kernel, name: string, cmode: DevlinkParamMode): DevlinkParam {
  let value = '0';
  return {
    name,
    cmode,
    generic: true,
    type: 'u32',
    *get() {
      return value;
    },
    *set(text) {
      yield* msleep(k, 1);
      if (text === 'bad') return -22;
      value = text;
      return 0;
    },
  };
}

describe('an instance', () => {
  it('is found by its handle from registration to the end of it', () => {
    const r = rig();
    const { k, devlink } = r;
    expect(devlink.handle).toBe(handle);
    expect(k.devlinks.find(handle)).toBe(devlink);
    expect(k.devlinks.find('pci/0000:07:00.0')).toBeUndefined();
    thread(k, 'remove', () => devlink_unregister(devlink));
    run(r);
    expect(k.devlinks.find(handle)).toBeUndefined();
    expect(k.devlinks.list).toEqual([devlink]);
    command(r, 'reload', () => devlink_nl_reload(k, handle));
    run(r);
    expect(r.log).toEqual(['reload: -19']);
  });

  it('is not there for users before', () => {
    const r = rig();
    const { k, log } = r;
    const dev = new Device(k, '0000:07:00.0', null);
    devlink_alloc(k, {}, dev);
    command(r, 'info', () => devlink_nl_info_get(k, 'pci/0000:07:00.0'));
    run(r);
    expect(log).toEqual(['info: -19']);
  });

  it('warns when its driver has left ports behind', () => {
    for (const [profile, place] of [
      ['6.1', 'net/devlink/leftover.c:9801'],
      ['6.12', 'net/devlink/core.c'],
    ] as const) {
      const r = rig({ profile });
      thread(r.k, 'remove', function* () {
        yield* devlink_unregister(r.devlink);
        yield* devlink_free(r.devlink);
      });
      run(r);
      expect(logLines(r.k).some((line) => line.includes(`at ${place} devlink_free`))).toBe(true);
      expect(r.devlink.freed).toBe(true);
      expect(r.k.devlinks.list).toEqual([]);
    }
  });

  it('goes without a word when they are gone', () => {
    const r = rig();
    thread(r.k, 'remove', function* () {
      yield* devlink_unregister(r.devlink);
      yield* devl_lock(r.devlink);
      devl_port_unregister(r.port);
      devl_port_unregister(r.port);
      yield* devl_unlock(r.devlink);
      yield* devlink_free(r.devlink);
    });
    run(r);
    expect(logLines(r.k)).toEqual([]);
    expect(r.port.devlink).toBeNull();
  });
});

describe('ports', () => {
  it('have each an index of their own', () => {
    const r = rig();
    const answers: number[] = [];
    thread(r.k, 'probe', function* () {
      yield* devl_lock(r.devlink);
      answers.push(devl_port_register(r.devlink, new DevlinkPort(), 1));
      answers.push(devl_port_register(r.devlink, new DevlinkPort(), 2));
      yield* devl_unlock(r.devlink);
    });
    run(r);
    expect(answers).toEqual([-17, 0]);
    expect(r.devlink.ports.map((port) => port.index)).toEqual([1, 2]);
  });

  it('are registered and unregistered under the lock, or there is a warning', () => {
    const r = rig();
    thread(r.k, 'careless', function* () {
      devl_port_unregister(r.port);
      yield* devl_lock(r.devlink);
      devl_assert_locked(r.devlink);
      yield* devl_unlock(r.devlink);
    });
    run(r);
    expect(r.k.findings.map(({ kind, task }) => `${kind} ${task}`)).toEqual(['warning careless']);
    expect(r.k.findings[0]!.text).toContain('devl_assert_locked');
  });

  it('tell what they are, and the present name of what is behind them', () => {
    const port = new DevlinkPort();
    let name = 'eth0';
    devlink_port_type_eth_set(port, () => name);
    name = 'p1';
    expect([devlinkTypeName(port.type), port.deviceName()]).toEqual(['eth', 'p1']);
    devlink_port_type_ib_set(port, () => 'mlx4_0');
    expect([devlinkTypeName(port.type), port.deviceName()]).toEqual(['ib', 'mlx4_0']);
    devlink_port_type_clear(port);
    expect([devlinkTypeName(port.type), port.deviceName()]).toEqual(['notset', '']);
    devlink_port_type_eth_set(port);
    devlink_port_type_ib_set(port);
    expect(port.deviceName()).toBe('');
    expect(devlinkTypeName(9)).toBe('unknown');
  });
});

describe('commands', () => {
  it('hold the instance lock around the callback of the driver', () => {
    const r = rig();
    const { k, log, port } = r;
    command(r, 'first', () => devlink_nl_port_set(k, `${handle}/1`, 'ib'));
    command(r, 'second', () => devlink_nl_reload(k, handle));
    run(r);
    expect(log).toEqual([
      'type ib begins',
      'type ib ends',
      'first: 0',
      'down begins',
      'down ends',
      'up begins',
      'up ends',
      'second: 0',
    ]);
    expect(port.desiredType).toBe(3);
  });

  it('do not ask for the type that a port has, and keep the wish when the driver refuses', () => {
    const r = rig(
      {},
      {
        *port_type_set() {
          return -95;
        },
      },
    );
    const { k, port } = r;
    devlink_port_type_eth_set(port);
    command(r, 'same', () => devlink_nl_port_set(k, `${handle}/1`, 'eth'));
    command(r, 'other', () => devlink_nl_port_set(k, `${handle}/1`, 'auto'));
    run(r);
    expect(r.log).toEqual(['same: 0', 'other: -95']);
    expect(port.desiredType).toBe(0);
  });

  it('end with an error for what is not there', () => {
    const r = rig();
    const { k, log } = r;
    command(r, 'port', () => devlink_nl_port_set(k, `${handle}/7`, 'eth'));
    command(r, 'type', () => devlink_nl_port_set(k, `${handle}/1`, 'token-ring'));
    command(r, 'card', () => devlink_nl_port_set(k, 'pci/0000:09:00.0/1', 'eth'));
    command(r, 'info', () => devlink_nl_info_get(k, handle));
    command(r, 'param', () => devlink_nl_param_set(k, handle, 'nothing', '1', 'runtime'));
    run(r);
    expect(log.toSorted()).toEqual([
      'card: -19',
      'info: -95',
      'param: -22',
      'port: -19',
      'type: -22',
    ]);
  });

  it('end with "not supported" where the driver has no callback', () => {
    const r = rig({}, { port_type_set: undefined, reload_up: undefined } as unknown as DevlinkOps);
    const { k, log } = r;
    command(r, 'type', () => devlink_nl_port_set(k, `${handle}/1`, 'eth'));
    command(r, 'reload', () => devlink_nl_reload(k, handle));
    run(r);
    expect(log).toEqual(['type: -95', 'reload: -95']);
  });

  it('show and set parameters in each of their modes', () => {
    const r = rig(
      {},
      {
        *info_get() {
          return { driver: 'mlx4_core' };
        },
      },
    );
    const { k, log, devlink } = r;
    const params = [
      param(k, 'max_macs', 'driverinit'),
      param(k, 'internal_err_reset', 'runtime'),
      param(k, 'internal_err_reset', 'driverinit'),
    ];
    devlink_params_register(devlink, params);
    for (const [name, value, mode] of [
      ['internal_err_reset', '1', 'runtime'],
      ['max_macs', '64', 'driverinit'],
      ['max_macs', '64', 'runtime'],
      ['max_macs', 'bad', 'driverinit'],
    ] as const) {
      command(r, `${name} ${value}`, () => devlink_nl_param_set(k, handle, name, value, mode));
    }
    command(r, 'info', () => devlink_nl_info_get(k, handle));
    run(r);
    expect(log).toEqual([
      'internal_err_reset 1: 0',
      'max_macs 64: 0',
      'max_macs 64: -95',
      'max_macs bad: -22',
      'info: {"driver":"mlx4_core"}',
    ]);
    let values: unknown = null;
    thread(k, 'show', function* () {
      const shown = yield* devlink_nl_param_get(k, handle);
      if (typeof shown !== 'number') values = shown.map((each) => each.value);
    });
    run(r);
    expect(values).toEqual(['64', '1', '0']);
    devlink_params_unregister(devlink, params.slice(0, 2));
    expect(devlink.params).toEqual([params[2]]);
  });

  it('forget the words of the command before', () => {
    const r = rig(
      {},
      {
        *reload_down(devlink, netnsChange) {
          if (netnsChange) devlink.extack = 'Namespace change is not supported';
          return netnsChange ? -95 : -5;
        },
      },
    );
    const { k, devlink } = r;
    command(r, 'netns', () => devlink_nl_reload(k, handle, 'blue'));
    run(r);
    expect(devlink.extack).toBe('Namespace change is not supported');
    command(r, 'plain', () => devlink_nl_reload(k, handle));
    run(r);
    expect(devlink.extack).toBe('');
    expect(r.log).toEqual(['netns: -95', 'plain: -5']);
  });
});

/** Starts a reload and, 1 ms later, the end of the instance. */
function removeDuringReload(r: Rig): void {
  const { k, log, devlink } = r;
  command(r, 'reload', () => devlink_nl_reload(k, handle));
  thread(k, 'remove', function* () {
    yield* msleep(k, 1);
    log.push('unregister begins');
    yield* devlink_unregister(devlink);
    log.push('unregister ends');
  });
  thread(k, 'late', function* () {
    yield* msleep(k, 50);
    log.push(`late: ${yield* devlink_nl_reload(k, handle)}`);
  });
}

describe('the end of an instance', () => {
  it('waits in 6.1 for commands in progress; later ones find nothing', () => {
    const r = rig();
    removeDuringReload(r);
    run(r);
    expect(r.log).toEqual([
      'down begins',
      'unregister begins',
      'down ends',
      'up begins',
      'late: -19',
      'up ends',
      'reload: 0',
      'unregister ends',
    ]);
    expect(r.devlink.references.count).toBe(0);
  });

  it('waits in 6.12 for the lock only, and the next command finds it gone', () => {
    const r = rig({ profile: '6.12' });
    const { k, devlink, log } = r;
    removeDuringReload(r);
    command(r, 'queued', function* () {
      yield* msleep(k, 2);
      return yield* devlink_nl_port_set(k, `${handle}/1`, 'ib');
    });
    run(r);
    expect(log).toContain('queued: -19');
    expect(log.indexOf('unregister ends')).toBeGreaterThan(log.indexOf('up ends'));
    expect(log).not.toContain('type ib begins');
    expect(devlink.references.count).toBe(1);
    thread(k, 'free', () => devlink_free(devlink));
    run(r);
    expect(devlink.references.count).toBe(0);
  });

  it('is a deadlock in 6.1 when asked for under the lock that a command wants', () => {
    const r = rig();
    const { k, devlink } = r;
    thread(k, 'remove', function* () {
      yield* devl_lock(devlink);
      yield* msleep(k, 2);
      yield* devlink_unregister(devlink);
      yield* devl_unlock(devlink);
    });
    command(r, 'reload', () => devlink_nl_reload(k, handle));
    run(r);
    expect(livingTasks(k)).toEqual(['remove', 'reload']);
    const [cycle] = k.graph.deadlocks;
    const steps = cycle!.steps.map((step) => `${step.waiter.name} waits for ${step.resource.name}`);
    expect(steps.toSorted()).toEqual([
      `reload waits for devlink->lock(${handle})`,
      `remove waits for devlink ${handle}`,
    ]);
  });

  it('never lets a callback run after it, under any schedule', () => {
    for (let seed = 0; seed < count(60, 3000); seed++) {
      const profile = seed % 2 === 0 ? '6.1' : '6.12';
      const r = rig({ seed, profile });
      const { k, devlink, log } = r;
      for (let user = 0; user < 3; user++) {
        command(r, `u${user}`, () =>
          devlink_nl_port_set(k, `${handle}/1`, user % 2 ? 'ib' : 'eth'),
        );
      }
      thread(k, 'remove', function* () {
        yield* devlink_unregister(devlink);
        log.push('gone');
      });
      run(r);
      expect(livingTasks(k), `seed ${seed}`).toEqual([]);
      const after = log.slice(log.indexOf('gone'));
      expect(
        after.filter((line) => line.startsWith('type')),
        `seed ${seed}`,
      ).toEqual([]);
      expect(k.findings).toEqual([]);
    }
  });
});

describe('locks of a reload', () => {
  it('are in 6.12 the device and then the instance, in 6.1 the instance alone', () => {
    for (const profile of ['6.1', '6.12'] as const) {
      const r = rig({ profile });
      const { k, devlink, log } = r;
      thread(k, 'sysfs', function* () {
        yield* device_lock(devlink.dev);
        yield* msleep(k, 40);
        log.push('device free');
        yield* device_unlock(devlink.dev);
      });
      command(r, 'reload', () => devlink_nl_reload(k, handle));
      run(r);
      const waited = log.indexOf('device free') < log.indexOf('down begins');
      expect(waited, profile).toBe(profile === '6.12');
    }
  });
});
