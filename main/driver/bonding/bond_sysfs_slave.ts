// /sys/class/net/<slave>/bonding_slave/ (bond_sysfs_slave.c; facts/driver 10.10): read-only views
// of a slave, made when it joins and removed when it leaves, before the slave itself.

import { formatMacAt } from '#bus/mac.ts';
import { sysfs_create_file, sysfs_remove_file_ns } from '#kernel/fs/sysfs.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { port } from './bond_3ad/ad.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slave_link_status,
  BOND_STATE_ACTIVE,
} from './bonding.ts';
import type { slave } from './bonding.ts';

type Show = (slave: slave) => Atomic<string | number>;

/** The slave's port while it is in an aggregator, else null. */
function aggregatedPort(slave: slave): port | null {
  if (BOND_MODE(slave.bond) !== BOND_MODE_8023AD) return null;
  const port = slave.ad_info?.port;
  return port === undefined || port.aggregator === null ? null : port;
}

/** A file about the slave's port; `N/A` without one. */
const ofPort = (value: (port: port) => number): Show =>
  function* showPort(slave) {
    const port = aggregatedPort(slave);
    return port === null ? 'N/A' : value(port);
  };

const attributes: readonly (readonly [name: string, show: Show])[] = [
  [
    'state',
    function* state_show(slave) {
      return (yield* slave.backup.read()) === BOND_STATE_ACTIVE ? 'active' : 'backup';
    },
  ],
  [
    'mii_status',
    function* mii_status_show(slave) {
      return bond_slave_link_status(yield* slave.link.read());
    },
  ],
  [
    'link_failure_count',
    function* link_failure_count_show(slave) {
      return slave.link_failure_count;
    },
  ],
  [
    'perm_hwaddr',
    function* perm_hwaddr_show(slave) {
      return formatMacAt(slave.perm_hwaddr);
    },
  ],
  [
    'queue_id',
    function* queue_id_show(slave) {
      return slave.queue_id;
    },
  ],
  ['ad_aggregator_id', ofPort((port) => port.aggregator?.aggregator_identifier ?? 0)],
  ['ad_actor_oper_port_state', ofPort((port) => port.actor_oper_port_state)],
  ['ad_partner_oper_port_state', ofPort((port) => port.partner_oper.port_state)],
];

/** Makes the files. 0 or a negative error. */
export function bond_sysfs_slave_add(slave: slave): number {
  if (slave.kobj === null) return 0;
  for (const [name, show] of attributes) {
    const err = sysfs_create_file(slave.kobj, {
      name,
      mode: 0o444,
      show: function* showAttribute() {
        return `${yield* show(slave)}\n`;
      },
    });
    if (err !== 0) return err;
  }
  return 0;
}

/** Removes the files; waits until nobody reads them. */
export function* bond_sysfs_slave_del(slave: slave): MaySleep<void> {
  if (slave.kobj === null) return;
  for (const [name] of attributes) yield* sysfs_remove_file_ns(slave.kobj, name);
}
