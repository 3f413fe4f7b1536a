// Shared receive queue commands (facts/device 4.5, 6.4). Translation entries are read at SW2HW_SRQ.
// Arming below what is left waits for the event; arming above it gives the event at once.

import { srqContext, srqContextBytes } from '#prm/contexts.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { bufferOf } from '../queue-buffer.ts';
import { SharedReceiveQueue, srqGeometry } from '../shared-receive-queue.ts';
import { demandMapped } from './mapped.ts';

/** Largest queue, log2 (QUERY_DEV_CAP). */
const logSizeMax = 14;
const strideMax = 2 ** 11;

const nameOf = (srqn: number): string => `SRQ 0x${srqn.toString(16)}`;

function queueOf(hca: Hca, srqn: number): SharedReceiveQueue {
  const queue = hca.srq(srqn);
  demand(queue !== undefined, 'BAD_RES_STATE', `${nameOf(srqn)} is not in use`);
  return queue;
}

/** Writes the live context to its place. */
function save(hca: Hca, queue: SharedReceiveQueue): Uint8Array {
  const context = queue.refresh();
  const saved = hca.saveContext('srq', hca.srqSlot(queue.srqn), context);
  demand(saved, 'ICM_ERROR', 'SRQC is not mapped');
  return context;
}

export function createSharedQueue(hca: Hca, command: Command): void {
  const { inModifier: srqn, input } = command;
  const slot = hca.srqSlot(srqn);
  demand(srqn < 2 ** 24, 'BAD_INDEX', nameOf(srqn));
  demand(!hca.srqs.has(slot), 'BAD_RES_STATE', `${nameOf(srqn)} is in use`);
  const context = input.subarray(0, srqContextBytes);
  const { entries, stride } = srqGeometry(context);
  demand(entries <= 2 ** logSizeMax, 'EXCEED_LIM', `${entries} entries`);
  demand(stride <= strideMax, 'EXCEED_LIM', `entries of ${stride} bytes`);
  demandMapped(hca, 'srq', slot);
  const buffer = bufferOf(hca, {
    offsetHigh: srqContext.get(context, 'mtt_base_addr_h'),
    offsetLow: srqContext.get(context, 'mtt_base_addr_l'),
    logPageSize: srqContext.get(context, 'log_page_size'),
    sizeBytes: entries * stride,
  });
  const queue = new SharedReceiveQueue(srqn, context, buffer, hca.link);
  save(hca, queue);
  hca.srqs.set(slot, queue);
}

/** Opcode modifier 0 gives the context back in a mailbox, 1 does not. */
export function destroySharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  hca.srqs.delete(hca.srqSlot(queue.srqn));
  if (command.opModifier === 0) command.answer(queue.refresh());
}

export function querySharedQueue(hca: Hca, command: Command): void {
  command.answer(save(hca, queueOf(hca, command.inModifier)).slice());
}

/** The input is the limit, in descriptors; 0 disarms. */
export function armSharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  queue.arm(command.request.inLow & 0xffff);
  const low = queue.ranLow();
  save(hca, queue);
  if (low) hca.events.postSrq('SRQ_LIMIT', queue.srqn);
}
