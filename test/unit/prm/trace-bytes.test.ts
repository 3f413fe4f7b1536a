// Real bytes decode to what the unmodified Linux 6.1 driver meant: input mailboxes that it wrote
// for a card model, copied from facts/traces/hcr-6.1-core-en-up.txt. The trace keeps a mailbox up
// to its last byte that is not zero, and no more than 64 bytes.
// Its 64-bit immediates went through a floating-point number: 0x8001000000000000 of SET_MCAST_FLTR
// is 0x8000ffffffffffff (clear, broadcast) rounded, so that line is no witness for the low bits.

import { expect, test } from 'vitest';
import { cqContext, eqContext, hw_index_to_key, mptEntry } from '#prm/contexts.ts';
import { MLX4_ASYNC_EVENT_MASK } from '#prm/events.ts';
import * as firmware from '#prm/firmware.ts';
import type { Fields, Layout, ValuesOf } from '#prm/layout.ts';
import { IB_MGMT_METHOD_GET, IB_SMP_ATTR_PORT_INFO, mad } from '#prm/mad.ts';
import {
  macTableEntry,
  mcastFilterImmediate,
  mtuOnWire,
  setPortGeneral,
  setPortType,
} from '#prm/port.ts';
import {
  MLX4_QP_STATE,
  qpContext,
  qpContextMailboxOffset,
  queueEntries,
  queueStride,
  schedQueuePort,
} from '#prm/qp-context.ts';
import {
  MLX4_MC_STEER,
  MLX4_PROT_ETH,
  MLX4_UC_STEER,
  ethernetGid,
  mgm,
  mgmMember,
  mgmQpOffset,
} from '#prm/steering.ts';

