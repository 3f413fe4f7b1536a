// Management datagrams of mlx4_ib (mad.c; facts/device 5.21): the firmware command MAD_IFC, by
// which the driver asks the card about node, ports and tables; answers to datagrams of the core;
// the driver's own agents on QP0 and QP1 of InfiniBand ports. Each query is one command, and slow
// firmware shows most of all here.
// Left out: sending (traps), snooping of a subnet manager's Set, SR-IOV's demultiplexing.

import { EOPNOTSUPP } from '#kernel/errno.ts';
import { ib_register_mad_agent, ib_unregister_mad_agent } from '#kernel/infiniband/mad-agent.ts';
import type { MadAgent } from '#kernel/infiniband/mad-agent.ts';
import type { ProcessedMad } from '#kernel/infiniband/ib-ops.ts';
import { IB_LINK_LAYER_INFINIBAND, IB_QPT_GSI, IB_QPT_SMI } from '#kernel/infiniband/ib-verbs.ts';
import { rdma_port_get_link_layer } from '#kernel/infiniband/port.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  IB_MGMT_CLASS_SUBN_LID_ROUTED,
  IB_MGMT_METHOD_GET,
  IB_MGMT_METHOD_SET,
  mad,
  madBytes,
  madDataOffset,
  MLX4_MAD_IFC_IGNORE_BKEY,
  MLX4_MAD_IFC_IGNORE_MKEY,
} from '#prm/mad.ts';
import { ifStat } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd_box, mlx4_free_cmd_mailbox } from '../mlx4_core/cmd.ts';
import { queryMailbox } from '../mlx4_core/cmd/query.ts';
import type { mlx4_ib_dev } from './mlx4_ib.ts';

const MLX4_MAD_IFC_IGNORE_KEYS = MLX4_MAD_IFC_IGNORE_MKEY | MLX4_MAD_IFC_IGNORE_BKEY;

/** Management classes besides that of the subnet. */
const IB_MGMT_CLASS_PERF_MGMT = 0x04;
const IB_MGMT_CLASS_CONG_MGMT = 0x21;
const IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE = 0x81;
const MLX4_IB_VENDOR_CLASS1 = 0x9;
const MLX4_IB_VENDOR_CLASS2 = 0xa;
const IB_MGMT_METHOD_TRAP_REPRESS = 0x07;
const IB_SMP_ATTR_SM_INFO = 0x0020;
/** Performance attributes, and where their part of the datagram begins. */
const IB_PMA_CLASS_PORT_INFO = 0x0001;
const IB_PMA_PORT_COUNTERS = 0x0012;
const IB_PMA_PORT_COUNTERS_EXT = 0x001d;
const IB_PMA_CLASS_CAP_EXT_WIDTH = 0x0200;

/**
 * Sends a datagram to the card's agent of a port and gives its answer, or a negative error. Keys
 * are not checked, as no caller has a work completion to complain to.
 */
export function* mlx4_MAD_IFC(
  ibdev: mlx4_ib_dev,
  port: number,
  request: Uint8Array,
): MaySleep<Uint8Array | number> {
  const { dev } = ibdev;
  const inmailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  const outmailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  inmailbox.buf.write(0, request);
  const op = 'MLX4_CMD_MAD_IFC';
  const err = yield* mlx4_cmd_box(
    dev,
    inmailbox.dma,
    outmailbox.dma,
    port,
    MLX4_MAD_IFC_IGNORE_KEYS,
    op,
  );
  const answer = new Uint8Array(madBytes);
  if (err === 0) outmailbox.buf.read(0, answer);
  yield* mlx4_free_cmd_mailbox(dev, inmailbox);
  yield* mlx4_free_cmd_mailbox(dev, outmailbox);
  return err === 0 ? answer : err;
}

/** Asks for an attribute of the subnet class. The data of the answer, or a negative error. */
export function* querySmp(
  ibdev: mlx4_ib_dev,
  port: number,
  attr_id: number,
  attr_mod = 0,
): MaySleep<Uint8Array | number> {
  const request = mad.make({
    base_version: 1,
    mgmt_class: IB_MGMT_CLASS_SUBN_LID_ROUTED,
    class_version: 1,
    method: IB_MGMT_METHOD_GET,
    attr_id,
    attr_mod,
  });
  const answer = yield* mlx4_MAD_IFC(ibdev, port, request);
  return typeof answer === 'number' ? answer : answer.subarray(madDataOffset);
}

const ignored: ProcessedMad = { success: true, consumed: false, reply: null };
const failed: ProcessedMad = { success: false, consumed: false, reply: null };

/** True when the card's agent answers such a datagram. */
function isForFirmware(request: Uint8Array): boolean {
  const method = mad.get(request, 'method');
  const isGetOrSet = method === IB_MGMT_METHOD_GET || method === IB_MGMT_METHOD_SET;
  switch (mad.get(request, 'mgmt_class')) {
    case IB_MGMT_CLASS_SUBN_LID_ROUTED:
    case IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE:
      if (mad.get(request, 'attr_id') === IB_SMP_ATTR_SM_INFO) return false;
      return isGetOrSet || method === IB_MGMT_METHOD_TRAP_REPRESS;
    case IB_MGMT_CLASS_PERF_MGMT:
    case MLX4_IB_VENDOR_CLASS1:
    case MLX4_IB_VENDOR_CLASS2:
    case IB_MGMT_CLASS_CONG_MGMT:
      return isGetOrSet;
    default:
      return false;
  }
}

