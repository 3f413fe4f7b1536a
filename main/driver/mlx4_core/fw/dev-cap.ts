// QUERY_DEV_CAP (fw.c: mlx4_QUERY_DEV_CAP; facts/device 5.5): what the card can do, decoded, and
// QUERY_PORT of every port. Numbers are counts and bytes here, not logs. An EQ whose doorbell lies
// in a reserved UAR counts as reserved.
// Left out: system EQs, which need firmware for many virtual functions; Wake-on-LAN bits (mlx4_en
// asks for them itself).

import {
  hasDevCapFlag,
  hasDevCapFlag2,
  hasDevCapFlag2ByValue,
  MLX4_DEV_CAP_FLAG,
  MLX4_DEV_CAP_FLAG2,
  MLX4_DEV_CAP_FLAG2_BY_VALUE,
  queryDevCap,
} from '#prm/dev-cap.ts';
import type { DevCapFlag, DevCapFlag2, DevCapFlag2ByValue } from '#prm/dev-cap.ts';
import { eqsPerUar, uarPageBytes } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd_box, mlx4_free_cmd_mailbox } from '../cmd.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_QUERY_PORT } from './query-port.ts';
import type { mlx4_port_cap } from './query-port.ts';

/** Name of a flag of the second kind. */
export type Flag2Name = DevCapFlag2 | DevCapFlag2ByValue;

/** struct mlx4_dev_cap. */
export type mlx4_dev_cap = ReturnType<typeof decodeDevCap> & {
  /** By port. */
  readonly port_cap: readonly (mlx4_port_cap | null)[];
};

const allFlags = Object.keys(MLX4_DEV_CAP_FLAG) as DevCapFlag[];
const allFlags2 = Object.keys(MLX4_DEV_CAP_FLAG2) as DevCapFlag2[];
const allByValue = Object.keys(MLX4_DEV_CAP_FLAG2_BY_VALUE) as DevCapFlag2ByValue[];

/** Every gathered flag that the mailbox has; FS_A0 is decided later, by mlx4_dev_cap(). */
function decodeFlags2(box: Uint8Array): Set<Flag2Name> {
  const byValue = allByValue.filter((name) => name !== 'FS_A0');
  return new Set<Flag2Name>([
    ...allFlags2.filter((name) => hasDevCapFlag2(box, name)),
    ...byValue.filter((name) => hasDevCapFlag2ByValue(box, name)),
  ]);
}

/** Size and number of BlueFlame registers; no size: there are none. */
function decodeBlueFlame(box: Uint8Array): { bf_reg_size: number; bf_regs_per_page: number } {
  if ((queryDevCap.get(box, 'bf') & 0x80) === 0) return { bf_reg_size: 0, bf_regs_per_page: 0 };
  const bf_reg_size = 2 ** (queryDevCap.get(box, 'log_bf_reg_sz') & 0x1f);
  const log = queryDevCap.get(box, 'log_max_bf_regs') & 0x3f;
  const tooMany = 2 ** log > uarPageBytes / bf_reg_size;
  return { bf_reg_size, bf_regs_per_page: 2 ** (tooMany ? 3 : log) };
}

const decodeEntrySizes = (box: Uint8Array) => ({
  rdmarc_entry_sz: queryDevCap.get(box, 'rdmarc_entry_sz'),
  qpc_entry_sz: queryDevCap.get(box, 'qpc_entry_sz'),
  aux_entry_sz: queryDevCap.get(box, 'aux_entry_sz'),
  altc_entry_sz: queryDevCap.get(box, 'altc_entry_sz'),
  eqc_entry_sz: queryDevCap.get(box, 'eqc_entry_sz'),
  cqc_entry_sz: queryDevCap.get(box, 'cqc_entry_sz'),
  srq_entry_sz: queryDevCap.get(box, 'srq_entry_sz'),
  cmpt_entry_sz: queryDevCap.get(box, 'c_mpt_entry_sz'),
  mtt_entry_sz: queryDevCap.get(box, 'mtt_entry_sz'),
  dmpt_entry_sz: queryDevCap.get(box, 'd_mpt_entry_sz'),
});

const decodeRateLimits = (box: Uint8Array) => ({
  num_rates: queryDevCap.get(box, 'num_rate_limits'),
  max_unit: queryDevCap.get(box, 'max_rate_limit_unit'),
  max_val: queryDevCap.get(box, 'max_rate_limit'),
  min_unit: queryDevCap.get(box, 'min_rate_limit_unit'),
  min_val: queryDevCap.get(box, 'min_rate_limit'),
});

/** Fields that are numbers, not single bits. */
type NumberField = Exclude<keyof typeof queryDevCap.fields, 'mad_demux' | 'map_clock_to_user'>;

