// Kinds of device that `ip link add` makes, and masters that take slaves.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { IFF_MASTER } from '#kernel/net/flags.ts';
import { dev_hold, dev_put } from '#kernel/net/netdevice.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_link_register, rtnl_link_unregister } from '#kernel/net/rtnl-link-ops.ts';
import type { RtnlLinkOps } from '#kernel/net/rtnl-link-ops.ts';
import { register_netdevice } from '#kernel/net/register.ts';
import {
  ipLinkAdd,
  ipLinkDelete,
  ipLinkGet,
  ipLinkList,
  ipLinkSet,
} from '#kernel/net/rtnl-link.ts';
import type { LinkInfo } from '#kernel/net/rtnl-link.ts';
import { unregister_netdev, unregister_netdevice_queue } from '#kernel/net/unregister.ts';
import { netdev_upper_dev_link } from '#kernel/net/upper.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';

/** A kind with slaves, as far as `ip link` sees it. */
function bondKind(k: Kernel, log: string[]): RtnlLinkOps {
  const ops: RtnlLinkOps = {
    kind: 'bond',
    alloc(_k, name) {
      const dev = testDevice(k, name, 0x99, [], {
        *ndo_add_slave(master, slave, extack) {
          if (slave.running) {
            extack.message = 'Device can not be enslaved while up';
            return -1;
          }
          return yield* netdev_upper_dev_link(slave, master);
        },
      });
      dev.flags |= IFF_MASTER;
      dev.kind = 'bond';
      return dev;
    },
    *newlink(dev, options, extack) {
      log.push(`new ${JSON.stringify(options)}`);
      if (options['mode'] === 'nonsense') {
        extack.message = 'Invalid mode';
        return -22;
      }
      return yield* register_netdevice(dev);
    },
    *changelink(dev, options) {
      log.push(`change ${dev.name} ${JSON.stringify(options)}`);
      return 0;
    },
    *dellink(dev, kill) {
      log.push(`del ${dev.name}`);
      yield* unregister_netdevice_queue(dev, kill);
    },
    fill_info: () => ({ mode: 'active-backup' }),
  };
  return ops;
}

describe('kinds of device', () => {
  it('are made with options, changed, and deleted', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const ops = bondKind(k, log);
      expect(yield* rtnl_link_register(k, ops)).toBe(0);
      expect(yield* rtnl_link_register(k, ops)).toBe(-17);
      const options = { mode: 'active-backup' };
      expect(yield* ipLinkAdd(k, 'bond0', 'bond', { options, up: true })).toBe(0);
      expect(yield* ipLinkAdd(k, 'bond0', 'bond')).toBe(-17);
      expect(yield* ipLinkAdd(k, undefined, 'bond')).toBe(0);
      const extack = { message: '' };
      const bad = { options: { mode: 'nonsense' } };
      expect(yield* ipLinkAdd(k, 'bond7', 'bond', bad, extack)).toBe(-22);
      expect(extack.message).toBe('Invalid mode');
      expect((yield* ipLinkList(k)).map((link: LinkInfo) => [link.name, link.kind])).toEqual([
        ['bond0', 'bond'],
        ['bond1', 'bond'],
      ]);
      expect(yield* ipLinkGet(k, 'bond0')).toMatchObject({ info: { mode: 'active-backup' } });
      yield* ipLinkSet(k, 'bond0', { options: { miimon: '100' } });
      expect(yield* ipLinkDelete(k, 'bond1')).toBe(0);
      expect(yield* ipLinkDelete(k, 'bond1')).toBe(-19);
      yield* register_netdev(testDevice(k, 'eth%d'));
      expect(yield* ipLinkDelete(k, 'eth0')).toBe(-95);
      yield* rtnl_link_unregister(k, ops);
      expect(k.net.devices.map((dev) => dev.name)).toEqual(['eth0']);
    });
    expect(log).toEqual([
      'new {"mode":"active-backup"}',
      'new {}',
      'new {"mode":"nonsense"}',
      'change bond0 {"miimon":"100"}',
      'del bond1',
      'del bond0',
    ]);
  });

  it('masters take slaves or say why not', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* rtnl_link_register(k, bondKind(k, []));
      yield* ipLinkAdd(k, 'bond0', 'bond');
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      yield* ipLinkSet(k, 'eth0', { up: true });
      const extack = { message: '' };
      expect(yield* ipLinkSet(k, 'eth0', { master: 'bond0' }, extack)).toBe(-1);
      expect(extack.message).toBe('Device can not be enslaved while up');
      yield* ipLinkSet(k, 'eth0', { up: false });
      expect(yield* ipLinkSet(k, 'eth0', { master: 'bond0' })).toBe(0);
      expect(yield* ipLinkSet(k, 'eth0', { master: 'lo' })).toBe(-22);
      expect(dev.upper.map((link) => link.dev.name)).toEqual(['bond0']);
    });
  });

  it('an unknown kind says so after its module was asked for, with RTNL free meanwhile', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const extack = { message: '' };
      expect(yield* ipLinkAdd(k, 'x0', 'vxlan', {}, extack)).toBe(-95);
      expect(extack.message).toBe('Unknown device type');
      const ops = bondKind(k, []);
      k.modules.define(
        {
          name: 'bonding',
          description: 'kinds of bond',
          depends: [],
          aliases: ['rtnl-link-bond'],
          params: [],
          create: () => ({
            *init() {
              return yield* rtnl_link_register(k, ops);
            },
            *exit() {
              yield* rtnl_link_unregister(k, ops);
            },
          }),
        },
        null,
      );
      expect(yield* ipLinkAdd(k, 'bond0', 'bond')).toBe(0);
      expect(k.modules.find('bonding')?.state).toBe('live');
    });
  });

  it('unloading a kind waits for devices that still die, and the graph knows for whom', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const ops = bondKind(k, []);
      yield* rtnl_link_register(k, ops);
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      yield* dev_hold(dev);
      kthread_run(k, 'remover', 'sh', function* remover() {
        yield* unregister_netdev(dev);
      });
      yield* msleep(k, 100);
      let done = false;
      kthread_run(k, 'rmmod', 'rmmod', function* rmmod() {
        yield* rtnl_link_unregister(k, ops);
        done = true;
      });
      yield* msleep(k, 100);
      expect(done).toBe(false);
      const waits = [...k.graph.actors].find((actor) => actor.name === 'rmmod')!.waits;
      expect(waits.map((resource) => resource.holds.map((hold) => hold.actor.name))).toEqual([
        ['remover'],
      ]);
      yield* dev_put(dev);
      yield* msleep(k, 600);
      expect(done).toBe(true);
    });
  });
});
