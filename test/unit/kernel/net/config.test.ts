// What user space sees and changes of devices: names, `ip link`, sysfs, /proc.

import { describe, expect, it } from 'vitest';
import { Device, device_register } from '#kernel/base/device.ts';
import { vfs_read, vfs_readdir, vfs_readlink, vfs_write } from '#kernel/fs/vfs.ts';
import { __dev_get_by_name, dev_open } from '#kernel/net/dev.ts';
import { dev_change_name, dev_valid_name } from '#kernel/net/dev-name.ts';
import { eth_random_addr, is_valid_ether_addr } from '#kernel/net/eth.ts';
import { ethtool_settings } from '#kernel/net/ethtool-ioctl.ts';
import { IFF_PROMISC } from '#kernel/net/flags.ts';
import { net_dev_init } from '#kernel/net/loopback.ts';
import { dev_hold, dev_put, netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { ipLinkGet, ipLinkList, ipLinkSet } from '#kernel/net/rtnl-link.ts';
import {
  free_netdev,
  unregister_netdev,
  unregister_netdevice_queue,
} from '#kernel/net/unregister.ts';
import { netdev_upper_dev_link } from '#kernel/net/upper.ts';
import { kthread_run } from '#kernel/sched.ts';
import { procStackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { bareKernel } from '#test/support/machine.ts';
import { logLines, runTask, testDevice } from './rig.ts';

const sysfs = (name: string, file: string): string => `/sys/class/net/${name}/${file}`;

describe('names', () => {
  it('are numbered by a pattern, the lowest free number first', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const names: string[] = [];
      const add = function* (pattern: string): MaySleep<NetDevice> {
        const dev = testDevice(k, pattern);
        expect(yield* register_netdev(dev)).toBe(0);
        names.push(`${dev.ifindex} ${dev.name}`);
        return dev;
      };
      yield* add('eth%d');
      const middle = yield* add('eth%d');
      yield* add('eth%d');
      yield* unregister_netdev(middle);
      yield* add('eth%d');
      yield* add('bond0');
      expect(names).toEqual(['2 eth0', '3 eth1', '4 eth2', '5 eth1', '6 bond0']);
      expect(yield* register_netdev(testDevice(k, 'bond0'))).toBe(-17);
      expect(yield* register_netdev(testDevice(k, 'a/b'))).toBe(-22);
    });
    expect(
      ['eth0', 'a.b', '.', '..', '', 'a b', 'a:b', 'x'.repeat(16)].map(dev_valid_name),
    ).toEqual([true, true, false, false, false, false, false, false]);
  });

  it('change with everything that is called after the device', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const parent = new Device(k, '0000:06:00.0', null);
      parent.release = function* release() {
        // Nothing to free.
      };
      yield* device_register(parent);
      const dev = testDevice(k, 'eth%d');
      const upper = testDevice(k, 'bond0');
      dev.parent = parent;
      yield* register_netdev(dev);
      yield* register_netdev(upper);
      expect(dev.refs.resource.name).toBe('netdev eth0');
      yield* rtnl_lock(k);
      yield* netdev_upper_dev_link(dev, upper);
      expect(yield* dev_change_name(dev, 'ens1')).toBe(0);
      expect(yield* dev_change_name(dev, 'bond0')).toBe(-17);
      yield* dev_open(dev);
      expect(yield* dev_change_name(dev, 'ens2')).toBe(-16);
      yield* rtnl_unlock(k);
      expect(dev.name).toBe('ens1');
      expect(dev.refs.resource.name).toBe('netdev ens1');
      expect(dev.addr_list_lock.resource.name).toBe('addr_list_lock(ens1)');
      expect(vfs_readlink(k, '/sys/class/net/bond0/lower_ens1')).toBe(
        '../../../0000:06:00.0/net/ens1',
      );
      expect(vfs_readlink(k, '/sys/class/net/ens1')).toBe('../../devices/0000:06:00.0/net/ens1');
      expect(yield* vfs_read(k, sysfs('ens1', 'name_assign_type'))).toBe('4\n');
      yield* dev_hold(dev, null, 'test');
      yield* dev_put(dev);
    });
    expect(logLines(k, 'renamed')).toEqual(['0000:06:00.0 ens1: renamed from eth0']);
    const holds = [...k.trace.events()].filter((event) => event.kind === K['ref.hold']);
    expect(k.trace.text(holds.at(-1)!.object)).toBe('netdev ens1');
  });

  it('random addresses are unicast, of local administration, and the same in every run', () => {
    const [a, b] = [bareKernel(), bareKernel()].map((k) => [
      eth_random_addr(k),
      eth_random_addr(k),
    ]);
    expect(a).toEqual(b);
    expect(a![0]).not.toEqual(a![1]);
    expect(a!.every((mac) => is_valid_ether_addr(mac) && (mac[0]! & 2) === 2)).toBe(true);
  });

  it('private data of a freed device cannot be used any more', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      yield* unregister_netdev(dev);
      expect(() => netdev_priv(dev)).not.toThrow();
      yield* free_netdev(dev);
      expect(() => netdev_priv(dev)).toThrow(/use-after-free/);
    });
  });
});

