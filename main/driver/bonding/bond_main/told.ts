// What a bond is made of, told to the trace for pictures: no part of the real module. Netdevs have
// the names of their references, which follow a rename.

import { K } from '#trace/kinds.ts';
import type { bonding, slave } from '../bonding.ts';
import { valueName } from '../bond_options/table.ts';

export function tellMode({ k, dev, params }: bonding): void {
  k.trace.emit(K['bond.mode'], dev.refs.object, k.trace.intern(valueName('mode', params.mode)));
}

/** The active slave has changed; null for none. */
export function tellActive({ k, dev }: bonding, active: slave | null): void {
  k.trace.emit(K['bond.active'], dev.refs.object, active?.dev.refs.object ?? 0);
}

/** The netdev has the bond as its master from now on, or no longer. */
export function tellSlave({ bond, dev }: slave, joined: boolean): void {
  bond.k.trace.emit(K['bond.slave'], dev.refs.object, joined ? bond.dev.refs.object : 0);
}
