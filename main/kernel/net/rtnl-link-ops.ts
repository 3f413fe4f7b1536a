// Kinds of device that user space can make with `ip link add … type KIND` (struct rtnl_link_ops,
// net/core/rtnetlink.c). A module registers its kind; unloading it kills its devices.

import type { MaySleep } from '#sim/task.ts';
import { EEXIST } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { down_write, up_write } from '../locking/rwsem.ts';
import { currentActor } from '../sched.ts';
import { wait_event } from '../wait.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetlinkExtack } from './netlink.ts';
import { __rtnl_unlock, rtnl_lock, rtnl_unlock } from './rtnetlink.ts';
import { unregister_netdevice_many } from './unregister.ts';

/** Options of a kind in words, as `ip link add bond0 type bond mode active-backup` gives them. */
export type LinkOptions = Readonly<Record<string, string>>;

/** What a kind can do. All under RTNL. */
export interface RtnlLinkOps {
  /** As in `type KIND`; a module that is not loaded is asked for by the alias `rtnl-link-KIND`. */
  readonly kind: string;
  /** Makes a device that is not registered; `name` may be a pattern. */
  alloc(k: Kernel, name: string): NetDevice;
  /** Applies the options and registers the device. Default: registers it. */
  newlink?(dev: NetDevice, options: LinkOptions, extack: NetlinkExtack): MaySleep<number>;
  /** Changes options of a device that exists. */
  changelink?(dev: NetDevice, options: LinkOptions, extack: NetlinkExtack): MaySleep<number>;
  /** Changes options of a device below: `ip link set NAME type KIND_slave …`. */
  slave_changelink?(
    dev: NetDevice,
    slave: NetDevice,
    options: LinkOptions,
    extack: NetlinkExtack,
  ): MaySleep<number>;
  /** Prepares the device's end and puts it on the list of those to unregister. */
  dellink?(dev: NetDevice, kill: NetDevice[]): MaySleep<void>;
  /** What `ip -d link` shows of the device, and of its slaves. */
  fill_info?(dev: NetDevice): Record<string, string | number>;
  fill_slave_info?(dev: NetDevice, slave: NetDevice): Record<string, string | number>;
}

/** Makes a kind known. 0 or -EEXIST. */
export function* rtnl_link_register(k: Kernel, ops: RtnlLinkOps): MaySleep<number> {
  yield* rtnl_lock(k);
  const known = k.net.linkOps.some((each) => each.kind === ops.kind);
  if (!known) k.net.linkOps.push(ops);
  yield* rtnl_unlock(k);
  return known ? -EEXIST : 0;
}

/** Takes RTNL at a moment at which no device is between unregistration and end. */
function* rtnl_lock_unregistering_all(k: Kernel): MaySleep<void> {
  const { net, graph } = k;
  const actor = currentActor(k);
  for (;;) {
    yield* rtnl_lock(k);
    if (net.dev_unreg_count === 0) return;
    yield* __rtnl_unlock(k);
    graph.wait(actor, net.unregistering);
    yield* wait_event(net.netdev_unregistering_wq, () => net.dev_unreg_count === 0);
    graph.endWait(actor, net.unregistering);
  }
}

function* __rtnl_kill_links(k: Kernel, ops: RtnlLinkOps): MaySleep<void> {
  const kill: NetDevice[] = [];
  for (const dev of [...k.net.devices]) {
    if (dev.rtnl_link_ops === ops) yield* ops.dellink!(dev, kill);
  }
  yield* unregister_netdevice_many(kill);
}

/** Forgets a kind and unregisters its devices; waits until they are gone. */
export function* rtnl_link_unregister(k: Kernel, ops: RtnlLinkOps): MaySleep<void> {
  const { linkOps, pernet_ops_rwsem } = k.net;
  yield* down_write(pernet_ops_rwsem);
  yield* rtnl_lock_unregistering_all(k);
  yield* __rtnl_kill_links(k, ops);
  linkOps.splice(linkOps.indexOf(ops), 1);
  yield* rtnl_unlock(k);
  yield* up_write(pernet_ops_rwsem);
}
