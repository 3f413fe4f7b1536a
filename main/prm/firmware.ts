// Mailboxes of the initialisation commands (facts/device 5.1 to 5.17; fw.c). SET_ICM_SIZE has none:
// its input is the size of the ICM in bytes, its output the number of auxiliary pages wanted.
// RUN_FW, NOP, SYNC_TPT, UNMAP_FA, UNMAP_ICM_AUX and CLOSE_HCA have no parameters.
// Left out: QUERY_FUNC and QUERY_FUNC_CAP (SR-IOV, system EQs), which the card refuses.

import { addr64, be16, be32, bit, bits, bytes, layout, u8 } from './layout.ts';

/** Bytes of a command mailbox. */
export const MLX4_MAILBOX_SIZE = 4096;

/** QUERY_FW output. A BAR is coded as (byte >> 6) * 2. */
export const queryFw = layout('query_fw', 0x60, {
  fw_pages: be16(0x00),
  fw_ver_major: be16(0x02),
  fw_ver_subminor: be16(0x04),
  fw_ver_minor: be16(0x06),
  ppf_function: u8(0x09),
  cmd_if_rev: be16(0x0a),
  log_max_cmds: u8(0x0f),
  clr_int_base: addr64(0x20),
  clr_int_bar: u8(0x28),
  catas_offset: addr64(0x30),
  catas_size: be32(0x38),
  catas_bar: u8(0x3c),
  comm_base: addr64(0x40),
  comm_bar: u8(0x48),
  clock_offset: addr64(0x50),
  clock_bar: u8(0x58),
});

/** Command interface revision with the port commands that this card has. */
export const MLX4_COMMAND_INTERFACE_NEW_PORT_CMDS = 3;
/** Number of the BAR in a BAR byte of QUERY_FW: 0, 2 or 4. */
export const barOfByte = (byte: number): number => (byte >> 6) * 2;
/** The BAR byte of a BAR number. */
export const byteOfBar = (bar: 0 | 2 | 4): number => (bar / 2) << 6;

/** One entry of MAP_FA, MAP_ICM and MAP_ICM_AUX; the low bits of `pa` are log2(size / 4096). */
export const mapEntry = layout('map_entry', 16, { va: addr64(0x0), pa: addr64(0x8) });
export const mapEntriesMax = 256;
/** Bytes of an ICM page, whatever the page size of the host. */
export const MLX4_ICM_PAGE_SIZE = 4096;
/** Pages of a block and where it begins, from the `pa` of a map entry. */
export const mapEntryPages = (pa: number): number => 2 ** (pa % MLX4_ICM_PAGE_SIZE);
export const mapEntryAddress = (pa: number): number => pa - (pa % MLX4_ICM_PAGE_SIZE);
/** The driver maps and unmaps ICM in chunks of this many bytes. */
export const MLX4_ICM_ALLOC_SIZE = 1 << 18;
/** NOP input modifier: complete as soon as possible. */
export const nopInputModifier = 0x1f;

/** MOD_STAT_CFG opcode modifiers; 1 and 3 have an immediate (Wake-on-LAN), 0 and 2 a mailbox. */
export const MLX4_MOD_STAT_CFG = { SET: 0, WRITE_WOL: 1, QUERY: 2, READ_WOL: 3 } as const;
/** Wake-on-LAN: high part of the input modifier (port in bits 15:8), bits of the high word. */
export const MOD_STAT_CFG_WOL_MODIFIER = 0x5000_0000;
export const MLX4_EN_WOL_MAGIC_HIGH = 1 << 29;
export const MLX4_EN_WOL_ENABLED_HIGH = 1 << 30;
export const MLX4_EN_WOL_DO_MODIFY_HIGH = 0x8000_0000;

