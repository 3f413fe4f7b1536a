// Constants and attribute structures of the RDMA core (include/rdma/ib_verbs.h, ib_mad.h,
// rdma_core): what drivers and clients of an RDMA device exchange. Numbers are Linux's; the window
// and ibstat show them.
// Left out: everything of the data path (work requests, completions, memory windows, flows, SRQs).

import type { NetDevice } from '../net/netdevice.ts';

/** Link layer of a port (enum rdma_link_layer). */
export const IB_LINK_LAYER_UNSPECIFIED = 0;
export const IB_LINK_LAYER_INFINIBAND = 1;
export const IB_LINK_LAYER_ETHERNET = 2;

/** node_type of a channel adapter. */
export const RDMA_NODE_IB_CA = 1;

/** Logical state of a port (enum ib_port_state). */
export const IB_PORT_NOP = 0;
export const IB_PORT_DOWN = 1;
export const IB_PORT_INIT = 2;
export const IB_PORT_ARMED = 3;
export const IB_PORT_ACTIVE = 4;
export const IB_PORT_ACTIVE_DEFER = 5;

/** Physical state of a port (enum ib_port_phys_state). */
export const IB_PORT_PHYS_STATE_SLEEP = 1;
export const IB_PORT_PHYS_STATE_POLLING = 2;
export const IB_PORT_PHYS_STATE_DISABLED = 3;
export const IB_PORT_PHYS_STATE_LINK_UP = 5;

/** active_width (enum ib_port_width). */
export const IB_WIDTH_1X = 1;
export const IB_WIDTH_4X = 2;
export const IB_WIDTH_8X = 4;
export const IB_WIDTH_12X = 8;
export const IB_WIDTH_2X = 16;

/** active_speed (enum ib_port_speed). */
export const IB_SPEED_SDR = 1;
export const IB_SPEED_DDR = 2;
export const IB_SPEED_QDR = 4;
export const IB_SPEED_FDR10 = 8;
export const IB_SPEED_FDR = 16;
export const IB_SPEED_EDR = 32;

/** MTU codes (enum ib_mtu). */
export const IB_MTU_256 = 1;
export const IB_MTU_512 = 2;
export const IB_MTU_1024 = 3;
export const IB_MTU_2048 = 4;
export const IB_MTU_4096 = 5;

/** port_cap_flags. */
export const IB_PORT_EXTENDED_SPEEDS_SUP = 1 << 14;
export const IB_PORT_CM_SUP = 1 << 16;

/** Kinds of queue pair that the core makes (enum ib_qp_type). */
export const IB_QPT_SMI = 0;
export const IB_QPT_GSI = 1;
export type IbQpType = typeof IB_QPT_SMI | typeof IB_QPT_GSI;

/** States of a queue pair (enum ib_qp_state). */
export type IbQpState = 'RESET' | 'INIT' | 'RTR' | 'RTS' | 'ERR';

/** What a port can do (RDMA_CORE_CAP_*, RDMA_CORE_PORT_*). */
export const RDMA_CORE_CAP_IB_MAD = 0x1;
export const RDMA_CORE_CAP_IB_SMI = 0x2;
export const RDMA_CORE_CAP_IB_CM = 0x4;
export const RDMA_CORE_CAP_IB_SA = 0x10;
export const RDMA_CORE_CAP_AF_IB = 0x1000;
export const RDMA_CORE_CAP_ETH_AH = 0x2000;
export const RDMA_CORE_CAP_PROT_IB = 0x10_0000;
export const RDMA_CORE_CAP_PROT_ROCE = 0x20_0000;
export const RDMA_CORE_CAP_PROT_ROCE_UDP_ENCAP = 0x80_0000;
export const RDMA_CORE_CAP_PROT_RAW_PACKET = 0x100_0000;
export const RDMA_CORE_PORT_IBA_IB =
  RDMA_CORE_CAP_PROT_IB |
  RDMA_CORE_CAP_IB_MAD |
  RDMA_CORE_CAP_IB_SMI |
  RDMA_CORE_CAP_IB_CM |
  RDMA_CORE_CAP_IB_SA |
  RDMA_CORE_CAP_AF_IB;
