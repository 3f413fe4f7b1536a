// The independent witness: raw numbers of the card, restated on purpose from facts/device sections
// 1 to 5, so that a slip in prm/ cannot agree with itself. No number here comes from prm/. Queues,
// contexts and ports are in raw-numbers-queues.test.ts and raw-numbers-ports.test.ts.

import { describe, expect, test } from 'vitest';
import {
  MLX4_BMME_FLAG,
  MLX4_DEV_CAP_FLAG,
  MLX4_DEV_CAP_FLAG2,
  MLX4_DEV_CAP_FLAG2_BY_VALUE,
  hasDevCapFlag,
  hasDevCapFlag2,
  hasDevCapFlag2ByValue,
  queryDevCap,
  setDevCapFlag,
  setDevCapFlag2,
} from '#prm/dev-cap.ts';
import type { DevCapFlag, DevCapFlag2 } from '#prm/dev-cap.ts';
import * as firmware from '#prm/firmware.ts';
import { commandByOpcode, commandTable } from '#prm/opcodes.ts';
import type { CommandName } from '#prm/opcodes.ts';
import * as pci from '#prm/pci-config.ts';
import * as registers from '#prm/registers.ts';
import * as status from '#prm/status.ts';
import { facts } from './facts.ts';

describe('opcodes (section 4)', () => {
  const opcodes = `QUERY_DEV_CAP 003, QUERY_FW 004, QUERY_ADAPTER 006, INIT_HCA 007, CLOSE_HCA 008,
    INIT_PORT 009, CLOSE_PORT 00a, QUERY_HCA 00b, SET_PORT 00c, SW2HW_MPT 00d, QUERY_MPT 00e,
    HW2SW_MPT 00f, READ_MTT 010, WRITE_MTT 011, MAP_EQ 012, SW2HW_EQ 013, HW2SW_EQ 014,
    QUERY_EQ 015, SW2HW_CQ 016, HW2SW_CQ 017, QUERY_CQ 018, RST2INIT_QP 019, INIT2RTR_QP 01a,
    RTR2RTS_QP 01b, RTS2RTS_QP 01c, SQERR2RTS_QP 01d, 2ERR_QP 01e, RTS2SQD_QP 01f,
    SQD2RTS_QP 020, 2RST_QP 021, QUERY_QP 022, CONF_SPECIAL_QP 023, MAD_IFC 024, READ_MCG 025,
    WRITE_MCG 026, MGID_HASH 027, MODIFY_CQ 02c, INIT2INIT_QP 02d, ACCESS_MEM 02e, SYNC_TPT 02f,
    DIAG_RPRT 030, NOP 031, MOD_STAT_CFG 034, SW2HW_SRQ 035, HW2SW_SRQ 036, QUERY_SRQ 037,
    SQD2SQD_QP 038, CONFIG_DEV 03a, ACCESS_REG 03b, ARM_SRQ 040, QUERY_PORT 043, SET_VLAN_FLTR 047,
    SET_MCAST_FLTR 048, DUMP_ETH_STATS 049, SENSE_PORT 04d, HW_HEALTH_CHECK 050, QUERY_IF_STAT 054,
    QUERY_FUNC 056, GEN_EQE 058, GET_OP_REQ 059, SET_NODE 05a, VIRT_PORT_MAP 05c, UPDATE_QP 061,
    ALLOCATE_VPP 080, SET_VPORT_QOS 081, MAD_DEMUX 203, QP_ATTACH f0b, RUN_FW ff6, UNMAP_ICM ff9,
    MAP_ICM ffa, UNMAP_ICM_AUX ffb, MAP_ICM_AUX ffc, SET_ICM_SIZE ffd, UNMAP_FA ffe, MAP_FA fff`;
  for (const fact of opcodes.split(/\s*,\s*/)) {
    const [name = '', opcode = ''] = fact.split(' ');
    test(fact, () => {
      const full = `MLX4_CMD_${name}`;
      expect(commandTable[full as CommandName].opcode).toBe(Number.parseInt(opcode, 16));
      expect(commandByOpcode.get(Number.parseInt(opcode, 16))).toBe(full);
    });
  }
  test('steering commands have names of their own', () => {
    expect(commandByOpcode.get(0x64)).toBe('MLX4_FLOW_STEERING_IB_UC_QP_RANGE');
    expect(commandByOpcode.get(0x65)).toBe('MLX4_QP_FLOW_STEERING_ATTACH');
    expect(commandByOpcode.get(0x66)).toBe('MLX4_QP_FLOW_STEERING_DETACH');
    expect(commandByOpcode.get(0x68)).toBe('MLX4_CMD_CONGESTION_CTRL_OPCODE');
  });
  test('no opcode is given twice, and each fits in 12 bits', () => {
    const rows = Object.values(commandTable);
    expect(commandByOpcode.size).toBe(rows.length);
    expect(rows.every((row) => row.opcode > 0 && row.opcode <= 0xfff)).toBe(true);
  });
  test('a command that is not modelled in full says why', () => {
    const silent = Object.entries(commandTable).filter(
      ([, row]) => (row.modelled === 'full') !== (row.note === ''),
    );
    expect(silent).toEqual([]);
  });
  test('kinds of parameters', () => {
    const kinds = (name: CommandName) => [commandTable[name].in, commandTable[name].out];
    expect(kinds('MLX4_CMD_QUERY_FW')).toEqual(['none', 'mailbox']);
    expect(kinds('MLX4_CMD_SET_ICM_SIZE')).toEqual(['immediate', 'immediate']);
    expect(kinds('MLX4_CMD_MGID_HASH')).toEqual(['mailbox', 'immediate']);
    expect(kinds('MLX4_CMD_MAD_IFC')).toEqual(['mailbox', 'mailbox']);
    expect(kinds('MLX4_CMD_MAP_EQ')).toEqual(['immediate', 'none']);
    expect(kinds('MLX4_CMD_INIT_PORT')).toEqual(['none', 'none']);
    expect(kinds('MLX4_CMD_MOD_STAT_CFG')).toEqual(['varies', 'varies']);
  });
});

