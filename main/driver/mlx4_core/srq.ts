// Shared receive queues (srq.c; facts/device 6.4): numbers, contexts, the limit, events. The tree
// is changed under srq_table.lock and looked up without it; a queue that an event has found is
// freed only when the event's callback is done. Only mlx4_ib has such queues.

import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import { complete, init_completion, wait_for_completion } from '#kernel/locking/completion.ts';
import { spin_lock_init, spin_lock_irq, spin_unlock_irq } from '#kernel/locking/spinlock.ts';
import { srqContext } from '#prm/contexts.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  ilog2,
  MLX4_NO_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
} from './alloc/bitmap.ts';
import { mlx4_cmd, mlx4_cmd_box } from './cmd.ts';
import { queryMailbox, sendMailbox } from './cmd/query.ts';
import { mlx4_table_get, mlx4_table_put } from './icm.ts';
import { cardName, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev, mlx4_mtt, mlx4_srq } from './mlx4.ts';
import { MLX4_ICM_PAGE_SHIFT, mttBase } from './mr/mtt.ts';
import { notNull, nullCall } from './tables.ts';

const slotOf = (dev: mlx4_dev, srqn: number): number => (srqn & (dev.caps.num_srqs - 1)) >>> 0;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function* putSrq(srq: mlx4_srq): Atomic<void> {
  if (--srq.refcount === 0) yield* complete(srq.free);
}

/** An event of the card, in a hard interrupt. */
export function* mlx4_srq_event(dev: mlx4_dev, srqn: number, type: number): Atomic<void> {
  const srq = mlx4_priv(dev).srq_table.tree.get(slotOf(dev, srqn));
  if (srq === undefined) {
    mlx4_warn(dev, `Async event for bogus SRQ ${hex(srqn, 8)}`);
    return;
  }
  srq.refcount++;
  yield* (srq.event ?? nullCall)(type);
  yield* putSrq(srq);
}

/** What a queue is to be. */
export interface SrqSpec {
  readonly pdn: number;
  readonly cqn: number;
  readonly xrcd: number;
  readonly mtt: mlx4_mtt;
  /** Bus address of the doorbell record. */
  readonly dbRecord: number;
  /** Entries, a power of two, and log2 of their bytes. */
  readonly max: number;
  readonly wqe_shift: number;
  readonly event?: (type: number) => Atomic<void>;
}

function* mlx4_srq_alloc_icm(dev: mlx4_dev): MaySleep<number> {
  const { bitmap, table, cmpt_table } = mlx4_priv(dev).srq_table;
  const srqn = yield* mlx4_bitmap_alloc(notNull(bitmap));
  if (srqn === NO_OBJECT) return -ENOMEM;
  let err = yield* mlx4_table_get(dev, notNull(table), srqn);
  if (err === 0) {
    err = yield* mlx4_table_get(dev, notNull(cmpt_table), srqn);
    if (err === 0) return srqn;
    yield* mlx4_table_put(dev, notNull(table), srqn);
  }
  yield* mlx4_bitmap_free(notNull(bitmap), srqn, MLX4_NO_RR);
  return err;
}

function* mlx4_srq_free_icm(dev: mlx4_dev, srqn: number): MaySleep<void> {
  const { bitmap, table, cmpt_table } = mlx4_priv(dev).srq_table;
  yield* mlx4_table_put(dev, notNull(cmpt_table), srqn);
  yield* mlx4_table_put(dev, notNull(table), srqn);
  yield* mlx4_bitmap_free(notNull(bitmap), srqn, MLX4_NO_RR);
}

/** log2 of the smallest entry. */
const logSmallestEntry = 4;
const cqnBits = 0xff_ffff;