export const RDMA_CORE_PORT_IBA_ROCE =
  RDMA_CORE_CAP_PROT_ROCE |
  RDMA_CORE_CAP_IB_MAD |
  RDMA_CORE_CAP_IB_CM |
  RDMA_CORE_CAP_AF_IB |
  RDMA_CORE_CAP_ETH_AH;
export const RDMA_CORE_PORT_IBA_ROCE_UDP_ENCAP =
  RDMA_CORE_CAP_PROT_ROCE_UDP_ENCAP |
  RDMA_CORE_CAP_IB_MAD |
  RDMA_CORE_CAP_IB_CM |
  RDMA_CORE_CAP_AF_IB |
  RDMA_CORE_CAP_ETH_AH;
export const RDMA_CORE_PORT_RAW_PACKET = RDMA_CORE_CAP_PROT_RAW_PACKET;

/** Bytes of a management datagram. */
export const IB_MGMT_MAD_SIZE = 256;

/** Kinds of GID (enum ib_gid_type). */
export const IB_GID_TYPE_IB = 0;
export const IB_GID_TYPE_ROCE = 1;
export const IB_GID_TYPE_ROCE_UDP_ENCAP = 2;
export const IB_GID_TYPE_SIZE = 3;

/** P_Key of full members of the default partition. */
export const IB_DEFAULT_PKEY_FULL = 0xffff;
/** Q_Key of QP1. */
export const IB_QP1_QKEY = 0x8001_0000;

/** struct ib_port_attr: a port as the driver sees it now. */
export interface IbPortAttr {
  state: number;
  phys_state: number;
  max_mtu: number;
  active_mtu: number;
  gid_tbl_len: number;
  pkey_tbl_len: number;
  ip_gids: boolean;
  port_cap_flags: number;
  max_msg_sz: number;
  bad_pkey_cntr: number;
  qkey_viol_cntr: number;
  lid: number;
  sm_lid: number;
  lmc: number;
  max_vl_num: number;
  sm_sl: number;
  subnet_timeout: number;
  init_type_reply: number;
  active_width: number;
  active_speed: number;
  subnet_prefix: bigint;
}

/** A zeroed struct ib_port_attr. */
export const emptyPortAttr = (): IbPortAttr => ({
  state: IB_PORT_NOP,
  phys_state: 0,
  max_mtu: 0,
  active_mtu: 0,
  gid_tbl_len: 0,
  pkey_tbl_len: 0,
  ip_gids: false,
  port_cap_flags: 0,
  max_msg_sz: 0,
  bad_pkey_cntr: 0,
  qkey_viol_cntr: 0,
  lid: 0,
  sm_lid: 0,
  lmc: 0,
  max_vl_num: 0,
  sm_sl: 0,
  subnet_timeout: 0,
  init_type_reply: 0,
  active_width: 0,
  active_speed: 0,
  subnet_prefix: 0n,
});

/** struct ib_device_attr: what ibv_devinfo prints of a device. */
export interface IbDeviceAttr {
  readonly fw_ver: string;
  readonly sys_image_guid: bigint;
  readonly vendor_id: number;
  readonly vendor_part_id: number;
  readonly hw_ver: number;
  readonly max_pkeys: number;
  readonly max_qp: number;
  readonly max_qp_wr: number;
  readonly max_sge: number;
  readonly max_cq: number;
  readonly max_cqe: number;
  readonly max_mr: number;
  readonly max_pd: number;
  readonly max_srq: number;
  readonly local_ca_ack_delay: number;
  /** The driver's local_dma_lkey works for every protection domain (IBK_LOCAL_DMA_LKEY). */
  readonly hasLocalDmaLkey: boolean;
}

