// Completion queues (cq.c; facts/device 6.3, 7.3): numbers, contexts, arming, moderation, and the
// way from an event to the queue's callback. The tree is changed under cq_table.lock and looked up
// without it, under RCU in Linux: a queue is freed only when no interrupt handler of its vector
// runs any more. Left out: deferred callbacks of user-space queues.

import { readBe32 } from '#bus/bytes.ts';
import { ENOMEM, EINVAL } from '#kernel/errno.ts';
import { complete, init_completion, wait_for_completion } from '#kernel/locking/completion.ts';
import { spin_lock, spin_lock_init, spin_unlock } from '#kernel/locking/spinlock.ts';
import { __iowrite64_copy } from '#kernel/pci/io.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import { synchronize_irq } from '#kernel/pci/irq.ts';
import {
  cqContext,
  MLX4_MODIFY_CQ_MODERATION,
  MLX4_MODIFY_CQ_RESIZE,
  MLX4_SW2HW_CQ_HW_INIT,
  MLX4_SW2HW_CQ_SW_INIT,
} from '#prm/contexts.ts';
import { cqDoorbell, cqDoorbellRecord, MLX4_CQ_DOORBELL } from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  ilog2,
  MLX4_NO_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
} from './alloc/bitmap.ts';
import { mlx4_cmd_box } from './cmd.ts';
import { sendMailbox } from './cmd/query.ts';
import { MLX4_CQ_TO_EQ_VECTOR, MLX4_EQ_ASYNC } from './eq/vectors.ts';
import { mlx4_table_get, mlx4_table_put } from './icm.ts';
import { cardName, mlx4_dbg, mlx4_has_cap2, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_cq, mlx4_dev, mlx4_hwq_resources, mlx4_mtt, mlx4_uar } from './mlx4.ts';
import { MLX4_ICM_PAGE_SHIFT, mttBase } from './mr/mtt.ts';
import { notNull, nullCall } from './tables.ts';

/** What firmware wants in entries that software initialises. */
const freshEntryByte = 0xcc;
const indexBits = 0xff_ffff;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const slotOf = (dev: mlx4_dev, cqn: number): number => (cqn & (dev.caps.num_cqs - 1)) >>> 0;

/** A completion event, in a hard interrupt. */
export function* mlx4_cq_completion(dev: mlx4_dev, cqn: number): Atomic<void> {
  const cq = mlx4_priv(dev).cq_table.tree.get(slotOf(dev, cqn));
  if (cq === undefined) {
    mlx4_dbg(dev, `Completion event for bogus CQ ${hex(cqn, 8)}`);
    return;
  }
  cq.arm_sn++;
  yield* cq.comp();
}

/** An event that tells of an error of the queue, in a hard interrupt. */
export function* mlx4_cq_event(dev: mlx4_dev, cqn: number, type: number): Atomic<void> {
  const cq = mlx4_priv(dev).cq_table.tree.get(slotOf(dev, cqn));
  if (cq === undefined) {
    mlx4_dbg(dev, `Async event for bogus CQ ${hex(cqn, 8)}`);
    return;
  }
  yield* (cq.event ?? nullCall)(type);
}

/** What a queue is to be. */
export interface CqSpec {
  /** A power of two. */
  readonly entries: number;
  readonly wqres: mlx4_hwq_resources;
  readonly uar: mlx4_uar;
  /** Completion vector. */
  readonly vector: number;
  readonly comp: () => Atomic<void>;
  readonly event?: (type: number) => Atomic<void>;
  /** Every completion goes into entry 0. */
  readonly collapsed?: boolean;
}

