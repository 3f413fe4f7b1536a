// `mlx4-lab modelled`: the card's command table, honest about each row: what is modelled, what is a
// constant, what the card refuses.

import { modelledRows } from '#lab/modelled.ts';
import { exitPassed } from './exit.ts';
import { print } from './print.ts';

/** Prints the table; gives the exit status. */
export function modelledCommand(json: boolean): number {
  const rows = modelledRows();
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return exitPassed;
  }
  for (const row of rows) {
    const opcode = `0x${row.opcode.toString(16).padStart(3, '0')}`;
    print(`${opcode}  ${row.name.padEnd(32)} ${row.modelled.padEnd(9)} ${row.note}`.trimEnd());
  }
  return exitPassed;
}
