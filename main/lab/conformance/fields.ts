// What two drivers write into the mailbox of the same command, field by field. Addresses of host
// memory are left out; all else that differs is a fault of ours, or has a reason.

import type { CommandRecord } from '#device/command.ts';
import { mailboxFields } from '../lists/mailbox-fields.ts';
import type { AlignedRow } from './align.ts';
import { fieldReasons } from './reasons.ts';

/** A field that is not the same, in the first of the commands in which it is not. */
export interface OtherField {
  /** Name of the command. */
  readonly command: string;
  /** The driver's name of the field; `data` for a mailbox without a layout. */
  readonly field: string;
  readonly real: string;
  readonly ours: string;
  /** In how many commands. */
  readonly times: number;
  /** Null for one that has none. */
  readonly reason: string | null;
}

/** Fields with an address of host memory: pages, doorbell records. */
const address = /^(\[\d+\]\.pa|db_rec_addr)$/;

/** The fields of a mailbox by name; of one without a layout its bytes. */
function valuesOf(record: CommandRecord): Map<string, string> {
  const fields = mailboxFields(record);
  if (fields.length === 0 && record.mailbox.length > 0) {
    const bytes = Array.from(record.mailbox, (byte) => byte.toString(16).padStart(2, '0'));
    return new Map([['data', bytes.join('').replace(/(00)+$/, '')]]);
  }
  const told = fields.filter(({ name }) => !address.test(name));
  return new Map(told.map(({ name, value }) => [name, value]));
}

/** Pairs of commands that stand in one row. */
function* pairsOf(
  rows: readonly AlignedRow[],
  real: readonly CommandRecord[],
  ours: readonly CommandRecord[],
): Generator<readonly [real: CommandRecord, ours: CommandRecord], void, void> {
  let [atReal, atOurs] = [0, 0];
  for (const row of rows) {
    const one = row.real === null ? undefined : real[atReal++];
    const other = row.ours === null ? undefined : ours[atOurs++];
    if (one !== undefined && other !== undefined) yield [one, other];
  }
}

/** What differs in the commands that stand in one row, each field of a command once. */
export function otherFields(
  rows: readonly AlignedRow[],
  real: readonly CommandRecord[],
  ours: readonly CommandRecord[],
): OtherField[] {
  const found = new Map<string, OtherField>();
  for (const [one, other] of pairsOf(rows, real, ours)) {
    const [theirs, own] = [valuesOf(one), valuesOf(other)];
    for (const field of new Set([...theirs.keys(), ...own.keys()])) {
      const [a, b] = [theirs.get(field) ?? 'none', own.get(field) ?? 'none'];
      if (a === b) continue;
      const key = `${one.name} ${field}`;
      const known = found.get(key);
      const reason = fieldReasons.find(
        (each) => each.command.test(one.name) && each.field.test(field),
      );
      found.set(key, {
        command: one.name,
        field,
        real: known?.real ?? a,
        ours: known?.ours ?? b,
        times: (known?.times ?? 0) + 1,
        reason: reason?.reason ?? null,
      });
    }
  }
  return [...found.values()];
}
