// The independent witness for events, contexts, completions and work queue entries: raw numbers
// restated from facts/device sections 6 to 8. No number here comes from prm/.

import { describe, expect, test } from 'vitest';
import { MLX4_CQE_STATUS, MLX4_CQE_SYNDROME, cqe, errCqe, tsCqe } from '#prm/completion.ts';
import * as contexts from '#prm/contexts.ts';
import * as events from '#prm/events.ts';
import * as qp from '#prm/qp-context.ts';
import * as wqe from '#prm/wqe.ts';
import { commandTable } from '#prm/opcodes.ts';
import { facts } from './facts.ts';

describe('events (6.2)', () => {
  facts('EQE', events.eqe, 32, 'type 01:1, subtype 03:1, slave_id 1c:1, owner 1f:1');
  facts('COMP', events.eqeCq, 32, 'cqn 04[23:0], syndrome 0f:1');
  facts('CMD', events.eqeCmd, 32, 'token 06:2, status 0f:1, out_param_h 10:4, out_param_l 14:4');
  facts('PORT_CHANGE', events.eqePortChange, 32, 'port 0c[31:28]');
  facts(
    'PORT_MNG_CHG',
    events.eqePortMgmt,
    32,
    `port 07:1, mstr_sm_lid 08:2, port_lid 0a:2, changed_attr 0c:4, mstr_sm_sl 13:1,
    gid_prefix 14:8`,
  );
  const types = `COMP 00, PATH_MIG 01, COMM_EST 02, SQ_DRAINED 03, CQ_ERROR 04, WQ_CATAS_ERROR 05,
    PORT_CHANGE 09, CMD 0a, EQ_OVERFLOW 0f, WQ_INVAL_REQ_ERROR 10, WQ_ACCESS_ERROR 11,
    SRQ_CATAS_ERROR 12, SRQ_LIMIT 14, COMM_CHANNEL 18, OP_REQUIRED 1a, FATAL_WARNING 1b,
    FLR_EVENT 1c, PORT_MNG_CHG_EVENT 1d, RECOVERABLE_ERROR_EVENT 3e`;
  for (const fact of types.split(/\s*,\s*/)) {
    const [name = '', type = ''] = fact.split(' ');
    test(`event ${fact}`, () => {
      const found = events.MLX4_EVENT_TYPE[name as keyof typeof events.MLX4_EVENT_TYPE];
      expect(found).toBe(Number.parseInt(type, 16));
    });
  }
  test('the asynchronous mask has exactly the types that the facts list', () => {
    const types = [
      1, 2, 3, 4, 5, 6, 7, 9, 0xa, 0xe, 0x10, 0x11, 0x12, 0x13, 0x14, 0x18, 0x1a, 0x1b,
    ];
    const mask = [...types, 0x1c].reduce((sum, type) => sum + 2 ** type, 0);
    expect(events.MLX4_ASYNC_EVENT_MASK).toBe(mask);
    expect(events.MLX4_ASYNC_EVENT_MASK_PORT_MNG).toBe(2 ** 0x1d);
    expect(events.MLX4_ASYNC_EVENT_MASK_RECOVERABLE_HIGH).toBe(2 ** (0x3e - 32));
  });
  test('subtypes: link down 1, link up 4', () => {
    expect(events.MLX4_PORT_CHANGE_SUBTYPE_DOWN).toBe(1);
    expect(events.MLX4_PORT_CHANGE_SUBTYPE_ACTIVE).toBe(4);
  });
  test('a valid entry has owner 0 in the first pass, 1 in the second', () => {
    expect([0, 511, 512, 1023, 1024].map((at) => events.ownerOfPass(at, 512))).toEqual([
      0, 0, 0x80, 0x80, 0,
    ]);
  });
});

