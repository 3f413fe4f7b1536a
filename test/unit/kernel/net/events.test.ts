// The netdev notifier chain and who raises what on it: registration, opening and closing, settings,
// links between devices, carrier.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import {
  dev_change_flags,
  dev_close,
  dev_open,
  dev_set_allmulti,
  dev_set_mac_address,
  dev_set_mtu,
  dev_set_promiscuity,
} from '#kernel/net/dev.ts';
import {
  netdev_cmd_to_name,
  netdev_event_number,
  NETDEV_BONDING_INFO,
} from '#kernel/net/events.ts';
import { IFF_PROMISC, IFF_UP } from '#kernel/net/flags.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  register_netdevice_notifier,
  unregister_netdevice_notifier,
} from '#kernel/net/notifier.ts';
import type { NetdevNotifierBlock, NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import { register_netdev, register_netdevice } from '#kernel/net/register.ts';
import { ASSERT_RTNL, rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { unregister_netdev } from '#kernel/net/unregister.ts';
import {
  netdev_bonding_info_change,
  netdev_lower_state_changed,
  netdev_master_upper_dev_get,
  netdev_master_upper_dev_link,
  netdev_upper_dev_unlink,
} from '#kernel/net/upper.ts';
import { NOTIFY_DONE, notifier_from_errno } from '#kernel/notifier.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { vfs_readlink } from '#kernel/fs/vfs.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, runTask, testDevice } from './rig.ts';

/** A block that notes every event, in words, and what it carries. */
function recorder(log: string[], name = 'recorder', priority = 0): NetdevNotifierBlock {
  return {
    name,
    priority,
    *notifier_call(event, info) {
      const linking = info.linking === undefined ? '' : info.linking ? ' link' : ' unlink';
      log.push(`${netdev_cmd_to_name(event)}(${info.dev.name})${linking}`);
      return NOTIFY_DONE;
    },
  };
}

/** A kernel with one registered device and a recorder on the chain. */
function* withDevice(k: Kernel, log: string[], calls: string[] = []) {
  const dev = testDevice(k, 'eth%d', 1, calls);
  yield* register_netdev(dev);
  yield* register_netdevice_notifier(k, recorder(log));
  log.length = 0;
  return dev;
}

describe('the notifier chain', () => {
  it('tells a new block of the devices that are there, and one that leaves that they go', () => {
    const k = bareKernel();
    const log: string[] = [];
    const block = recorder(log);
    runTask(k, function* () {
      const down = testDevice(k, 'eth%d', 1);
      const up = testDevice(k, 'eth%d', 2);
      yield* register_netdev(down);
      yield* register_netdev(up);
      yield* rtnl_lock(k);
      yield* dev_open(up);
      yield* rtnl_unlock(k);
      yield* register_netdevice_notifier(k, block);
      expect(log).toEqual(['REGISTER(eth0)', 'REGISTER(eth1)', 'UP(eth1)']);
      log.length = 0;
      yield* unregister_netdevice_notifier(k, block);
      expect(log).toEqual([
        'UNREGISTER(eth0)',
        'GOING_DOWN(eth1)',
        'DOWN(eth1)',
        'UNREGISTER(eth1)',
      ]);
    });
  });

  it('takes the replay back when a block objects, and is left as it was', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      for (const host of [1, 2, 3]) yield* register_netdev(testDevice(k, 'eth%d', host));
      const inner = recorder(log);
      const objects: NetdevNotifierBlock = {
        ...inner,
        *notifier_call(event, info) {
          yield* inner.notifier_call(event, info);
          return info.dev.name === 'eth2' ? notifier_from_errno(-16) : NOTIFY_DONE;
        },
      };
      const before = k.net.netdev_chain.blocks.length;
      expect(yield* register_netdevice_notifier(k, objects)).toBe(-16);
      expect(k.net.netdev_chain.blocks).toHaveLength(before);
    });
    expect(log).toEqual([
      'REGISTER(eth0)',
      'REGISTER(eth1)',
      'REGISTER(eth2)',
      'UNREGISTER(eth1)',
      'UNREGISTER(eth0)',
    ]);
  });

  it('goes by priority, then by the order of registration', () => {
    const k = bareKernel();
    const order: string[] = [];
    const named = (name: string, priority: number): NetdevNotifierBlock => ({
      name,
      priority,
      *notifier_call() {
        order.push(name);
        return NOTIFY_DONE;
      },
    });
    runTask(k, function* () {
      yield* register_netdevice_notifier(k, named('first', 0));
      yield* register_netdevice_notifier(k, named('second', 0));
      yield* register_netdevice_notifier(k, named('urgent', 5));
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
    });
    expect(order).toEqual(['urgent', 'first', 'second', 'urgent', 'first', 'second']);
  });

  it('complains once for each place when nobody has RTNL', () => {
    const k = bareKernel();
    runTask(k, function* () {
      ASSERT_RTNL(k, 'net/core/dev.c (1)');
      ASSERT_RTNL(k, 'net/core/dev.c (1)');
      yield* rtnl_lock(k);
      ASSERT_RTNL(k, 'net/core/dev.c (2)');
      yield* rtnl_unlock(k);
    });
    expect(logLines(k, 'RTNL: assertion failed')).toEqual([
      'RTNL: assertion failed at net/core/dev.c (1)',
    ]);
  });

  it('numbers the events as each kernel does', () => {
    const numbers = (profile: '6.1' | '6.12') =>
      netdev_event_number(bareKernel({ profile }), NETDEV_BONDING_INFO);
    expect(numbers('6.1')).toBe(25);
    expect(numbers('6.12')).toBe(26);
  });
});

