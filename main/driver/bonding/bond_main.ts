// The module bonding (bond_main.c: bonding_init, bonding_exit; facts/driver 10.10): its parameters,
// and how it is loaded and unloaded. By default loading makes bond0 (max_bonds 1); the bonds die
// with the module.

import { remove_proc_entry } from '#kernel/fs/procfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { Module, ModuleDefinition } from '#kernel/module.ts';
import type { ModuleParams, ParamDefinition } from '#kernel/module-params.ts';
import {
  register_netdevice_notifier,
  unregister_netdevice_notifier,
} from '#kernel/net/notifier.ts';
import type { NetdevNotifierBlock } from '#kernel/net/notifier.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { rtnl_link_register, rtnl_link_unregister } from '#kernel/net/rtnl-link-ops.ts';
import type { RtnlLinkOps } from '#kernel/net/rtnl-link-ops.ts';
import { unregister_netdevice_many } from '#kernel/net/unregister.ts';
import type { MaySleep } from '#sim/task.ts';
import type { DriverVariant } from '../variant.ts';
import { bond_netdev_notifier } from './bond_main/netdev-event.ts';
import { bond_check_params } from './bond_main/params.ts';
import { bond_create } from './bond_main/setup.ts';
import { bond_link_ops } from './bond_netlink.ts';
import { bond_create_sysfs, bond_destroy_sysfs } from './bond_sysfs.ts';
import { DRV_DESCRIPTION, DRV_NAME } from './bonding.ts';
import type { bond_params, bonding_module } from './bonding.ts';
import { RateLimit } from './ratelimit.ts';

const parameter = (
  name: string,
  type: ParamDefinition['type'],
  value: string,
  description: string,
  mode = 0,
): ParamDefinition => ({ name, type, value, mode, description });

const notifications = 'Number of peer notifications to send on failover event';

const parameters: readonly ParamDefinition[] = [
  parameter('max_bonds', 'int', '1', 'Max number of bonded devices'),
  parameter('tx_queues', 'int', '16', 'Max number of transmit queues (default = 16)'),
  parameter('num_grat_arp', 'int', '1', `${notifications} (alias of num_unsol_na)`, 0o644),
  parameter('num_unsol_na', 'int', '1', `${notifications} (alias of num_grat_arp)`, 0o644),
  parameter('miimon', 'int', '0', 'Link check interval in milliseconds'),
  parameter('updelay', 'int', '0', 'Delay before considering link up, in milliseconds'),
  parameter('downdelay', 'int', '0', 'Delay before considering link down, in milliseconds'),
  parameter(
    'use_carrier',
    'int',
    '1',
    'Use netif_carrier_ok (vs MII ioctls) in miimon; 0 for off, 1 for on (default)',
  ),
  parameter(
    'mode',
    'charp',
    '',
    'Mode of operation; 0 for balance-rr, 1 for active-backup, 2 for balance-xor, ' +
      '3 for broadcast, 4 for 802.3ad, 5 for balance-tlb, 6 for balance-alb',
  ),
  parameter('primary', 'charp', '', 'Primary network device to use'),
  parameter(
    'primary_reselect',
    'charp',
    '',
    'Reselect primary slave once it comes up; 0 for always (default), 1 for only if speed of ' +
      'primary is better, 2 for only on active slave failure',
  ),
  parameter(
    'lacp_rate',
    'charp',
    '',
    'LACPDU tx rate to request from 802.3ad partner; 0 for slow, 1 for fast',
  ),
  parameter(
    'ad_select',
    'charp',
    '',
    '802.3ad aggregation selection logic; 0 for stable (default), 1 for bandwidth, 2 for count',
  ),
  parameter('min_links', 'int', '0', 'Minimum number of available links before turning on carrier'),
  parameter(
    'xmit_hash_policy',
    'charp',
    '',
    'balance-alb, balance-tlb, balance-xor, 802.3ad hashing method; 0 for layer 2 (default), ' +
      '1 for layer 3+4, 2 for layer 2+3, 3 for encap layer 2+3, 4 for encap layer 3+4, ' +
      '5 for vlan+srcmac',
  ),
  parameter('arp_interval', 'int', '0', 'arp interval in milliseconds'),
  parameter('arp_ip_target', 'charp', '', 'arp targets in n.n.n.n form'),
  parameter(
    'arp_validate',
    'charp',
    '',
    'validate src/dst of ARP probes; 0 for none (default), 1 for active, 2 for backup, 3 for all',
  ),
  parameter(
    'arp_all_targets',
    'charp',
    '',
    'fail on any/all arp targets timeout; 0 for any (default), 1 for all',
  ),
  parameter(
    'fail_over_mac',
    'charp',
    '',
    'For active-backup, do not set all slaves to the same MAC; 0 for none (default), 1 for ' +
      'active, 2 for follow',
  ),
  parameter(
    'all_slaves_active',
    'int',
    '0',
    'Keep all frames received on an interface by setting active flag for all slaves; 0 for never ' +
      '(default), 1 for always.',
  ),
  parameter('resend_igmp', 'int', '1', 'Number of IGMP membership reports to send on link failure'),
  parameter(
    'packets_per_slave',
    'int',
    '1',
    'Packets to send per slave in balance-rr mode; 0 for a random slave, 1 packet per slave ' +
      '(default), >1 packets per slave.',
  ),
  parameter(
    'lp_interval',
    'uint',
    '1',
    'The number of seconds between instances where the bonding driver sends learning packets to ' +
      'each slaves peer switch. The default is 1.',
  ),
  // Every module has it, by dynamic debug: `dyndbg=+p` lets the debug lines of bonding through.
  parameter('dyndbg', 'charp', '', 'Debug lines of this module'),
];

