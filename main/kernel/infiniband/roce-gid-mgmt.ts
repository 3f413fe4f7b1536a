// RoCE GIDs follow the netdevs (core/roce_gid_mgmt.c): every netdev event, and every address that
// comes or goes, becomes a work on the ordered queue `gid-cache-wq`, which holds the netdevs
// concerned until it has run. A netdev that is being unregistered therefore waits for that queue,
// and for the GIDs that hold it.
// Left out: IPv6 addresses other than the link-local default GID, VLAN devices.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { down_read, up_read } from '../locking/rwsem.ts';
import {
  NETDEV_BONDING_FAILOVER,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEUPPER,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  netdev_cmd_to_name,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from '../net/events.ts';
import { ARPHRD_ETHER } from '../net/flags.ts';
import type { InIfaddr } from '../net/inetdev.ts';
import { dev_hold, dev_put } from '../net/netdevice.ts';
import type { NetDevice } from '../net/netdevice.ts';
import type { NetdevNotifierInfo } from '../net/notifier.ts';
import { rtnl_lock, rtnl_unlock } from '../net/rtnetlink.ts';
import { NOTIFY_DONE } from '../notifier.ts';
import type { Kernel } from '../kernel.ts';
import { currentActor } from '../sched.ts';
import { INIT_WORK, queue_work } from '../workqueue.ts';
import {
  ib_cache_gid_add,
  ib_cache_gid_del,
  ib_cache_gid_del_all_netdev_gids,
  ib_cache_gid_set_default_gid,
} from './gid-cache.ts';
import { ipv4Gid } from './gid-table.ts';
import { opsOf, rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import { IB_GID_TYPE_SIZE } from './ib-verbs.ts';
import { rdma_protocol_roce, roce_gid_type_mask_support } from './port.ts';
import {
  allUppers,
  is_eth_active_slave_of_bonding_rcu,
  is_eth_port_inactive_slave_filter,
  is_eth_port_of_netdev_filter,
  is_ndev_for_default_gid_filter,
  is_upper_ndev_bond_master_filter,
  pass_all_filter,
  upper_device_filter,
} from './roce-filter.ts';
import type { RoceFilter } from './roce-filter.ts';

/** What is done to a port whose netdev passed the filter; `cookie` is the netdev of the event. */
type RoceCallback = (
  device: IbDevice,
  port: number,
  rdmaNdev: NetDevice | null,
  cookie: NetDevice,
) => MaySleep<void>;

/** struct netdev_event_work_cmd. */
interface RoceCommand {
  readonly cb: RoceCallback;
  readonly filter: RoceFilter;
  /** Netdev that the callback gets, and the filter; the one of the event unless given. */
  readonly ndev?: NetDevice;
  readonly filter_ndev?: NetDevice;
}

/** The netdev behind a RoCE port, with a reference of the running context; null while it dies. */
function* ib_device_get_netdev(device: IbDevice, port: number): Atomic<NetDevice | null> {
  const found = yield* opsOf(device, 'get_netdev').get_netdev(device, port);
  if (found === null || found.reg_state === 'registered') return found;
  yield* dev_put(found, currentActor(device.k));
  return null;
}

/** Calls `visit` for each RoCE port with its netdev, which is held meanwhile. */
function* ib_enum_roce_netdev(
  device: IbDevice,
  visit: (port: number, rdmaNdev: NetDevice | null) => MaySleep<void>,
): MaySleep<void> {
  for (const port of rdmaPorts(device)) {
    if (!rdma_protocol_roce(device, port)) continue;
    const idev = yield* ib_device_get_netdev(device, port);
    yield* visit(port, idev);
    if (idev !== null) yield* dev_put(idev, currentActor(device.k));
  }
}

/** The same for every device whose GID tables may be changed. */
function* ib_enum_all_roce_netdevs(
  k: Kernel,
  filter: RoceFilter,
  filterNdev: NetDevice,
  cb: RoceCallback,
  ndev: NetDevice,
): MaySleep<void> {
  const { devices_rwsem, devices } = k.infiniband;
  yield* down_read(devices_rwsem);
  for (const device of devices.filter((each) => each.gidUpdates)) {
    yield* ib_enum_roce_netdev(device, function* (port, rdmaNdev) {
      if (yield* filter(rdmaNdev, filterNdev)) yield* cb(device, port, rdmaNdev, ndev);
    });
  }
  yield* up_read(devices_rwsem);
}

/** Adds or deletes the GID of an IPv4 address, once for each kind that the port has. */
function* update_gid(
  device: IbDevice,
  port: number,
  address: number,
  ndev: NetDevice,
  add: boolean,
): MaySleep<void> {
  const mask = roce_gid_type_mask_support(device, port);
  for (let gid_type = 0; gid_type < IB_GID_TYPE_SIZE; gid_type++) {
    if ((mask & (1 << gid_type)) === 0) continue;
    const wanted = { gid: ipv4Gid(address), gid_type, ndev };
    if (add) yield* ib_cache_gid_add(device, port, wanted);
    else yield* ib_cache_gid_del(device, port, wanted);
  }
}

function* _add_netdev_ips(device: IbDevice, port: number, ndev: NetDevice): MaySleep<void> {
  if (ndev.reg_state !== 'uninitialized' && ndev.reg_state !== 'registered') return;
  for (const { address } of [...(ndev.ip_ptr?.addresses ?? [])]) {
    yield* update_gid(device, port, address, ndev, true);
  }
}

const add_netdev_ips: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  _add_netdev_ips(device, port, cookie);

const del_netdev_ips: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  ib_cache_gid_del_all_netdev_gids(device, port, cookie);

const add_default_gids: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  ib_cache_gid_set_default_gid(device, port, cookie, 'set');

const del_default_gids: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  ib_cache_gid_set_default_gid(device, port, cookie, 'delete');

/** Does it for the netdev and for every one above it, all held meanwhile. */
function* handle_netdev_upper(
  device: IbDevice,
  ndev: NetDevice,
  handle: (each: NetDevice) => MaySleep<void>,
): MaySleep<void> {
  const actor = currentActor(device.k);
  const uppers = allUppers(ndev);
  for (const upper of uppers) yield* dev_hold(upper, actor, 'handle_netdev_upper');
  yield* handle(ndev);
  for (const upper of uppers) {
    yield* handle(upper);
    yield* dev_put(upper, actor);
  }
}

const add_netdev_upper_ips: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  handle_netdev_upper(device, cookie, (each) => _add_netdev_ips(device, port, each));

const del_netdev_upper_ips: RoceCallback = (device, port, _rdmaNdev, cookie) =>
  handle_netdev_upper(device, cookie, (each) =>
    ib_cache_gid_del_all_netdev_gids(device, port, each),
  );

/**
 * A slave that came up without being active: its own default GIDs go when the bond has none of
 * them.
 */
function* del_netdev_default_ips_join(
  device: IbDevice,
  port: number,
  rdmaNdev: NetDevice | null,
): MaySleep<void> {
  const master = rdmaNdev?.master ?? null;
  if (rdmaNdev === null || master === null) return;
  if ((yield* is_eth_active_slave_of_bonding_rcu(rdmaNdev, master)) === 'inactive') return;
  yield* ib_cache_gid_set_default_gid(device, port, rdmaNdev, 'delete');
}

/**
 * At registration: the GIDs of every netdev that concerns a port. RTNL keeps the netdevs in place.
 */
export function* rdma_roce_rescan_device(device: IbDevice): MaySleep<void> {
  const { k } = device;
  yield* ib_enum_roce_netdev(device, function* enum_all_gids_of_dev_cb(port, rdmaNdev) {
    yield* rtnl_lock(k);
    for (const ndev of [...k.net.devices]) {
      if (yield* is_ndev_for_default_gid_filter(rdmaNdev, ndev)) {
        yield* add_default_gids(device, port, rdmaNdev, ndev);
      }
      if (yield* is_eth_port_of_netdev_filter(rdmaNdev, ndev)) {
        yield* _add_netdev_ips(device, port, ndev);
      }
    }
    yield* rtnl_unlock(k);
  });
}

function* netdevice_event_work_handler(
  k: Kernel,
  commands: readonly RoceCommand[],
  event: NetDevice,
): MaySleep<void> {
  const work = k.workqueues.executedBy(k.sim.current)!.actor;
  for (const { cb, filter, ndev = event, filter_ndev = event } of commands) {
    yield* ib_enum_all_roce_netdevs(k, filter, filter_ndev, cb, ndev);
    yield* dev_put(ndev, work);
    yield* dev_put(filter_ndev, work);
  }
}

function* netdevice_queue_work(
  commands: readonly RoceCommand[],
  event: NetDevice,
  why: string,
): Atomic<void> {
  const { k } = event;
  const number = k.infiniband.countEvent();
  const work = INIT_WORK(k, `netdevice_event_work_handler#${number} ${why} ${event.name}`, () =>
    netdevice_event_work_handler(k, commands, event),
  );
  for (const { ndev = event, filter_ndev = event } of commands) {
    yield* dev_hold(ndev, work.actor, why);
    yield* dev_hold(filter_ndev, work.actor, why);
  }
  yield* queue_work(k.infiniband.gid_cache_wq, work);
}

const add_cmd: RoceCommand = { cb: add_netdev_ips, filter: is_eth_port_of_netdev_filter };
const add_default_gid_cmd: RoceCommand = {
  cb: add_default_gids,
  filter: is_ndev_for_default_gid_filter,
};
const join_cmd: RoceCommand = {
  cb: del_netdev_default_ips_join,
  filter: is_eth_port_inactive_slave_filter,
};
const bonding_default_add_cmd: RoceCommand = {
  cb: add_default_gids,
  filter: is_upper_ndev_bond_master_filter,
};
const add_cmd_upper_ips: RoceCommand = {
  cb: add_netdev_upper_ips,
  filter: is_eth_port_of_netdev_filter,
};

function changeUpperCommands(info: NetdevNotifierInfo): RoceCommand[] {
  const upper = info.upper_dev;
  if (upper === undefined) return [];
  if (info.linking !== true) {
    return [{ cb: del_netdev_upper_ips, filter: upper_device_filter, ndev: upper }, add_cmd];
  }
  return [
    { cb: del_default_gids, filter: is_upper_ndev_bond_master_filter, filter_ndev: upper },
    { ...bonding_default_add_cmd, ndev: upper, filter_ndev: upper },
    { ...add_cmd_upper_ips, ndev: upper, filter_ndev: upper },
  ];
}

/** What an event asks for; nothing for most. */
function commandsFor(event: number, info: NetdevNotifierInfo): RoceCommand[] {
  const ndev = info.dev;
  switch (event) {
    case NETDEV_REGISTER:
    case NETDEV_UP:
      return [join_cmd, add_default_gid_cmd, add_cmd];
    case NETDEV_UNREGISTER:
      if (ndev.reg_state === 'unregistered' || ndev.reg_state === 'released') return [];
      return [{ cb: del_netdev_ips, filter: pass_all_filter }];
    case NETDEV_CHANGEADDR: {
      const remove = { cb: del_netdev_ips, filter: is_eth_port_of_netdev_filter };
      return ndev.reg_state === 'registered' ? [remove, add_default_gid_cmd, add_cmd] : [remove];
    }
    case NETDEV_CHANGEUPPER:
      return changeUpperCommands(info);
    case NETDEV_BONDING_FAILOVER:
      return [
        { cb: del_netdev_upper_ips, filter: upper_device_filter },
        bonding_default_add_cmd,
        add_cmd_upper_ips,
      ];
    default:
      return [];
  }
}

/** The core's block on the netdev chain, under RTNL: it only queues. */
export function* netdevice_event(event: number, info: NetdevNotifierInfo): MaySleep<number> {
  if (info.dev.type !== ARPHRD_ETHER) return NOTIFY_DONE;
  const commands = commandsFor(event, info);
  if (commands.length > 0) {
    yield* netdevice_queue_work(commands, info.dev, netdev_cmd_to_name(event));
  }
  return NOTIFY_DONE;
}

/** The core's block on the chain of IPv4 addresses: one came (UP) or went (DOWN). */
export function* inetaddr_event(event: number, ifa: InIfaddr): MaySleep<number> {
  const { dev } = ifa.in_dev;
  const known = event === NETDEV_UP || event === NETDEV_DOWN;
  if (!known || dev.type !== ARPHRD_ETHER) return NOTIFY_DONE;
  const add = event === NETDEV_UP;
  const { address } = ifa;
  const cb: RoceCallback = (device, port) => update_gid(device, port, address, dev, add);
  const command = { cb, filter: is_eth_port_of_netdev_filter };
  yield* netdevice_queue_work([command], dev, add ? 'address added' : 'address deleted');
  return NOTIFY_DONE;
}