describe('status codes (3.6, 3.7)', () => {
  const rows = `00 0, 01 -5, 02 -1, 03 -22, 04 -6, 05 -9, 06 -16, 08 -12, 09 -9, 0a -9, 0b -14,
    0c -23, 10 -22, 20 -14, 21 -16, 22 -11, 30 -22, 40 -12, 50 -13, 07 -5, ff -5`;
  for (const fact of rows.split(/\s*,\s*/)) {
    const [code = '', errno = ''] = fact.split(' ');
    test(`status 0x${code} is ${errno}`, () => {
      expect(status.mlx4_status_to_errno(Number.parseInt(code, 16))).toBe(Number(errno));
    });
  }
  test('a bound window does not make HW2SW_MPT fatal; CLOSE_PORT is never fatal', () => {
    expect(status.isFatalClosingStatus('MLX4_CMD_HW2SW_MPT', 0x21)).toBe(false);
    expect(status.isFatalClosingStatus('MLX4_CMD_HW2SW_MPT', 0x09)).toBe(true);
    expect(status.isFatalClosingStatus('MLX4_CMD_HW2SW_CQ', 0x21)).toBe(true);
    expect(status.isFatalClosingStatus('MLX4_CMD_CLOSE_HCA', 0x00)).toBe(false);
    expect(status.isFatalClosingStatus('MLX4_CMD_CLOSE_PORT', 0x01)).toBe(false);
    expect(status.closingCommands.size).toBe(10);
  });
});

