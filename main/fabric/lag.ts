// LAGs of a switch, as configured: static, or by LACP. The choice of mode is the administrator's;
// the two sides must agree, and a static LAG against a bond in another mode loses or doubles
// traffic here as it does on a real switch.

import type { HashPolicy } from './hash.ts';
import type { LacpGroup } from './lacp-group.ts';

/** How a LAG comes about: without talking, or by LACP that speaks first or only answers. */
export type LagMode = 'static' | 'active' | 'passive';

/** A LAG, as configured. */
export interface LagSpec {
  /** 1 to 999. */
  readonly id: number;
  readonly ports: readonly number[];
  /** `active` unless given. */
  readonly mode?: LagMode;
  /** What the partner is asked for: a LACPDU each second or each 30; `slow` unless given. */
  readonly rate?: 'slow' | 'fast';
  /** `layer2+3` unless given. */
  readonly hash?: HashPolicy;
}

/** A LAG in force. */
export interface Lag {
  readonly spec: LagSpec;
  readonly hash: HashPolicy;
  /** Null for a static LAG. */
  readonly lacp: LacpGroup | null;
}

/** Throws RangeError for a LAG that a switch with `portsCount` ports cannot have. */
export function checkLag(spec: LagSpec, portsCount: number): void {
  if (!Number.isInteger(spec.id) || spec.id < 1 || spec.id > 999) {
    throw new RangeError(`LAG ${spec.id}: the number is from 1 to 999`);
  }
  const bad = (port: number) => !Number.isInteger(port) || port < 1 || port > portsCount;
  if (spec.ports.length === 0 || spec.ports.some(bad)) {
    throw new RangeError(`LAG ${spec.id}: ports ${spec.ports.join(', ')} of 1 to ${portsCount}`);
  }
  if (new Set(spec.ports).size !== spec.ports.length) {
    throw new RangeError(`LAG ${spec.id}: a port is named twice`);
  }
}
