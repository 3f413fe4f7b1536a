// The card's context memory (main.c: mlx4_init_icm, mlx4_free_icms; facts/device 11.3): its size,
// memory for firmware's own use, and the tables in the order in which they are mapped. They go in
// the reverse order. Linux rounds the reserved translation entries up to the cache alignment of
// DMA; on this machine that is 1.

import type { MaySleep } from '#sim/task.ts';
import type { mlx4_dev_cap } from '../fw/dev-cap.ts';
import { mlx4_SET_ICM_SIZE } from '../fw.ts';
import {
  mlx4_alloc_icm,
  mlx4_cleanup_icm_table,
  mlx4_free_icm,
  mlx4_init_icm_table,
  mlx4_MAP_ICM_AUX,
  mlx4_UNMAP_ICM_AUX,
} from '../icm.ts';
import type { IcmTableShape, mlx4_icm_table } from '../icm.ts';
import { MLX4_QP_REGION_FW } from '../limits.ts';
import { mlx4_get_mgm_entry_size } from '../mcg/entry.ts';
import { mlx4_dbg, mlx4_err, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev, mlx4_priv as Priv } from '../mlx4.ts';
import { cmptBase, MLX4_CMPT_TYPE } from '../profile.ts';
import type { IcmLayout } from '../profile.ts';
import { notNull } from '../tables.ts';

/** A table: its member of the driver's tables, and what it is called. */
interface Slot {
  /** As its mutex is called. */
  readonly name: string;
  /** As messages call it. */
  readonly what: string;
  get(): mlx4_icm_table | null;
  set(table: mlx4_icm_table | null): void;
}

/** A slot that is member `member` of `owner`. */
function slot<Member extends string>(
  name: string,
  what: string,
  owner: Record<Member, mlx4_icm_table | null>,
  member: Member,
): Slot {
  return {
    name: `${name}.${member}`,
    what,
    get: () => owner[member],
    set: (table) => {
      owner[member] = table;
    },
  };
}

/** Every table, in the order of mapping. */
function slots(priv: Priv): Slot[] {
  const { qp_table, srq_table, cq_table, eq_table, mr_table, mcg_table } = priv;
  return [
    slot('qp_table', 'cMPT', qp_table, 'cmpt_table'),
    slot('srq_table', 'cMPT', srq_table, 'cmpt_table'),
    slot('cq_table', 'cMPT', cq_table, 'cmpt_table'),
    slot('eq_table', 'cMPT', eq_table, 'cmpt_table'),
    slot('eq_table', 'EQ', eq_table, 'table'),
    slot('mr_table', 'MTT', mr_table, 'mtt_table'),
    slot('mr_table', 'dMPT', mr_table, 'dmpt_table'),
    slot('qp_table', 'QP', qp_table, 'qp_table'),
    slot('qp_table', 'AUXC', qp_table, 'auxc_table'),
    slot('qp_table', 'ALTC', qp_table, 'altc_table'),
    slot('qp_table', 'RDMARC', qp_table, 'rdmarc_table'),
    slot('cq_table', 'CQ', cq_table, 'table'),
    slot('srq_table', 'SRQ', srq_table, 'table'),
    slot('mcg_table', 'MCG', mcg_table, 'table'),
  ];
}

