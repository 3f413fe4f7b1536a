// The event queues of a card (eq.c; facts/device 6.2, 11.4): queue 0 for asynchronous events and
// one for each completion vector. All exist from load on. With MSI-X, a completion queue's
// interrupt is requested when somebody is first given its vector, and kept; with INTx one shared
// handler serves all of them. Reference counts are protected by msix_ctl.pool_lock.
// Kept as in Linux: after the fall back from MSI-X to INTx the queues still have their MSI-X
// interrupt numbers and ports, so with many vectors port 2 may have no queue.
// Left out: affinity hints, receive flow steering maps.

import { EINVAL, ENOMEM, ENOSPC } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { free_irq, request_irq } from '#kernel/pci/irq.ts';
import { pci_name } from '#kernel/pci/pci.ts';
import {
  MLX4_ASYNC_EVENT_MASK,
  MLX4_ASYNC_EVENT_MASK_PORT_MNG,
  MLX4_ASYNC_EVENT_MASK_RECOVERABLE_HIGH,
  MLX4_MAP_EQ_UNMAP,
} from '#prm/events.ts';
import { clearInterruptBytes, clearInterruptMask, clearInterruptWord } from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_bitmap_init, roundup_pow_of_two } from './alloc/bitmap.ts';
import { mlx4_cmd } from './cmd.ts';
import { mlx4_cmd_use_events, mlx4_cmd_use_polling } from './cmd/mode.ts';
import type { HcrWords } from './cmd/types.ts';
import { emptyEq, mlx4_create_eq, mlx4_free_eq, mlx4_unmap_uar } from './eq/create.ts';
import { eq_set_ci, mlx4_interrupt, mlx4_msi_x_interrupt } from './eq/interrupt.ts';
import {
  MLX4_CQ_TO_EQ_VECTOR,
  MLX4_EQ_ASYNC,
  MLX4_EQ_TO_CQ_VECTOR,
  MLX4_NUM_ASYNC_EQE,
  MLX4_NUM_SPARE_EQE,
} from './eq/vectors.ts';
import { mlx4_NOP } from './fw.ts';
import {
  cardName,
  DRV_NAME,
  mlx4_err,
  MLX4_FLAG_MSI_X,
  mlx4_has_cap,
  mlx4_has_cap2,
  mlx4_priv,
  mlx4_warn,
} from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';
import { notNull } from './tables.ts';
import type { mlx4_eq } from './tables.ts';

/** Events that go to the asynchronous queue, as the card's capabilities allow. */
function get_async_ev_mask(dev: mlx4_dev): HcrWords {
  const portManagement = mlx4_has_cap(dev, 'PORT_MNG_CHG_EV') ? MLX4_ASYNC_EVENT_MASK_PORT_MNG : 0;
  const recoverable = mlx4_has_cap2(dev, 'RECOVERABLE_ERROR_EVENT');
  return {
    high: recoverable ? MLX4_ASYNC_EVENT_MASK_RECOVERABLE_HIGH : 0,
    low: (MLX4_ASYNC_EVENT_MASK | portManagement) >>> 0,
  };
}

/** Sends the asynchronous events to a queue, or to none any more. */
const mlx4_MAP_EQ = (dev: mlx4_dev, unmap: boolean, eqn: number): MaySleep<number> =>
  mlx4_cmd(
    dev,
    get_async_ev_mask(dev),
    (eqn | (unmap ? MLX4_MAP_EQ_UNMAP : 0)) >>> 0,
    0,
    'MLX4_CMD_MAP_EQ',
  );

const usesMsiX = (dev: mlx4_dev): boolean => (dev.flags.peek & MLX4_FLAG_MSI_X) !== 0;

/** Places for the queues. */
export function mlx4_alloc_eq_table(dev: mlx4_dev): number {
  const { eq_table } = mlx4_priv(dev);
  const { num_eqs, reserved_eqs } = dev.caps;
  eq_table.eq = Array.from({ length: num_eqs - reserved_eqs }, emptyEq);
  return 0;
}

