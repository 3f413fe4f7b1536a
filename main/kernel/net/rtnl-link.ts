// What `ip link` asks of the kernel (net/core/rtnetlink.c): the list of devices, changes of one,
// devices that are made and deleted by kind. Every call takes RTNL by itself and has the stack of a
// real one. Errors are negative numbers; `extack.message` is what `ip` prints after `Error: `.

import { formatMacAt } from '#bus/mac.ts';
import type { MaySleep } from '#sim/task.ts';
import { EEXIST, EINVAL, ENODEV, EOPNOTSUPP } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { request_module } from '../module.ts';
import { __dev_change_flags, __dev_get_by_name, __dev_notify_flags } from './dev.ts';
import { dev_change_flags, dev_get_stats, netdev_state_change } from './dev.ts';
import { dev_change_tx_queue_len, dev_set_mac_address, dev_set_mtu } from './dev-config.ts';
import { dev_change_name } from './dev-name.ts';
import { IFF_ALLMULTI, IFF_MULTICAST, IFF_NOARP, IFF_PROMISC, IFF_UP } from './flags.ts';
import { NET_ADDR_SET } from './flags.ts';
import { linkFlagNames } from './link-flags.ts';
import { operstateText } from './net-sysfs-files.ts';
import type { NetDevice, NetdevStats } from './netdevice.ts';
import { NL_SET_ERR_MSG, rtnetlinkChange, rtnetlinkDump } from './netlink.ts';
import type { NetlinkExtack } from './netlink.ts';
import { register_netdevice } from './register.ts';
import { __rtnl_unlock, rtnl_lock } from './rtnetlink.ts';
import type { LinkOptions, RtnlLinkOps } from './rtnl-link-ops.ts';
import { free_netdev, unregister_netdevice, unregister_netdevice_many } from './unregister.ts';

/** What `ip link set` may change; only what is there is changed, in the kernel's order. */
export interface LinkChange {
  readonly address?: Uint8Array;
  readonly mtu?: number;
  readonly name?: string;
  readonly up?: boolean;
  readonly promisc?: boolean;
  readonly allmulticast?: boolean;
  readonly multicast?: boolean;
  readonly arp?: boolean;
  /** Name of the master; null: none any more. */
  readonly master?: string | null;
  readonly txqueuelen?: number;
  /** Options of the device's kind, as after `type KIND`. */
  readonly options?: LinkOptions;
  /** Options that the master's kind has for its slaves, as after `type KIND_slave`. */
  readonly slaveOptions?: LinkOptions;
}

/** A device as `ip link` shows it. */
export interface LinkInfo {
  readonly ifindex: number;
  readonly name: string;
  /** Bits as user space sees them, and their names in the order of `ip`. */
  readonly flags: number;
  readonly flagNames: readonly string[];
  readonly mtu: number;
  readonly minMtu: number;
  readonly maxMtu: number;
  readonly qdisc: string;
  /** Name of the master, or null. */
  readonly master: string | null;
  /** `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`, `DORMANT`. */
  readonly state: string;
  readonly txqueuelen: number;
  readonly numTxQueues: number;
  /** `ether` or `loopback`. */
  readonly type: string;
  readonly address: string;
  readonly broadcast: string;
  /** Permanent address when it is another one, else null. */
  readonly permaddr: string | null;
  readonly promiscuity: number;
  readonly allmulti: number;
  readonly carrierChanges: number;
  /** Kind and its values, for `ip -d`. */
  readonly kind: string;
  readonly info: Readonly<Record<string, string | number>>;
  readonly slaveKind: string;
  readonly slaveInfo: Readonly<Record<string, string | number>>;
  /** Bus and name of the parent device, or empty. */
  readonly parentBus: string;
  readonly parentName: string;
  readonly stats: NetdevStats;
}

function flagsOf(dev: NetDevice, change: LinkChange): number {
  const wishes: readonly (readonly [boolean | undefined, number])[] = [
    [change.up, IFF_UP],
    [change.promisc, IFF_PROMISC],
    [change.allmulticast, IFF_ALLMULTI],
    [change.multicast, IFF_MULTICAST],
    [change.arp === undefined ? undefined : !change.arp, IFF_NOARP],
  ];
  const modes = IFF_PROMISC | IFF_ALLMULTI;
  let flags = (dev.flags & ~modes) | (dev.gflags & modes);
  for (const [wish, bit] of wishes) {
    if (wish !== undefined) flags = wish ? flags | bit : flags & ~bit;
  }
  return flags;
}

const changesFlags = (change: LinkChange): boolean =>
  [change.up, change.promisc, change.allmulticast, change.multicast, change.arp].some(
    (wish) => wish !== undefined,
  );

