// B0 steering: multicast group entries, the Ethernet form of a GID, the modifiers of WRITE_MCG and
// MGID_HASH (facts/device 4.8, 5.29; mlx4.h, mcg.c).
// Left out: rules of device-managed flow steering (5.28), which this card does not offer.

import { be16, be32, bit, bits, bytes, layout } from './layout.ts';

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
