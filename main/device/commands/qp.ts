// Queue pair commands (facts/device 4.6, 6.5). RST2INIT takes the whole context; geometry, queues
// and protection domain stay as they were given there. On the way to RTR and RTS path and
// parameters count; in the other transitions only what the optional-parameter mask names. 2RST
// succeeds from any state, RESET included.

import {
  MLX4_QP_OPTPAR,
  MLX4_QP_SQD_EVENT,
  MLX4_UPD_QP_MASK_VSD_HIGH,
  qpContext,
  qpContextBytes,
  qpContextMailboxOffset,
  qpOptParMask,
  updateQp,
  updateQpContextOffset,
} from '#prm/qp-context.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { bufferOf } from '../queue-buffer.ts';
import { QueuePair } from '../queue-pair.ts';
import type { QpStateName } from '../queue-pair.ts';
import { demandMapped } from './mapped.ts';

const qpnMask = 0xff_ffff;
/** Special queue pairs come in one block. */
const specialQps = 8;
const logStrideBase = 4;
const logStrideMax = 11;
const logWqesMax = 15;

/** Bytes of a context that go together: first, and first behind. */
type Range = readonly [from: number, to: number];

const primaryPath: Range = [0x18, 0x44];
const alternatePath: Range = [0x44, 0x70];
const params1: Range = [0x70, 0x74];
const params2: Range = [0x90, 0x94];
const param3: Range = [0xc0, 0xc4];

/** What the way to RTR and RTS takes from a context: all but state, geometry, queues, counters. */
const wayUp: readonly Range[] = [
  [0x08, 0x09],
  [0x14, 0x7c],
  [0x80, 0x9c],
  [0xa8, 0xac],
  [0xb0, 0xb4],
  [0xbc, 0xc8],
];

/** What each optional parameter takes. */
const optional: readonly (readonly [bit: number, range: Range])[] = [
  [MLX4_QP_OPTPAR.ALT_ADDR_PATH, alternatePath],
  [MLX4_QP_OPTPAR.RRE, params2],
  [MLX4_QP_OPTPAR.RAE, params2],
  [MLX4_QP_OPTPAR.RWE, params2],
  [MLX4_QP_OPTPAR.PKEY_INDEX, [0x1b, 0x1c]],
  [MLX4_QP_OPTPAR.Q_KEY, [0xa8, 0xac]],
  [MLX4_QP_OPTPAR.RNR_TIMEOUT, [0x94, 0x98]],
  [MLX4_QP_OPTPAR.PRIMARY_ADDR_PATH, primaryPath],
  [MLX4_QP_OPTPAR.SRA_MAX, params1],
  [MLX4_QP_OPTPAR.RRA_MAX, params2],
  [MLX4_QP_OPTPAR.RETRY_COUNT, params1],
  [MLX4_QP_OPTPAR.RNR_RETRY, params1],
  [MLX4_QP_OPTPAR.ACK_TIMEOUT, [0x20, 0x21]],
  [MLX4_QP_OPTPAR.SCHED_QUEUE, [0x38, 0x39]],
  [MLX4_QP_OPTPAR.COUNTER_INDEX, [0x1c, 0x1d]],
  [MLX4_QP_OPTPAR.VLAN_STRIPPING, param3],
];

const qpnOf = (command: Command): number => command.inModifier & qpnMask;
const nameOf = (qpn: number): string => `QP 0x${qpn.toString(16)}`;

const contextOf = (command: Command): Uint8Array =>
  command.input.subarray(qpContextMailboxOffset, qpContextMailboxOffset + qpContextBytes);

/** The queue pair with exactly this number; undefined for one in reset. */
function known(hca: Hca, qpn: number): QueuePair | undefined {
  const qp = hca.qp(qpn);
  return qp?.qpn === qpn ? qp : undefined;
}

function qpOf(hca: Hca, command: Command): QueuePair {
  const qp = known(hca, qpnOf(command));
  demand(qp !== undefined, 'BAD_QP_STATE', `${nameOf(qpnOf(command))} is in reset`);
  return qp;
}

function save(hca: Hca, qp: QueuePair): void {
  demand(hca.saveQp(qp), 'ICM_ERROR', 'QPC is not mapped');
}

export function resetToInit(hca: Hca, command: Command): void {
  const qpn = qpnOf(command);
  const context = contextOf(command);
  const other = hca.qp(qpn);
  demand(other === undefined || other.qpn === qpn, 'BAD_RESOURCE', `${nameOf(qpn)} shares a slot`);
  demand(other === undefined, 'BAD_QP_STATE', `${nameOf(qpn)} is not in reset`);
  const local = qpContext.get(context, 'local_qpn') & qpnMask;
  demand(local === 0 || local === qpn, 'BAD_PARAM', `local QPN 0x${local.toString(16)}`);
  checkSizes(context);
  demandMapped(hca, 'qp', hca.qpSlot(qpn));
  const qp = new QueuePair(qpn);
  const sizeBytes = qp.load(context);
  checkQueues(hca, qp);
  qp.buffer = bufferOf(hca, {
    offsetHigh: qpContext.get(context, 'mtt_base_addr_h'),
    offsetLow: qpContext.get(context, 'mtt_base_addr_l'),
    logPageSize: qpContext.get(context, 'log_page_size'),
    sizeBytes,
  });
  qp.state = 'INIT';
  save(hca, qp);
  hca.qps.set(hca.qpSlot(qpn), qp);
}

