// The life of a struct slave (bond_main.c: bond_alloc_slave, slave_kobj_release; facts/driver 10.3,
// 10.4): its kobject `bonding_slave` below the netdev's directory, its notify work, its end. The
// last reference waits for the notify work, in the context that gives it back.

import { sysfs_create_dir, sysfs_remove_dir } from '#kernel/fs/sysfs.ts';
import type { KernfsNode } from '#kernel/fs/kernfs.ts';
import { zeroStats } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { cancel_delayed_work_sync, INIT_DELAYED_WORK } from '#kernel/workqueue.ts';
import { Shared } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { newAdSlaveInfo } from '../bond_3ad/bind.ts';
import {
  BOND_LINK_NOCHANGE,
  BOND_LINK_UP,
  BOND_MAX_ARP_TARGETS,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_STATE_ACTIVE,
  DRV_NAME,
  DUPLEX_UNKNOWN,
  SPEED_UNKNOWN,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import { bond_netdev_notify_work } from './notify.ts';

/** Makes the directory. Null when its name is taken. */
function bond_kobj_init(slave_dev: NetDevice): KernfsNode | null {
  const parent = slave_dev.dev?.kobj ?? null;
  const kobj = parent === null ? -1 : sysfs_create_dir(parent, 'bonding_slave');
  return typeof kobj === 'number' ? null : kobj;
}

/** A slave that is not in the bond yet; null when its directory cannot be made. */
export function bond_alloc_slave(bond: bonding, slave_dev: NetDevice): slave | null {
  const { k } = bond;
  // As if the slave had just been silent for one interval of the ARP monitor.
  const silentSince = k.jiffies - msecs_to_jiffies(k, bond.params.arp_interval) - 1;
  const kobj = bond_kobj_init(slave_dev);
  if (kobj === null) return null;
  const name = `${slave_dev.name} of ${bond.dev.name}`;
  const slave: slave = {
    dev: slave_dev,
    bond,
    delay: 0,
    last_link_up: 0,
    last_tx: silentSince,
    last_rx: silentSince,
    target_last_arp_rx: new Array<number>(BOND_MAX_ARP_TARGETS).fill(silentSince),
    link: new Shared(k.sim, `slave->link(${name})`, BOND_LINK_UP),
    link_new_state: BOND_LINK_NOCHANGE,
    backup: new Shared(k.sim, `slave->backup(${name})`, BOND_STATE_ACTIVE),
    inactive: false,
    rx_disabled: false,
    should_notify: false,
    should_notify_link: false,
    duplex: DUPLEX_UNKNOWN,
    speed: SPEED_UNKNOWN,
    original_mtu: slave_dev.mtu,
    link_failure_count: 0,
    queue_id: 0,
    perm_hwaddr: slave_dev.dev_addr.slice(),
    prio: 0,
    ad_info: BOND_MODE(bond) === BOND_MODE_8023AD ? newAdSlaveInfo(bond) : null,
    notify_work: INIT_DELAYED_WORK(
      k,
      `bond_netdev_notify_work(${name})`,
      () => bond_netdev_notify_work(slave),
      { module: DRV_NAME },
    ),
    kobj,
    slave_stats: zeroStats(),
  };
  return slave;
}

function* slave_kobj_release(slave: slave): MaySleep<void> {
  yield* cancel_delayed_work_sync(slave.notify_work);
  slave.ad_info = null;
}

/** kobject_put() of the only reference: the directory goes, then the slave. */
export function* kobject_put(slave: slave): MaySleep<void> {
  if (slave.kobj !== null) yield* sysfs_remove_dir(slave.kobj);
  slave.kobj = null;
  yield* slave_kobj_release(slave);
}