/** MOD_STAT_CFG, opcode modifier 0 in and 2 out. */
export const modStatCfg = layout('mod_stat_cfg', 0x20, {
  log_pg_sz_m: u8(0x02),
  log_pg_sz: u8(0x03),
  guid_hi: be32(0x14),
  guid_lo: be32(0x1c),
});

/** QUERY_ADAPTER output. The board id's 4-byte words are byte-reversed. */
export const queryAdapter = layout('query_adapter', 0x100, {
  inta_pin: u8(0x10),
  vsd: bytes(0x20, 0xd0),
  board_id: bytes(0xf0, 16),
});

/** The board id as text: undoes the byte order of its 4-byte words, up to the first zero byte. */
export function boardIdText(boardId: Uint8Array): string {
  let text = '';
  for (let at = 0; at < boardId.length; at++) {
    const byte = boardId[(at & ~3) + 3 - (at & 3)] ?? 0;
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Value of INIT_HCA's `version`. */
export const INIT_HCA_VERSION = 2;
/** INIT_HCA's `cacheline_sz`: bits 7:5 log2(cache line) - 4, bit 4 set; 64-byte lines. */
export const INIT_HCA_CACHELINE_64 = 0x50;
/** What the driver writes into `driver_version`. */
export const INIT_HCA_DRIVER_VERSION = 'Linux,mlx4_core,4.0-0';
/** Value of fs_eth_bits and fs_ib_bits: UDP and TCP unicast. */
export const INIT_HCA_FS_UDP_TCP_UC_EN = 0x06;

/** INIT_HCA input. A base's low five bits hold a log, so bases are read with initHcaBase(). */
export const initHca = layout('init_hca', 0x200, {
  version: u8(0x00),
  vxlan: u8(0x0c),
  cacheline_sz: u8(0x0e),
  check_port: bit(0x14, 0),
  big_endian_host: bit(0x14, 1),
  qos: bit(0x14, 2),
  ipoib_csum: bit(0x14, 3),
  counters: bit(0x14, 4),
  dmfs: bit(0x14, 6),
  rss_ip_frag: bit(0x14, 13),
  recoverable_error_event: bit(0x18, 31),
  qpc_base_h: be32(0x30),
  qpc_base_l: bits(0x34, 31, 5),
  log_qp: bits(0x34, 4, 0),
  srqc_base_h: be32(0x48),
  srqc_base_l: bits(0x4c, 31, 5),
  log_srq: bits(0x4c, 4, 0),
  cqc_base_h: be32(0x50),
  cqc_base_l: bits(0x54, 31, 5),
  log_cq: bits(0x54, 4, 0),
  eqe64: bit(0x58, 29),
  cqe64: bit(0x58, 30),
  eqe_cqe_stride: u8(0x5b),
  altc_base: addr64(0x60),
  auxc_base: addr64(0x70),
  eqc_base_h: be32(0x80),
  eqc_base_l: bits(0x84, 31, 5),
  log_eq: bits(0x84, 4, 0),
  num_sys_eqs: be16(0x8a),
  rdmarc_base_h: be32(0x90),
  rdmarc_base_l: bits(0x94, 31, 5),
  log_rd: bits(0x94, 4, 0),
  mc_base: addr64(0xc0),
  log_mc_entry_sz: u8(0xd3),
  log_mc_hash_sz: u8(0xd7),
  uc_steering: bit(0xd8, 27),
  log_mc_table_sz: u8(0xdb),
  dmpt_base: addr64(0xf0),
  mw_enabled: bit(0xf8, 31),
  log_mpt_sz: u8(0xfb),
  mtt_base: addr64(0x100),
  cmpt_base: addr64(0x108),
  log_uar_sz: u8(0x12a),
  uar_page_sz: u8(0x12b),
  driver_version: bytes(0x140, 64),
  fs_base: addr64(0x1d0),
  fs_log_entry_sz: u8(0x1e3),
  fs_a0_mode: bits(0x1e8, 31, 30),
  fs_log_table_sz: u8(0x1eb),
  fs_eth_bits: u8(0x1f1),
  fs_eth_num_addrs: be16(0x1f2),
  fs_ib_bits: u8(0x1f5),
  fs_ib_num_addrs: be16(0x1f6),
});

/** Tables whose base and log share an INIT_HCA qword. */
export type PackedTable = 'qpc' | 'srqc' | 'cqc' | 'eqc' | 'rdmarc';

/** Base address of a table whose low five bits hold its log. */
export const initHcaBase = (mailbox: Uint8Array, table: PackedTable): number =>
  initHca.get(mailbox, `${table}_base_h`) * 2 ** 32 + initHca.get(mailbox, `${table}_base_l`) * 32;

/** Writes such a base; `address` is a multiple of 32. */
export function setInitHcaBase(mailbox: Uint8Array, table: PackedTable, address: number): void {
  initHca.set(mailbox, `${table}_base_h`, Math.floor(address / 2 ** 32));
  initHca.set(mailbox, `${table}_base_l`, (address % 2 ** 32) / 32);
}

/** What QUERY_HCA answers beside the INIT_HCA image. */
export const queryHca = layout('query_hca', 0x200, {
  global_caps: be32(0x04),
  core_clock_mhz: be16(0x0c),
  phv_check: bit(0x0c, 9),
});

/** CONFIG_DEV opcode modifiers. */
export const MLX4_CONFIG_DEV_SET = 0;
export const MLX4_CONFIG_DEV_GET = 1;

/** CONFIG_DEV, set and get. */
export const configDev = layout('config_dev', 0x84, {
  update_vxlan_port: bit(0x00, 0),
  update_roce_v2_port: bit(0x00, 3),
  update_rx_port_check: bit(0x00, 18),
  vxlan_udp_dport: be16(0x10),
  roce_v2_entropy: be16(0x14),
  roce_v2_udp_dport: be16(0x16),
  /** Set: the card does not check on which port a packet came. */
  rx_port_check_disabled: bit(0x18, 15),
  /** Bits 2:0 port 1, bits 6:4 port 2. */
  rx_checksum_val: u8(0x83),
});
/** RX checksum modes of CONFIG_DEV; a larger value makes the driver refuse the answer. */
export const CONFIG_DEV_RX_CSUM_MODE = {
  NONE: 0,
  /** The checksum is reported for other than TCP and UDP, too. */
  VAL_NON_TCP_UDP: 1,
  L4_VAL_NON_TCP_UDP: 2,
  L4_IP_OK_MULTI_VLAN: 3,
} as const;
/** RX checksum mode of a port (1 or 2) in rx_checksum_val. */
export const rxChecksumMode = (value: number, portNumber: 1 | 2): number =>
  (value >> (portNumber === 1 ? 0 : 4)) & 7;

/**
 * VIRT_PORT_MAP: physical port of each virtual port. Opcode modifier 1 sets; 0 gets, which no
 * driver does: that its answer has the same form is a guess.
 */
export const virtPortMap = layout('virt_port_map', 8, { port1: be32(0x0), port2: be32(0x4) });
export const MLX4_GET_PORT_VIRT2PHY = 0;
export const MLX4_SET_PORT_VIRT2PHY = 1;

/**
 * GET_OP_REQ output: what firmware wants the driver to do. Data of the operation follow at 0x20.
 */
export const getOpReq = layout('get_op_req', 0x20, {
  modifier: be32(0x08),
  token: be16(0x14),
  type: bits(0x18, 11, 0),
});
export const getOpReqDataOffset = 0x20;
/** Operation: add queue pairs to a multicast group, or remove them (bit 24 of the group's word). */
export const GET_OP_REQ_ADD_TO_MCG = 0x26;
/**
 * Opcode modifiers: ask, and report the result with the token in the upper half of the modifier.
 */
export const GET_OP_REQ_QUERY = 0;
export const GET_OP_REQ_ACK = 1;