describe('events of a device', () => {
  it('come in the order of the kernel, from registration to the end', () => {
    const k = bareKernel();
    const log: string[] = [];
    const calls: string[] = [];
    runTask(k, function* () {
      yield* register_netdevice_notifier(k, recorder(log));
      const dev = testDevice(k, 'eth%d', 1, calls);
      yield* register_netdev(dev);
      yield* rtnl_lock(k);
      yield* dev_open(dev);
      expect(log).toEqual(['POST_INIT(eth0)', 'REGISTER(eth0)', 'PRE_UP(eth0)', 'UP(eth0)']);
      yield* rtnl_unlock(k);
      log.length = 0;
      yield* unregister_netdev(dev);
    });
    expect(log.filter((event) => !event.startsWith('CHANGE'))).toEqual([
      'GOING_DOWN(eth0)',
      'DOWN(eth0)',
      'UNREGISTER(eth0)',
    ]);
    expect(calls.filter((call) => !call.startsWith('rx_mode'))).toEqual(['open eth0', 'stop eth0']);
    expect(k.findings).toEqual([]);
  });

  it('PRE_UNINIT comes in 6.12 only', () => {
    const log: string[] = [];
    const k = bareKernel({ profile: '6.12' });
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      yield* unregister_netdev(dev);
    });
    expect(log).toEqual(['UNREGISTER(eth0)', 'PRE_UNINIT(eth0)']);
  });

  it('settings tell before and after the driver changed them', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      yield* rtnl_lock(k);
      expect(yield* dev_set_mtu(dev, 1400)).toBe(0);
      expect(yield* dev_set_mtu(dev, 9000)).toBe(-22);
      expect(yield* dev_set_mac_address(dev, Uint8Array.of(2, 0, 0, 0, 0, 9))).toBe(0);
      yield* rtnl_unlock(k);
      expect(dev.mtu).toBe(1400);
    });
    expect(log).toEqual([
      'PRECHANGEMTU(eth0)',
      'CHANGEMTU(eth0)',
      'PRE_CHANGEADDR(eth0)',
      'CHANGEADDR(eth0)',
    ]);
    expect(logLines(k, 'Invalid MTU')).toEqual(['eth0: Invalid MTU 9000 requested, hw max 1500']);
  });

  it('an objection to a new MTU brings the old one back, and everybody hears of it', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      let objections = 1;
      yield* register_netdevice_notifier(k, {
        name: 'objects',
        priority: -1,
        *notifier_call(event) {
          const isMtu = netdev_cmd_to_name(event) === 'CHANGEMTU';
          return isMtu && objections-- > 0 ? notifier_from_errno(-22) : NOTIFY_DONE;
        },
      });
      yield* rtnl_lock(k);
      expect(yield* dev_set_mtu(dev, 1400)).toBe(-22);
      yield* rtnl_unlock(k);
      expect(dev.mtu).toBe(1500);
    });
    expect(log).toEqual(['PRECHANGEMTU(eth0)', 'CHANGEMTU(eth0)', 'CHANGEMTU(eth0)']);
  });

  it('an open that fails leaves the device closed', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      dev.ops = {
        ...dev.ops,
        *ndo_open() {
          return -16;
        },
      };
      yield* rtnl_lock(k);
      expect(yield* dev_change_flags(dev, dev.flags | IFF_UP)).toBe(-16);
      yield* rtnl_unlock(k);
      expect(dev.running).toBe(false);
      expect(dev.flags & IFF_UP).toBe(0);
    });
    expect(log).toEqual(['PRE_UP(eth0)']);
  });

  it('promiscuous mode is counted, and user space counts once', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = yield* withDevice(k, []);
      yield* rtnl_lock(k);
      yield* dev_set_promiscuity(dev, 1);
      yield* dev_change_flags(dev, dev.flags | IFF_PROMISC);
      yield* dev_change_flags(dev, dev.flags | IFF_PROMISC);
      expect(dev.promiscuity).toBe(2);
      yield* dev_set_promiscuity(dev, -1);
      expect(dev.flags & IFF_PROMISC).not.toBe(0);
      yield* dev_change_flags(dev, dev.flags & ~IFF_PROMISC);
      expect(dev.flags & IFF_PROMISC).toBe(0);
      expect(yield* dev_set_promiscuity(dev, -1)).toBeLessThan(0);
      yield* dev_set_allmulti(dev, 1);
      expect(dev.allmulti).toBe(1);
      yield* rtnl_unlock(k);
    });
    expect(logLines(k, 'promiscuous mode')).toEqual([
      'device eth0 entered promiscuous mode',
      'device eth0 left promiscuous mode',
    ]);
  });
});

