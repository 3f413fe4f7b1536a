// Every object needs pages of the ICM for its context and its side tables (facts/device 11.3); the
// driver maps them before it hands the object over.

import { demand } from '../command.ts';
import type { Hca } from '../hca.ts';
import { entriesOf } from '../icm-tables.ts';
import type { ContextKind } from '../icm-tables.ts';

/** Refuses with ICM_ERROR when a page that the object in this slot needs is not mapped. */
export function demandMapped(hca: Hca, kind: ContextKind, slot: number): void {
  for (const [name, address] of entriesOf(hca.tables, hca.options.entrySizes, kind, slot)) {
    demand(hca.icm.translate(address) >= 0, 'ICM_ERROR', `${name} of ${slot} is not mapped`);
  }
}