/** Place and size of every table, in the same order. */
function shapes(dev: mlx4_dev, cap: mlx4_dev_cap, { at }: IcmLayout): IcmTableShape[] {
  const { caps } = dev;
  const reservedQps = caps.reserved_qps_cnt[MLX4_QP_REGION_FW]!;
  const { rdmarc_shift } = mlx4_priv(dev).qp_table;
  const groups = caps.num_mgms + caps.num_amgms;
  const eqs = caps.num_phys_eqs;
  const shape = (virt: number, obj_size: number, nobj: number, reserved: number) => ({
    virt,
    obj_size,
    nobj,
    reserved,
  });
  const cmpt = (type: number, nobj: number, reserved: number): IcmTableShape => {
    const entry = cap.cmpt_entry_sz;
    return shape(cmptBase(at.CMPT.start, type, entry), entry, nobj, reserved);
  };
  const qp = (virt: number, obj_size: number): IcmTableShape =>
    shape(virt, obj_size, caps.num_qps, reservedQps);
  const mtt = shape(at.MTT.start, caps.mtt_entry_sz, caps.num_mtts, caps.reserved_mtts);
  const dmpt = shape(at.DMPT.start, cap.dmpt_entry_sz, caps.num_mpts, caps.reserved_mrws);
  return [
    cmpt(MLX4_CMPT_TYPE.QP, caps.num_qps, reservedQps),
    cmpt(MLX4_CMPT_TYPE.SRQ, caps.num_srqs, caps.reserved_srqs),
    cmpt(MLX4_CMPT_TYPE.CQ, caps.num_cqs, caps.reserved_cqs),
    cmpt(MLX4_CMPT_TYPE.EQ, eqs, eqs),
    shape(at.EQ.start, cap.eqc_entry_sz, eqs, eqs),
    { ...mtt, lowmem: true },
    { ...dmpt, lowmem: true },
    qp(at.QP.start, cap.qpc_entry_sz),
    qp(at.AUXC.start, cap.aux_entry_sz),
    qp(at.ALTC.start, cap.altc_entry_sz),
    qp(at.RDMARC.start, cap.rdmarc_entry_sz * 2 ** rdmarc_shift),
    shape(at.CQ.start, cap.cqc_entry_sz, caps.num_cqs, caps.reserved_cqs),
    shape(at.SRQ.start, cap.srq_entry_sz, caps.num_srqs, caps.reserved_srqs),
    // The whole table of groups: it is not large, and counting its users would be.
    shape(at.MCG.start, mlx4_get_mgm_entry_size(dev), groups, groups),
  ];
}

/** Memory that firmware wants for itself. 0 or a negative error. */
function* mapAuxiliary(dev: mlx4_dev, auxPages: number): MaySleep<number> {
  const { fw } = mlx4_priv(dev);
  fw.aux_icm = mlx4_alloc_icm(dev, auxPages);
  const err = yield* mlx4_MAP_ICM_AUX(dev, fw.aux_icm);
  if (err === 0) return 0;
  mlx4_err(dev, 'MAP_ICM_AUX command failed, aborting');
  mlx4_free_icm(dev, fw.aux_icm);
  return err;
}

/** Maps what must be there from the start. 0 or a negative error, with everything given back. */
export function* mlx4_init_icm(
  dev: mlx4_dev,
  cap: mlx4_dev_cap,
  layout: IcmLayout,
): MaySleep<number> {
  const auxPages = yield* mlx4_SET_ICM_SIZE(dev, layout.size);
  if (auxPages < 0) {
    mlx4_err(dev, 'SET_ICM_SIZE command failed, aborting');
    return auxPages;
  }
  const context = `${Math.floor(layout.size / 1024)} KB of HCA context`;
  mlx4_dbg(dev, `${context} requires ${auxPages * 4} KB aux memory`);
  const err = yield* mapAuxiliary(dev, auxPages);
  if (err !== 0) return err;
  const places = shapes(dev, cap, layout);
  for (const [index, { name, what, set }] of slots(mlx4_priv(dev)).entries()) {
    const table = yield* mlx4_init_icm_table(dev, name, places[index]!);
    if (typeof table === 'number') {
      mlx4_err(dev, `Failed to map ${what} context memory, aborting`);
      yield* mlx4_free_icms(dev);
      return table;
    }
    set(table);
  }
  return 0;
}

/** Unmaps whatever is mapped, the last table first. */
export function* mlx4_free_icms(dev: mlx4_dev): MaySleep<void> {
  const priv = mlx4_priv(dev);
  for (const { get, set } of slots(priv).toReversed()) {
    const table = get();
    if (table === null) continue;
    yield* mlx4_cleanup_icm_table(dev, table);
    set(null);
  }
  yield* mlx4_UNMAP_ICM_AUX(dev);
  mlx4_free_icm(dev, notNull(priv.fw.aux_icm));
}
