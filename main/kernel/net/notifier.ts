// The netdev notifier chain (net/core/dev.c; facts/driver 9.6): under RTNL, by priority, then in
// the order of registration. A new block is told of the devices that are there as if they came now,
// one that leaves as if they went. Left out: chains per namespace.

import { preempt } from '#sim/task.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { down_write, up_write } from '../locking/rwsem.ts';
import {
  notifier_to_errno,
  raw_notifier_call_chain,
  raw_notifier_chain_register,
  raw_notifier_chain_unregister,
} from '../notifier.ts';
import type { NotifierBlock } from '../notifier.ts';
import {
  netdev_cmd_to_name,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from './events.ts';
import { IFF_UP } from './flags.ts';
import type { NetDevice } from './netdevice.ts';
import { ASSERT_RTNL, rtnl_lock, rtnl_unlock } from './rtnetlink.ts';

/** struct netdev_lag_upper_info: what a master is, in the words of its own options. */
export interface LagUpperInfo {
  readonly tx_type: string;
  readonly hash_type: string;
}

/** struct netdev_bonding_info: a slave and its bond at the time of the event (facts/driver 5.2). */
export interface NetdevBondingInfo {
  readonly slave: {
    readonly slave_id: number;
    readonly slave_name: string;
    readonly link: number;
    readonly state: number;
    readonly link_failure_count: number;
  };
  readonly master: {
    readonly bond_mode: number;
    readonly num_slaves: number;
    readonly miimon: number;
  };
}

/** What an event carries besides its device. */
export interface NetdevNotifierInfo {
  readonly dev: NetDevice;
  /** CHANGEUPPER, PRECHANGEUPPER. */
  readonly upper_dev?: NetDevice;
  readonly master?: boolean;
  readonly linking?: boolean;
  readonly upper_info?: LagUpperInfo | null;
  /** CHANGELOWERSTATE. */
  readonly lower_state_info?: unknown;
  /** BONDING_INFO. */
  readonly bonding_info?: NetdevBondingInfo;
  /** PRE_CHANGEADDR: the address to come. */
  readonly dev_addr?: Uint8Array;
  /** CHANGEMTU: the MTU before. */
  readonly mtu?: number;
  /** CHANGE after dev_change_flags(): bits of dev.flags that changed. */
  readonly flags_changed?: number;
}

export type NetdevNotifierBlock = NotifierBlock<NetdevNotifierInfo>;

/** Tells the chain; the answer is that of the last block that was asked. */
export function* call_netdevice_notifiers_info(
  event: number,
  info: NetdevNotifierInfo,
): MaySleep<number> {
  const { k, name } = info.dev;
  ASSERT_RTNL(k, 'net/core/dev.c (1951)');
  const words = `${netdev_cmd_to_name(event)}(${name})`;
  return yield* raw_notifier_call_chain(k.net.netdev_chain, event, info, words);
}

/** An event that carries only its device. */
export function* call_netdevice_notifiers(event: number, dev: NetDevice): MaySleep<number> {
  return yield* call_netdevice_notifiers_info(event, { dev });
}

/** Tells one block of one event. */
function* call_netdevice_notifier(
  nb: NetdevNotifierBlock,
  event: number,
  dev: NetDevice,
): MaySleep<number> {
  const { sim, trace } = dev.k;
  const words = trace.intern(`${netdev_cmd_to_name(event)}(${dev.name})`);
  if (sim.point(K['notifier.call'], trace.intern(nb.name), words)) yield preempt;
  return yield* nb.notifier_call(event, { dev });
}

/** Tells one block of a device that is there. A negative error when it objects. */
function* call_netdevice_register_notifiers(
  nb: NetdevNotifierBlock,
  dev: NetDevice,
): MaySleep<number> {
  const err = notifier_to_errno(yield* call_netdevice_notifier(nb, NETDEV_REGISTER, dev));
  if (err !== 0 || (dev.flags & IFF_UP) === 0) return err;
  yield* call_netdevice_notifier(nb, NETDEV_UP, dev);
  return 0;
}

function* call_netdevice_unregister_notifiers(
  nb: NetdevNotifierBlock,
  dev: NetDevice,
): MaySleep<void> {
  if ((dev.flags & IFF_UP) !== 0) {
    yield* call_netdevice_notifier(nb, NETDEV_GOING_DOWN, dev);
    yield* call_netdevice_notifier(nb, NETDEV_DOWN, dev);
  }
  yield* call_netdevice_notifier(nb, NETDEV_UNREGISTER, dev);
}

/** Replays REGISTER and UP of every device; takes it back when the block objects. */
function* replayRegister(k: Kernel, nb: NetdevNotifierBlock): MaySleep<number> {
  const told: NetDevice[] = [];
  for (const dev of [...k.net.devices]) {
    const err = yield* call_netdevice_register_notifiers(nb, dev);
    if (err !== 0) {
      for (const each of told.toReversed()) yield* call_netdevice_unregister_notifiers(nb, each);
      return err;
    }
    told.push(dev);
  }
  return 0;
}

/** Puts a block on the chain. 0 or a negative error. */
export function* register_netdevice_notifier(k: Kernel, nb: NetdevNotifierBlock): MaySleep<number> {
  const { netdev_chain, pernet_ops_rwsem } = k.net;
  yield* down_write(pernet_ops_rwsem);
  yield* rtnl_lock(k);
  let err = raw_notifier_chain_register(netdev_chain, nb);
  if (err === 0) {
    err = yield* replayRegister(k, nb);
    if (err !== 0) raw_notifier_chain_unregister(netdev_chain, nb);
  }
  yield* rtnl_unlock(k);
  yield* up_write(pernet_ops_rwsem);
  return err;
}

/** Takes a block off the chain. 0, or -ENOENT when it is not on it. */
export function* unregister_netdevice_notifier(
  k: Kernel,
  nb: NetdevNotifierBlock,
): MaySleep<number> {
  const { netdev_chain, pernet_ops_rwsem } = k.net;
  yield* down_write(pernet_ops_rwsem);
  yield* rtnl_lock(k);
  const err = raw_notifier_chain_unregister(netdev_chain, nb);
  if (err === 0) {
    for (const dev of [...k.net.devices]) yield* call_netdevice_unregister_notifiers(nb, dev);
  }
  yield* rtnl_unlock(k);
  yield* up_write(pernet_ops_rwsem);
  return err;
}