/** Everything but the ports. */
function decodeDevCap(box: Uint8Array) {
  const of = (name: NumberField): number => queryDevCap.get(box, name);
  /** 2^n of some bits of a field. */
  const pow2 = (name: NumberField, mask: number): number => 2 ** (of(name) & mask);
  const log_gso = of('log_max_gso_sz') & 0x1f;
  const log_rss = of('rss') & 0xf;
  const reserved_uars = of('rsvd_uar') >> 4;
  const num_sys_eqs = of('num_sys_eq') & 0xfff;
  const reserved_eqs = pow2('log_rsvd_eq', 0xf);
  const flags: ReadonlySet<DevCapFlag> = new Set(allFlags.filter((f) => hasDevCapFlag(box, f)));
  return {
    ...decodeEntrySizes(box),
    ...decodeBlueFlame(box),
    flags,
    flags2: decodeFlags2(box),
    reserved_qps: pow2('log_rsvd_qp', 0xf),
    max_qps: pow2('log_max_qp', 0x1f),
    reserved_srqs: 2 ** (of('rsvd_srq') >> 4),
    max_srqs: pow2('log_max_srq', 0x1f),
    max_cq_sz: pow2('log_max_cq_sz', 0xff),
    reserved_cqs: pow2('log_rsvd_cq', 0xf),
    max_cqs: pow2('log_max_cq', 0x1f),
    reserved_eqs:
      num_sys_eqs === 0 ? Math.max(reserved_uars * eqsPerUar, reserved_eqs) : reserved_eqs,
    max_eqs: pow2('log_max_eq', 0xf),
    num_sys_eqs,
    reserved_mtts: 2 ** (of('rsvd_mtt') >> 4),
    reserved_mrws: pow2('log_rsvd_mrw', 0xf),
    max_requester_per_qp: pow2('log_max_ra_req_qp', 0x3f),
    max_gso_sz: log_gso === 0 ? 0 : 2 ** log_gso,
    max_rss_tbl_sz: log_rss === 0 ? 0 : 2 ** log_rss,
    local_ca_ack_delay: of('ack_delay') & 0x1f,
    num_ports: of('vl_port') & 0xf,
    max_msg_sz: pow2('log_max_msg_sz', 0x1f),
    fs_max_num_qp_per_entry: of('fs_max_num_qp_per_entry'),
    stat_rate_support: of('stat_rate_support'),
    reserved_uars,
    uar_size: 2 ** ((of('log_uar_sz') & 0x3f) + 20),
    min_page_sz: pow2('log_page_sz', 0xff),
    max_sq_sg: of('max_sg_sq'),
    max_sq_desc_sz: of('max_desc_sz_sq'),
    max_rq_sg: of('max_sg_rq'),
    max_rq_desc_sz: of('max_desc_sz_rq'),
    reserved_mgms: of('rsvd_mcg') & 0xf,
    reserved_pds: of('rsvd_pd') >> 4,
    max_pds: pow2('log_max_pd', 0x3f),
    reserved_xrcds: of('rsvd_xrc') >> 4,
    max_xrcds: pow2('log_max_xrc', 0x1f),
    max_srq_sz: pow2('log_max_srq_sz', 0xff),
    max_qp_sz: pow2('log_max_qp_sz', 0xff),
    bmme_flags: of('bmme_flags'),
    reserved_lkey: of('reserved_lkey'),
    max_icm_sz: of('max_icm_sz'),
    max_counters: flags.has('COUNTERS') ? of('max_counters') : 0,
    dmfs_high_rate_qpn_base: of('dmfs_high_rate_qpn_base'),
    dmfs_high_rate_qpn_range: of('dmfs_high_rate_qpn_range'),
    rl_caps: decodeRateLimits(box),
  };
}

/** Asks for every port; by port number, or a negative error. */
function* queryPorts(
  dev: mlx4_dev,
  num_ports: number,
): MaySleep<(mlx4_port_cap | null)[] | number> {
  const port_cap: (mlx4_port_cap | null)[] = [null];
  for (let port = 1; port <= num_ports; port++) {
    const cap = yield* mlx4_QUERY_PORT(dev, port);
    if (typeof cap === 'number') return cap;
    port_cap.push(cap);
  }
  return port_cap;
}

/** What the card can do, or a negative error. The ports are asked while the mailbox is kept. */
export function* mlx4_QUERY_DEV_CAP(dev: mlx4_dev): MaySleep<mlx4_dev_cap | number> {
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  const err = yield* mlx4_cmd_box(dev, 0, mailbox.dma, 0, 0, 'MLX4_CMD_QUERY_DEV_CAP');
  let result: mlx4_dev_cap | number = err;
  if (err === 0) {
    const answer = new Uint8Array(queryDevCap.sizeBytes);
    mailbox.buf.read(0, answer);
    const decoded = decodeDevCap(answer);
    const port_cap = yield* queryPorts(dev, decoded.num_ports);
    result = typeof port_cap === 'number' ? port_cap : { ...decoded, port_cap };
  }
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return result;
}
