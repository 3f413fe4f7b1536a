// Shared receive queues (facts/device 4.5, 6.4): the context is kept and given back; no receive
// uses it, and the limit never fires.

import { srqContext, srqContextBytes } from '#prm/contexts.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca, SharedReceiveQueue } from '../hca.ts';

/** State nibble of a context that hardware owns, and of one in error. */
const hardwareOwned = 0;

const icmAddress = (hca: Hca, srqn: number): number =>
  hca.tables.srqc + (srqn & (2 ** hca.tables.logSrqs - 1)) * hca.options.entrySizes.srqc;

function queueOf(hca: Hca, srqn: number): SharedReceiveQueue {
  const queue = hca.srqs.get(srqn);
  demand(queue !== undefined, 'BAD_RES_STATE', `SRQ 0x${srqn.toString(16)} is not in use`);
  return queue;
}

export function createSharedQueue(hca: Hca, command: Command): void {
  const { inModifier: srqn } = command;
  demand(srqn < 2 ** 24, 'BAD_INDEX', `SRQ 0x${srqn.toString(16)}`);
  demand(!hca.srqs.has(srqn), 'BAD_RES_STATE', `SRQ 0x${srqn.toString(16)} is in use`);
  const context = command.input.slice(0, srqContextBytes);
  srqContext.set(context, 'state', hardwareOwned);
  demand(hca.icm.write(icmAddress(hca, srqn), context), 'ICM_ERROR', 'SRQC is not mapped');
  hca.srqs.set(srqn, { srqn, context });
}

/** Opcode modifier 0 gives the context back in a mailbox, 1 does not. */
export function destroySharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  hca.srqs.delete(queue.srqn);
  if (command.opModifier === 0) command.answer(queue.context);
}

export function querySharedQueue(hca: Hca, command: Command): void {
  command.answer(queueOf(hca, command.inModifier).context.slice());
}

export function armSharedQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  srqContext.set(queue.context, 'limit_watermark', command.request.inLow & 0xffff);
  const stored = hca.icm.write(icmAddress(hca, queue.srqn), queue.context);
  demand(stored, 'ICM_ERROR', 'SRQC is not mapped');
}