/** Takes a device from its master, and gives it another. */
function* do_set_master(
  dev: NetDevice,
  name: string | null,
  extack: NetlinkExtack,
): MaySleep<number> {
  const before = dev.master;
  if (before !== null) {
    if (before.name === name) return 0;
    if (before.ops.ndo_del_slave === undefined) return -EOPNOTSUPP;
    const err = yield* before.ops.ndo_del_slave(before, dev);
    if (err !== 0) return err;
  }
  if (name === null) return 0;
  const master = __dev_get_by_name(dev.k, name);
  if (master === undefined) return -EINVAL;
  if (master.ops.ndo_add_slave === undefined) return -EOPNOTSUPP;
  return yield* master.ops.ndo_add_slave(master, dev, extack);
}

/** The changes themselves, in the kernel's order; the first error ends them. */
function* applyChanges(
  dev: NetDevice,
  change: LinkChange,
  extack: NetlinkExtack,
): MaySleep<number> {
  const { address, mtu, name, master, txqueuelen } = change;
  let err = 0;
  if (address !== undefined) err = yield* dev_set_mac_address(dev, address);
  if (err >= 0 && mtu !== undefined) err = yield* dev_set_mtu(dev, mtu);
  if (err >= 0 && name !== undefined) err = yield* dev_change_name(dev, name);
  if (err >= 0 && changesFlags(change)) err = yield* dev_change_flags(dev, flagsOf(dev, change));
  if (err >= 0 && master !== undefined) err = yield* do_set_master(dev, master, extack);
  if (err >= 0 && txqueuelen !== undefined) err = yield* dev_change_tx_queue_len(dev, txqueuelen);
  return err;
}

function* do_setlink(dev: NetDevice, change: LinkChange, extack: NetlinkExtack): MaySleep<number> {
  const err = yield* applyChanges(dev, change, extack);
  if (err >= 0 && change.options !== undefined) yield* netdev_state_change(dev);
  return err;
}

/** Options first, then everything else: as RTM_NEWLINK for a device that exists. */
function* __rtnl_newlink(
  dev: NetDevice,
  change: LinkChange,
  extack: NetlinkExtack,
): MaySleep<number> {
  if (change.options !== undefined) {
    const changelink = dev.rtnl_link_ops?.changelink;
    if (changelink === undefined) return -EOPNOTSUPP;
    const err = yield* changelink(dev, change.options, extack);
    if (err < 0) return err;
  }
  if (change.slaveOptions !== undefined) {
    const { master } = dev;
    const change_slave = master?.rtnl_link_ops?.slave_changelink;
    if (master === null || change_slave === undefined) return -EOPNOTSUPP;
    const err = yield* change_slave(master, dev, change.slaveOptions, extack);
    if (err < 0) return err;
  }
  return yield* do_setlink(dev, change, extack);
}

/** `ip link set dev NAME …`. 0 or a negative error. */
export function ipLinkSet(
  k: Kernel,
  name: string,
  change: LinkChange,
  extack: NetlinkExtack = { message: '' },
): MaySleep<number> {
  return rtnetlinkChange(k, `set ${name}`, function* rtnl_newlink() {
    const dev = __dev_get_by_name(k, name);
    return dev === undefined ? -ENODEV : yield* __rtnl_newlink(dev, change, extack);
  });
}

/** The kind's operations; its module is asked for, with RTNL given back meanwhile. */
function* findKind(k: Kernel, kind: string): MaySleep<RtnlLinkOps | undefined> {
  const find = (): RtnlLinkOps | undefined => k.net.linkOps.find((ops) => ops.kind === kind);
  if (find() !== undefined) return find();
  yield* __rtnl_unlock(k);
  yield* request_module(k, `rtnl-link-${kind}`);
  yield* rtnl_lock(k);
  return find();
}

/** Sets what was given, opens the device when that was asked for. */
function* rtnl_configure_link(dev: NetDevice, change: LinkChange): MaySleep<number> {
  const before = dev.flags;
  if (changesFlags(change)) {
    const err = yield* __dev_change_flags(dev, flagsOf(dev, change));
    if (err < 0) return err;
  }
  yield* __dev_notify_flags(dev, before);
  return 0;
}

function* removeAgain(dev: NetDevice): MaySleep<void> {
  const dellink = dev.rtnl_link_ops?.dellink;
  if (dellink === undefined) {
    yield* unregister_netdevice(dev);
    return;
  }
  const kill: NetDevice[] = [];
  yield* dellink(dev, kill);
  yield* unregister_netdevice_many(kill);
}

