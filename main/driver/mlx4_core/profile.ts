// How many objects of each kind the driver wants, and where their tables lie in the card's context
// memory (profile.c, main.c: default_profile; facts/device 11.1). Sizes are powers of two: the
// largest table first, then every table is aligned to its size without gaps. The counts are not
// clamped to what the card says. Left out: the profile for little memory (crash dump kernels).

import { pageBytes } from '#bus/memory.ts';
import { ENOMEM } from '#kernel/errno.ts';
import { ilog2, roundup_pow_of_two } from './alloc/bitmap.ts';
import type { mlx4_dev_cap } from './fw/dev-cap.ts';
import { mlx4_dbg, mlx4_err, mlx4_priv } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';

/** Most MSI-X vectors, and so event queues, that the driver asks for. */
export const MAX_MSIX = 128;
const MLX4_NUM_PDS = 1 << 15;
const MLX4_CMPT_SHIFT = 24;
/** Main memory of the lab's machine: 2 GiB. */
const totalRamPages = 2 ** 31 / pageBytes;

/** struct mlx4_profile. */
interface mlx4_profile {
  readonly num_qp: number;
  readonly num_srq: number;
  readonly rdmarc_per_qp: number;
  readonly num_cq: number;
  readonly num_mcg: number;
  readonly num_mpt: number;
  readonly num_mtt: number;
}

const default_profile: mlx4_profile = {
  num_qp: 1 << 18,
  num_srq: 1 << 16,
  rdmarc_per_qp: 1 << 4,
  num_cq: 1 << 16,
  num_mcg: 1 << 13,
  num_mpt: 1 << 19,
  num_mtt: 1 << 20,
};

/** Tables in context memory, in the order in which equal sizes are placed. */
const resources = [
  'QP',
  'RDMARC',
  'ALTC',
  'AUXC',
  'SRQ',
  'CQ',
  'EQ',
  'DMPT',
  'CMPT',
  'MTT',
  'MCG',
] as const;
type ResourceName = (typeof resources)[number];

/** A table that has found its place. */
export interface PlacedResource {
  readonly start: number;
  readonly num: number;
  readonly log_num: number;
}

/** What the profile gives to INIT_HCA. */
export interface IcmLayout {
  /** Bytes of context memory. */
  readonly size: number;
  readonly at: Readonly<Record<ResourceName, PlacedResource>>;
  readonly log_rd_per_qp: number;
  readonly log_mc_hash_sz: number;
}

/** Types of objects that have an entry in the cMPT, each in its quarter. */
export const MLX4_CMPT_TYPE = { QP: 0, SRQ: 1, CQ: 2, EQ: 3 } as const;
/** Where the quarter of a type begins. */
export const cmptBase = (base: number, type: number, entryBytes: number): number =>
  base + type * entryBytes * 2 ** MLX4_CMPT_SHIFT;

const mgmEntryBytes = (dev: mlx4_dev): number => 2 ** dev.caps.oper_log_mgm_entry_size;

/** Translation entries for twice the memory of the machine. */
function translationEntries(dev: mlx4_dev, least: number): number {
  const log = dev.priv.module.params.int('log_mtts_per_seg');
  const twice = Math.min(2 ** (31 - log), Math.floor((totalRamPages * 2) / 2 ** log));
  return roundup_pow_of_two(Math.max(least, twice)) * 2 ** log;
}

/** Number of entries and bytes of an entry of every table. */
function demand(dev: mlx4_dev, cap: mlx4_dev_cap): Record<ResourceName, [number, number]> {
  const want = default_profile;
  return {
    QP: [want.num_qp, cap.qpc_entry_sz],
    RDMARC: [want.num_qp * want.rdmarc_per_qp, cap.rdmarc_entry_sz],
    ALTC: [want.num_qp, cap.altc_entry_sz],
    AUXC: [want.num_qp, cap.aux_entry_sz],
    SRQ: [want.num_srq, cap.srq_entry_sz],
    CQ: [want.num_cq, cap.cqc_entry_sz],
    EQ: [Math.min(cap.max_eqs, MAX_MSIX), cap.eqc_entry_sz],
    DMPT: [want.num_mpt, cap.dmpt_entry_sz],
    CMPT: [Object.keys(MLX4_CMPT_TYPE).length * 2 ** MLX4_CMPT_SHIFT, cap.cmpt_entry_sz],
    MTT: [translationEntries(dev, want.num_mtt), cap.mtt_entry_sz],
    MCG: [want.num_mcg, mgmEntryBytes(dev)],
  };
}

const padded = (text: string, width: number): string => text.padStart(width);

/** Places every table. Null when they do not fit. */
function place(
  dev: mlx4_dev,
  cap: mlx4_dev_cap,
): { size: number; at: Record<ResourceName, PlacedResource> } | null {
  const wanted = demand(dev, cap);
  const tables = resources
    .map((name) => {
      const num = roundup_pow_of_two(wanted[name][0]);
      return { name, num, size: Math.max(num * wanted[name][1], pageBytes) };
    })
    .sort((a, b) => b.size - a.size);
  const at: Partial<Record<ResourceName, PlacedResource>> = {};
  let total = 0;
  for (const [index, { name, num, size }] of tables.entries()) {
    const start = total;
    total += size;
    if (total > cap.max_icm_sz) {
      const [need, have] = [total.toString(16), cap.max_icm_sz.toString(16)];
      const text = `Profile requires 0x${need} bytes; won't fit in 0x${have} bytes`;
      mlx4_err(dev, `${text} of context memory`);
      return null;
    }
    at[name] = { start, num, log_num: ilog2(num) };
    const which = `  profile[${padded(`${index}`, 2)}] (${padded(name, 6)})`;
    const where = `@ 0x${padded(start.toString(16), 10)}, size 0x${padded(size.toString(16), 10)}`;
    mlx4_dbg(dev, `${which}: 2^${`${ilog2(num)}`.padStart(2, '0')} entries ${where}`);
  }
  mlx4_dbg(dev, `HCA context memory: reserving ${total / 1024} KB`);
  return { size: total, at: at as Record<ResourceName, PlacedResource> };
}

/** Places the tables and notes their sizes in dev.caps. -ENOMEM when they do not fit. */
export function mlx4_make_profile(dev: mlx4_dev, cap: mlx4_dev_cap): IcmLayout | number {
  const placed = place(dev, cap);
  if (placed === null) return -ENOMEM;
  const { caps } = dev;
  const { at } = placed;
  const log_rd_per_qp = ilog2(at.RDMARC.num / default_profile.num_qp);
  mlx4_priv(dev).qp_table.rdmarc_shift = log_rd_per_qp;
  caps.max_qp_dest_rdma = 2 ** log_rd_per_qp;
  caps.num_qps = at.QP.num;
  caps.num_srqs = at.SRQ.num;
  caps.num_cqs = at.CQ.num;
  caps.num_eqs = at.EQ.num;
  caps.num_mpts = at.DMPT.num;
  caps.num_mtts = at.MTT.num;
  // The first half are hash buckets, the second half entries behind them.
  caps.num_mgms = at.MCG.num / 2;
  caps.num_amgms = at.MCG.num / 2;
  caps.num_pds = MLX4_NUM_PDS;
  return { ...placed, log_rd_per_qp, log_mc_hash_sz: at.MCG.log_num - 1 };
}
