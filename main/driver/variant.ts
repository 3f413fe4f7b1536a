// Driver variants (design section 8, facts/driver 0.2, 4.4, 4.5): a set of switches, not copies of
// the driver. "Before the series" is v6.1, "as merged" is v6.6; `naive` is what the patches warn of
// and was never released. A preset and switches can be combined: `v6.1+bond-locks-intf`.

import type { KernelProfile } from '#kernel/kernel.ts';

/** What the modules ask of the variant. */
export interface DriverVariant {
  /** The kernel under the driver, where the two trees differ. */
  readonly profile: KernelProfile;
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
  profile: '6.1',
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
  'v6.6': {
    ...naive,
    profile: '6.12',
    bondWork: 'mlx4_core',
    bondWorkHolds: 'pci',
    bondWorkQueue: 'mlx4',
  },
} as const satisfies Record<string, DriverVariant>;

/** Name of a preset. */
export type VariantPreset = keyof typeof variantPresets;

/** Single switches, by the name that is put behind a preset with `+`. */
export const variantSwitches = {
  'interfaces-list': { interfaces: 'list' },
  'interfaces-auxiliary': { interfaces: 'auxiliary' },
  'bond-locks-intf': { bondLocksIntf: true },
  'bond-skips-intf': { bondLocksIntf: false },
  'bond-work-en': { bondWork: 'mlx4_en' },
  'bond-work-core': { bondWork: 'mlx4_core' },
  'hold-netdev': { bondWorkHolds: 'netdev' },
  'hold-pci': { bondWorkHolds: 'pci' },
  'hold-none': { bondWorkHolds: 'none' },
  'queue-mlx4_en': { bondWorkQueue: 'mlx4_en' },
  'queue-mlx4': { bondWorkQueue: 'mlx4' },
  'queue-system_unbound': { bondWorkQueue: 'system_unbound' },
  'unregister-early': { netdevNotifierUnregister: 'early' },
  'unregister-late': { netdevNotifierUnregister: 'late' },
  'events-callback': { eventDelivery: 'callback' },
  'events-chain': { eventDelivery: 'chain' },
  'kernel-6.1': { profile: '6.1' },
  'kernel-6.12': { profile: '6.12' },
} as const satisfies Record<string, Partial<DriverVariant>>;

/** Name of a switch. */
export type VariantSwitch = keyof typeof variantSwitches;

const isPreset = (name: string): name is VariantPreset => Object.hasOwn(variantPresets, name);
const isSwitch = (name: string): name is VariantSwitch => Object.hasOwn(variantSwitches, name);

/** What a driver with these switches could not be built from, or null. */
function contradiction(variant: DriverVariant): string | null {
  if (variant.interfaces === 'auxiliary' && variant.eventDelivery === 'callback') {
    return 'an auxiliary driver has no event callback: add events-chain';
  }
  if (variant.bondWork === 'mlx4_en') return null;
  if (variant.bondWorkHolds === 'netdev') {
    return 'mlx4_core knows no netdev: add hold-pci or hold-none';
  }
  if (variant.bondWorkQueue === 'mlx4_en') {
    return "mlx4_core cannot reach mlx4_en's queue: add queue-mlx4 or queue-system_unbound";
  }
  return null;
}

function combine(name: string): DriverVariant | string {
  const [preset = '', ...switches] = name.split('+');
  if (!isPreset(preset)) {
    return `begin with one of ${Object.keys(variantPresets).join(', ')}`;
  }
  let variant: DriverVariant = variantPresets[preset];
  for (const each of switches) {
    if (!isSwitch(each)) {
      return `behind a + comes one of ${Object.keys(variantSwitches).join(', ')}`;
    }
    variant = { ...variant, ...variantSwitches[each] };
  }
  return contradiction(variant) ?? variant;
}

/** Why a variant's name cannot be used and what to write instead; null for a good one. */
export function variantMend(name: string): string | null {
  const found = combine(name);
  return typeof found === 'string' ? found : null;
}

/** The switches behind a name such as `naive` or `v6.1+bond-locks-intf`. Throws RangeError. */
export function parseVariant(name: string): DriverVariant {
  const found = combine(name);
  if (typeof found === 'string') throw new RangeError(`variant ${name}: ${found}`);
  return found;
}
