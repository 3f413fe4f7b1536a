// B0 steering: multicast group entries, the Ethernet form of a GID, the modifiers of WRITE_MCG and
// MGID_HASH (facts/device 4.8, 5.29; mlx4.h, mcg.c). Device-managed flow steering: rules and their
// specs (5.28; device.h: struct mlx4_net_trans_rule_hw_*).
// Left out: specs of IPv6, which the driver does not make either (mcg.c: __rule_hw_sz gives 0).

import { be16, be32, bit, bits, bytes, layout, u8 } from './layout.ts';

/** Head of a group entry; 32-bit QP words follow. */
export const mgmHeaderBytes = 0x20;
export const mgm = layout('mlx4_mgm', mgmHeaderBytes, {
  next_gid_index: bits(0x00, 31, 6),
  protocol: bits(0x04, 31, 30),
  members_count: bits(0x04, 23, 0),
  gid: bytes(0x10, 16),
});
/** QPs that an entry of this many bytes holds. */
export const qpsPerMgm = (entryBytes: number): number => 4 * (entryBytes / 16 - 2);
/** Where the QP word of a member is in an entry. */
export const mgmQpOffset = (member: number): number => mgmHeaderBytes + 4 * member;
/** A member: QPN, and whether its own multicasts do not come back to it. */
export const mgmMember = layout('mgm_member', 4, {
  block_loopback: bit(0x0, 30),
  qpn: bits(0x0, 23, 0),
});
/** Bits of a QP word. */
export const MGM_QPN_MASK = 0x00ff_ffff;
export const MGM_BLCK_LB_BIT = 30;

export const MLX4_PROT_IB_IPV6 = 0;
export const MLX4_PROT_ETH = 1;
export const MLX4_PROT_IB_IPV4 = 2;
export const MLX4_PROT_FCOE = 3;

/** Steering types. */
export const MLX4_MC_STEER = 0;
export const MLX4_UC_STEER = 1;

/** WRITE_MCG opcode modifiers: an entry, or the promiscuous list of a port and steering type. */
export const MLX4_WRITE_MCG_ENTRY = 0;
export const MLX4_WRITE_MCG_PROMISC = 1;
/** Input modifier of the promiscuous list, and its parts. */
export const promiscModifier = (portNumber: number, steer: number): number =>
  (portNumber << 16) | (steer << 1);
export const promiscPort = (inModifier: number): number => (inModifier >>> 16) & 0xff;
export const promiscSteer = (inModifier: number): number => (inModifier >> 1) & 1;
/** MGID_HASH opcode modifiers: a GID, or (with VEP_MC_STEER) an Ethernet address. */
export const MLX4_MGID_HASH_GID = 0;
export const MLX4_MGID_HASH_ETH = 1;

/** The 16 bytes that stand for a MAC on a port. */
export const ethernetGid = layout('ethernet_gid', 16, {
  port: bits(0x04, 23, 16),
  steer: bits(0x04, 2, 1),
  mac_h: be16(0x0a),
  mac_l: be32(0x0c),
});

/** Steering modes (enum): the number that `Steering Mode %d` prints. */
export const MLX4_STEERING_MODE_A0 = 0;
export const MLX4_STEERING_MODE_B0 = 1;
export const MLX4_STEERING_MODE_DEVICE_MANAGED = 2;

/** Head of a flow steering rule (FLOW_STEERING_ATTACH); its specs follow back to back. */
export const flowRuleBytes = 16;
export const flowRule = layout('mlx4_net_trans_rule_hw_ctrl', flowRuleBytes, {
  /** Lower values are matched first. */
  prio: be16(0x0),
  type: u8(0x2),
  allow_loopback: bit(0x0, 3),
  exclusive: bit(0x0, 2),
  /** Before rules of the same priority that are there already, else behind them. */
  lifo: bit(0x0, 0),
  funcid: u8(0x5),
  vep: u8(0x6),
  port: u8(0x7),
  qpn: bits(0x8, 23, 0),
});
/** Types of a rule (mcg.c: __promisc_mode). The default ones have no specs. */
export const MLX4_FS_TYPE = {
  REGULAR: 0,
  /** Promiscuous. */
  ALL_DEFAULT: 1,
  MC_DEFAULT: 3,
  MIRROR_RX_PORT: 4,
  MIRROR_SX_PORT: 5,
  UC_SNIFFER: 6,
  MC_SNIFFER: 7,
} as const;
/** Priorities: who made the rule. Of ethtool's, the low bits are the rule's location. */
export const MLX4_DOMAIN = { UVERBS: 0x1000, ETHTOOL: 0x2000, RFS: 0x3000, NIC: 0x5000 } as const;

/** What every spec begins with; the size is in 4-byte words. */
export const flowSpec = layout('mlx4_net_trans_rule_hw_spec', 4, { size: u8(0x0), id: be16(0x2) });
/** Kinds of spec (mcg.c: __sw_id_hw). */
export const MLX4_NET_TRANS_RULE_ID = {
  ETH: 0xe001,
  IPV4: 0xe002,
  IPV6: 0xe003,
  TCP: 0xe004,
  IB: 0xe005,
  UDP: 0xe006,
  VXLAN: 0xe008,
} as const;
/** Spec of addresses, EtherType and VLAN. A bit that is 0 in a mask is not looked at. */
export const flowSpecEth = layout('mlx4_net_trans_rule_hw_eth', 48, {
  size: u8(0),
  id: be16(2),
  dst_mac: bytes(10, 6),
  dst_mac_msk: bytes(18, 6),
  src_mac: bytes(26, 6),
  src_mac_msk: bytes(34, 6),
  ether_type_enable: u8(41),
  ether_type: be16(42),
  vlan_tag_msk: be16(44),
  vlan_tag: be16(46),
});
/** Spec of IPv4 addresses. */
export const flowSpecIpv4 = layout('mlx4_net_trans_rule_hw_ipv4', 24, {
  size: u8(0),
  id: be16(2),
  dst_ip: be32(8),
  dst_ip_msk: be32(12),
  src_ip: be32(16),
  src_ip_msk: be32(20),
});
/** Spec of TCP or UDP ports: the id says which. */
export const flowSpecTcpUdp = layout('mlx4_net_trans_rule_hw_tcp_udp', 24, {
  size: u8(0),
  id: be16(2),
  dst_port: be16(10),
  dst_port_msk: be16(14),
  src_port: be16(18),
  src_port_msk: be16(22),
});
/** Spec of the queue pair and GID that an InfiniBand packet goes to. */
export const flowSpecIb = layout('mlx4_net_trans_rule_hw_ib', 48, {
  size: u8(0),
  id: be16(2),
  l3_qpn: be32(8),
  qpn_mask: be32(12),
  dst_gid: bytes(16, 16),
  dst_gid_msk: bytes(32, 16),
});
/** Spec of a VXLAN tunnel; specs behind it are about the inner frame. */
export const flowSpecVxlan = layout('mlx4_net_trans_rule_hw_vxlan', 16, {
  size: u8(0),
  id: be16(2),
  vni: bits(8, 31, 8),
  vni_mask: bits(12, 31, 8),
});
/** The spec of each kind. */
export const flowSpecs = {
  ETH: flowSpecEth,
  IPV4: flowSpecIpv4,
  TCP: flowSpecTcpUdp,
  IB: flowSpecIb,
  UDP: flowSpecTcpUdp,
  VXLAN: flowSpecVxlan,
} as const;
