// Management datagrams of MAD_IFC (facts/device 5.21; device.h: struct mlx4_mad_ifc, IB
// specification 14), the node description of SET_NODE, the counters of DIAG_RPRT (5.30), and
// ACCESS_REG with PTYS. Left out: the fields of MAD_DEMUX (5.22), which the card refuses, and
// traps.

import { be16, be32, be64, bits, bytes, layout, u8 } from './layout.ts';

export const madBytes = 256;
/** Start of the data of a subnet management packet. */
export const madDataOffset = 0x40;

/** What a datagram of any class begins with (ib_mad.h: struct ib_mad_hdr). */
export const madHeader = {
  base_version: u8(0x00),
  mgmt_class: u8(0x01),
  class_version: u8(0x02),
  method: u8(0x03),
  status: be16(0x04),
  tid: be64(0x08),
  attr_id: be16(0x10),
  attr_mod: be32(0x14),
} as const;

export const mad = layout('mlx4_mad_ifc', madBytes, {
  ...madHeader,
  mkey: be64(0x18),
  data: bytes(madDataOffset, 192),
});

/**
 * What stands before a datagram in an InfiniBand packet, and behind it (ib_pack.h): local route
 * header, global one if the link next header says so, base transport header, datagram header; CRC.
 */
export const lrh = layout('lrh', 8, {
  virtual_lane: bits(0, 31, 28),
  link_version: bits(0, 27, 24),
  service_level: bits(0, 23, 20),
  link_next_header: bits(0, 17, 16),
  destination_lid: be16(2),
  packet_length: bits(4, 26, 16),
  source_lid: be16(6),
});
export const IB_LNH_IBA_LOCAL = 2;
export const IB_LNH_IBA_GLOBAL = 3;
export const IB_GRH_BYTES = 40;
export const IB_BTH_BYTES = 12;
export const IB_DETH_BYTES = 8;
export const ibCrcBytes = 4;
/** Q_Key of QP1. */
export const IB_QP1_QKEY = 0x8001_0000;
/** The lane of subnet management: it works as soon as the link has trained. */
export const managementLane = 15;

/** Extended information, in the mailbox behind the MAD (opcode modifier bit 2). */
export const madExtendedOffset = 0x100;
export const madExtended = layout('mad_ifc_ext', 104, {
  my_qpn: be32(0),
  rqpn: be32(8),
  sl: u8(12),
  g_path: u8(13),
  pkey_index: be16(18),
  grh: bytes(64, 40),
});
/** Bits of MAD_IFC's opcode modifier. */
export const MLX4_MAD_IFC_IGNORE_MKEY = 1 << 0;
export const MLX4_MAD_IFC_IGNORE_BKEY = 1 << 1;
export const madExtendedValid = 1 << 2;

export const IB_MGMT_CLASS_SUBN_LID_ROUTED = 0x01;
export const IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE = 0x81;
/**
 * True for a class of subnet management: QP0 serves those, on lane 15. All others are for QP1, on a
 * port that is ACTIVE.
 */
export const isSubnetManagement = (managementClass: number): boolean =>
  managementClass === IB_MGMT_CLASS_SUBN_LID_ROUTED ||
  managementClass === IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE;

export const IB_MGMT_METHOD_GET = 0x01;
export const IB_MGMT_METHOD_SET = 0x02;
export const IB_MGMT_METHOD_GET_RESP = 0x81;
/** Bit of the methods that answer. */
export const IB_MGMT_METHOD_RESP = 0x80;
export const IB_SMP_ATTR_NODE_DESC = 0x0010;
export const IB_SMP_ATTR_NODE_INFO = 0x0011;
export const IB_SMP_ATTR_GUID_INFO = 0x0014;
export const IB_SMP_ATTR_PORT_INFO = 0x0015;
export const IB_SMP_ATTR_PKEY_TABLE = 0x0016;
export const IB_SMP_ATTR_SL_TO_VL_TABLE = 0x0017;
export const MLX4_EXT_PORT_INFO = 0xff90;
export const MLX4_CABLE_INFO = 0xff60;
/** MAD status: unknown version, unsupported method or attribute, a value that is not allowed. */
export const IB_MAD_STATUS_BAD_VERSION = 0x0004;
export const IB_MAD_STATUS_UNSUP_METHOD = 0x0008;
export const IB_MAD_STATUS_UNSUP_ATTR = 0x000c;
export const IB_MAD_STATUS_INVALID_FIELD = 0x001c;
/** Bit of the status of a directed-route packet that is on its way back. */
export const IB_SMP_DIRECTION = 0x8000;

