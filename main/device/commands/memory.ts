// Memory region commands (facts/device 4.2, 6.6). The entry lives in the ICM, where mlx4_ib edits
// it in place before SYNC_TPT; the card keeps a decoded copy.

import { MLX4_MPT_STATUS_HW, MLX4_MPT_STATUS_SW, mptEntry, mptEntryBytes } from '#prm/contexts.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { hasGoodPages, regionOf } from '../memory-regions.ts';
import type { MemoryRegion } from '../memory-regions.ts';

const icmAddress = (hca: Hca, slot: number): number =>
  hca.tables.dmpt + slot * hca.options.entrySizes.dmpt;

/** Reads an entry out of the ICM. Refuses when its page is not there. */
function readEntry(hca: Hca, slot: number): Uint8Array {
  const entry = new Uint8Array(mptEntryBytes);
  demand(hca.icm.read(icmAddress(hca, slot), entry), 'ICM_ERROR', 'dMPT is not mapped');
  return entry;
}

/** True when the entry's key belongs to its slot. */
const isOf = (hca: Hca, region: MemoryRegion): boolean =>
  (region.key & hca.regions.slotMask) >>> 0 === region.index;

export function createRegion(hca: Hca, command: Command): void {
  const { inModifier: slot } = command;
  const { bySlot, givenBack } = hca.regions;
  demand(slot < 2 ** hca.tables.logMpts, 'BAD_INDEX', `MPT ${slot}`);
  demand(!bySlot.has(slot), 'BAD_RES_STATE', `MPT ${slot} is in use`);
  const entry = command.input.slice(0, mptEntryBytes);
  const status = mptEntry.get(entry, 'status');
  demand(status === MLX4_MPT_STATUS_SW, 'BAD_RES_STATE', 'the entry is not owned by software');
  demand(mptEntry.get(entry, 'region'), 'BAD_PARAM', 'memory windows are not modelled');
  const region = regionOf(slot, entry);
  demand(isOf(hca, region), 'BAD_PARAM', `key 0x${region.key.toString(16)} in slot ${slot}`);
  demand(hasGoodPages(region), 'BAD_SIZE', `pages of 2^${region.logPageBytes} bytes`);
  mptEntry.set(entry, 'status', MLX4_MPT_STATUS_HW);
  demand(hca.icm.write(icmAddress(hca, slot), entry), 'ICM_ERROR', 'dMPT is not mapped');
  bySlot.set(slot, region);
  givenBack.delete(slot);
}

export function queryRegion(hca: Hca, command: Command): void {
  const { inModifier: slot } = command;
  demand(hca.regions.bySlot.has(slot), 'BAD_RES_STATE', `MPT ${slot} is not in use`);
  command.answer(readEntry(hca, slot));
}

/** Opcode modifier 0 gives the entry back in a mailbox, 1 does not. */
export function destroyRegion(hca: Hca, command: Command): void {
  const { inModifier: slot } = command;
  demand(hca.regions.bySlot.delete(slot), 'BAD_RES_STATE', `MPT ${slot} is not in use`);
  hca.regions.givenBack.add(slot);
  const entry = readEntry(hca, slot);
  mptEntry.set(entry, 'status', MLX4_MPT_STATUS_SW);
  demand(hca.icm.write(icmAddress(hca, slot), entry), 'ICM_ERROR', 'dMPT is not mapped');
  if (command.opModifier === 0) command.answer(entry);
}

/**
 * Looks again at every region, and at every slot that was given back: mlx4_ib edits such an entry
 * in place and hands it over by writing the hardware's status.
 */
export function syncTables(hca: Hca): void {
  const { bySlot, givenBack } = hca.regions;
  for (const slot of [...bySlot.keys(), ...givenBack]) {
    const entry = new Uint8Array(mptEntryBytes);
    if (!hca.icm.read(icmAddress(hca, slot), entry)) continue;
    if (mptEntry.get(entry, 'status') !== MLX4_MPT_STATUS_HW) continue;
    const region = regionOf(slot, entry);
    if (!isOf(hca, region) || !hasGoodPages(region)) continue;
    bySlot.set(slot, region);
    givenBack.delete(slot);
  }
}
