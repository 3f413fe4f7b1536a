// The honest table: which firmware commands the card models, and how far.

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
