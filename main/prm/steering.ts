// B0 steering: multicast group entries and the Ethernet form of a GID (facts/device 5.29; mcg.c).

import { be16, be32, bits, bytes, layout } from './layout.ts';

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