describe('registers and PCI (1, 2, 3.1, 7)', () => {
  test.each([
    ['HCR', registers.MLX4_HCR_BASE, 0x80680],
    ['ownership', registers.MLX4_OWNER_BASE, 0x8069c],
    ['reset', registers.MLX4_RESET_BASE + registers.MLX4_RESET_OFFSET, 0xf0010],
    ['semaphore', registers.MLX4_RESET_BASE + registers.MLX4_SEM_OFFSET, 0xf03fc],
    ['CR filter', registers.CR_ENABLE_BIT_OFFSET, 0xf3f04],
    ['MSI-X table', registers.msixTableOffset, 0x7c000],
    ['MSI-X pending bits', registers.msixPbaOffset, 0x7d000],
    ['BAR0 size', registers.bar0Bytes, 1024 * 1024],
    ['BAR2 size', registers.bar2Bytes, 8 * 1024 * 1024],
    ['send doorbell', registers.MLX4_SEND_DOORBELL, 0x14],
    ['CQ doorbell', registers.MLX4_CQ_DOORBELL, 0x20],
    ['doorbell of EQ 0', registers.eqDoorbellAddress(0), 0x800],
    ['doorbell of EQ 3', registers.eqDoorbellAddress(3), 0x818],
    ['doorbell of EQ 5', registers.eqDoorbellAddress(5), 0x1808],
    ['BlueFlame register 1 of UAR 130', registers.blueFlameAddress(130, 1), 0x482200],
    ['clear word of pin 0', registers.clearInterruptWord(0), 4],
    ['clear mask of pin 31', registers.clearInterruptMask(31), 0x8000_0000],
    ['clear word of pin 32', registers.clearInterruptWord(32), 0],
    ['vendor', pci.mellanoxVendorId, 0x15b3],
    ['device', pci.connectX3DeviceId, 0x1003],
    ['MSI-X capability', pci.msixOffset, 0x9c],
    ['PCI Express capability', pci.pcieOffset, 0x60],
    ['vendor capability', pci.vendorOffset, 0xc0],
    ['BAR of byte 0x40', firmware.barOfByte(0x40), 2],
    ['byte of BAR 4', firmware.byteOfBar(4), 0x80],
  ])('%s', (_name, found, wanted) => {
    expect(found).toBe(wanted);
  });
  facts(
    'HCR',
    registers.hcr,
    0x1c,
    `in_param_h 00:4, in_param_l 04:4, in_modifier 08:4, out_param_h 0c:4, out_param_l 10:4,
    token 14[31:16], status 18[31:24], go 18[23:23], event 18[22:22], toggle 18[21:21],
    opcode_modifier 18[15:12], opcode 18[11:0]`,
  );
  facts('EQ doorbell', registers.eqDoorbell, 4, 'arm 00[31:31], consumer_index 00[23:0]');
  facts('send doorbell', registers.sendDoorbell, 4, 'qpn 00[31:8]');
  facts(
    'CQ doorbell',
    registers.cqDoorbell,
    8,
    'sequence 00[29:28], command 00[26:24], cqn 00[23:0], consumer_index 04[23:0]',
  );
  facts(
    'CQ doorbell record',
    registers.cqDoorbellRecord,
    8,
    'consumer_index 00[23:0], arm_sequence 04[29:28], arm_command 04[26:24]',
  );
});