describe('ip link', () => {
  it('lists the devices with what they are', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* net_dev_init(k);
      yield* register_netdev(testDevice(k, 'eth%d', 0xb0c1));
      const [lo, eth0] = yield* ipLinkList(k);
      expect(lo).toMatchObject({
        name: 'lo',
        type: 'loopback',
        mtu: 65_536,
        flagNames: ['LOOPBACK'],
      });
      expect(eth0).toMatchObject({
        ifindex: 2,
        name: 'eth0',
        flagNames: ['BROADCAST', 'MULTICAST'],
        mtu: 1500,
        qdisc: 'noop',
        state: 'DOWN',
        address: '00:02:c9:a0:b0:c1',
        broadcast: 'ff:ff:ff:ff:ff:ff',
        master: null,
      });
      yield* ipLinkSet(k, 'eth0', { up: true });
      yield* msleep(k, 20);
      expect(yield* ipLinkGet(k, 'eth0')).toMatchObject({
        flagNames: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
        qdisc: 'pfifo_fast',
        state: 'UP',
      });
      expect(yield* ipLinkGet(k, 'eth9')).toBe(-19);
    });
  });

  it('sets what is asked for, in the order of the kernel, and stops at the first error', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      const address = Uint8Array.of(2, 0, 0, 0, 0, 5);
      expect(yield* ipLinkSet(k, 'eth0', { mtu: 1400, address, promisc: true, up: true })).toBe(0);
      expect([dev.mtu, dev.promiscuity, dev.running]).toEqual([1400, 1, true]);
      expect(dev.flags & IFF_PROMISC).not.toBe(0);
      expect(yield* ipLinkSet(k, 'eth0', { promisc: false })).toBe(0);
      expect(dev.promiscuity).toBe(0);
      expect(dev.running).toBe(true);
      expect(yield* ipLinkSet(k, 'eth0', { mtu: 60, txqueuelen: 5 })).toBe(-22);
      expect(dev.tx_queue_len).toBe(1000);
      expect(yield* ipLinkSet(k, 'eth0', { name: 'ens1' })).toBe(-16);
      expect(yield* ipLinkSet(k, 'eth0', { up: false })).toBe(0);
      expect(yield* ipLinkSet(k, 'eth0', { name: 'ens1' })).toBe(0);
      expect(yield* ipLinkSet(k, 'eth0', { up: true })).toBe(-19);
    });
  });

  it('shows a true stack while somebody else has RTNL', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* rtnl_lock(k);
      const setter = kthread_run(k, 'ip set', 'ip', function* ipSet() {
        yield* ipLinkSet(k, 'eth0', { up: true });
      });
      const lister = kthread_run(k, 'ip list', 'ip', function* ipList() {
        yield* ipLinkList(k);
      });
      const asker = kthread_run(k, 'ethtool', 'ethtool', function* tool() {
        yield* ethtool_settings(k, 'eth0');
      });
      yield* msleep(k, 50);
      const netlink = [
        'netlink_rcv_skb',
        'rtnetlink_rcv',
        'netlink_unicast',
        'netlink_sendmsg',
        'sock_sendmsg',
        '____sys_sendmsg',
        '___sys_sendmsg',
        '__sys_sendmsg',
        '__x64_sys_sendmsg',
        'do_syscall_64',
        'entry_SYSCALL_64_after_hwframe',
      ];
      expect(procStackFrames(setter.stack).slice(0, 13)).toEqual([
        'rtnl_lock',
        'rtnetlink_rcv_msg',
        ...netlink,
      ]);
      expect(procStackFrames(lister.stack).slice(0, 13)).toEqual([
        '__netlink_dump_start',
        'rtnetlink_rcv_msg',
        ...netlink,
      ]);
      expect(procStackFrames(asker.stack).slice(0, 7)).toEqual([
        'rtnl_lock',
        'dev_ethtool',
        'dev_ioctl',
        'sock_do_ioctl',
        'sock_ioctl',
        '__x64_sys_ioctl',
        'do_syscall_64',
      ]);
      expect([setter, lister, asker].map((task) => task.sleepState)).toEqual(['D', 'D', 'D']);
      yield* rtnl_unlock(k);
      yield* msleep(k, 50);
    });
  });
});

