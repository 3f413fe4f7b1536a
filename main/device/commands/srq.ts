// Shared receive queues (facts/device 4.5, 6.4): the context is kept and given back; no receive
// uses it, and the limit never fires.

import { srqContext, srqContextBytes } from '#prm/contexts.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca, SharedReceiveQueue } from '../hca.ts';
import { demandMapped } from './mapped.ts';

/** State nibble of a context that hardware owns, and of one in error. */
const hardwareOwned = 0;

const nameOf = (srqn: number): string => `SRQ 0x${srqn.toString(16)}`;
const slotOf = (hca: Hca, srqn: number): number => srqn & (2 ** hca.tables.logSrqs - 1);

function queueOf(hca: Hca, srqn: number): SharedReceiveQueue {
  const queue = hca.srqs.get(slotOf(hca, srqn));
  demand(queue?.srqn === srqn, 'BAD_RES_STATE', `${nameOf(srqn)} is not in use`);
  return queue;
}

function save(hca: Hca, { srqn, context }: SharedReceiveQueue): void {
  const saved = hca.saveContext('srq', slotOf(hca, srqn), context);
  demand(saved, 'ICM_ERROR', 'SRQC is not mapped');
}

export function createSharedQueue(hca: Hca, command: Command): void {
  const { inModifier: srqn } = command;
  const slot = slotOf(hca, srqn);
  demand(srqn < 2 ** 24, 'BAD_INDEX', nameOf(srqn));
  demand(!hca.srqs.has(slot), 'BAD_RES_STATE', `${nameOf(srqn)} is in use`);
  demandMapped(hca, 'srq', slot);
  const context = command.input.slice(0, srqContextBytes);
  srqContext.set(context, 'state', hardwareOwned);
  const queue = { srqn, context };
  save(hca, queue);
  hca.srqs.set(slot, queue);
}

/** Opcode modifier 0 gives the context back in a mailbox, 1 does not. */
export function destroySharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  hca.srqs.delete(slotOf(hca, queue.srqn));
  if (command.opModifier === 0) command.answer(queue.context);
}

export function querySharedQueue(hca: Hca, command: Command): void {
  command.answer(queueOf(hca, command.inModifier).context.slice());
}

export function armSharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  srqContext.set(queue.context, 'limit_watermark', command.request.inLow & 0xffff);
  save(hca, queue);
}
