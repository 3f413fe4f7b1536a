// Event queue commands (facts/device 4.3, 6.2). Contexts go to the ICM and are read back from the
// queue with its live indices.

import { eqContext, eqContextBytes } from '#prm/contexts.ts';
import { eqeBytes } from '#prm/events.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import { EventQueue } from '../event-queue.ts';
import type { Hca } from '../hca.ts';
import { bufferOf } from '../queue-buffer.ts';
import { demandMapped } from './mapped.ts';

const logSizeMax = 22;
/** In the input modifier of MAP_EQ. */
const unmapBit = 2 ** 31;

export function createEventQueue(hca: Hca, command: Command): void {
  const { inModifier: eqn, input } = command;
  demand(eqn < 2 ** hca.tables.logEqs, 'BAD_INDEX', `EQ ${eqn}`);
  demand(!hca.events.queues.has(eqn), 'BAD_RES_STATE', `EQ ${eqn} is in use`);
  const logSize = eqContext.get(input, 'log_eq_size');
  demand(logSize <= logSizeMax, 'EXCEED_LIM', `2^${logSize} entries`);
  demand(eqContext.get(input, 'page_offset') === 0, 'BAD_PARAM', 'page offset');
  demand(!eqContext.get(input, 'ec'), 'BAD_PARAM', 'collapsed queues are not modelled');
  const moderated = eqContext.get(input, 'eq_period') + eqContext.get(input, 'eq_max_count') > 0;
  demand(!moderated, 'BAD_PARAM', 'moderation of event queues is not modelled');
  const vector = eqContext.get(input, 'intr');
  const { msixVectors } = hca.options;
  demand(vector < Math.max(1, msixVectors), 'BAD_PARAM', `vector ${vector} of ${msixVectors}`);
  demandMapped(hca, 'eq', eqn);
  const buffer = bufferOf(hca, {
    offsetHigh: eqContext.get(input, 'mtt_base_addr_h'),
    offsetLow: eqContext.get(input, 'mtt_base_addr_l'),
    logPageSize: eqContext.get(input, 'log_page_size'),
    sizeBytes: 2 ** logSize * eqeBytes,
  });
  const queue = new EventQueue(eqn, input, buffer, hca.interrupts);
  demand(queue.ring.start(), 'BAD_PARAM', 'the buffer cannot be written');
  demand(hca.saveContext('eq', eqn, queue.refresh()), 'ICM_ERROR', 'EQC is not mapped');
  hca.events.queues.set(eqn, queue);
}

function queueOf(hca: Hca, command: Command): EventQueue {
  const { inModifier: eqn } = command;
  const queue = hca.events.queues.get(eqn);
  demand(queue !== undefined, 'BAD_RES_STATE', `EQ ${eqn} is not in use`);
  return queue;
}

/** Opcode modifier 0 gives the context back in a mailbox, 1 does not. */
export function destroyEventQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command);
  hca.events.remove(queue.eqn);
  if (command.opModifier === 0) command.answer(queue.refresh());
}

export function queryEventQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command);
  const context = queue.refresh().slice(0, eqContextBytes);
  demand(hca.saveContext('eq', queue.eqn, context), 'ICM_ERROR', 'EQC is not mapped');
  command.answer(context);
}

/** Sends event types to an EQ, or stops them (bit 31 of the input modifier). */
export function mapEventQueue(hca: Hca, command: Command): void {
  const unmap = command.inModifier >= unmapBit;
  const eqn = command.inModifier % unmapBit;
  demand(unmap || hca.events.queues.has(eqn), 'BAD_INDEX', `EQ ${eqn} is not in use`);
  const { inHigh, inLow } = command.request;
  hca.events.mapTypes(eqn, inHigh, inLow, unmap);
}