/** A number with its context memory, or -ENOMEM. */
function* mlx4_cq_alloc_icm(dev: mlx4_dev): MaySleep<number> {
  const { bitmap, table, cmpt_table } = mlx4_priv(dev).cq_table;
  const cqn = yield* mlx4_bitmap_alloc(notNull(bitmap));
  if (cqn === NO_OBJECT) return -ENOMEM;
  let err = yield* mlx4_table_get(dev, notNull(table), cqn);
  if (err === 0) {
    err = yield* mlx4_table_get(dev, notNull(cmpt_table), cqn);
    if (err === 0) return cqn;
    yield* mlx4_table_put(dev, notNull(table), cqn);
  }
  yield* mlx4_bitmap_free(notNull(bitmap), cqn, MLX4_NO_RR);
  return err;
}

function* mlx4_cq_free_icm(dev: mlx4_dev, cqn: number): MaySleep<void> {
  const { bitmap, table, cmpt_table } = mlx4_priv(dev).cq_table;
  yield* mlx4_table_put(dev, notNull(cmpt_table), cqn);
  yield* mlx4_table_put(dev, notNull(table), cqn);
  yield* mlx4_bitmap_free(notNull(bitmap), cqn, MLX4_NO_RR);
}

function buildContext(dev: mlx4_dev, spec: CqSpec, eqn: number): Uint8Array {
  const { wqres, entries, uar } = spec;
  return cqContext.make({
    collapsed: spec.collapsed ?? false,
    log_size: ilog2(entries),
    usr_page: uar.index,
    comp_eqn: eqn,
    log_page_size: wqres.mtt.page_shift - MLX4_ICM_PAGE_SHIFT,
    ...mttBase(dev, wqres.mtt),
    db_rec_addr: wqres.db.dma,
  });
}

function* removeFromTree(dev: mlx4_dev, cqn: number): Atomic<void> {
  const { lock, tree } = mlx4_priv(dev).cq_table;
  yield* spin_lock(notNull(lock));
  tree.delete(slotOf(dev, cqn));
  yield* spin_unlock(notNull(lock));
}

/** A queue that the card fills, or a negative error. */
export function* mlx4_cq_alloc(dev: mlx4_dev, spec: CqSpec): MaySleep<mlx4_cq | number> {
  const { cq_table, eq_table } = mlx4_priv(dev);
  const { vector, wqres, entries } = spec;
  if (vector >= dev.caps.num_comp_vectors) return -EINVAL;
  const cqn = yield* mlx4_cq_alloc_icm(dev);
  if (cqn < 0) return cqn;
  const eq = eq_table.eq[MLX4_CQ_TO_EQ_VECTOR(vector)]!;
  const cq: mlx4_cq = {
    cqn,
    vector,
    irq: eq.irq,
    uar: spec.uar,
    db: wqres.db,
    cons_index: 0,
    arm_sn: 1,
    comp: spec.comp,
    event: spec.event ?? null,
    refcount: 1,
    free: init_completion(dev.k, `cq 0x${cqn.toString(16)}.free(${cardName(dev)})`),
  };
  yield* spin_lock(notNull(cq_table.lock));
  cq_table.tree.set(slotOf(dev, cqn), cq);
  yield* spin_unlock(notNull(cq_table.lock));
  const softwareInit = mlx4_has_cap2(dev, 'SW_CQ_INIT');
  if (softwareInit) wqres.buf.fill(0, entries * dev.caps.cqe_size, freshEntryByte);
  const err = yield* sendMailbox(dev, 'MLX4_CMD_SW2HW_CQ', buildContext(dev, spec, eq.eqn), {
    in_modifier: cqn,
    op_modifier: softwareInit ? MLX4_SW2HW_CQ_SW_INIT : MLX4_SW2HW_CQ_HW_INIT,
  });
  if (err === 0) return cq;
  yield* removeFromTree(dev, cqn);
  yield* mlx4_cq_free_icm(dev, cqn);
  return err;
}

