// What the device and its ports are, asked of the card (main.c: mlx4_ib_query_device, _query_port,
// _query_gid, _query_pkey, mlx4_port_immutable; facts/device 5.8, 5.21, 9.4). An InfiniBand port
// answers with PortInfo; a RoCE port with QUERY_PORT for its speed, and with its netdev for its
// state: the bond master's while bonded.
// Unprotected: the bonded flag, read anew by each query.

import { EINVAL } from '#kernel/errno.ts';
import type { IbDeviceAttr, IbPortAttr, IbPortImmutable } from '#kernel/infiniband/ib-verbs.ts';
import {
  emptyPortAttr,
  IB_LINK_LAYER_ETHERNET,
  IB_LINK_LAYER_INFINIBAND,
  IB_MGMT_MAD_SIZE,
  IB_MTU_256,
  IB_MTU_4096,
  IB_PORT_ACTIVE,
  IB_PORT_CM_SUP,
  IB_PORT_DOWN,
  IB_PORT_EXTENDED_SPEEDS_SUP,
  IB_PORT_PHYS_STATE_DISABLED,
  IB_PORT_PHYS_STATE_LINK_UP,
  IB_SPEED_EDR,
  IB_SPEED_FDR,
  IB_SPEED_FDR10,
  IB_SPEED_QDR,
  IB_SPEED_SDR,
  IB_WIDTH_1X,
  IB_WIDTH_4X,
  iboe_get_mtu,
  RDMA_CORE_PORT_IBA_IB,
  RDMA_CORE_PORT_IBA_ROCE,
  RDMA_CORE_PORT_IBA_ROCE_UDP_ENCAP,
  RDMA_CORE_PORT_RAW_PACKET,
} from '#kernel/infiniband/ib-verbs.ts';
import { ib_query_port, rdma_protocol_ib } from '#kernel/infiniband/port.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { netif_carrier_ok, netif_running } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import {
  IB_SMP_ATTR_GUID_INFO,
  IB_SMP_ATTR_NODE_INFO,
  IB_SMP_ATTR_PKEY_TABLE,
  IB_SMP_ATTR_PORT_INFO,
  IB_SMP_ATTR_SL_TO_VL_TABLE,
  MLX4_EXT_PORT_INFO,
  nodeInfo,
  portInfo,
} from '#prm/mad.ts';
import { queryPort } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { queryMailbox } from '../../mlx4_core/cmd/query.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import { mlx4_has_cap, mlx4_has_cap2, MLX4_PORT_TYPE_IB } from '../../mlx4_core/mlx4.ts';
import { querySmp } from '../mad.ts';
import { fwVersionText } from './attrs.ts';
import type { mlx4_ib_dev } from '../mlx4_ib.ts';

/** bmme_flags: the reserved key works for every protection domain. */
const MLX4_BMME_FLAG_RESERVED_LKEY = 1 << 10;
/** Speed bytes of QUERY_PORT with four lanes. */
const speed56G = 0x20;
const speed40G = 0x40;
/** Entries in one block of the P_Key table, and of the GUID table. */
const pkeysPerBlock = 32;
const guidsPerBlock = 8;

/** Link layer of a port, from the types that the card was last registered with. */
export const mlx4_ib_port_link_layer = (ibdev: mlx4_ib_dev, port: number): number =>
  ibdev.dev.caps.port_mask[port] === MLX4_PORT_TYPE_IB
    ? IB_LINK_LAYER_INFINIBAND
    : IB_LINK_LAYER_ETHERNET;

export function* mlx4_ib_query_device(ibdev: mlx4_ib_dev): MaySleep<IbDeviceAttr | number> {
  const node = yield* querySmp(ibdev, 1, IB_SMP_ATTR_NODE_INFO);
  if (typeof node === 'number') return node;
  const { caps, persist } = ibdev.dev;
  return {
    fw_ver: fwVersionText(ibdev.dev),
    sys_image_guid: nodeInfo.get(node, 'system_image_guid'),
    vendor_id: nodeInfo.get(node, 'local_port_vendor') & 0xff_ffff,
    vendor_part_id: persist.pdev.device,
    hw_ver: nodeInfo.get(node, 'revision'),
    max_pkeys: caps.pkey_table_len[1] ?? 0,
    hasLocalDmaLkey: (caps.bmme_flags & MLX4_BMME_FLAG_RESERVED_LKEY) !== 0,
    max_qp: caps.num_qps - caps.reserved_qps,
    max_qp_wr: caps.max_wqes,
    max_sge: Math.min(caps.max_sq_sg, caps.max_rq_sg),
    max_cq: caps.num_cqs - caps.reserved_cqs,
    max_cqe: caps.max_cqes,
    max_mr: caps.num_mpts - caps.reserved_mrws,
    max_pd: caps.num_pds - caps.reserved_pds,
    max_srq: caps.num_srqs - caps.reserved_srqs,
    local_ca_ack_delay: caps.local_ca_ack_delay,
  };
}