function checkSizes(context: Uint8Array): void {
  for (const field of ['sq_size_stride', 'rq_size_stride'] as const) {
    const byte = qpContext.get(context, field);
    const log = (byte >> 3) & 0xf;
    const logStride = (byte & 7) + logStrideBase;
    demand(log <= logWqesMax, 'EXCEED_LIM', `${field}: 2^${log} entries`);
    demand(logStride <= logStrideMax, 'EXCEED_LIM', `${field}: stride 2^${logStride}`);
  }
}

/** Both completion queues must be there, and the shared receive queue when it names one. */
function checkQueues(hca: Hca, qp: QueuePair): void {
  for (const cqn of [qp.cqnSend, qp.cqnRecv]) {
    const found = hca.completions.queue(cqn) !== undefined;
    demand(found, 'BAD_RESOURCE', `CQ 0x${cqn.toString(16)} is not in use`);
  }
  const { srqn } = qp;
  const shared = srqn === null || hca.srq(srqn) !== undefined;
  demand(shared, 'BAD_RESOURCE', `SRQ 0x${srqn?.toString(16)} is not in use`);
}

/**
 * A transition from one state to another. The send queue is not looked at on the way to RTS:
 * mlx4_en marks its blocks as its own only afterwards.
 */
export function transition(from: QpStateName, to: QpStateName) {
  return (hca: Hca, command: Command): void => {
    const qp = qpOf(hca, command);
    demand(qp.state === from, 'BAD_QP_STATE', `${nameOf(qp.qpn)} is in ${qp.state}, not ${from}`);
    const up = from !== to && (from === 'INIT' || from === 'RTR');
    apply(qp, contextOf(command), up ? wayUp : optionsOf(command));
    qp.state = to;
    save(hca, qp);
    if (to === 'RTS') hca.transmitter.resume(qp);
  };
}

/** What the mask at the start of the mailbox names. */
function optionsOf(command: Command): readonly Range[] {
  const mask = qpOptParMask.get(command.input, 'opt_par');
  return optional.filter(([bit]) => (mask & bit) !== 0).map(([, range]) => range);
}

function apply(qp: QueuePair, context: Uint8Array, ranges: readonly Range[]): void {
  if (ranges.length === 0) return;
  for (const [from, to] of ranges) qp.context.set(context.subarray(from, to), from);
  qp.loadPath();
}

/** What is posted waits for RTS, so the queue is drained when the command ends. */
export function drain(hca: Hca, command: Command): void {
  const qp = qpOf(hca, command);
  demand(qp.state === 'RTS', 'BAD_QP_STATE', `${nameOf(qp.qpn)} is in ${qp.state}`);
  qp.state = 'SQD';
  save(hca, qp);
  if (command.inModifier >= MLX4_QP_SQD_EVENT) hca.events.postQp('SQ_DRAINED', qp.qpn);
}

/** A queue pair in reset has no queues to flush: it only gets the state. */
export function toError(hca: Hca, command: Command): void {
  const qpn = qpnOf(command);
  const qp = known(hca, qpn);
  if (qp !== undefined) {
    hca.breakQp(qp, null);
    return;
  }
  demand(hca.qp(qpn) === undefined, 'BAD_RESOURCE', `${nameOf(qpn)} shares a slot`);
  const fresh = new QueuePair(qpn);
  fresh.state = 'ERR';
  save(hca, fresh);
  hca.qps.set(hca.qpSlot(qpn), fresh);
}

/** Opcode modifier 0 gives the context back in a mailbox, 2 does not. */
export function toReset(hca: Hca, command: Command): void {
  const qp = known(hca, qpnOf(command));
  if (qp !== undefined) {
    qp.state = 'RST';
    hca.qps.delete(hca.qpSlot(qp.qpn));
    if (!hca.saveQp(qp)) hca.refuse(`2RST of ${nameOf(qp.qpn)}`, 'QPC is not mapped');
  }
  if (command.opModifier === 0) command.answer(mailboxOf(qp));
}

/** A queue pair in reset answers a context of zeros. */
export function queryQueuePair(hca: Hca, command: Command): void {
  const qp = known(hca, qpnOf(command));
  if (qp !== undefined) save(hca, qp);
  command.answer(mailboxOf(qp));
}

function mailboxOf(qp: QueuePair | undefined): Uint8Array {
  const answer = new Uint8Array(qpContextMailboxOffset + qpContextBytes);
  if (qp !== undefined) answer.set(qp.refresh(), qpContextMailboxOffset);
  return answer;
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
    updateQp.get(input, 'secondary_addr_path_mask_h'),
    updateQp.get(input, 'secondary_addr_path_mask_l'),
  ];
  const plain = masks.every((mask) => mask === 0);
  demand(plain, 'BAD_PARAM', 'only VLAN stripping can be updated');
  demand(qp.state === 'RTR' || qp.state === 'RTS', 'BAD_QP_STATE', `it is in ${qp.state}`);
  if ((updateQp.get(input, 'qp_mask_h') & MLX4_UPD_QP_MASK_VSD_HIGH) === 0) return;
  const disable = qpContext.get(input, 'vlan_strip_disable', updateQpContextOffset);
  qpContext.set(qp.context, 'vlan_strip_disable', disable);
  qp.loadPath();
  save(hca, qp);
}

/** Names the eight special queue pairs; 0 takes them away. */
export function configureSpecial(hca: Hca, command: Command): void {
  const base = qpnOf(command);
  demand(base % specialQps === 0, 'BAD_PARAM', `base 0x${base.toString(16)}`);
  demand(base < 2 ** hca.tables.logQps, 'BAD_INDEX', `base 0x${base.toString(16)}`);
  hca.specialQpBase = base;
}