export function mlx4_free_eq_table(dev: mlx4_dev): void {
  mlx4_priv(dev).eq_table.eq = [];
}

function mapClearInterrupt(dev: mlx4_dev): number {
  const { eq_table, fw } = mlx4_priv(dev);
  const { pdev } = dev.persist;
  eq_table.clr_int = ioremap(pdev, fw.clr_int_bar, fw.clr_int_base, clearInterruptBytes);
  if (eq_table.clr_int === null) {
    mlx4_err(dev, "Couldn't map interrupt clear register, aborting");
    return -ENOMEM;
  }
  eq_table.clr_word = clearInterruptWord(eq_table.inta_pin);
  eq_table.clr_mask = clearInterruptMask(eq_table.inta_pin);
  return 0;
}

function unmapClearInterrupt(dev: mlx4_dev): void {
  const { eq_table } = mlx4_priv(dev);
  iounmap(notNull(eq_table.clr_int));
  eq_table.clr_int = null;
}

function* mlx4_free_irqs(dev: mlx4_dev): MaySleep<void> {
  const { eq_table } = mlx4_priv(dev);
  const { k } = dev;
  if (eq_table.have_irq) yield* free_irq(k, dev.persist.pdev.irq, dev);
  eq_table.have_irq = false;
  for (const eq of eq_table.eq.slice(0, dev.caps.num_comp_vectors + 1)) {
    if (!eq.have_irq) continue;
    yield* free_irq(k, eq.irq, eq);
    eq.have_irq = false;
  }
  eq_table.irq_names = [];
}

/** Makes every queue; `made` counts them. 0 or a negative error. */
function* createQueues(dev: mlx4_dev, made: { count: number }): MaySleep<number> {
  const { eq } = mlx4_priv(dev).eq_table;
  const { caps } = dev;
  // Every completion queue may have an entry at once.
  const entries = caps.num_cqs - caps.reserved_cqs + MLX4_NUM_SPARE_EQE;
  for (let i = 0; i < caps.num_comp_vectors + 1; i++) {
    const err =
      i === MLX4_EQ_ASYNC
        ? yield* mlx4_create_eq(dev, MLX4_NUM_ASYNC_EQE + MLX4_NUM_SPARE_EQE, 0, eq[i]!)
        : yield* mlx4_create_eq(dev, entries, usesMsiX(dev) ? i : 0, eq[i]!);
    if (err !== 0) return err;
    made.count++;
  }
  return 0;
}

/** The handler of asynchronous events, or with INTx of everything. */
function requestAsyncIrq(dev: mlx4_dev): number {
  const { eq_table } = mlx4_priv(dev);
  const { k } = dev;
  const { pdev } = dev.persist;
  if (usesMsiX(dev)) {
    const eq = eq_table.eq[MLX4_EQ_ASYNC]!;
    const name = `mlx4-async@pci:${pci_name(pdev)}`;
    eq_table.irq_names[MLX4_EQ_ASYNC] = name;
    const err = request_irq(k, eq.irq, name, () => mlx4_msi_x_interrupt(dev, eq), eq);
    eq.have_irq = err === 0;
    return err;
  }
  const name = `${DRV_NAME}@pci:${pci_name(pdev)}`;
  eq_table.irq_names[0] = name;
  const err = request_irq(k, pdev.irq, name, () => mlx4_interrupt(dev), dev);
  eq_table.have_irq = err === 0;
  return err;
}

/** Queues, handler, mapping of the events, and the first arming. */
function* setUpQueues(dev: mlx4_dev): MaySleep<number> {
  const { eq } = mlx4_priv(dev).eq_table;
  const made = { count: 0 };
  let err = yield* createQueues(dev, made);
  if (err === 0) err = requestAsyncIrq(dev);
  if (err !== 0) {
    for (const each of eq.slice(0, made.count).toReversed()) yield* mlx4_free_eq(dev, each);
    yield* mlx4_free_irqs(dev);
    return err;
  }
  const async = eq[MLX4_EQ_ASYNC]!;
  err = yield* mlx4_MAP_EQ(dev, false, async.eqn);
  if (err !== 0) mlx4_warn(dev, `MAP_EQ for async EQ ${async.eqn} failed (${err})`);
  yield* eq_set_ci(async, true);
  return 0;
}

