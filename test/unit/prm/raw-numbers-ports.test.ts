// The independent witness for ports, statistics, steering, management datagrams and register
// access: raw numbers restated from facts/device sections 5.8, 5.14 to 5.30 and 9. No number comes
// from prm/.

import { describe, expect, test } from 'vitest';
import {
  MLX4_LINK_MODE,
  MLX4_PTYS_AN_DISABLE_ADMIN,
  accessReg,
  accessRegLength,
  cableInfo,
  mad,
  madExtended,
  nodeInfo,
  portInfoCapMaskOffset,
  ptys,
} from '#prm/mad.ts';
import * as port from '#prm/port.ts';
import * as steering from '#prm/steering.ts';
import { classPortInfo, saMad } from '#prm/subnet-administration.ts';
import { facts } from './facts.ts';

describe('ports (5.8, 5.14, 9)', () => {
  facts(
    'QUERY_PORT',
    port.queryPort,
    0x28,
    `link_up 00[31:31], autoneg_done 00[30:30], default_sense 00[28:28], suggested_eth 00[27:27],
    supported_types 00[25:24], ib_mtu 00[19:16], eth_mtu 02:2, link_speed 05:1, log_max_gid 04[7:4],
    log_max_vlan 08[15:12], log_max_mac 08[11:8], max_tc 08[7:4], def_mac 10:8, transceiver 18:1,
    wavelength 1c:2, transceiver_code 20:8`,
  );
  facts(
    'SET_PORT GENERAL',
    port.setPortGeneral,
    36,
    `v_user_mac 00[14:14], v_user_mtu 00[13:13], v_phv 00[12:12], v_ignore_fcs 00[9:9],
    v_pptx 00[2:2], v_pprx 00[1:1], v_mtu 00[0:0], ignore_fcs 04:1, mtu 06:2, pptx 08:1, pfctx 09:1,
    pprx 0c:1, pfcrx 0d:1, phv_en 14:1, user_mtu 1a:2, user_mac 1e:6`,
  );
  facts(
    'SET_PORT RQP_CALC',
    port.setPortRqpCalc,
    28,
    `base_qpn 00:4, n_mac 05:1, n_vlan 06:1, n_prio 07:1, mac_miss 0b:1, intra_no_vlan 0c:1,
    no_vlan 0d:1, intra_vlan_miss 0e:1, vlan_miss 0f:1, no_vlan_prio 13:1, promisc 14[31:31],
    promisc_qpn 14[23:0], mcast_mode 18[31:30], mcast_qpn 18[23:0]`,
  );
  facts(
    'SET_PORT VXLAN',
    port.setPortVxlan,
    8,
    'modify_flags 04:1, enable_flags 06:1, steering 07:1',
  );
  facts('SET_PORT PRIO2TC', port.setPortPrio2tc, 4, 'tc_0 00[31:28], tc_1 00[27:24], tc_7 00[3:0]');
  facts('scheduler entry', port.setPortSchedulerEntry, 8, 'pg 00:2, max_bw_units 04:2');
  facts('RoCE address', port.setPortRoceEntry, 32, 'gid 00:16, type 1a:1, version 1b:1');
  facts('SET_PORT IB', port.setPortIb, 0x2c, 'change_port_mtu 00[22:22], ib_cap 04:4');
  facts('MAC entry', port.macTableEntry, 8, 'valid 00[31:31], mac_h 00[15:0], mac_l 04:4');
  facts('VLAN entry', port.vlanTableEntry, 4, 'valid 00[31:31], vlan 00[11:0]');
  facts('SET_MCAST_FLTR', port.mcastFilterImmediate, 8, 'clear 00[31:31], mac_h 00[15:0]');
  test('types and modifiers of SET_PORT', () => {
    expect(port.MLX4_SET_PORT).toEqual({
      GENERAL: 0,
      RQP_CALC: 1,
      MAC_TABLE: 2,
      VLAN_TABLE: 3,
      PRIO_MAP: 4,
      GID_TABLE: 5,
      PRIO2TC: 8,
      SCHEDULER: 9,
      VXLAN: 0xb,
      ROCE_ADDR: 0xd,
    });
    expect(port.setPortModifier(2, 1)).toBe(0x201);
    expect([port.setPortType(0x302), port.setPortNumber(0x302)]).toEqual([3, 2]);
    expect(port.mtuOnWire(1500)).toBe(1526);
  });
  test.each([
    [0x04, 100],
    [0x02, 1000],
    [0x00, 10_000],
    [0x01, 10_000],
    [0x08, 20_000],
    [0x40, 40_000],
    [0x20, 56_000],
    [0xc0, 40_000],
    [0x0f, -1],
  ])('speed code %i is %i Mb/s', (code, mbps) => {
    expect(port.linkSpeedMbps(code)).toBe(mbps);
  });
  test('VLAN filter: VLAN 0 is the last bit of the last word', () => {
    expect([port.vlanFilterWord(0), port.vlanFilterBit(0)]).toEqual([127, 0]);
    expect([port.vlanFilterWord(33), port.vlanFilterBit(33)]).toEqual([126, 1]);
    expect([port.vlanFilterWord(4095), port.vlanFilterBit(4095)]).toEqual([0, 31]);
  });
  test('multicast filter modifiers', () => {
    expect([port.MLX4_MCAST_CONFIG, port.MLX4_MCAST_DISABLE, port.MLX4_MCAST_ENABLE]).toEqual([
      0, 1, 2,
    ]);
  });
});