/** NodeInfo, in the data. */
export const nodeInfo = layout('node_info', 40, {
  base_version: u8(0),
  class_version: u8(1),
  node_type: u8(2),
  num_ports: u8(3),
  system_image_guid: be64(4),
  node_guid: be64(12),
  port_guid: be64(20),
  partition_cap: be16(28),
  device_id: be16(30),
  revision: be32(32),
  local_port_vendor: be32(36),
});

/** PortInfo, in the data: what the driver and tools read. */
export const portInfo = layout('port_info', 64, {
  mkey: be64(0),
  gid_prefix: be64(8),
  lid: be16(16),
  sm_lid: be16(18),
  cap_mask: be32(20),
  diag_code: be16(24),
  mkey_lease: be16(26),
  local_port: u8(28),
  link_width_enabled: u8(29),
  link_width_supported: u8(30),
  link_width_active: u8(31),
  /** Bits 7:4 supported speed, 3:0 port state (1 down, 2 initialise, 3 armed, 4 active). */
  speed_state: u8(32),
  /** Bits 7:4 physical state (2 polling, 3 disabled, 5 link up), 3:0 default. */
  phys_state: u8(33),
  mkey_lmc: u8(34),
  link_speed: u8(35),
  mtu_sm_sl: u8(36),
  vl_cap_init: u8(37),
  /** Bits 7:4 InitTypeReply, 3:0 largest MTU that the port can do. */
  init_type_mtu_cap: u8(41),
  pkey_violations: be16(46),
  qkey_violations: be16(48),
  /** Bit 7 ClientReregister, 4:0 SubnetTimeOut. */
  subnet_timeout: u8(51),
  /** Bits 7:4 active extended speed: 1 FDR, 2 EDR. */
  link_speed_ext: u8(62),
});

/** Port states, in the low half of speed_state. 0 in a Set means "no change". */
export const IB_PORT_STATE = { NO_CHANGE: 0, DOWN: 1, INIT: 2, ARMED: 3, ACTIVE: 4 } as const;
/** Physical port states, in the high half of phys_state. */
export const IB_PORT_PHYS_STATE = { POLLING: 2, DISABLED: 3, LINK_UP: 5 } as const;

/** Offset of the capability mask in a PortInfo answer, from the start of the MAD. */
export const portInfoCapMaskOffset = madDataOffset + 20;

/** Module information of attribute 0xff60. */
export const cableInfo = layout('mlx4_cable_info', 64, {
  i2c_addr: u8(0),
  page_num: u8(1),
  dev_mem_address: be16(2),
  size: be16(6),
  data: bytes(16, 48),
});

/** Reason of a failed cable query: bits 15:8 of the MAD status. */
export const CABLE_INF = {
  INV_PORT: 1,
  OP_NOSUP: 2,
  NOT_CONN: 3,
  NO_EEPRM: 4,
  PAGE_ERR: 5,
  INV_ADDR: 6,
  I2C_ADDR: 7,
  QSFP_VIO: 8,
  I2C_BUSY: 9,
} as const;
/** Most bytes of one cable query, and I2C addresses of the lower and upper half of the EEPROM. */
export const MODULE_INFO_MAX_READ = 48;
export const I2C_ADDR_LOW = 0x50;
export const I2C_ADDR_HIGH = 0x51;
/** Module ids, byte 0 of the EEPROM. */
export const MLX4_MODULE_ID_SFP = 0x03;
export const MLX4_MODULE_ID_QSFP = 0x0c;
export const MLX4_MODULE_ID_QSFP_PLUS = 0x0d;
export const MLX4_MODULE_ID_QSFP28 = 0x11;

/** GUIDs are 64-bit; this names the GID prefix that a port starts with. */
export const IB_DEFAULT_GID_PREFIX = 0xfe80_0000_0000_0000n;

