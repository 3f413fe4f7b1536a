// Offload features (net/core/dev.c: __netdev_update_features): what user space wants, cut down by
// the driver, by dependencies between features and by devices above; then set by the driver. RTNL
// is held.

import type { MaySleep } from '#sim/task.ts';
import { NETDEV_FEAT_CHANGE } from './events.ts';
import {
  netdev_features_strings,
  NETIF_F_IP_CSUM,
  NETIF_F_LRO,
  NETIF_F_RXFCS,
  NETIF_F_SG,
  NETIF_F_TSO,
} from './flags.ts';
import { netdev_err } from './netdev-log.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers } from './notifier.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';

/** Features that a device loses when a device above does not want them. */
const NETIF_F_UPPER_DISABLES = NETIF_F_LRO;

/** Takes away what needs something that is not there. */
function netdev_fix_features(features: number): number {
  let fixed = features;
  const tsoWorks = (fixed & NETIF_F_SG) !== 0 && (fixed & NETIF_F_IP_CSUM) !== 0;
  if (!tsoWorks) fixed &= ~NETIF_F_TSO;
  if ((fixed & NETIF_F_RXFCS) !== 0) fixed &= ~NETIF_F_LRO;
  return fixed;
}

/** What the device is to have now. */
function wantedFeatures(dev: NetDevice): number {
  let features = (dev.features & ~dev.hw_features) | dev.wanted_features;
  if (dev.ops.ndo_fix_features !== undefined) features = dev.ops.ndo_fix_features(dev, features);
  features = netdev_fix_features(features);
  for (const { dev: upper } of dev.upper) {
    features &= ~(NETIF_F_UPPER_DISABLES & ~upper.wanted_features);
  }
  return features;
}

/** Devices below lose what this one does not have. */
function* netdev_sync_lower_features(upper: NetDevice, features: number): MaySleep<void> {
  for (const { dev: lower } of upper.lower) {
    const surplus = lower.features & NETIF_F_UPPER_DISABLES & ~features;
    if (surplus === 0) continue;
    lower.wanted_features &= ~surplus;
    yield* __netdev_update_features(lower);
    yield* netdev_features_change(lower);
  }
}

/** True when something changed, or may have. */
export function* __netdev_update_features(dev: NetDevice): MaySleep<boolean> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (9812)');
  const features = wantedFeatures(dev);
  const changed = dev.features !== features;
  if (changed && dev.ops.ndo_set_features !== undefined) {
    const err = yield* dev.ops.ndo_set_features(dev, features);
    if (err < 0) {
      const hex = (bits: number): string => `0x${bits.toString(16).padStart(16, '0')}`;
      const sets = `wanted ${hex(features)}, left ${hex(dev.features)}`;
      netdev_err(dev, `set_features() failed (${err}); ${sets}`);
      return true;
    }
  }
  yield* netdev_sync_lower_features(dev, features);
  if (changed) dev.features = features;
  return changed;
}

export function* netdev_features_change(dev: NetDevice): MaySleep<void> {
  yield* call_netdevice_notifiers(NETDEV_FEAT_CHANGE, dev);
}

/** Works the features out again; tells the chain when they changed. */
export function* netdev_update_features(dev: NetDevice): MaySleep<void> {
  if (yield* __netdev_update_features(dev)) yield* netdev_features_change(dev);
}

/** Works the features out again and tells the chain in any case. */
export function* netdev_change_features(dev: NetDevice): MaySleep<void> {
  yield* __netdev_update_features(dev);
  yield* netdev_features_change(dev);
}

/** Names of the features in a set, as `ethtool -k` prints them. */
export const featureNames = (features: number): string[] =>
  netdev_features_strings.filter((_, bit) => (features & (1 << bit)) !== 0);