describe('links between devices', () => {
  const info = { tx_type: 'activebackup', hash_type: 'none' };

  it('tell before and after, hold both ends, and show in sysfs', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      const bond = testDevice(k, 'bond0', 9);
      yield* register_netdev(bond);
      log.length = 0;
      const [before, above] = [dev.refs.count, bond.refs.count];
      yield* rtnl_lock(k);
      expect(yield* netdev_master_upper_dev_link(dev, bond, 'slave', info)).toBe(0);
      expect(netdev_master_upper_dev_get(dev)).toBe(bond);
      expect([dev.refs.count, bond.refs.count]).toEqual([before + 1, above + 1]);
      expect(yield* netdev_master_upper_dev_link(dev, bond, null, info)).toBe(-17);
      expect(yield* netdev_master_upper_dev_link(bond, dev, null, info)).toBe(-16);
      expect(vfs_readlink(k, '/sys/class/net/eth0/master')).toBe('../bond0');
      expect(vfs_readlink(k, '/sys/class/net/eth0/upper_bond0')).toBe('../bond0');
      expect(vfs_readlink(k, '/sys/class/net/bond0/lower_eth0')).toBe('../eth0');
      yield* netdev_lower_state_changed(dev, { link_up: true });
      yield* netdev_upper_dev_unlink(dev, bond);
      yield* rtnl_unlock(k);
      expect([dev.refs.count, bond.refs.count]).toEqual([before, above]);
      expect(vfs_readlink(k, '/sys/class/net/eth0/master')).toBe(-2);
    });
    expect(log).toEqual([
      'PRECHANGEUPPER(eth0) link',
      'CHANGEUPPER(eth0) link',
      'CHANGELOWERSTATE(eth0)',
      'PRECHANGEUPPER(eth0) unlink',
      'CHANGEUPPER(eth0) unlink',
    ]);
  });

  it("the handlers see the link from CHANGEUPPER to the unlink's CHANGEUPPER", () => {
    const k = bareKernel();
    const masters: string[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, []);
      const bond = testDevice(k, 'bond0', 9);
      yield* register_netdev(bond);
      yield* register_netdevice_notifier(k, {
        name: 'looks',
        priority: 0,
        *notifier_call(event, { dev: of }: NetdevNotifierInfo) {
          const name = netdev_cmd_to_name(event);
          if (of === dev && name.endsWith('CHANGEUPPER')) {
            masters.push(`${name} ${netdev_master_upper_dev_get(dev)?.name ?? '-'}`);
          }
          return NOTIFY_DONE;
        },
      });
      yield* rtnl_lock(k);
      yield* netdev_master_upper_dev_link(dev, bond, null, info);
      yield* netdev_upper_dev_unlink(dev, bond);
      yield* rtnl_unlock(k);
    });
    expect(masters).toEqual([
      'PRECHANGEUPPER -',
      'CHANGEUPPER bond0',
      'PRECHANGEUPPER bond0',
      'CHANGEUPPER -',
    ]);
  });

  it('BONDING_INFO carries slave and master', () => {
    const k = bareKernel();
    const seen: unknown[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, []);
      yield* register_netdevice_notifier(k, {
        name: 'looks',
        priority: 0,
        *notifier_call(event, { bonding_info }) {
          if (event === NETDEV_BONDING_INFO) seen.push(bonding_info);
          return NOTIFY_DONE;
        },
      });
      const slave = { slave_id: 0, slave_name: 'eth0', link: 0, state: 1, link_failure_count: 2 };
      const master = { bond_mode: 1, num_slaves: 2, miimon: 100 };
      yield* rtnl_lock(k);
      yield* netdev_bonding_info_change(dev, { slave, master });
      yield* rtnl_unlock(k);
      expect(seen).toEqual([{ slave, master }]);
    });
  });

  it('a device that goes with a link left behind is complained about', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = yield* withDevice(k, []);
      const bond = testDevice(k, 'bond0', 9);
      yield* register_netdev(bond);
      yield* rtnl_lock(k);
      yield* netdev_master_upper_dev_link(dev, bond, null, info);
      yield* rtnl_unlock(k);
      kthread_run(k, 'remover', 'remover', () => unregister_netdev(dev));
      yield* msleep(k, 1000);
    });
    expect(logLines(k, 'WARNING: CPU')).toHaveLength(1);
    expect(k.net.dev_unreg_count).toBe(1);
  });
});

