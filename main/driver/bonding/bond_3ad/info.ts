// What others ask of 802.3ad (bond_3ad.c: bond_3ad_get_active_agg_info): the active aggregator, for
// /proc, sysfs and the array of usable slaves. Reads without mode_lock, under RCU, as the kernel
// does for /proc.

import { bond_slaves } from '../bonding.ts';
import type { bonding } from '../bonding.ts';
import { __agg_active_ports, SLAVE_AD_INFO } from './ad.ts';

/** struct ad_info. */
export interface ad_info {
  readonly aggregator_id: number;
  readonly ports: number;
  readonly actor_key: number;
  readonly partner_key: number;
  /** A MAC as a number. */
  readonly partner_system: number;
}

/** The aggregator that is active and has a port, or null. */
export function bond_3ad_get_active_agg_info(bond: bonding): ad_info | null {
  for (const slave of bond_slaves(bond)) {
    const agg = SLAVE_AD_INFO(slave).port.aggregator;
    if (agg?.is_active !== true) continue;
    return {
      aggregator_id: agg.aggregator_identifier,
      ports: __agg_active_ports(agg),
      actor_key: agg.actor_oper_aggregator_key,
      partner_key: agg.partner_oper_aggregator_key,
      partner_system: agg.partner_system,
    };
  }
  return null;
}
