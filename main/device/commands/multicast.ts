// Group commands (facts/device 4.8, 5.29).

import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';

const gidBytes = 16;

function checkIndex(hca: Hca, index: number): void {
  demand(index < hca.steering.table.entries, 'BAD_INDEX', `group entry ${index}`);
}

export function readGroup(hca: Hca, command: Command): void {
  checkIndex(hca, command.inModifier);
  const entry = hca.steering.read(command.inModifier);
  demand(entry !== null, 'ICM_ERROR', 'the group table is not mapped');
  command.answer(entry);
}

/** Opcode modifier 0 writes an entry, 1 a port's promiscuous list. */
export function writeGroup(hca: Hca, command: Command): void {
  const { inModifier, input } = command;
  if (command.opModifier === 0) {
    checkIndex(hca, inModifier);
    const written = hca.steering.write(inModifier, input);
    demand(written, 'BAD_PARAM', 'too many members, or the group table is not mapped');
    return;
  }
  demand(command.opModifier === 1, 'BAD_OP', `opcode modifier ${command.opModifier}`);
  const portNumber = (inModifier >>> 16) & 0xff;
  demand(portNumber === 1 || portNumber === 2, 'BAD_INDEX', `port ${portNumber}`);
  const written = hca.steering.writePromiscuous(portNumber, (inModifier >>> 1) & 1, input);
  demand(written, 'BAD_PARAM', 'too many members');
}

export function hashGid(hca: Hca, command: Command): void {
  command.result(0, hca.steering.hash(command.input.subarray(0, gidBytes)));
}
