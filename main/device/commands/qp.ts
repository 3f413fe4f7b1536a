// Queue pair commands (facts/device 4.6, 6.5). RST2INIT takes the whole context; later transitions
// take path and parameters: always on the way to RTR and RTS, else when the optional-parameter mask
// names them. 2RST succeeds from any state.

import {
  MLX4_UPD_QP_MASK_VSD_HIGH,
  qpContext,
  qpContextBytes,
  qpContextMailboxOffset,
  updateQp,
  updateQpContextOffset,
} from '#prm/qp-context.ts';
import { readBe32 } from '#bus/bytes.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { resolveBuffer } from '../queue-buffer.ts';
import { QueuePair } from '../queue-pair.ts';
import type { QpStateName } from '../queue-pair.ts';

const qpnMask = 0xff_ffff;
/** In the input modifier of RTS2SQD: send an event when the queue is drained. */
const drainEventBit = 2 ** 31;
/**
 * Optional parameters that concern the path: primary path, sched queue, counter, VLAN stripping.
 */
const pathOptions = (1 << 7) | (1 << 16) | (1 << 20) | (1 << 21);
const logStrideBase = 4;
const logWqesMax = 15;

const slotOf = (hca: Hca, qpn: number): number => qpn & (2 ** hca.tables.logQps - 1);

const contextOf = (command: Command): Uint8Array =>
  command.input.subarray(qpContextMailboxOffset, qpContextMailboxOffset + qpContextBytes);

function qpOf(hca: Hca, command: Command): QueuePair {
  const qpn = command.inModifier & qpnMask;
  const qp = hca.qp(qpn);
  const found = qp !== undefined && qp.qpn === qpn;
  demand(found, 'BAD_QP_STATE', `QP 0x${qpn.toString(16)} is in reset`);
  return qp;
}

function save(hca: Hca, qp: QueuePair): void {
  demand(hca.saveQp(qp), 'ICM_ERROR', 'QPC is not mapped');
}

export function resetToInit(hca: Hca, command: Command): void {
  const qpn = command.inModifier & qpnMask;
  const context = contextOf(command);
  demand(hca.qp(qpn) === undefined, 'BAD_QP_STATE', `QP 0x${qpn.toString(16)} is not in reset`);
  const local = qpContext.get(context, 'local_qpn') & qpnMask;
  demand(local === 0 || local === qpn, 'BAD_PARAM', `local QPN 0x${local.toString(16)}`);
  checkSizes(context);
  const qp = new QueuePair(qpn);
  const sizeBytes = qp.load(context);
  checkQueues(hca, qp);
  qp.buffer = resolveBuffer(hca.link, hca.icm, {
    mttBase: hca.tables.mtt,
    offsetHigh: qpContext.get(context, 'mtt_base_addr_h'),
    offsetLow: qpContext.get(context, 'mtt_base_addr_l'),
    logPageSize: qpContext.get(context, 'log_page_size'),
    sizeBytes,
  });
  demand(qp.buffer !== null, 'BAD_PARAM', 'the buffer has no translation');
  qp.state = 'INIT';
  save(hca, qp);
  hca.qps.set(slotOf(hca, qpn), qp);
}

function checkSizes(context: Uint8Array): void {
  for (const field of ['sq_size_stride', 'rq_size_stride'] as const) {
    const byte = qpContext.get(context, field);
    const log = (byte >> 3) & 0xf;
    demand(log <= logWqesMax, 'EXCEED_LIM', `${field}: 2^${log} entries`);
    demand((byte & 7) + logStrideBase <= 11, 'EXCEED_LIM', `${field}: stride`);
  }
}

/** Both completion queues must be there. */
function checkQueues(hca: Hca, qp: QueuePair): void {
  for (const cqn of [qp.cqnSend, qp.cqnRecv]) {
    const found = hca.completions.queue(cqn) !== undefined;
    demand(found, 'BAD_RESOURCE', `CQ 0x${cqn.toString(16)} is not in use`);
  }
}

