// Management datagrams of MAD_IFC (facts/device 5.21; device.h: struct mlx4_mad_ifc, IB specification 14).

import { addr64, be16, be32, be64, bytes, layout, u8 } from './layout.ts';

export const madBytes = 256;
/** Start of the data of a subnet management packet. */
export const madDataOffset = 0x40;

export const mad = layout('mlx4_mad_ifc', madBytes, {
  base_version: u8(0x00),
  mgmt_class: u8(0x01),
  class_version: u8(0x02),
  method: u8(0x03),
  status: be16(0x04),
  tid: be64(0x08),
  attr_id: be16(0x10),
  attr_mod: be32(0x14),
  mkey: be64(0x18),
  data: bytes(madDataOffset, 192),
});

export const IB_MGMT_METHOD_GET = 0x01;
export const IB_MGMT_METHOD_SET = 0x02;
export const IB_MGMT_METHOD_GET_RESP = 0x81;
export const IB_SMP_ATTR_NODE_DESC = 0x0010;
export const IB_SMP_ATTR_NODE_INFO = 0x0011;
export const IB_SMP_ATTR_GUID_INFO = 0x0014;
export const IB_SMP_ATTR_PORT_INFO = 0x0015;
export const IB_SMP_ATTR_PKEY_TABLE = 0x0016;
export const IB_SMP_ATTR_SL_TO_VL_TABLE = 0x0017;
export const MLX4_EXT_PORT_INFO = 0xff90;
export const MLX4_CABLE_INFO = 0xff60;
/** MAD status: unsupported attribute. */
export const IB_MAD_STATUS_UNSUP_ATTR = 0x000c;

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
});

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

/** GUIDs are 64-bit; this names the GID prefix that a port starts with. */
export const IB_DEFAULT_GID_PREFIX = 0xfe80_0000_0000_0000n;

/** A port's own GID entry: prefix and GUID. */
export const gid = layout('gid', 16, { prefix: be64(0), guid: be64(8) });

/** ACCESS_REG header (facts/device 5.23). */
export const accessReg = layout('mlx4_access_reg', 0x14, {
  constant1: be16(0x00),
  status: u8(0x02),
  reg_id: be16(0x04),
  method: u8(0x06),
  constant2: u8(0x07),
  len_const: be16(0x10),
});
export const MLX4_REG_ID_PTYS = 0x5004;
export const ptysOffset = 0x14;
/** PTYS register. */
export const ptys = layout('mlx4_ptys_reg', 52, {
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

/** A 64-bit node description kept by SET_NODE. */
export const nodeDescriptionBytes = 64;
export const nodeDescription = layout('node_description', 64, { text: bytes(0, 64) });
/** The counter of a DIAG_RPRT answer at 0: kept so that the answer has a declared shape. */
export const diagReport = layout('diag_report', 0x200, { first: addr64(0) });
