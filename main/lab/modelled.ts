// The honest table: which firmware commands the card models, and how far. It is read off the table
// through which the card dispatches, so it cannot say anything else than what the card does.

import { commandTable } from '#prm/opcodes.ts';

/** One row of `mlx4-lab modelled`. */
export interface ModelledRow {
  readonly name: string;
  readonly opcode: number;
  readonly modelled: string;
  readonly note: string;
}

/** Every command, by opcode. */
export const modelledRows = (): ModelledRow[] =>
  Object.entries(commandTable)
    .map(([name, row]) => ({
      name,
      opcode: row.opcode,
      modelled: row.modelled,
      note: row.note,
    }))
    .sort((a, b) => a.opcode - b.opcode);
