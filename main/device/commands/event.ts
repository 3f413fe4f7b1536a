// Event queue commands (facts/device 4.3, 6.2). Contexts go to the ICM and are read back from the
// queue with its live indices.

import { eqContext, eqContextBytes } from '#prm/contexts.ts';
import { eqeBytes } from '#prm/events.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import { EventQueue } from '../event-queue.ts';
import type { Hca } from '../hca.ts';
import { resolveBuffer } from '../queue-buffer.ts';

const logSizeMax = 22;
/** In the input modifier of MAP_EQ. */
const unmapBit = 2 ** 31;

const icmAddress = (hca: Hca, eqn: number): number =>
  hca.tables.eqc + eqn * hca.options.entrySizes.eqc;

export function createEventQueue(hca: Hca, command: Command): void {
  const { inModifier: eqn, input } = command;
  demand(eqn < 2 ** hca.tables.logEqs, 'BAD_INDEX', `EQ ${eqn}`);
  demand(!hca.events.queues.has(eqn), 'BAD_RES_STATE', `EQ ${eqn} is in use`);
  const logSize = eqContext.get(input, 'log_eq_size');
  demand(logSize <= logSizeMax, 'EXCEED_LIM', `2^${logSize} entries`);
  demand(eqContext.get(input, 'page_offset') === 0, 'BAD_PARAM', 'page offset');
  const buffer = resolveBuffer(hca.link, hca.icm, {
    mttBase: hca.tables.mtt,
    offsetHigh: eqContext.get(input, 'mtt_base_addr_h'),
    offsetLow: eqContext.get(input, 'mtt_base_addr_l'),
    logPageSize: eqContext.get(input, 'log_page_size'),
    sizeBytes: 2 ** logSize * eqeBytes,
  });
  demand(buffer !== null, 'BAD_PARAM', 'the buffer has no translation');
  const queue = new EventQueue(eqn, input, buffer, hca.interrupts);
  demand(queue.ring.start(), 'BAD_PARAM', 'the buffer cannot be written');
  demand(hca.icm.write(icmAddress(hca, eqn), queue.refresh()), 'ICM_ERROR', 'EQC is not mapped');
  hca.events.queues.set(eqn, queue);
}

export function destroyEventQueue(hca: Hca, command: Command): void {
  const { inModifier: eqn } = command;
  demand(hca.events.queues.has(eqn), 'BAD_RES_STATE', `EQ ${eqn} is not in use`);
  hca.events.remove(eqn);
}

export function queryEventQueue(hca: Hca, command: Command): void {
  const { inModifier: eqn } = command;
  const queue = hca.events.queues.get(eqn);
  demand(queue !== undefined, 'BAD_RES_STATE', `EQ ${eqn} is not in use`);
  const context = queue.refresh().slice(0, eqContextBytes);
  demand(hca.icm.write(icmAddress(hca, eqn), context), 'ICM_ERROR', 'EQC is not mapped');
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