/** A whole mailbox from the bytes that the trace has. */
function mailbox(hex: string): Uint8Array {
  const bytes = new Uint8Array(firmware.MLX4_MAILBOX_SIZE);
  bytes.set(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
  return bytes;
}

/** Decoded fields, only those asked for. */
function some<F extends Fields, N extends keyof F & string>(
  of: Layout<F>,
  names: readonly N[],
  from: Uint8Array,
  at = 0,
): Partial<ValuesOf<F>> {
  const all = of.read(from, at);
  const entries = names.map((name) => [name, all[name]] as const);
  return Object.fromEntries(entries) as unknown as Partial<ValuesOf<F>>;
}

test('MAP_FA: 64 pages at 0x4180000', () => {
  const pa = firmware.mapEntry.get(mailbox('00000000000000000000000004180006'), 'pa');
  expect(firmware.mapEntryAddress(pa)).toBe(0x418_0000);
  expect(firmware.mapEntryPages(pa)).toBe(64);
});

test('MAP_ICM: the EQ table is mapped with 32 pages at ICM 0x113800000', () => {
  const entry = mailbox('000000011380000000000000042e0005');
  expect(firmware.mapEntry.get(entry, 'va')).toBe(0x1_1380_0000);
  expect(firmware.mapEntryPages(firmware.mapEntry.get(entry, 'pa'))).toBe(32);
});

test('MOD_STAT_CFG: 4 KiB pages', () => {
  expect(some(firmware.modStatCfg, ['log_pg_sz_m', 'log_pg_sz'], mailbox('000001'))).toEqual({
    log_pg_sz_m: 1,
    log_pg_sz: 0,
  });
});

test('INIT_HCA: version 2, 2^18 QPs at 0x108000000', () => {
  const bytes = mailbox(
    '0200000000000000000000000000300000000000000000090000000000000000' +
      '000000000000000000000000000000000000000108000012',
  );
  expect(firmware.initHcaBase(bytes, 'qpc')).toBe(0x1_0800_0000);
  expect(
    some(
      firmware.initHca,
      ['version', 'cacheline_sz', 'log_qp', 'check_port', 'ipoib_csum', 'counters', 'dmfs'],
      bytes,
    ),
  ).toEqual({
    version: 2,
    cacheline_sz: 0x30,
    log_qp: 18,
    check_port: true,
    ipoib_csum: true,
    counters: false,
    dmfs: false,
  });
});

const eqNames = ['state', 'log_eq_size', 'intr', 'log_page_size', 'mtt_base_addr_l'] as const;

test('SW2HW_EQ 4: the asynchronous EQ has 512 entries', () => {
  const bytes = mailbox('0000090000000000000000000900000000000000000000000000000000000080');
  expect(some(eqContext, eqNames, bytes)).toEqual({
    state: 9,
    log_eq_size: 9,
    intr: 0,
    log_page_size: 0,
    mtt_base_addr_l: 0x80,
  });
});

test('SW2HW_EQ 5: the completion EQ has 65536 entries', () => {
  const bytes = mailbox('00000900000000000000000010000000000000000000000000000000000010');
  expect(some(eqContext, eqNames, bytes)).toEqual({
    state: 9,
    log_eq_size: 16,
    intr: 0,
    log_page_size: 0,
    mtt_base_addr_l: 0x1000,
  });
});

test('MAP_EQ: the mask of asynchronous events', () => {
  expect(MLX4_ASYNC_EVENT_MASK).toBe(0x1d1f46fe);
});

test('MAD_IFC: Get of PortInfo, port 2', () => {
  const bytes = mailbox('010101010000000000000000000000000015000000000002');
  expect(some(mad, ['base_version', 'mgmt_class', 'method', 'attr_id', 'attr_mod'], bytes)).toEqual(
    {
      base_version: 1,
      mgmt_class: 1,
      method: IB_MGMT_METHOD_GET,
      attr_id: IB_SMP_ATTR_PORT_INFO,
      attr_mod: 2,
    },
  );
});

test('SW2HW_MPT 0x100: one region over all of memory', () => {
  const bytes = mailbox(
    'f0020f000000000000000100030000040000000000000000ffffffffffffffff' +
      '0000000000000000000000000000000000000000000000000000000c',
  );
  expect(mptEntry.read(bytes)).toMatchObject({
    status: 0xf,
    mio: true,
    local_write: true,
    local_read: true,
    remote_write: false,
    physical: true,
    region: true,
    key: 0x100,
    pd: 4,
    enable_invalidate: 3,
    start: 0n,
    length: 0xffff_ffff_ffff_ffffn,
    entity_size: 12,
  });
  expect(hw_index_to_key(0x100)).toBe(0x1_0000);
});

test('SET_PORT GENERAL: MTU and pause, then the user MTU alone', () => {
  const first = setPortGeneral.read(mailbox('00000007000005f68000000080'));
  expect(first).toMatchObject({ v_mtu: true, v_pptx: true, v_pprx: true, v_user_mtu: false });
  expect(first).toMatchObject({ mtu: mtuOnWire(1500), pptx: 0x80, pprx: 0x80, pfctx: 0, pfcrx: 0 });
  const second = setPortGeneral.read(
    mailbox('000020000000000000000000000000000000000000000000000005dc'),
  );
  expect(second).toMatchObject({ v_mtu: false, v_user_mtu: true, user_mtu: 1500 });
});

test('SW2HW_CQ 0x80: 1024 entries on UAR 0x81, completions to EQ 5', () => {
  const bytes = mailbox(
    '0000000000000000000000000a000081000000000000000503000000000000b0' +
      '000000000000000000000000000000000000000000000000' +
      '0000000003b11010',
  );
  expect(cqContext.read(bytes)).toMatchObject({
    log_size: 10,
    usr_page: 0x81,
    comp_eqn: 5,
    log_page_size: 3,
    mtt_base_addr_l: 0xb0,
    db_rec_addr: 0x3b1_1010,
  });
});

test('MODIFY_CQ: 44 frames or 16 microseconds', () => {
  const bytes = mailbox('000000000000000000000000000000000010002c');
  expect(some(cqContext, ['cq_period', 'cq_max_count'], bytes)).toEqual({
    cq_period: 16,
    cq_max_count: 44,
  });
});

test('SET_PORT MAC_TABLE: the own address is the first entry', () => {
  expect(setPortType(0x201)).toBe(2);
  expect(macTableEntry.read(mailbox('80000002c9a0b0c1'))).toEqual({
    valid: true,
    mac_h: 0x0002,
    mac_l: 0xc9a0b0c1,
  });
});

const qpNames = [
  'state',
  'service_type',
  'pd',
  'usr_page',
  'local_qpn',
  'path_counter_index',
  'path_ackto',
] as const;

test('RST2INIT of receive QP 0x41, and its way to RTS', () => {
  const tail = '007000000000004ff50020000000081000000410000000000000000ff00000001';
  const states = ['1', '2', '3'].map((state) => {
    const bytes = mailbox(`0000000000000000${state}${tail}`);
    const context = some(qpContext, qpNames, bytes, qpContextMailboxOffset);
    expect(context).toMatchObject({ service_type: 7, pd: 4, usr_page: 0x81, local_qpn: 0x41 });
    expect(context).toMatchObject({ path_counter_index: 0xff, path_ackto: 1 });
    expect(qpContext.get(bytes, 'rss', qpContextMailboxOffset)).toBe(false);
    const receive = qpContext.get(bytes, 'rq_size_stride', qpContextMailboxOffset);
    expect([queueEntries(receive), queueStride(receive)]).toEqual([1024, 16]);
    return context.state;
  });
  expect(states).toEqual([MLX4_QP_STATE.INIT, MLX4_QP_STATE.RTR, MLX4_QP_STATE.RTS]);
});

test('RST2INIT of transmit QP 0x208: 1024 blocks of 64 bytes', () => {
  const bytes = mailbox(
    '00000000000000001007000000000004ff00520000000081000002080000000000000000ff00000001',
  );
  const send = qpContext.get(bytes, 'sq_size_stride', qpContextMailboxOffset);
  expect([queueEntries(send), queueStride(send)]).toEqual([1024, 64]);
  expect(qpContext.get(bytes, 'local_qpn', qpContextMailboxOffset)).toBe(0x208);
  expect(schedQueuePort(qpContext.get(bytes, 'path_sched_queue', qpContextMailboxOffset))).toBe(1);
});

test('MGID_HASH and WRITE_MCG: own address, unicast, to QP 0x41', () => {
  const gid = '000000000001000200000002c9a0b0c1';
  expect(ethernetGid.read(mailbox(gid))).toEqual({
    port: 1,
    steer: MLX4_UC_STEER,
    mac_h: 0x0002,
    mac_l: 0xc9a0b0c1,
  });
  const entry = mailbox(`00000000400000010000000000000000${gid}00000041`);
  expect(some(mgm, ['next_gid_index', 'protocol', 'members_count'], entry)).toEqual({
    next_gid_index: 0,
    protocol: MLX4_PROT_ETH,
    members_count: 1,
  });
  expect(mgmMember.read(entry, mgmQpOffset(0))).toEqual({ block_loopback: false, qpn: 0x41 });
});

test('WRITE_MCG: broadcast is a multicast group', () => {
  const entry = mailbox('0000000040000001000000000000000000000000000100000000ffffffffffff00000041');
  expect(ethernetGid.read(entry, mgm.fields.gid.offset)).toEqual({
    port: 1,
    steer: MLX4_MC_STEER,
    mac_h: 0xffff,
    mac_l: 0xffff_ffff,
  });
});

test('SET_MCAST_FLTR: 33:33:00:00:00:01, without clearing', () => {
  expect(mcastFilterImmediate.read(mailbox('0000333300000001'))).toEqual({
    clear: false,
    mac_h: 0x3333,
    mac_l: 1,
  });
});