describe('initialisation mailboxes (5.1 to 5.12)', () => {
  facts(
    'QUERY_FW',
    firmware.queryFw,
    0x60,
    `fw_pages 00:2, fw_ver_major 02:2, fw_ver_subminor 04:2, fw_ver_minor 06:2, cmd_if_rev 0a:2,
    log_max_cmds 0f:1, clr_int_base 20:8, clr_int_bar 28:1, catas_offset 30:8, catas_size 38:4,
    catas_bar 3c:1, clock_offset 50:8, clock_bar 58:1`,
  );
  facts(
    'INIT_HCA',
    firmware.initHca,
    0x200,
    `version 00:1, cacheline_sz 0e:1, check_port 14[0:0], counters 14[4:4], dmfs 14[6:6],
    rss_ip_frag 14[13:13], recoverable_error_event 18[31:31], qpc_base_h 30:4, log_qp 34[4:0],
    log_srq 4c[4:0], log_cq 54[4:0], eqe64 58[29:29], cqe64 58[30:30], altc_base 60:8,
    auxc_base 70:8, log_eq 84[4:0], num_sys_eqs 8a:2, log_rd 94[4:0], mc_base c0:8,
    log_mc_entry_sz d3:1, log_mc_hash_sz d7:1, uc_steering d8[27:27], log_mc_table_sz db:1,
    dmpt_base f0:8, mw_enabled f8[31:31], log_mpt_sz fb:1, mtt_base 100:8, cmpt_base 108:8,
    log_uar_sz 12a:1, uar_page_sz 12b:1, driver_version 140:64, fs_base 1d0:8,
    fs_log_entry_sz 1e3:1, fs_a0_mode 1e8[31:30], fs_log_table_sz 1eb:1, fs_eth_bits 1f1:1,
    fs_eth_num_addrs 1f2:2`,
  );
  facts('QUERY_ADAPTER', firmware.queryAdapter, 0x100, 'inta_pin 10:1, board_id f0:16');
  facts('map entry', firmware.mapEntry, 16, 'va 00:8, pa 08:8');
  facts('VIRT_PORT_MAP', firmware.virtPortMap, 8, 'port1 00:4, port2 04:4');
  facts(
    'CONFIG_DEV',
    firmware.configDev,
    132,
    `update_rx_port_check 00[18:18], vxlan_udp_dport 10:2, roce_v2_udp_dport 16:2,
    rx_port_check_disabled 18[15:15], rx_checksum_val 83:1`,
  );
  test('the board id is byte-reversed in words', () => {
    const bytes = Uint8Array.from('0_TM2109 ', (c) => c.charCodeAt(0));
    expect(firmware.boardIdText(bytes.subarray(0, 8))).toBe('MT_09012');
  });
});