/** A transition from one state to another. */
export function transition(from: QpStateName, to: QpStateName) {
  return (hca: Hca, command: Command): void => {
    const qp = qpOf(hca, command);
    const why = `QP 0x${qp.qpn.toString(16)} is in ${qp.state}, not ${from}`;
    demand(qp.state === from, 'BAD_QP_STATE', why);
    const context = contextOf(command);
    const onTheWayUp = from !== to && (from === 'INIT' || from === 'RTR');
    if (onTheWayUp || (readBe32(command.input, 0) & pathOptions) !== 0) applyPath(hca, qp, context);
    qp.state = to;
    save(hca, qp);
  };
}

/** Keeps what the card stores of a later context: everything but geometry and counters. */
function applyPath(hca: Hca, qp: QueuePair, context: Uint8Array): void {
  const { context: own } = qp;
  const geometry = qpContext.fields.log_page_size.offset;
  const counters = qpContext.fields.rq_wqe_counter.offset;
  own.set(context.subarray(0, counters));
  const flags = qpContext.fields.vlan_strip_disable.offset;
  own.set(context.subarray(flags, geometry), flags);
  qp.loadPath(context);
  hca.forgetSpreader(qp);
}

/** Sends are carried out at once, so the queue is drained when the command ends. */
export function drain(hca: Hca, command: Command): void {
  const qp = qpOf(hca, command);
  demand(qp.state === 'RTS', 'BAD_QP_STATE', `QP 0x${qp.qpn.toString(16)} is in ${qp.state}`);
  qp.state = 'SQD';
  save(hca, qp);
  if (command.inModifier >= drainEventBit) hca.events.postQp('SQ_DRAINED', qp.qpn);
}

/** A queue pair in reset has no queues to flush: it only gets the state. */
export function toError(hca: Hca, command: Command): void {
  const qpn = command.inModifier & qpnMask;
  const known = hca.qp(qpn);
  if (known !== undefined && known.qpn === qpn) {
    hca.breakQp(known, null);
    return;
  }
  demand(known === undefined, 'BAD_INDEX', `QP 0x${qpn.toString(16)} shares a slot`);
  const qp = new QueuePair(qpn);
  qp.state = 'ERR';
  save(hca, qp);
  hca.qps.set(slotOf(hca, qpn), qp);
}

export function toReset(hca: Hca, command: Command): void {
  const qp = qpOf(hca, command);
  qp.state = 'RST';
  hca.forgetSpreader(qp);
  hca.qps.delete(slotOf(hca, qp.qpn));
  hca.saveQp(qp);
}

/** A queue pair in reset answers a context of zeros. */
export function queryQueuePair(hca: Hca, command: Command): void {
  const qpn = command.inModifier & qpnMask;
  const qp = hca.qp(qpn);
  const answer = new Uint8Array(qpContextMailboxOffset + qpContextBytes);
  if (qp !== undefined && qp.qpn === qpn) {
    save(hca, qp);
    answer.set(qp.refresh(), qpContextMailboxOffset);
  }
  command.answer(answer);
}

/** VLAN stripping is all that can be changed this way. */
export function updateQueuePair(hca: Hca, command: Command): void {
  const { input } = command;
  const qp = qpOf(hca, command);
  const masks = [
    updateQp.get(input, 'qp_mask_h') & ~MLX4_UPD_QP_MASK_VSD_HIGH,
    updateQp.get(input, 'qp_mask_l'),
    updateQp.get(input, 'primary_addr_path_mask_h'),
    updateQp.get(input, 'primary_addr_path_mask_l'),
  ];
  demand(
    masks.every((mask) => mask === 0),
    'BAD_PARAM',
    'only VLAN stripping can be updated',
  );
  if ((updateQp.get(input, 'qp_mask_h') & MLX4_UPD_QP_MASK_VSD_HIGH) === 0) return;
  const disable = qpContext.get(input, 'vlan_strip_disable', updateQpContextOffset);
  qpContext.set(qp.context, 'vlan_strip_disable', disable);
  qp.vlanStrip = !disable;
  save(hca, qp);
}

/** Names the eight special queue pairs; 0 takes them away. */
export function configureSpecial(hca: Hca, command: Command): void {
  const base = command.inModifier & qpnMask;
  demand(base % 8 === 0, 'BAD_PARAM', `base 0x${base.toString(16)}`);
  demand(base < 2 ** hca.tables.logQps, 'BAD_INDEX', `base 0x${base.toString(16)}`);
  hca.specialQpBase = base;
}