/** A port's own GID entry: prefix and GUID. */
export const gid = layout('gid', 16, { prefix: be64(0), guid: be64(8) });

/**
 * ACCESS_REG (facts/device 5.23; fw.c: mlx4_ACCESS_REG): header of the mailbox, in and out.
 * `status` uses its low seven bits; not zero in the answer = failure.
 */
export const accessReg = layout('mlx4_access_reg', 0x14, {
  constant1: be16(0x00),
  status: u8(0x02),
  reg_id: be16(0x04),
  method: u8(0x06),
  constant2: u8(0x07),
  len_const: be16(0x10),
});
/** Values of the header's constants. */
export const MLX4_ACCESS_REG_CONSTANT1 = 0x0804;
export const MLX4_ACCESS_REG_CONSTANT2 = 1;
export const MLX4_ACCESS_REG_STATUS_MASK = 0x7f;
/** len_const for a register of so many bytes: 3 in bits 15:12, dwords + 1 in bits 10:0. */
export const accessRegLength = (registerBytes: number): number => 0x3000 | (registerBytes / 4 + 1);
/** Methods. */
export const MLX4_ACCESS_REG_QUERY = 1;
export const MLX4_ACCESS_REG_WRITE = 2;
/** Register ids. */
export const MLX4_REG_ID_PTYS = 0x5004;
/** Where the register begins in the mailbox. */
export const ptysOffset = 0x14;
/** PTYS register. */
export const ptysBytes = 52;
export const ptys = layout('mlx4_ptys_reg', ptysBytes, {
  /** MLX4_PTYS_AN_DISABLE_ bits. */
  flags: u8(0x00),
  local_port: u8(0x01),
  proto_mask: u8(0x03),
  eth_proto_cap: be32(0x0c),
  ib_width_cap: be16(0x10),
  ib_speed_cap: be16(0x12),
  eth_proto_admin: be32(0x18),
  ib_width_admin: be16(0x1c),
  ib_speed_admin: be16(0x1e),
  eth_proto_oper: be32(0x24),
  ib_width_oper: be16(0x28),
  ib_speed_oper: be16(0x2a),
  eth_proto_lp_adv: be32(0x30),
});
/** Bits of flags: autonegotiation can be disabled, and is. */
export const MLX4_PTYS_AN_DISABLE_CAP = 1 << 5;
export const MLX4_PTYS_AN_DISABLE_ADMIN = 1 << 6;
/** Protocol masks. */
export const MLX4_PTYS_IB = 1;
export const MLX4_PTYS_EN = 4;

/** Bits of eth_proto_* (enum mlx4_link_mode). */
export const MLX4_LINK_MODE = {
  '1000BASE_CX_SGMII': 0,
  '1000BASE_KX': 1,
  '10GBASE_CX4': 2,
  '10GBASE_KX4': 3,
  '10GBASE_KR': 4,
  '20GBASE_KR2': 5,
  '40GBASE_CR4': 6,
  '40GBASE_KR4': 7,
  '56GBASE_KR4': 8,
  '10GBASE_CR': 12,
  '10GBASE_SR': 13,
  '40GBASE_SR4': 15,
  '56GBASE_CR4': 17,
  '56GBASE_SR4': 18,
  '100BASE_TX': 24,
  '1000BASE_T': 25,
  '10GBASE_T': 26,
} as const;

/** The node description that SET_NODE keeps: 64 bytes of text. */
export const nodeDescriptionBytes = 64;
export const nodeDescription = layout('node_description', 64, { text: bytes(0, 64) });
/** Input modifier of SET_NODE. */
export const setNodeModifier = 1;

/** Where a DIAG_RPRT answer has its 32-bit counters; the first block is counters back to back. */
export const diagReportBytes = 0x1a4;
export const diagReport = layout('diag_report', diagReportBytes, {
  basic: bytes(0x000, 0x70),
  counter_100: be32(0x100),
  counter_104: be32(0x104),
  counter_118: be32(0x118),
  counter_130: be32(0x130),
  counter_134: be32(0x134),
  counter_1a0: be32(0x1a0),
});
/** Opcode modifier of DIAG_RPRT. */
export const MLX4_QUERY_DIAG_COUNTERS = 2;