describe('statistics (5.19, 5.20)', () => {
  facts(
    'DUMP_ETH_STATS',
    port.ethStats,
    0xbc0,
    `rx_octets_novlan 478:8, rx_frames_novlan 540:8, rx_control 558:8, rx_pcs_errors 590:8,
    tx_octets_novlan a78:8, tx_frames_novlan b58:8, rx_jabbers b88:4, rx_crc b8c:4, rx_runts b90:4,
    rx_dropped b98:4, rx_dropped_overflow b9c:4, tx_dropped ba8:4`,
  );
  facts('flow control page', port.flowStats, 64, 'rx_pause 00:8, tx_pause 18:8');
  facts(
    'QUERY_IF_STAT',
    port.ifStat,
    0x30,
    'counter_mode 03:1, num_ifc 04:4, rx_frames 10:8, rx_bytes 18:8, tx_frames 20:8, tx_bytes 28:8',
  );
  test('groups follow each other: nine counters in receive, ten in transmit', () => {
    const starts = Object.entries(port.ethStatsGroup);
    const rx = starts.filter(([name]) => name.startsWith('rx_')).map(([, at]) => at);
    const tx = starts.filter(([name]) => name.startsWith('tx_')).map(([, at]) => at);
    expect(rx).toEqual(Array.from({ length: 13 }, (_, i) => 0x48 * i));
    expect(tx).toEqual(Array.from({ length: 13 }, (_, i) => 0x598 + 0x50 * i));
  });
  test('the fields for untagged frames are the ninth of their groups', () => {
    const { fields } = port.ethStats;
    expect(fields.rx_broadcast_novlan.offset).toBe(port.ethStatsOffset('rx_broadcast', 8));
    expect(fields.rx_unicast_novlan.offset).toBe(0x360 + 0x40);
    expect(fields.tx_multicast_novlan.offset).toBe(port.ethStatsOffset('tx_multicast', 8));
    expect(port.rxOctetsOffset(7)).toBe(0x460);
    expect(port.txFramesOffset(1)).toBe(0xab0);
  });
});

describe('steering (5.29)', () => {
  facts(
    'MGM',
    steering.mgm,
    0x20,
    'next_gid_index 00[31:6], protocol 04[31:30], members_count 04[23:0], gid 10:16',
  );
  facts('MGM member', steering.mgmMember, 4, 'block_loopback 00[30:30], qpn 00[23:0]');
  facts(
    'Ethernet GID',
    steering.ethernetGid,
    16,
    'port 04[23:16], steer 04[2:1], mac_h 0a:2, mac_l 0c:4',
  );
  test.each([
    [7, 24],
    [8, 56],
    [9, 120],
    [10, 248],
    [11, 504],
    [12, 1016],
  ])('an entry of 2^%i bytes holds %i QPs', (log, qps) => {
    expect(steering.qpsPerMgm(2 ** log)).toBe(qps);
  });
  test('the promiscuous list of port 2, unicast', () => {
    expect(steering.promiscModifier(2, 1)).toBe(0x2_0002);
    expect([steering.promiscPort(0x2_0002), steering.promiscSteer(0x2_0002)]).toEqual([2, 1]);
    expect(steering.mgmQpOffset(3)).toBe(0x2c);
  });
});