/** struct ib_port_immutable: what a port is until the device is registered anew. */
export interface IbPortImmutable {
  readonly core_cap_flags: number;
  readonly max_mad_size: number;
  readonly pkey_tbl_len: number;
  readonly gid_tbl_len: number;
}

/** struct ib_gid_attr: an entry of a port's GID table. */
export interface IbGidAttr {
  /** 16 bytes. */
  gid: Uint8Array;
  gid_type: number;
  /** RoCE: the netdev behind it. */
  ndev: NetDevice | null;
  index: number;
  port_num: number;
}

/** Events (enum ib_event_type), by their numbers. */
export const IB_EVENT_QP_FATAL = 1;
export const IB_EVENT_QP_REQ_ERR = 2;
export const IB_EVENT_QP_ACCESS_ERR = 3;
export const IB_EVENT_COMM_EST = 4;
export const IB_EVENT_SQ_DRAINED = 5;
export const IB_EVENT_PATH_MIG = 6;
export const IB_EVENT_PATH_MIG_ERR = 7;
export const IB_EVENT_DEVICE_FATAL = 8;
export const IB_EVENT_PORT_ACTIVE = 9;
export const IB_EVENT_PORT_ERR = 10;
export const IB_EVENT_LID_CHANGE = 11;
export const IB_EVENT_PKEY_CHANGE = 12;
export const IB_EVENT_SM_CHANGE = 13;
export const IB_EVENT_QP_LAST_WQE_REACHED = 16;
export const IB_EVENT_CLIENT_REREGISTER = 17;
export const IB_EVENT_GID_CHANGE = 18;

/** Texts of the events (verbs.c: ib_event_msg). */
const eventTexts: ReadonlyMap<number, string> = new Map([
  [IB_EVENT_DEVICE_FATAL, 'device fatal error'],
  [IB_EVENT_PORT_ACTIVE, 'port active'],
  [IB_EVENT_PORT_ERR, 'port error'],
  [IB_EVENT_LID_CHANGE, 'LID change'],
  [IB_EVENT_PKEY_CHANGE, 'P_key change'],
  [IB_EVENT_SM_CHANGE, 'SM change'],
  [IB_EVENT_CLIENT_REREGISTER, 'client reregister'],
  [IB_EVENT_GID_CHANGE, 'GID changed'],
]);

export const ib_event_msg = (event: number): string =>
  eventTexts.get(event) ?? 'unrecognized event';

/** ib_mtu_enum_to_int(): bytes of an MTU code, -1 for a bad one. */
export const ib_mtu_enum_to_int = (mtu: number): number =>
  mtu >= IB_MTU_256 && mtu <= IB_MTU_4096 ? 128 << mtu : -1;

/** ib_width_enum_to_int(): lanes of a width code, -1 for a bad one. */
export function ib_width_enum_to_int(width: number): number {
  const lanes = new Map([
    [IB_WIDTH_1X, 1],
    [IB_WIDTH_2X, 2],
    [IB_WIDTH_4X, 4],
    [IB_WIDTH_8X, 8],
    [IB_WIDTH_12X, 12],
  ]);
  return lanes.get(width) ?? -1;
}

/** Bytes that RoCE puts around the payload: GRH, UDP, BTH, extended headers, ICRC. */
const roceOverheadBytes = 40 + 8 + 12 + 4 + 28 + 4;

/** iboe_get_mtu(): code of the largest RDMA MTU that a netdev's MTU carries, 0 when none does. */
export function iboe_get_mtu(netdevMtu: number): number {
  const room = netdevMtu - roceOverheadBytes;
  for (let mtu = IB_MTU_4096; mtu >= IB_MTU_256; mtu--) {
    if (room >= ib_mtu_enum_to_int(mtu)) return mtu;
  }
  return 0;
}