describe('linkwatch', () => {
  const operstates = (k: Kernel, dev: NetDevice): string[] =>
    [...k.trace.events()]
      .filter((event) => k.trace.text(event.object) === `netdev ${dev.name}`)
      .map((event) => k.trace.text(event.value))
      .filter((text) => text.startsWith('operstate') || text.startsWith('carrier'));

  it('sets the state and tells CHANGE; a second change within a second waits', () => {
    const k = bareKernel();
    const log: string[] = [];
    const times: number[] = [];
    runTask(k, function* () {
      const dev = yield* withDevice(k, log);
      yield* register_netdevice_notifier(k, {
        name: 'clock',
        priority: 0,
        *notifier_call(event) {
          if (netdev_cmd_to_name(event) === 'CHANGE') times.push(k.sim.now());
          return NOTIFY_DONE;
        },
      });
      yield* rtnl_lock(k);
      yield* dev_open(dev);
      yield* rtnl_unlock(k);
      yield* msleep(k, 100);
      expect(dev.operstate).toBe(6);
      const start = k.sim.now();
      yield* netif_carrier_off(dev);
      yield* msleep(k, 400);
      expect(times).toHaveLength(1);
      yield* msleep(k, 1000);
      expect(times).toHaveLength(2);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(second);
      expect(times[1]! - start).toBeLessThan(1.1 * second);
      expect(dev.qdiscActive).toBe(false);
      // Up again is urgent: packets cannot be sent until the work has run.
      yield* netif_carrier_on(dev);
      yield* msleep(k, 20);
      expect(times).toHaveLength(3);
      expect(dev.qdiscActive).toBe(true);
      expect(operstates(k, dev)).toEqual([
        'operstate down',
        'carrier on',
        'operstate up',
        'carrier off',
        'operstate down',
        'carrier on',
        'operstate up',
      ]);
    });
    expect(log.filter((event) => event === 'CHANGE(eth0)')).toHaveLength(3);
  });

  it('holds a device on its list, and lets go of a dying one', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = yield* withDevice(k, []);
      yield* rtnl_lock(k);
      yield* dev_open(dev);
      yield* rtnl_unlock(k);
      yield* msleep(k, 2000);
      yield* rtnl_lock(k);
      const before = dev.refs.count;
      yield* netif_carrier_off(dev);
      expect(dev.refs.count).toBe(before + 1);
      yield* dev_close(dev);
      yield* rtnl_unlock(k);
      const start = k.sim.now();
      yield* unregister_netdev(dev);
      expect(k.sim.now() - start).toBeLessThan(0.1 * second);
      expect(dev.refs.count).toBe(1);
      expect(k.net.linkwatch.list).toEqual([]);
    });
  });

  it('a device without carrier at registration is down, not unknown', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const [with_, without] = [testDevice(k, 'a', 1), testDevice(k, 'b', 2)];
      with_.carrier = true;
      yield* rtnl_lock(k);
      yield* register_netdevice(with_);
      yield* register_netdevice(without);
      yield* rtnl_unlock(k);
      expect([with_.operstate, without.operstate]).toEqual([0, 2]);
    });
  });
});