describe('flow steering rules (5.28)', () => {
  facts(
    'rule',
    steering.flowRule,
    16,
    `prio 00:2, type 02:1, lifo 00[0:0], exclusive 00[2:2], allow_loopback 00[3:3], funcid 05:1,
    vep 06:1, port 07:1, qpn 08[23:0]`,
  );
  facts('spec', steering.flowSpec, 4, 'size 00:1, id 02:2');
  // The facts give these places in decimal.
  facts(
    'Ethernet spec',
    steering.flowSpecEth,
    48,
    `size 00:1, id 02:2, dst_mac 0a:6, dst_mac_msk 12:6, src_mac 1a:6, src_mac_msk 22:6,
    ether_type_enable 29:1, ether_type 2a:2, vlan_tag_msk 2c:2, vlan_tag 2e:2`,
  );
  facts(
    'IPv4 spec',
    steering.flowSpecIpv4,
    24,
    'size 00:1, id 02:2, dst_ip 08:4, dst_ip_msk 0c:4, src_ip 10:4, src_ip_msk 14:4',
  );
  facts(
    'TCP or UDP spec',
    steering.flowSpecTcpUdp,
    24,
    'size 00:1, id 02:2, dst_port 0a:2, dst_port_msk 0e:2, src_port 12:2, src_port_msk 16:2',
  );
  facts(
    'InfiniBand spec',
    steering.flowSpecIb,
    48,
    'size 00:1, id 02:2, l3_qpn 08:4, qpn_mask 0c:4, dst_gid 10:16, dst_gid_msk 20:16',
  );
  facts(
    'VXLAN spec',
    steering.flowSpecVxlan,
    16,
    'size 00:1, id 02:2, vni 08[31:8], vni_mask 0c[31:8]',
  );
  test('types, kinds of spec, priorities', () => {
    const { REGULAR, ALL_DEFAULT, MC_DEFAULT, UC_SNIFFER, MC_SNIFFER } = steering.MLX4_FS_TYPE;
    expect([REGULAR, ALL_DEFAULT, MC_DEFAULT, UC_SNIFFER, MC_SNIFFER]).toEqual([0, 1, 3, 6, 7]);
    expect(Object.values(steering.MLX4_NET_TRANS_RULE_ID)).toEqual([
      0xe001, 0xe002, 0xe003, 0xe004, 0xe005, 0xe006, 0xe008,
    ]);
    expect(Object.values(steering.MLX4_DOMAIN)).toEqual([0x1000, 0x2000, 0x3000, 0x5000]);
  });
});

describe('management datagrams and register access (5.21, 5.23)', () => {
  facts(
    'MAD',
    mad,
    256,
    `base_version 00:1, mgmt_class 01:1, method 03:1, status 04:2, tid 08:8, attr_id 10:2,
    attr_mod 14:4, mkey 18:8, data 40:192`,
  );
  facts(
    'extended information',
    madExtended,
    104,
    'my_qpn 00:4, rqpn 08:4, pkey_index 12:2, grh 40:40',
  );
  facts(
    'subnet administration (ib_mad.h)',
    saMad,
    256,
    `base_version 00:1, mgmt_class 01:1, class_version 02:1, method 03:1, status 04:2, tid 08:8,
    attr_id 10:2, attr_mod 14:4, rmpp_version 18:1, sm_key 24:8, attr_offset 2c:2, comp_mask 30:8,
    data 38:200`,
  );
  facts(
    'ClassPortInfo (ib_mad.h)',
    classPortInfo,
    72,
    `base_version 00:1, class_version 01:1, capability_mask 02:2, capability_mask2 04[31:5],
    resp_time 04[4:0], redirect_gid 08:16, redirect_lid 1c:2, redirect_pkey 1e:2, redirect_qp 20:4,
    redirect_qkey 24:4, trap_gid 28:16, trap_lid 3c:2, trap_hlqp 40:4, trap_qkey 44:4`,
  );
  facts('NodeInfo', nodeInfo, 40, 'node_guid 0c:8, revision 20:4');
  facts('cable information', cableInfo, 64, 'dev_mem_address 02:2, size 06:2, data 10:48');
  facts('ACCESS_REG', accessReg, 0x14, 'constant1 00:2, status 02:1, reg_id 04:2, len_const 10:2');
  facts(
    'PTYS',
    ptys,
    52,
    `flags 00:1, local_port 01:1, proto_mask 03:1, eth_proto_cap 0c:4,
    eth_proto_admin 18:4, eth_proto_oper 24:4, eth_proto_lp_adv 30:4`,
  );
  test('constants', () => {
    expect(portInfoCapMaskOffset).toBe(84);
    expect(accessRegLength(52)).toBe(0x300e);
    expect(MLX4_PTYS_AN_DISABLE_ADMIN).toBe(0x40);
    expect(MLX4_LINK_MODE['40GBASE_CR4']).toBe(6);
    expect(MLX4_LINK_MODE['56GBASE_SR4']).toBe(18);
  });
});