describe('sysfs', () => {
  it('has the files of a netdev, with the values of the moment', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d', 0xb0c1);
      dev.dev_port = 1;
      yield* register_netdev(dev);
      const read = (file: string) => vfs_read(k, sysfs('eth0', file));
      const values: Record<string, string | number> = {};
      for (const file of [
        'address',
        'dev_port',
        'ifindex',
        'mtu',
        'operstate',
        'carrier',
        'flags',
      ]) {
        values[file] = yield* read(file);
      }
      expect(values).toEqual({
        address: '00:02:c9:a0:b0:c1\n',
        dev_port: '1\n',
        ifindex: '2\n',
        mtu: '1500\n',
        operstate: 'down\n',
        carrier: -22,
        flags: '0x1002\n',
      });
      yield* ipLinkSet(k, 'eth0', { up: true });
      yield* msleep(k, 20);
      expect(yield* read('operstate')).toBe('up\n');
      expect(yield* read('carrier')).toBe('1\n');
      expect(yield* read('carrier_changes')).toBe('1\n');
      expect(yield* read('speed')).toBe(-22);
      dev.stats.rx_bytes = 77;
      expect(yield* read('statistics/rx_bytes')).toBe('77\n');
      expect(yield* read('queues/tx-0/tx_timeout')).toBe('0\n');
      const entries = vfs_readdir(k, '/sys/devices/virtual/net/eth0');
      expect(entries).toContainEqual({
        name: 'subsystem',
        kind: 'link',
        target: '../../../../class/net',
      });
    });
  });

  it('stores take RTNL by trying: who fails comes again and finds the file gone', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      expect(yield* vfs_write(k, sysfs('eth0', 'mtu'), '1400\n')).toBe(5);
      expect(yield* vfs_write(k, sysfs('eth0', 'mtu'), 'many\n')).toBe(-22);
      expect(yield* vfs_write(k, sysfs('eth0', 'mtu'), '10\n')).toBe(-22);
      expect(dev.mtu).toBe(1400);
      let result = 0;
      yield* rtnl_lock(k);
      kthread_run(k, 'writer', 'sh', function* writer() {
        result = yield* vfs_write(k, sysfs('eth0', 'tx_queue_len'), '10\n');
      });
      yield* msleep(k, 10);
      expect(result).toBe(0);
      yield* rtnl_unlock(k);
      yield* msleep(k, 10);
      expect([result, dev.tx_queue_len]).toEqual([3, 10]);
      // The removal of the file does not wait for a writer that waits for RTNL.
      kthread_run(k, 'writer', 'sh', function* writer() {
        yield* rtnl_lock(k);
        yield* msleep(k, 5);
        kthread_run(k, 'second writer', 'sh', function* secondWriter() {
          result = yield* vfs_write(k, sysfs('eth0', 'tx_queue_len'), '20\n');
        });
        yield* msleep(k, 5);
        yield* unregister_netdevice_queue(dev, null);
        yield* rtnl_unlock(k);
      });
      yield* msleep(k, 100);
      expect(result).toBe(-19);
      expect(k.graph.deadlocks).toEqual([]);
    });
  });

  it('tells udev when the files are there, and again when the name changes', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* register_netdev(testDevice(k, 'eth%d'));
      yield* ipLinkSet(k, 'eth0', { name: 'ens1' });
      yield* unregister_netdev(__dev_get_by_name(k, 'ens1')!);
    });
    const events = k.uevents.queue.filter((event) => event.subsystem === 'net');
    expect(events.map(({ action, name, env }) => [action, name, env['INTERFACE']])).toEqual([
      ['add', 'eth0', 'eth0'],
      ['move', 'ens1', 'ens1'],
      ['remove', 'ens1', 'ens1'],
    ]);
  });
});

describe('/proc', () => {
  it('shows counters, groups and the warning time', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d');
      yield* register_netdev(dev);
      dev.stats.rx_packets = 3;
      const text = (yield* vfs_read(k, '/proc/net/dev')) as string;
      const lines = text.split('\n');
      expect(lines).toHaveLength(4);
      expect(lines[2]).toBe(
        '  eth0:       0       3    0    0    0     0          0         0' +
          '        0       0    0    0    0     0       0          0',
      );
      expect(yield* vfs_read(k, '/proc/net/dev_mcast')).toBe(
        '2    eth0            1     0     333300000001\n',
      );
      const sysctl = '/proc/sys/net/core/netdev_unregister_timeout_secs';
      expect(yield* vfs_read(k, sysctl)).toBe('10\n');
      expect(yield* vfs_write(k, sysctl, '20\n')).toBe(3);
      expect(yield* vfs_write(k, sysctl, '0\n')).toBe(-22);
      expect(yield* vfs_write(k, sysctl, '3601\n')).toBe(-22);
      expect(k.net.sysctls.netdev_unregister_timeout_secs).toBe(20);
    });
  });
});