/** Makes the queues and gives them to the card. 0 or a negative error. */
export function* mlx4_init_eq_table(dev: mlx4_dev): MaySleep<number> {
  const { k, eq_table } = mlx4_priv(dev);
  const { num_eqs, reserved_eqs } = dev.caps;
  const num = roundup_pow_of_two(num_eqs);
  eq_table.bitmap = mlx4_bitmap_init(k, `eq_table.bitmap(${cardName(dev)})`, {
    num,
    mask: num_eqs - 1,
    reserved_bot: reserved_eqs,
    reserved_top: num - num_eqs,
  });
  if (eq_table.bitmap === null) return -EINVAL;
  let err = mapClearInterrupt(dev);
  if (err === 0) {
    err = yield* setUpQueues(dev);
    if (err === 0) return 0;
    unmapClearInterrupt(dev);
  }
  mlx4_unmap_uar(dev);
  eq_table.bitmap = null;
  return err;
}

/** Takes the queues back; the caller has switched to polling. */
export function* mlx4_cleanup_eq_table(dev: mlx4_dev): MaySleep<void> {
  const { eq_table } = mlx4_priv(dev);
  yield* mlx4_MAP_EQ(dev, true, eq_table.eq[MLX4_EQ_ASYNC]!.eqn);
  yield* mlx4_free_irqs(dev);
  for (const eq of eq_table.eq.slice(0, dev.caps.num_comp_vectors + 1)) {
    yield* mlx4_free_eq(dev, eq);
  }
  unmapClearInterrupt(dev);
  mlx4_unmap_uar(dev);
  eq_table.bitmap = null;
}

/** Tries whether interrupts of the asynchronous queue arrive. */
export const mlx4_test_async = (dev: mlx4_dev): MaySleep<number> => mlx4_NOP(dev);

/** Tries whether interrupts of a vector arrive: its queue gets the events for one NOP. */
export function* mlx4_test_interrupt(dev: mlx4_dev, vector: number): MaySleep<number> {
  const { eq } = mlx4_priv(dev).eq_table;
  yield* mlx4_cmd_use_polling(dev);
  let err = yield* mlx4_MAP_EQ(dev, false, eq[MLX4_CQ_TO_EQ_VECTOR(vector)]!.eqn);
  if (err === 0) {
    yield* mlx4_cmd_use_events(dev);
    err = yield* mlx4_NOP(dev);
    yield* mlx4_cmd_use_polling(dev);
  } else mlx4_warn(dev, 'Failed mapping eq for interrupt test');
  yield* mlx4_MAP_EQ(dev, false, eq[MLX4_EQ_ASYNC]!.eqn);
  yield* mlx4_cmd_use_events(dev);
  return err;
}

const isCompletionEq = (dev: mlx4_dev, index: number): boolean =>
  index >= 0 && index < dev.caps.num_comp_vectors + 1 && index !== MLX4_EQ_ASYNC;

/** Whether a port may use a vector. */
export function mlx4_is_eq_vector_valid(dev: mlx4_dev, port: number, vector: number): boolean {
  const index = MLX4_CQ_TO_EQ_VECTOR(vector);
  if (!isCompletionEq(dev, index)) return false;
  return mlx4_priv(dev).eq_table.eq[index]!.actv_ports.has(port);
}

/** How many queues a port may use. */
export function mlx4_get_eqs_per_port(dev: mlx4_dev, port: number): number {
  const { eq } = mlx4_priv(dev).eq_table;
  return eq.slice(0, dev.caps.num_comp_vectors + 1).filter((each) => each.actv_ports.has(port))
    .length;
}

