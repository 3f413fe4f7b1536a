// Completion queue commands (facts/device 4.4, 6.3). Contexts go to the ICM and are written again
// with their live indices whenever software asks for one.

import { cqContext } from '#prm/contexts.ts';
import { cqeBytes } from '#prm/completion.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import { CompletionQueue } from '../completion-queue.ts';
import type { Hca } from '../hca.ts';
import { bufferOf } from '../queue-buffer.ts';
import { demandMapped } from './mapped.ts';

const logSizeMax = 22;

const nameOf = (cqn: number): string => `CQ 0x${cqn.toString(16)}`;

function queueOf(hca: Hca, cqn: number): CompletionQueue {
  const queue = hca.completions.queue(cqn);
  demand(queue?.cqn === cqn, 'BAD_RES_STATE', `${nameOf(cqn)} is not in use`);
  return queue;
}

/** Writes the live context to its place. */
function save(hca: Hca, queue: CompletionQueue): Uint8Array {
  const context = queue.refresh();
  const slot = queue.cqn & hca.completions.slotMask;
  demand(hca.saveContext('cq', slot, context), 'ICM_ERROR', 'CQC is not mapped');
  return context;
}

export function createCompletionQueue(hca: Hca, command: Command): void {
  const { inModifier: cqn, input } = command;
  const { completions } = hca;
  demand(cqn < 2 ** 24, 'BAD_INDEX', nameOf(cqn));
  const slot = cqn & completions.slotMask;
  demand(!completions.queues.has(slot), 'BAD_RES_STATE', `${nameOf(cqn)} is in use`);
  const logSize = cqContext.get(input, 'log_size');
  demand(logSize <= logSizeMax, 'EXCEED_LIM', `2^${logSize} entries`);
  demand(cqContext.get(input, 'page_offset') === 0, 'BAD_PARAM', 'page offset');
  demand(!cqContext.get(input, 'collapsed'), 'BAD_PARAM', 'collapsed queues are not modelled');
  demand(!cqContext.get(input, 'timestamp'), 'BAD_PARAM', 'timestamps are not offered');
  const eqn = cqContext.get(input, 'comp_eqn');
  demand(hca.events.queues.has(eqn), 'BAD_RESOURCE', `EQ ${eqn} is not in use`);
  demandMapped(hca, 'cq', slot);
  const buffer = bufferOf(hca, {
    offsetHigh: cqContext.get(input, 'mtt_base_addr_h'),
    offsetLow: cqContext.get(input, 'mtt_base_addr_l'),
    logPageSize: cqContext.get(input, 'log_page_size'),
    sizeBytes: 2 ** logSize * cqeBytes,
  });
  const after = (delayNs: number, fn: () => void) => hca.after(delayNs, fn);
  const base = { link: hca.link, events: hca.events, after };
  const queue = new CompletionQueue(cqn, input, buffer, base);
  demand(queue.ring.start(), 'BAD_PARAM', 'the buffer cannot be written');
  save(hca, queue);
  completions.queues.set(slot, queue);
}

/** Opcode modifier 0 gives the context back in a mailbox, 1 does not. */
export function destroyCompletionQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  const context = queue.refresh();
  queue.remove();
  hca.completions.queues.delete(queue.cqn & hca.completions.slotMask);
  if (command.opModifier === 0) command.answer(context);
}

export function queryCompletionQueue(hca: Hca, command: Command): void {
  command.answer(save(hca, queueOf(hca, command.inModifier)).slice());
}

/** Moderation only: resizing (opcode modifier 0) is not modelled. */
export function modifyCompletionQueue(hca: Hca, command: Command): void {
  const { input } = command;
  const queue = queueOf(hca, command.inModifier);
  const count = cqContext.get(input, 'cq_max_count');
  queue.setModeration(count, cqContext.get(input, 'cq_period'));
  save(hca, queue);
}