/** Active speed of an InfiniBand port; QDR asks once more whether it is FDR10. */
function* activeSpeed(
  ibdev: mlx4_ib_dev,
  port: number,
  info: Uint8Array,
  capMask: number,
): MaySleep<number> {
  let speed = portInfo.get(info, 'link_speed') >> 4;
  if ((capMask & IB_PORT_EXTENDED_SPEEDS_SUP) !== 0) {
    const extended = portInfo.get(info, 'link_speed_ext') >> 4;
    if (extended === 1) speed = IB_SPEED_FDR;
    else if (extended === 2) speed = IB_SPEED_EDR;
  }
  if (speed !== IB_SPEED_QDR) return speed;
  const more = yield* querySmp(ibdev, port, MLX4_EXT_PORT_INFO, port);
  if (typeof more === 'number') return more;
  return (more[15]! & 1) !== 0 ? IB_SPEED_FDR10 : speed;
}

/** An InfiniBand port: what the card's subnet management agent says. */
function* ib_link_query_port(ibdev: mlx4_ib_dev, port: number): MaySleep<IbPortAttr | number> {
  const info = yield* querySmp(ibdev, port, IB_SMP_ATTR_PORT_INFO, port);
  if (typeof info === 'number') return info;
  const of = portInfo.read(info);
  const speed = yield* activeSpeed(ibdev, port, info, of.cap_mask);
  if (speed < 0) return speed;
  const { caps } = ibdev.dev;
  const state = of.speed_state & 0xf;
  return {
    ...emptyPortAttr(),
    lid: of.lid,
    lmc: of.mkey_lmc & 7,
    sm_lid: of.sm_lid,
    sm_sl: of.mtu_sm_sl & 0xf,
    state,
    phys_state: of.phys_state >> 4,
    port_cap_flags: of.cap_mask,
    gid_tbl_len: caps.gid_table_len[port]!,
    max_msg_sz: caps.max_msg_sz,
    pkey_tbl_len: caps.pkey_table_len[port]!,
    bad_pkey_cntr: of.pkey_violations,
    qkey_viol_cntr: of.qkey_violations,
    active_width: of.link_width_active & 0xf,
    // Firmware says a wrong speed while the link is down.
    active_speed: state === IB_PORT_DOWN ? IB_SPEED_SDR : speed,
    max_mtu: of.init_type_mtu_cap & 0xf,
    active_mtu: of.mtu_sm_sl >> 4,
    subnet_timeout: of.subnet_timeout & 0x1f,
    max_vl_num: of.vl_cap_init >> 4,
    init_type_reply: of.init_type_mtu_cap >> 4,
  };
}

const isActive = (netdev: NetDevice): boolean => netif_running(netdev) && netif_carrier_ok(netdev);

/** Largest MTU of RDMA packets on a netdev, as a code. */
function activeMtu(netdev: NetDevice): number {
  const mtu = iboe_get_mtu(netdev.mtu);
  return mtu === 0 ? IB_MTU_256 : Math.min(IB_MTU_4096, mtu);
}

/** A RoCE port: speed from the card, state and MTU from the netdev that the notifier remembers. */
function* eth_link_query_port(ibdev: mlx4_ib_dev, port: number): MaySleep<IbPortAttr | number> {
  const { dev, iboe } = ibdev;
  const bonded = yield* mlx4_is_bonded(dev);
  const op = 'MLX4_CMD_QUERY_PORT';
  const answer = yield* queryMailbox(dev, op, queryPort.sizeBytes, { in_modifier: port });
  if (typeof answer === 'number') return answer;
  const speed = queryPort.get(answer, 'link_speed');
  const attr: IbPortAttr = {
    ...emptyPortAttr(),
    active_width: speed === speed40G || speed === speed56G ? IB_WIDTH_4X : IB_WIDTH_1X,
    active_speed: speed === speed56G ? IB_SPEED_FDR : IB_SPEED_QDR,
    port_cap_flags: IB_PORT_CM_SUP,
    ip_gids: true,
    gid_tbl_len: dev.caps.gid_table_len[port]!,
    max_msg_sz: dev.caps.max_msg_sz,
    pkey_tbl_len: dev.caps.pkey_table_len[port] === 0 ? 0 : 1,
    max_mtu: IB_MTU_4096,
    max_vl_num: 2,
    state: IB_PORT_DOWN,
    phys_state: IB_PORT_PHYS_STATE_DISABLED,
    active_mtu: IB_MTU_256,
  };
  yield* spin_lock_bh(iboe.lock);
  let netdev = iboe.netdevs[port] ?? null;
  if (netdev !== null && bonded) {
    yield* rcu_read_lock(ibdev.k);
    netdev = netdev.master;
    yield* rcu_read_unlock(ibdev.k);
  }
  if (netdev !== null) {
    attr.active_mtu = activeMtu(netdev);
    attr.state = isActive(netdev) ? IB_PORT_ACTIVE : IB_PORT_DOWN;
    attr.phys_state = isActive(netdev) ? IB_PORT_PHYS_STATE_LINK_UP : IB_PORT_PHYS_STATE_DISABLED;
  }
  yield* spin_unlock_bh(iboe.lock);
  return attr;
}

