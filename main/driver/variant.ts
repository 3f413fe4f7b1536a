// Driver variants (design section 8, facts/driver 0.2, 4.4, 4.5): a set of switches, not copies of the
// driver. "Before the series" is v6.1, "as merged" is v6.6; `naive` is what the patches warn of and was
// never released. Switches can be combined: `v6.1+bond-locks-intf`.

/** What the modules ask of the variant. */
export interface DriverVariant {
  /** How mlx4_en and mlx4_ib bind to a card. */
  readonly interfaces: 'list' | 'auxiliary';
  /** mlx4_do_bond() takes intf_mutex around its walk over the interfaces. */
  readonly bondLocksIntf: boolean;
  /** Module that owns the bond work. */
  readonly bondWork: 'mlx4_en' | 'mlx4_core';
  /** What a queued bond work holds a reference of. */
  readonly bondWorkHolds: 'netdev' | 'pci' | 'none';
  readonly bondWorkQueue: 'mlx4_en' | 'mlx4' | 'system_unbound';
  /** When mlx4_en_remove() drops its netdev notifier. */
  readonly netdevNotifierUnregister: 'late' | 'early';
  /** How device events reach the parts. */
  readonly eventDelivery: 'callback' | 'chain';
}

const before: DriverVariant = {
  interfaces: 'list',
  bondLocksIntf: false,
  bondWork: 'mlx4_en',
  bondWorkHolds: 'netdev',
  bondWorkQueue: 'mlx4_en',
  netdevNotifierUnregister: 'late',
  eventDelivery: 'callback',
};

const naive: DriverVariant = {
  ...before,
  interfaces: 'auxiliary',
  bondLocksIntf: true,
  eventDelivery: 'chain',
};

/** The named variants. */
export const variantPresets = {
  'v6.1': before,
  naive,
  'early-unregister': { ...naive, netdevNotifierUnregister: 'early' },
  'v6.6': { ...naive, bondWork: 'mlx4_core', bondWorkHolds: 'pci', bondWorkQueue: 'mlx4' },
} as const satisfies Record<string, DriverVariant>;

/** Name of a preset. */
export type VariantPreset = keyof typeof variantPresets;