const buildContext = (dev: mlx4_dev, spec: SrqSpec, srqn: number): Uint8Array =>
  srqContext.make({
    log_size: ilog2(spec.max),
    srqn,
    logstride: spec.wqe_shift - logSmallestEntry,
    xrcd: spec.xrcd,
    cqn: spec.cqn & cqnBits,
    log_page_size: spec.mtt.page_shift - MLX4_ICM_PAGE_SHIFT,
    ...mttBase(dev, spec.mtt),
    pd: spec.pdn,
    db_rec_addr: spec.dbRecord,
  });

function* removeFromTree(dev: mlx4_dev, srqn: number): Atomic<void> {
  const { lock, tree } = mlx4_priv(dev).srq_table;
  yield* spin_lock_irq(notNull(lock));
  tree.delete(slotOf(dev, srqn));
  yield* spin_unlock_irq(notNull(lock));
}

/** A queue that the card reads, or a negative error. */
export function* mlx4_srq_alloc(dev: mlx4_dev, spec: SrqSpec): MaySleep<mlx4_srq | number> {
  const { lock, tree } = mlx4_priv(dev).srq_table;
  const srqn = yield* mlx4_srq_alloc_icm(dev);
  if (srqn < 0) return srqn;
  const name = `srq 0x${srqn.toString(16)}.free(${cardName(dev)})`;
  const srq: mlx4_srq = {
    srqn,
    event: spec.event ?? null,
    refcount: 1,
    free: init_completion(dev.k, name),
  };
  yield* spin_lock_irq(notNull(lock));
  tree.set(slotOf(dev, srqn), srq);
  yield* spin_unlock_irq(notNull(lock));
  const context = buildContext(dev, spec, srqn);
  const err = yield* sendMailbox(dev, 'MLX4_CMD_SW2HW_SRQ', context, { in_modifier: srqn });
  if (err === 0) return srq;
  yield* removeFromTree(dev, srqn);
  yield* mlx4_srq_free_icm(dev, srqn);
  return err;
}

/** Takes the queue back from the card. */
export function* mlx4_srq_free(dev: mlx4_dev, srq: mlx4_srq): MaySleep<void> {
  const err = yield* mlx4_cmd_box(dev, 0, 0, srq.srqn, 1, 'MLX4_CMD_HW2SW_SRQ');
  if (err !== 0) mlx4_warn(dev, `HW2SW_SRQ failed (${err}) for SRQN ${hex(srq.srqn, 6)}`);
  yield* removeFromTree(dev, srq.srqn);
  yield* putSrq(srq);
  yield* wait_for_completion(srq.free);
  yield* mlx4_srq_free_icm(dev, srq.srqn);
}

/** Asks for an event when fewer entries than this are left. */
export const mlx4_srq_arm = (dev: mlx4_dev, srq: mlx4_srq, limit: number): MaySleep<number> =>
  mlx4_cmd(dev, limit, srq.srqn, 0, 'MLX4_CMD_ARM_SRQ');

/** The limit as the card has it, or a negative error. */
export function* mlx4_srq_query(dev: mlx4_dev, srq: mlx4_srq): MaySleep<number> {
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_SRQ', srqContext.sizeBytes, {
    in_modifier: srq.srqn,
  });
  return typeof answer === 'number' ? answer : srqContext.get(answer, 'limit_watermark');
}

export function mlx4_init_srq_table(dev: mlx4_dev): number {
  const { k, srq_table } = mlx4_priv(dev);
  const card = cardName(dev);
  srq_table.lock = spin_lock_init(k, `srq_table.lock(${card})`);
  srq_table.tree.clear();
  srq_table.bitmap = mlx4_bitmap_init(k, `srq_table.bitmap(${card})`, {
    num: dev.caps.num_srqs,
    mask: dev.caps.num_srqs - 1,
    reserved_bot: dev.caps.reserved_srqs,
    reserved_top: 0,
  });
  return srq_table.bitmap === null ? -EINVAL : 0;
}

export function mlx4_cleanup_srq_table(dev: mlx4_dev): void {
  mlx4_priv(dev).srq_table.bitmap = null;
}