describe('contexts (6.2 to 6.4, 6.6)', () => {
  facts(
    'EQ context',
    contexts.eqContext,
    64,
    `status 00[31:28], owner 00[27:24], oi 00[17:17], state 00[11:8], log_eq_size 0c[28:24],
    eq_period 11:1, eq_max_count 13:1, intr 17:1, log_page_size 18:1, mtt_base_addr_h 1b:1,
    mtt_base_addr_l 1c:4, consumer_index 28:4, producer_index 2c:4`,
  );
  facts(
    'CQ context',
    contexts.cqContext,
    64,
    `status 00[31:28], timestamp 00[19:19], collapsed 00[18:18], state 00[11:8], log_size 0c[28:24],
    usr_page 0c[23:0], cq_period 10:2, cq_max_count 12:2, comp_eqn 17:1, log_page_size 18:1,
    mtt_base_addr_l 1c:4, consumer_index 28:4, producer_index 2c:4, db_rec_addr 38:8`,
  );
  facts(
    'SRQ context',
    contexts.srqContext,
    48,
    'state 00[31:28], log_size 00[27:24], srqn 00[23:0], limit_watermark 1c:2, db_rec_addr 28:8',
  );
  facts(
    'MPT entry',
    contexts.mptEntry,
    64,
    `status 00[31:28], mio 00[17:17], local_write 00[11:11], local_read 00[10:10],
    physical 00[9:9], region 00[8:8], key 08:4, pd 0c[16:0], start 10:8, length 18:8, lkey 20:4,
    mtt_addr 2c:8, mtt_sz 34:4, entity_size 38:4, first_byte_offset 3c:4`,
  );
  test('states and sentinels', () => {
    expect([contexts.MLX4_EQ_STATE_ARMED, contexts.MLX4_EQ_STATE_FIRED]).toEqual([9, 10]);
    expect([contexts.MLX4_CQ_STATE_ARMED_SOLICITED, contexts.MLX4_CQ_STATE_ARMED]).toEqual([6, 9]);
    expect(contexts.MLX4_CQ_STATUS_OVERFLOW).toBe(9);
    expect([contexts.MLX4_MPT_STATUS_SW, contexts.MLX4_MPT_STATUS_FREE]).toEqual([15, 3]);
    expect(contexts.MLX4_INVALID_LKEY).toBe(0x100);
  });
  test('keys are indices rotated by eight', () => {
    expect(contexts.hw_index_to_key(1)).toBe(0x100);
    expect(contexts.hw_index_to_key(0xab00_0102)).toBe(0x0001_02ab);
    expect(contexts.key_to_hw_index(0x0001_02ab)).toBe(0xab00_0102);
  });
});

describe('QP context (6.5)', () => {
  facts(
    'QP context',
    qp.qpContext,
    248,
    `state 00[31:28], service_type 00[19:16], rss 00[13:13], pm_state 00[12:11], pd 04[23:0],
    mtu_msgmax 08:1, rq_size_stride 09:1, sq_size_stride 0a:1, usr_page 0c[23:0], local_qpn 10:4,
    path_counter_index 1c:1, path_ackto 20:1, path_sched_queue 38:1, path_feup 3a:1, path_dmac 3e:6,
    params1 70:4, cqn_send 7c[23:0], params2 90:4, cqn_recv 9c[23:0], db_rec_addr a0:8, srqn ac:4,
    rate_limit_params bc:2, vlan_strip_disable c0[30:30], fcs_keep c0[29:29], log_page_size c8:1,
    mtt_base_addr_h cb:1, mtt_base_addr_l cc:4`,
  );
  facts(
    'path',
    qp.qpPath,
    44,
    'fl 00:1, counter_index 04:1, ackto 08:1, rgid 10:16, sched_queue 20:1, feup 22:1, dmac 26:6',
  );
  facts(
    'RSS context',
    qp.rssContext,
    0x38,
    `log_rings 00[31:24], base_qpn 00[23:0], default_qpn 04:4, hash_fn 0a:1, flags 0b:1,
    rss_key 0c:40, base_qpn_udp 34:4`,
  );
  test('the path in the context is the path on its own', () => {
    for (const [name, f] of Object.entries(qp.qpPath.fields)) {
      const inContext = qp.qpContext.fields[`path_${name}` as keyof typeof qp.qpContext.fields];
      expect([name, inContext.offset, inContext.bytes]).toEqual([name, f.offset + 0x18, f.bytes]);
    }
  });
  test('places of the context in mailboxes, of RSS and of the alternate path', () => {
    expect(qp.qpContextMailboxOffset).toBe(8);
    expect(qp.updateQpContextOffset).toBe(0x20);
    expect(qp.rssContextOffset).toBe(0x3c);
    expect(qp.alternatePathOffset).toBe(0x44);
  });
  test('states', () => {
    const states = { RST: 0, INIT: 1, RTR: 2, RTS: 3, SQER: 4, SQD: 5, ERR: 6, SQ_DRAINING: 7 };
    expect(qp.MLX4_QP_STATE).toEqual(states);
  });
  test('changes of state, by opcode', () => {
    const opcodeOf = (from: qp.QpStateName, to: qp.QpStateName): number | undefined => {
      const found = qp.qpTransitions.find((change) => change.from === from && change.to === to);
      return found && commandTable[found.command].opcode;
    };
    expect(opcodeOf('RST', 'INIT')).toBe(0x19);
    expect(opcodeOf('INIT', 'RTR')).toBe(0x1a);
    expect(opcodeOf('RTR', 'RTS')).toBe(0x1b);
    expect(opcodeOf('RTS', 'RTS')).toBe(0x1c);
    expect(opcodeOf('SQER', 'RTS')).toBe(0x1d);
    expect(opcodeOf('SQD', 'ERR')).toBe(0x1e);
    expect(opcodeOf('RTS', 'SQD')).toBe(0x1f);
    expect(opcodeOf('SQD', 'RTS')).toBe(0x20);
    expect(opcodeOf('ERR', 'RST')).toBe(0x21);
    expect(opcodeOf('RST', 'RTS')).toBeUndefined();
    expect(qp.qpTransitions).toHaveLength(9 + 7 + 7);
  });
  test('1024 entries of 64 bytes are 0x52; port 2, priority 3 is 0xdb', () => {
    expect(qp.queueSizeStride(1024, 64)).toBe(0x52);
    expect([qp.queueEntries(0x52), qp.queueStride(0x52)]).toEqual([1024, 64]);
    expect(qp.queueStride(0x02)).toBe(64);
    expect(qp.schedQueueOf(2, 3)).toBe(0xdb);
    expect(qp.schedQueuePort(0xdb)).toBe(2);
    expect(qp.schedQueuePriority(0xdb)).toBe(3);
  });
  test('masks', () => {
    expect(qp.MLX4_QP_BIT_FPP).toBe(8);
    expect(qp.MLX4_QP_OPTPAR.COUNTER_INDEX).toBe(0x10_0000);
    expect(qp.MLX4_UPD_QP_MASK).toEqual({ PM_STATE: 32, VSD: 33, QOS_VPP: 34, RATE_LIMIT: 35 });
    expect(qp.MLX4_UPD_QP_PATH_MASK.ETH_SRC_CHECK_MC_LB + 32).toBe(51);
  });
});

