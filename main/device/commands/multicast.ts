// Group commands (facts/device 4.8, 5.29): entries of the steering table, promiscuous lists,
// hashes. Under flow steering there is no such table: the commands are refused.

import { MLX4_WRITE_MCG_ENTRY, promiscPort, promiscSteer } from '#prm/steering.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';

const gidBytes = 16;

function demandGroups(hca: Hca): void {
  demand(!hca.flows.enabled, 'BAD_SYS_STATE', 'flow steering is on: there are no groups');
}

function checkIndex(hca: Hca, index: number): void {
  demandGroups(hca);
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
  if (command.opModifier === MLX4_WRITE_MCG_ENTRY) {
    checkIndex(hca, inModifier);
    const fits = hca.steering.holds(input);
    demand(fits, 'BAD_PARAM', 'more members than the entry holds');
    const written = hca.steering.write(inModifier, input);
    demand(written, 'ICM_ERROR', 'the group table is not mapped');
    return;
  }
  demandGroups(hca);
  const portNumber = promiscPort(inModifier);
  demand(portNumber === 1 || portNumber === 2, 'BAD_INDEX', `port ${portNumber}`);
  demand(hca.steering.holds(input), 'BAD_PARAM', 'more members than the entry holds');
  hca.steering.writePromiscuous(portNumber, promiscSteer(inModifier), input);
}

export function hashGid(hca: Hca, command: Command): void {
  demandGroups(hca);
  command.result(0, hca.steering.hash(command.input.subarray(0, gidBytes)));
}