/** InfiniBand: the card's firmware answers. */
function* ib_process_mad(
  ibdev: mlx4_ib_dev,
  port: number,
  request: Uint8Array,
): MaySleep<ProcessedMad> {
  if (!isForFirmware(request)) return ignored;
  const reply = yield* mlx4_MAD_IFC(ibdev, port, request);
  if (typeof reply === 'number') return failed;
  if (mad.get(request, 'method') === IB_MGMT_METHOD_TRAP_REPRESS) {
    return { success: true, consumed: true, reply: null };
  }
  return { success: true, consumed: false, reply };
}

/** edit_counter(): the card's interface counters in the shape of a performance attribute. */
function fillCounters(
  reply: Uint8Array,
  attribute: number,
  stats: {
    readonly txBytes: bigint;
    readonly rxBytes: bigint;
    readonly txFrames: bigint;
    readonly rxFrames: bigint;
  },
): void {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength);
  // Data is counted in words of four bytes.
  const values = [stats.txBytes >> 2n, stats.rxBytes >> 2n, stats.txFrames, stats.rxFrames];
  for (const [index, value] of values.entries()) {
    if (attribute === IB_PMA_PORT_COUNTERS_EXT) {
      view.setBigUint64(madDataOffset + 8 + index * 8, value);
    } else if (attribute === IB_PMA_PORT_COUNTERS) {
      const most = 0xffff_ffffn;
      view.setUint32(madDataOffset + 24 + index * 4, Number(value > most ? most : value));
    }
  }
}

/**
 * mlx4_get_counter_stats() of one counter: the card's answer in basic mode, or a negative error.
 */
function* queryCounter(ibdev: mlx4_ib_dev, index: number): MaySleep<Uint8Array | number> {
  const op = 'MLX4_CMD_QUERY_IF_STAT';
  const answer = yield* queryMailbox(ibdev.dev, op, ifStat.sizeBytes, { in_modifier: index });
  if (typeof answer === 'number') return answer;
  return (ifStat.get(answer, 'counter_mode') & 0xf) === 0 ? answer : -EOPNOTSUPP;
}

/** Ethernet: the driver answers performance datagrams from the port's counters. */
function* iboe_process_mad(
  ibdev: mlx4_ib_dev,
  port: number,
  request: Uint8Array,
): MaySleep<ProcessedMad> {
  if (mad.get(request, 'mgmt_class') !== IB_MGMT_CLASS_PERF_MGMT) return failed;
  const attribute = mad.get(request, 'attr_id');
  const reply = new Uint8Array(madBytes);
  if (attribute === IB_PMA_CLASS_PORT_INFO) {
    reply.set([IB_PMA_CLASS_CAP_EXT_WIDTH >> 8, 0], madDataOffset + 2);
    return { success: true, consumed: false, reply };
  }
  const table = ibdev.counters_table[port]!;
  const sum = { txBytes: 0n, rxBytes: 0n, txFrames: 0n, rxFrames: 0n };
  let err = -1;
  yield* mutex_lock(table.mutex);
  for (const { index } of table.counters_list) {
    const stats = yield* queryCounter(ibdev, index);
    if (typeof stats === 'number') {
      err = stats;
      break;
    }
    err = 0;
    sum.txBytes += BigInt(ifStat.get(stats, 'tx_bytes'));
    sum.rxBytes += BigInt(ifStat.get(stats, 'rx_bytes'));
    sum.txFrames += BigInt(ifStat.get(stats, 'tx_frames'));
    sum.rxFrames += BigInt(ifStat.get(stats, 'rx_frames'));
  }
  yield* mutex_unlock(table.mutex);
  if (err !== 0) return failed;
  fillCounters(reply, attribute, sum);
  return { success: true, consumed: false, reply };
}

/** Answers a datagram for a port, as the core asks for. */
export function* mlx4_ib_process_mad(
  ibdev: mlx4_ib_dev,
  port: number,
  request: Uint8Array,
): MaySleep<ProcessedMad> {
  return rdma_port_get_link_layer(ibdev.ib_dev, port) === IB_LINK_LAYER_INFINIBAND
    ? yield* ib_process_mad(ibdev, port, request)
    : yield* iboe_process_mad(ibdev, port, request);
}

/**
 * Agents on QP0 and QP1 of every InfiniBand port; they fail on a port that the core could not
 * open.
 */
export function* mlx4_ib_mad_init(ibdev: mlx4_ib_dev): MaySleep<number> {
  for (let port = 1; port <= ibdev.num_ports; port++) {
    const agents: (MadAgent | null)[] = [null, null];
    ibdev.send_agent[port] = agents;
    if (rdma_port_get_link_layer(ibdev.ib_dev, port) !== IB_LINK_LAYER_INFINIBAND) continue;
    for (const type of [IB_QPT_SMI, IB_QPT_GSI] as const) {
      const agent = yield* ib_register_mad_agent(ibdev.ib_dev, port, type);
      if (typeof agent === 'number') {
        yield* unregisterAgents(ibdev);
        return agent;
      }
      agents[type] = agent;
    }
  }
  return 0;
}

function* unregisterAgents(ibdev: mlx4_ib_dev): MaySleep<void> {
  for (const agents of ibdev.send_agent) {
    for (const [type, agent] of (agents ?? []).entries()) {
      agents[type] = null;
      if (agent !== null) yield* ib_unregister_mad_agent(agent);
    }
  }
}

export function* mlx4_ib_mad_cleanup(ibdev: mlx4_ib_dev): MaySleep<void> {
  yield* unregisterAgents(ibdev);
  ibdev.sm_ah.fill(null);
}