describe('completions (6.3.4)', () => {
  facts(
    'CQE',
    cqe,
    32,
    `svlan_present 00[30:30], cvlan_present 00[29:29], l2_tunnel 00[27:27], qpn 00[23:0],
    immed_rss_invalid 04:4, sl_vid 0c:2, status 10:2, badfcs_enc 13:1, byte_cnt 14:4,
    wqe_index 18:2, checksum 1a:2, owner_sr_opcode 1f:1`,
  );
  facts('error CQE', errCqe, 32, 'my_qpn 00[23:0], vendor_err_syndrome 1a:1, syndrome 1b:1');
  facts('timestamp CQE', tsCqe, 32, 'timestamp_hi 0c:4, byte_cnt 14:4, timestamp_lo 1d:2');
  test('status bits and syndromes', () => {
    expect(MLX4_CQE_STATUS).toEqual({
      IPV4: 0x40,
      IPV4F: 0x80,
      IPV6: 0x100,
      IPV4OPT: 0x200,
      TCP: 0x400,
      UDP: 0x800,
      IPOK: 0x1000,
    });
    expect(MLX4_CQE_SYNDROME.WR_FLUSH_ERR).toBe(5);
    expect(MLX4_CQE_SYNDROME.LOCAL_ACCESS_ERR).toBe(0x11);
    expect(MLX4_CQE_SYNDROME.REMOTE_ABORTED_ERR).toBe(0x22);
  });
});

describe('work queue entries (8)', () => {
  facts(
    'control segment',
    wqe.wqeCtrlSeg,
    16,
    `owner 00[31:31], iip 00[28:28], ilp 00[27:27], bf_index 00[23:8], blh 00[6:6], opcode 00[4:0],
    vlan_tag 04:2, ins_vlan 06:1, fence_size 07:1, srcrb_flags 08:4, imm 0c:4`,
  );
  facts('BlueFlame control', wqe.wqeCtrlBlueFlame, 16, 'qpn 04[31:8], fence_size 07:1');
  facts('data segment', wqe.wqeDataSeg, 16, 'byte_count 00:4, lkey 04:4, addr_h 08:4, addr_l 0c:4');
  facts('SRQ descriptor head', wqe.wqeSrqNextSeg, 16, 'next_wqe_index 02:2');
  facts('LSO segment', wqe.wqeLsoSeg, 4, 'mss 00[31:16], header_size 00[15:0]');
  facts('datagram segment', wqe.wqeDatagramSeg, 48, 'dqpn 20:4, qkey 24:4, vlan 28:2, mac 2a:6');
  test('opcodes and flags', () => {
    expect([wqe.MLX4_OPCODE_SEND, wqe.MLX4_OPCODE_LSO]).toEqual([0x0a, 0x0e]);
    expect(wqe.MLX4_WQE_CTRL_CQ_UPDATE | wqe.MLX4_WQE_CTRL_SOLICITED).toBe(0x0e);
    expect(wqe.MLX4_WQE_CTRL_IP_CSUM | wqe.MLX4_WQE_CTRL_TCP_UDP_CSUM).toBe(0x30);
    expect(wqe.MLX4_WQE_CTRL_INS_CVLAN).toBe(0x40);
  });
  test('sizes: inline holds 44 bytes in the first block; 54 header bytes of LSO span 64', () => {
    expect(wqe.TXBB_SIZE).toBe(64);
    expect(wqe.MLX4_INLINE_FIRST_BYTES).toBe(44);
    expect(wqe.lsoSegSpan(54)).toBe(64);
    expect(wqe.lsoSegSpan(60)).toBe(64);
    expect(wqe.lsoSegSpan(61)).toBe(80);
    expect([1, 4, 5, 32].map(wqe.txbbsOfSize)).toEqual([1, 1, 2, 8]);
  });
});
