// IPv6 as the multicast list of a device shows it: which groups come and go with it, as a device of
// its own and as a slave of a bond (net/ipv6/addrconf.c: addrconf_notify).

import { expect, it } from 'vitest';
import { formatMacAt } from '#bus/mac.ts';
import { IFF_SLAVE } from '#kernel/net/flags.ts';
import { net_dev_init } from '#kernel/net/loopback.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { msleep } from '#kernel/time/delay.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';

const allNodes = '33:33:00:00:00:01';
const solicited = '33:33:ff:a0:00:01';

/** The groups of IPv6 on a device's list. */
const groupsOf = (dev: NetDevice): string[] =>
  dev.mc.map(({ addr }) => formatMacAt(addr)).filter((mac) => mac.startsWith('33:33'));

it('a device has all-nodes from its registration on, its own group while it is up', () => {
  const k = bareKernel();
  runTask(k, function* () {
    yield* net_dev_init(k);
    const dev = testDevice(k, 'eth0');
    yield* register_netdev(dev);
    expect(groupsOf(dev)).toEqual([allNodes]);
    yield* ipLinkSet(k, 'eth0', { up: true });
    yield* msleep(k, 100);
    expect(groupsOf(dev)).toEqual([allNodes, solicited]);
    yield* ipLinkSet(k, 'eth0', { up: false });
    expect(groupsOf(dev)).toEqual([]);
  });
});

it('a slave has all-nodes again when it comes up, and no group of its own', () => {
  const k = bareKernel();
  runTask(k, function* () {
    yield* net_dev_init(k);
    const dev = testDevice(k, 'eth0');
    yield* register_netdev(dev);
    yield* ipLinkSet(k, 'eth0', { up: true });
    yield* ipLinkSet(k, 'eth0', { up: false });
    dev.flags |= IFF_SLAVE;
    yield* ipLinkSet(k, 'eth0', { up: true });
    yield* msleep(k, 100);
    expect(groupsOf(dev)).toEqual([allNodes]);
  });
});