/** Whether more than one port may use a vector; -EINVAL for none. */
export function mlx4_is_eq_shared(dev: mlx4_dev, vector: number): boolean | number {
  const index = MLX4_CQ_TO_EQ_VECTOR(vector);
  if (index <= 0 || index >= dev.caps.num_comp_vectors + 1) return -EINVAL;
  return mlx4_priv(dev).eq_table.eq[index]!.actv_ports.size > 1;
}

/** The queue that is asked for, counted from the port's first if it is another port's; or -1. */
function requestedEq(dev: mlx4_dev, port: number, vector: number): number {
  const { eq } = mlx4_priv(dev).eq_table;
  let index = MLX4_CQ_TO_EQ_VECTOR(vector);
  if (!isCompletionEq(dev, index)) return -1;
  if (eq[index]!.actv_ports.has(port)) return index;
  for (let other = 1; other < port; other++) index += mlx4_get_eqs_per_port(dev, other);
  return isCompletionEq(dev, index) && eq[index]!.actv_ports.has(port) ? index : -1;
}

/** The port's queue with the fewest users, the first of equals; or -1. */
function leastUsedEq(dev: mlx4_dev, port: number): number {
  const { eq } = mlx4_priv(dev).eq_table;
  let found = -1;
  for (let i = 0; i < dev.caps.num_comp_vectors + 1; i++) {
    if (!eq[i]!.actv_ports.has(port)) continue;
    if (found < 0 || eq[i]!.ref_count < eq[found]!.ref_count) found = i;
  }
  return found;
}

/** With MSI-X, at a queue's first user: requests the interrupt and arms the queue. */
function* enableVector(dev: mlx4_dev, index: number, eq: mlx4_eq): Atomic<number> {
  const { eq_table, msix_ctl } = mlx4_priv(dev);
  if (msix_ctl.pool_bm.has(index) || !usesMsiX(dev)) return 0;
  const name = `mlx4-${index}@${pci_name(dev.persist.pdev)}`;
  eq_table.irq_names[index] = name;
  const err = request_irq(dev.k, eq.irq, name, () => mlx4_msi_x_interrupt(dev, eq), eq);
  if (err !== 0) return err;
  msix_ctl.pool_bm.add(index);
  yield* eq_set_ci(eq, true);
  eq.have_irq = true;
  return 0;
}

/** A vector for a completion queue of a port: the one asked for, or the least used. Or an error. */
export function* mlx4_assign_eq(dev: mlx4_dev, port: number, vector: number): MaySleep<number> {
  const { eq_table, msix_ctl } = mlx4_priv(dev);
  const pool_lock = notNull(msix_ctl.pool_lock);
  yield* mutex_lock(pool_lock);
  const requested = requestedEq(dev, port, vector);
  const index = requested >= 0 ? requested : leastUsedEq(dev, port);
  let err = -ENOSPC;
  if (index >= 0) {
    const eq = eq_table.eq[index]!;
    err = yield* enableVector(dev, index, eq);
    if (err === 0) eq.ref_count++;
  }
  yield* mutex_unlock(pool_lock);
  return err === 0 ? MLX4_EQ_TO_CQ_VECTOR(index) : err;
}

/** Gives a vector back; its interrupt stays. */
export function* mlx4_release_eq(dev: mlx4_dev, vector: number): MaySleep<void> {
  const { eq_table, msix_ctl } = mlx4_priv(dev);
  const pool_lock = notNull(msix_ctl.pool_lock);
  yield* mutex_lock(pool_lock);
  eq_table.eq[MLX4_CQ_TO_EQ_VECTOR(vector)]!.ref_count--;
  yield* mutex_unlock(pool_lock);
}

/** Interrupt number of a vector. */
export const mlx4_eq_get_irq = (dev: mlx4_dev, vector: number): number =>
  mlx4_priv(dev).eq_table.eq[MLX4_CQ_TO_EQ_VECTOR(vector)]!.irq;