/** The state of a module that is being loaded. */
const newState = (k: Kernel, params: ModuleParams, module: Module): bonding_module => ({
  k,
  module,
  params,
  bonding_defaults: {} as bond_params,
  tx_queues: 0,
  dev_list: [],
  netRatelimit: new RateLimit(k, 'net_ratelimit'),
  dynamicDebug: /[+=]\w*p/.test(params.text('dyndbg')),
  unknownSpeedPrinted: false,
});

/** Files, and bonds that were made while the kind was being taken away. */
function* bond_net_exit_batch(state: bonding_module): MaySleep<void> {
  const { k } = state;
  yield* bond_destroy_sysfs(state);
  yield* rtnl_lock(k);
  yield* unregister_netdevice_many(state.dev_list.map((bond) => bond.dev));
  yield* rtnl_unlock(k);
  remove_proc_entry(k, `net/${DRV_NAME}`);
}

function* bonding_init(
  state: bonding_module,
  ops: RtnlLinkOps,
  notifier: NetdevNotifierBlock,
): MaySleep<number> {
  const { k } = state;
  const checked = bond_check_params(k, state.params);
  if (typeof checked === 'number') return checked;
  state.bonding_defaults = checked.defaults;
  state.tx_queues = checked.tx_queues;
  k.vfs.directory(`/proc/net/${DRV_NAME}`);
  bond_create_sysfs(state, (name) => bond_create(state, name, ops));
  let err = yield* rtnl_link_register(k, ops);
  if (err !== 0) {
    yield* bond_net_exit_batch(state);
    return err;
  }
  for (let count = 0; err === 0 && count < checked.max_bonds; count++) {
    err = yield* bond_create(state, null, ops);
  }
  if (err !== 0) {
    yield* rtnl_link_unregister(k, ops);
    yield* bond_net_exit_batch(state);
    return err;
  }
  yield* register_netdevice_notifier(k, notifier);
  return 0;
}

function* bonding_exit(
  state: bonding_module,
  ops: RtnlLinkOps,
  notifier: NetdevNotifierBlock,
): MaySleep<void> {
  yield* unregister_netdevice_notifier(state.k, notifier);
  yield* rtnl_link_unregister(state.k, ops);
  yield* bond_net_exit_batch(state);
}

/** The module as the machine's module table takes it. */
export const moduleDefinition: ModuleDefinition<DriverVariant> = {
  name: DRV_NAME,
  description: DRV_DESCRIPTION,
  depends: [],
  aliases: ['rtnl-link-bond'],
  params: parameters,
  sizeBytes: 217_088,
  create(k, params, _variant, module) {
    const state = newState(k, params, module);
    const ops = bond_link_ops(state);
    const notifier = bond_netdev_notifier();
    return {
      init: () => bonding_init(state, ops, notifier),
      exit: () => bonding_exit(state, ops, notifier),
    };
  },
};