/** Takes the queue back from the card; waits for handlers that may have found it. */
export function* mlx4_cq_free(dev: mlx4_dev, cq: mlx4_cq): MaySleep<void> {
  const { k, eq_table } = mlx4_priv(dev);
  const err = yield* mlx4_cmd_box(dev, 0, 0, cq.cqn, 1, 'MLX4_CMD_HW2SW_CQ');
  if (err !== 0) mlx4_warn(dev, `HW2SW_CQ failed (${err}) for CQN ${hex(cq.cqn, 6)}`);
  yield* removeFromTree(dev, cq.cqn);
  const { irq } = eq_table.eq[MLX4_CQ_TO_EQ_VECTOR(cq.vector)]!;
  const asyncIrq = eq_table.eq[MLX4_EQ_ASYNC]!.irq;
  yield* synchronize_irq(k, irq);
  if (irq !== asyncIrq) yield* synchronize_irq(k, asyncIrq);
  if (--cq.refcount === 0) yield* complete(cq.free);
  yield* wait_for_completion(cq.free);
  yield* mlx4_cq_free_icm(dev, cq.cqn);
}

/** Interrupt moderation: after `count` completions or `period` microseconds. */
export const mlx4_cq_modify = (
  dev: mlx4_dev,
  cq: mlx4_cq,
  count: number,
  period: number,
): MaySleep<number> =>
  sendMailbox(
    dev,
    'MLX4_CMD_MODIFY_CQ',
    cqContext.make({ cq_max_count: count, cq_period: period }),
    { in_modifier: cq.cqn, op_modifier: MLX4_MODIFY_CQ_MODERATION },
  );

/** Another buffer for the queue. This card refuses it (facts/device 13). */
export const mlx4_cq_resize = (
  dev: mlx4_dev,
  cq: mlx4_cq,
  entries: number,
  mtt: mlx4_mtt,
): MaySleep<number> =>
  sendMailbox(
    dev,
    'MLX4_CMD_MODIFY_CQ',
    cqContext.make({
      log_size: ilog2(entries),
      log_page_size: mtt.page_shift - MLX4_ICM_PAGE_SHIFT,
      ...mttBase(dev, mtt),
    }),
    { in_modifier: cq.cqn, op_modifier: MLX4_MODIFY_CQ_RESIZE },
  );

/** Asks for an event: `cmd` is MLX4_CQ_DB_REQ_NOT or _NOT_SOL. Record first, then the doorbell. */
export function* mlx4_cq_arm(cq: mlx4_cq, cmd: number, uar_map: IoMem): Atomic<void> {
  const sequence = cq.arm_sn & 3;
  const consumer_index = cq.cons_index & indexBits;
  const record = cqDoorbellRecord.make({
    arm_sequence: sequence,
    arm_command: cmd,
    arm_consumer_index: consumer_index,
  });
  cq.db.write(4, readBe32(record, 4));
  const doorbell = cqDoorbell.make({ sequence, command: cmd, cqn: cq.cqn, consumer_index });
  yield* __iowrite64_copy(uar_map, MLX4_CQ_DOORBELL, doorbell);
}

/** Tells the card how far the queue was read. */
export function mlx4_cq_set_ci(cq: mlx4_cq): void {
  cq.db.write(0, cq.cons_index & indexBits);
}

export function mlx4_init_cq_table(dev: mlx4_dev): number {
  const { k, cq_table } = mlx4_priv(dev);
  const card = cardName(dev);
  cq_table.lock = spin_lock_init(k, `cq_table.lock(${card})`);
  cq_table.tree.clear();
  cq_table.bitmap = mlx4_bitmap_init(k, `cq_table.bitmap(${card})`, {
    num: dev.caps.num_cqs,
    mask: dev.caps.num_cqs - 1,
    reserved_bot: dev.caps.reserved_cqs,
    reserved_top: 0,
  });
  return cq_table.bitmap === null ? -EINVAL : 0;
}

export function mlx4_cleanup_cq_table(dev: mlx4_dev): void {
  mlx4_priv(dev).cq_table.bitmap = null;
}