describe('QUERY_DEV_CAP (5.5)', () => {
  facts(
    'limits',
    queryDevCap,
    0x100,
    `log_rsvd_qp 12:1, log_max_qp 13:1, log_rsvd_cq 1a:1, log_max_cq 1b:1, log_rsvd_eq 1e:1,
    log_max_eq 1f:1, log_rsvd_mrw 22:1, num_sys_eq 26:2, rss 2e:1, vl_port 37:1, flags_h 40:4,
    flags_l 44:4, log_uar_sz 49:1, log_page_sz 4b:1, bf 4c:1, max_counters 68:4, qpc_entry_sz 82:2,
    d_mpt_entry_sz 92:2, bmme_flags 94:4, max_icm_sz a0:8, num_rate_limits cc:2,
    max_rate_limit d0[27:16], health_buffer e4:4`,
  );
  test.each<[DevCapFlag, number]>([
    ['DPDP', 12],
    ['BLH', 15],
    ['IBOE', 30],
    ['UC_LOOPBACK', 32],
    ['FCS_KEEP', 34],
    ['UDP_RSS', 40],
    ['VEP_UC_STEER', 41],
    ['VEP_MC_STEER', 42],
    ['COUNTERS', 48],
    ['RSS_IP_FRAG', 52],
    ['SET_ETH_SCHED', 53],
    ['SENSE_SUPPORT', 55],
    ['PORT_MNG_CHG_EV', 59],
    ['64B_EQE', 61],
    ['64B_CQE', 62],
  ])('flag %s is bit %i of the qword at 0x40', (name, bit) => {
    const mailbox = new Uint8Array(0x100);
    mailbox[0x47 - (bit >> 3)] = 1 << (bit & 7);
    expect(MLX4_DEV_CAP_FLAG[name]).toBe(bit);
    expect(hasDevCapFlag(mailbox, name)).toBe(true);
    const built = new Uint8Array(0x100);
    setDevCapFlag(built, name);
    expect(built).toEqual(mailbox);
  });
  test.each<[DevCapFlag2, number, number, number]>([
    ['RSS_TOP', 1, 0x2e, 4],
    ['RSS_XOR', 2, 0x2e, 5],
    ['FS_EN', 3, 0x76, 7],
    ['REASSIGN_MAC_EN', 4, 0x9d, 6],
    ['TS', 5, 0x3e, 7],
    ['UPDATE_QP', 8, 0x71, 0],
    ['DMFS_IPOIB', 9, 0x74, 7],
    ['VXLAN_OFFLOADS', 10, 0x9e, 3],
    ['MAD_DEMUX', 11, 0xb3, 0],
    ['ETH_PROT_CTRL', 14, 0x7a, 5],
    ['CONFIG_DEV', 16, 0x94, 5],
    ['RECOVERABLE_ERROR_EVENT', 20, 0x9f, 7],
    ['PORT_REMAP', 21, 0x94, 0],
    ['QCN', 22, 0x7b, 0],
    ['FLOWSTATS_EN', 24, 0x70, 4],
    ['QOS_VPP', 25, 0x7a, 4],
    ['ETS_CFG', 26, 0x9e, 5],
    ['PORT_BEACON', 27, 0x34, 7],
    ['IGNORE_FCS', 28, 0x94, 2],
    ['PHV_EN', 29, 0x96, 7],
    ['SKIP_OUTER_VLAN', 30, 0x96, 6],
    ['DMFS_UC_MC_SNIFFER', 34, 0x76, 5],
    ['SVLAN_BY_QP', 36, 0x5d, 0],
    ['SL_TO_VL_CHANGE_EVENT', 37, 0x78, 5],
    ['USER_MAC_EN', 38, 0x5c, 2],
    ['DRIVER_VERSION_TO_FW', 39, 0x9e, 0],
    ['SW_CQ_INIT', 40, 0x71, 7],
  ])('flag2 %s is bit %i, at byte %i bit %i', (name, bit, at, inByte) => {
    const mailbox = new Uint8Array(0x100);
    mailbox[at] = 1 << inByte;
    expect(MLX4_DEV_CAP_FLAG2[name].bit).toBe(bit);
    expect(hasDevCapFlag2(mailbox, name)).toBe(true);
    const built = new Uint8Array(0x100);
    setDevCapFlag2(built, name);
    expect(built).toEqual(mailbox);
  });
  test('some flags2 follow from numbers', () => {
    expect(MLX4_DEV_CAP_FLAG2_BY_VALUE).toEqual({
      RSS: 0,
      SYS_EQS: 17,
      FS_A0: 19,
      QP_RATE_LIMIT: 23,
    });
    const mailbox = new Uint8Array(0x100);
    mailbox[0x2e] = 0x30;
    mailbox[0xaf] = 1;
    expect(hasDevCapFlag2ByValue(mailbox, 'RSS')).toBe(false);
    expect(hasDevCapFlag2ByValue(mailbox, 'FS_A0')).toBe(false);
    mailbox[0x2e] = 0x37;
    mailbox[0x76] = 0x80;
    expect(hasDevCapFlag2ByValue(mailbox, 'RSS')).toBe(true);
    expect(hasDevCapFlag2ByValue(mailbox, 'FS_A0')).toBe(true);
    expect(hasDevCapFlag2ByValue(mailbox, 'SYS_EQS')).toBe(false);
  });
  test('no two flags2 are one bit', () => {
    const bits = [
      ...Object.values(MLX4_DEV_CAP_FLAG2).map((flag) => flag.bit),
      ...Object.values(MLX4_DEV_CAP_FLAG2_BY_VALUE),
    ].sort((a, b) => a - b);
    expect(bits).toEqual(Array.from({ length: 41 }, (_, bit) => bit));
  });
  test('port remapping and CONFIG_DEV in bmme_flags', () => {
    const mailbox = Uint8Array.from({ length: 0x100 }, (_, at) => (at === 0x94 ? 0x21 : 0));
    const flags = queryDevCap.get(mailbox, 'bmme_flags');
    expect(flags).toBe(0x2100_0000);
    expect((flags >>> MLX4_BMME_FLAG.PORT_REMAP) & 1).toBe(1);
  });
});
