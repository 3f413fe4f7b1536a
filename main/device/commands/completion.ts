// Completion queue commands (facts/device 4.4, 6.3).

import { cqContext } from '#prm/contexts.ts';
import { cqeBytes } from '#prm/completion.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import { CompletionQueue } from '../completion-queue.ts';
import type { Hca } from '../hca.ts';
import { resolveBuffer } from '../queue-buffer.ts';

const logSizeMax = 22;
/** Opcode modifier of MODIFY_CQ. */
const modifyModeration = 1;

const icmAddress = (hca: Hca, slot: number): number =>
  hca.tables.cqc + slot * hca.options.entrySizes.cqc;

function queueOf(hca: Hca, cqn: number): CompletionQueue {
  const queue = hca.completions.queue(cqn);
  const found = queue !== undefined && queue.cqn === cqn;
  demand(found, 'BAD_RES_STATE', `CQ 0x${cqn.toString(16)} is not in use`);
  return queue;
}

export function createCompletionQueue(hca: Hca, command: Command): void {
  const { inModifier: cqn, input } = command;
  const { completions } = hca;
  demand(cqn < 2 ** 24, 'BAD_INDEX', `CQ 0x${cqn.toString(16)}`);
  const slot = cqn & completions.slotMask;
  demand(!completions.queues.has(slot), 'BAD_RES_STATE', `CQ 0x${cqn.toString(16)} is in use`);
  const logSize = cqContext.get(input, 'log_size');
  demand(logSize <= logSizeMax, 'EXCEED_LIM', `2^${logSize} entries`);
  demand(cqContext.get(input, 'page_offset') === 0, 'BAD_PARAM', 'page offset');
  demand(!cqContext.get(input, 'collapsed'), 'BAD_PARAM', 'collapsed queues are not modelled');
  demand(!cqContext.get(input, 'timestamp'), 'BAD_PARAM', 'timestamps are not offered');
  const eqn = cqContext.get(input, 'comp_eqn');
  demand(hca.events.queues.has(eqn), 'BAD_RESOURCE', `EQ ${eqn} is not in use`);
  const buffer = resolveBuffer(hca.link, hca.icm, {
    mttBase: hca.tables.mtt,
    offsetHigh: cqContext.get(input, 'mtt_base_addr_h'),
    offsetLow: cqContext.get(input, 'mtt_base_addr_l'),
    logPageSize: cqContext.get(input, 'log_page_size'),
    sizeBytes: 2 ** logSize * cqeBytes,
  });
  demand(buffer !== null, 'BAD_PARAM', 'the buffer has no translation');
  const after = (delayNs: number, fn: () => void) => hca.after(delayNs, fn);
  const base = { link: hca.link, events: hca.events, after };
  const queue = new CompletionQueue(cqn, input, buffer, base);
  demand(queue.ring.start(), 'BAD_PARAM', 'the buffer cannot be written');
  demand(hca.icm.write(icmAddress(hca, slot), queue.refresh()), 'ICM_ERROR', 'CQC is not mapped');
  completions.queues.set(slot, queue);
}

export function destroyCompletionQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  queue.remove();
  hca.completions.queues.delete(queue.cqn & hca.completions.slotMask);
}

export function queryCompletionQueue(hca: Hca, command: Command): void {
  const queue = queueOf(hca, command.inModifier);
  const slot = queue.cqn & hca.completions.slotMask;
  const context = queue.refresh().slice();
  demand(hca.icm.write(icmAddress(hca, slot), context), 'ICM_ERROR', 'CQC is not mapped');
  command.answer(context);
}

export function modifyCompletionQueue(hca: Hca, command: Command): void {
  const { input } = command;
  demand(command.opModifier === modifyModeration, 'BAD_OP', 'resizing is not modelled');
  const queue = queueOf(hca, command.inModifier);
  const count = cqContext.get(input, 'cq_max_count');
  queue.setModeration(count, cqContext.get(input, 'cq_period'));
  const slot = queue.cqn & hca.completions.slotMask;
  demand(hca.icm.write(icmAddress(hca, slot), queue.refresh()), 'ICM_ERROR', 'CQC is not mapped');
}