function* rtnl_newlink_create(
  k: Kernel,
  ops: RtnlLinkOps,
  name: string | undefined,
  change: LinkChange,
  extack: NetlinkExtack,
): MaySleep<number> {
  const dev = ops.alloc(k, name ?? `${ops.kind}%d`);
  dev.rtnl_link_ops = ops;
  if (change.mtu !== undefined) dev.mtu = change.mtu;
  if (change.txqueuelen !== undefined) dev.tx_queue_len = change.txqueuelen;
  if (change.address !== undefined) {
    dev.dev_addr = change.address.slice();
    dev.addr_assign_type = NET_ADDR_SET;
  }
  const { newlink } = ops;
  let err =
    newlink === undefined
      ? yield* register_netdevice(dev)
      : yield* newlink(dev, change.options ?? {}, extack);
  if (err < 0) {
    yield* free_netdev(dev);
    return err;
  }
  err = yield* rtnl_configure_link(dev, change);
  if (err >= 0 && change.master) err = yield* do_set_master(dev, change.master, extack);
  if (err < 0) yield* removeAgain(dev);
  return err < 0 ? err : 0;
}

/** `ip link add [name NAME] type KIND …`. 0 or a negative error. */
export function ipLinkAdd(
  k: Kernel,
  name: string | undefined,
  kind: string,
  change: LinkChange = {},
  extack: NetlinkExtack = { message: '' },
): MaySleep<number> {
  return rtnetlinkChange(k, `add ${name ?? ''} type ${kind}`, function* rtnl_newlink() {
    if (name !== undefined && __dev_get_by_name(k, name) !== undefined) return -EEXIST;
    const ops = yield* findKind(k, kind);
    // Loading the module may have made a device of that name.
    if (name !== undefined && __dev_get_by_name(k, name) !== undefined) return -EEXIST;
    if (ops === undefined) return NL_SET_ERR_MSG(extack, 'Unknown device type', -EOPNOTSUPP);
    return yield* rtnl_newlink_create(k, ops, name, change, extack);
  });
}

function* rtnl_delete_link(dev: NetDevice): MaySleep<number> {
  const dellink = dev.rtnl_link_ops?.dellink;
  if (dellink === undefined) return -EOPNOTSUPP;
  const kill: NetDevice[] = [];
  yield* dellink(dev, kill);
  yield* unregister_netdevice_many(kill);
  return 0;
}

/** `ip link del NAME`. 0 or a negative error; comes back when the device is gone. */
export function ipLinkDelete(k: Kernel, name: string): MaySleep<number> {
  return rtnetlinkChange(k, `del ${name}`, function* rtnl_dellink() {
    const dev = __dev_get_by_name(k, name);
    return dev === undefined ? -ENODEV : yield* rtnl_delete_link(dev);
  });
}

function* rtnl_fill_ifinfo(dev: NetDevice): MaySleep<LinkInfo> {
  const { master, rtnl_link_ops: ops, parent } = dev;
  const masterOps = master?.rtnl_link_ops ?? null;
  const permaddr = formatMacAt(dev.perm_addr);
  const address = formatMacAt(dev.dev_addr);
  const hasPermanent = dev.perm_addr.some((byte) => byte !== 0) && permaddr !== address;
  return {
    ifindex: dev.ifindex,
    name: dev.name,
    flags: dev.userFlags,
    flagNames: linkFlagNames(dev.userFlags),
    mtu: dev.mtu,
    minMtu: dev.min_mtu,
    maxMtu: dev.max_mtu,
    qdisc: dev.qdisc,
    master: master?.name ?? null,
    state: operstateText(dev).toUpperCase(),
    txqueuelen: dev.tx_queue_len,
    numTxQueues: dev.txQueues.length,
    type: (dev.flags & 0x8) !== 0 ? 'loopback' : 'ether',
    address,
    broadcast: formatMacAt(dev.broadcast),
    permaddr: hasPermanent ? permaddr : null,
    promiscuity: dev.promiscuity,
    allmulti: dev.allmulti,
    carrierChanges: dev.carrier_up_count + dev.carrier_down_count,
    kind: ops?.kind ?? dev.kind,
    info: ops?.fill_info?.(dev) ?? {},
    slaveKind: masterOps?.kind ?? master?.kind ?? '',
    slaveInfo: master === null ? {} : (masterOps?.fill_slave_info?.(master, dev) ?? {}),
    parentBus: parent?.bus?.name ?? '',
    parentName: parent?.name ?? '',
    stats: yield* dev_get_stats(dev),
  };
}

/** `ip link [show]`: every registered device, by number. */
export const ipLinkList = (k: Kernel): MaySleep<LinkInfo[]> =>
  rtnetlinkDump(k, 'get links', function* rtnl_dump_ifinfo() {
    const links: LinkInfo[] = [];
    for (const dev of [...k.net.devices]) links.push(yield* rtnl_fill_ifinfo(dev));
    return links;
  });

/** `ip link show dev NAME`: one device, or -ENODEV. */
export const ipLinkGet = (k: Kernel, name: string): MaySleep<LinkInfo | number> =>
  rtnetlinkChange<LinkInfo | number>(k, `get ${name}`, function* rtnl_getlink() {
    const dev = __dev_get_by_name(k, name);
    return dev === undefined ? -ENODEV : yield* rtnl_fill_ifinfo(dev);
  });