/** The port as it is now, or a negative error. */
export function* mlx4_ib_query_port(
  ibdev: mlx4_ib_dev,
  port: number,
): MaySleep<IbPortAttr | number> {
  return mlx4_ib_port_link_layer(ibdev, port) === IB_LINK_LAYER_INFINIBAND
    ? yield* ib_link_query_port(ibdev, port)
    : yield* eth_link_query_port(ibdev, port);
}

/**
 * A GID of an InfiniBand port: prefix and GUID are two queries. RoCE ports have none in the card's
 * agent.
 */
export function* mlx4_ib_query_gid(
  ibdev: mlx4_ib_dev,
  port: number,
  index: number,
): MaySleep<Uint8Array | number> {
  const gid = new Uint8Array(16);
  if (!rdma_protocol_ib(ibdev.ib_dev, port)) return gid;
  const info = yield* querySmp(ibdev, port, IB_SMP_ATTR_PORT_INFO, port);
  if (typeof info === 'number') return info;
  const { offset } = portInfo.fields.gid_prefix;
  gid.set(info.subarray(offset, offset + 8));
  const block = Math.floor(index / guidsPerBlock);
  const guids = yield* querySmp(ibdev, port, IB_SMP_ATTR_GUID_INFO, block);
  if (typeof guids === 'number') return guids;
  const at = (index % guidsPerBlock) * 8;
  gid.set(guids.subarray(at, at + 8), 8);
  return gid;
}

/** A P_Key of a port, asked of the card's agent on RoCE ports too. */
export function* mlx4_ib_query_pkey(
  ibdev: mlx4_ib_dev,
  port: number,
  index: number,
): MaySleep<number> {
  const block = Math.floor(index / pkeysPerBlock);
  const table = yield* querySmp(ibdev, port, IB_SMP_ATTR_PKEY_TABLE, block);
  if (typeof table === 'number') return table;
  const at = (index % pkeysPerBlock) * 2;
  return (table[at]! << 8) | table[at + 1]!;
}

/** The SL to VL map of an InfiniBand port, 8 bytes; or a negative error. */
export function* mlx4_ib_query_sl2vl(ibdev: mlx4_ib_dev, port: number): MaySleep<bigint | number> {
  const table = yield* querySmp(ibdev, port, IB_SMP_ATTR_SL_TO_VL_TABLE);
  if (typeof table === 'number') return table;
  return new DataView(table.buffer, table.byteOffset, 8).getBigUint64(0);
}

/** What a port can do, from its link layer and the card's capabilities. */
function coreCapFlags(ibdev: mlx4_ib_dev, port: number): number {
  if (mlx4_ib_port_link_layer(ibdev, port) === IB_LINK_LAYER_INFINIBAND) {
    return RDMA_CORE_PORT_IBA_IB;
  }
  const { dev } = ibdev;
  const v1 = mlx4_has_cap(dev, 'IBOE') ? RDMA_CORE_PORT_IBA_ROCE : 0;
  const both = RDMA_CORE_PORT_IBA_ROCE | RDMA_CORE_PORT_IBA_ROCE_UDP_ENCAP;
  return (mlx4_has_cap2(dev, 'ROCE_V1_V2') ? both : v1) | RDMA_CORE_PORT_RAW_PACKET;
}

/** What a port is until the device is registered anew. */
export function* mlx4_port_immutable(
  ibdev: mlx4_ib_dev,
  port: number,
): MaySleep<IbPortImmutable | number> {
  const core_cap_flags = coreCapFlags(ibdev, port);
  const attr = yield* ib_query_port(ibdev.ib_dev, port);
  if (typeof attr === 'number') return attr === 0 ? -EINVAL : attr;
  const isMad = core_cap_flags !== RDMA_CORE_PORT_RAW_PACKET;
  return {
    core_cap_flags,
    max_mad_size: isMad ? IB_MGMT_MAD_SIZE : 0,
    pkey_tbl_len: attr.pkey_tbl_len,
    gid_tbl_len: attr.gid_tbl_len,
  };
}
