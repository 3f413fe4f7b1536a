// Queue pairs (qp.c; facts/device 6.5, 5.24): numbers, context memory, changes of state, events.
// The table's tree is protected by qp_table.lock, also against hard interrupts; a queue pair that
// an event has found is freed only when the event's callback is done.
// Left out: bits that only virtual functions set.

import { EEXIST, EINVAL, ENOMEM, EOPNOTSUPP } from '#kernel/errno.ts';
import { complete, init_completion, wait_for_completion } from '#kernel/locking/completion.ts';
import {
  spin_lock,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from '#kernel/locking/spinlock.ts';
import {
  MLX4_2RST_NO_MAILBOX,
  MLX4_FL_ETH_SRC_CHECK_MC_LB,
  MLX4_QP_BIT_FPP,
  MLX4_QP_SQD_EVENT,
  MLX4_QP_STATE,
  MLX4_UPD_QP_MASK_VSD_HIGH,
  MLX4_UPD_QP_PATH_MASK,
  qpContext,
  qpContextBytes,
  qpContextMailboxOffset,
  qpOptParMask,
  qpTransitions,
  updateQp,
  updateQpContextOffset,
} from '#prm/qp-context.ts';
import type { QpStateName } from '#prm/qp-context.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { NO_OBJECT } from './alloc/bitmap.ts';
import { mlx4_zone_alloc_entries, mlx4_zone_free_entries_unique } from './alloc/zone.ts';
import { mlx4_cmd } from './cmd.ts';
import { queryMailbox, sendMailbox } from './cmd/query.ts';
import { mlx4_table_get, mlx4_table_put } from './icm.ts';
import type { mlx4_icm_table } from './icm.ts';
import { MLX4_QP_REGION_FW } from './limits.ts';
import { cardName, mlx4_dbg, mlx4_err, mlx4_has_cap2, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev, mlx4_mtt, mlx4_qp } from './mlx4.ts';
import { MLX4_ICM_PAGE_SHIFT, mttBase } from './mr/mtt.ts';
import {
  MLX4_BF_QP_SKIP_MASK,
  MLX4_QP_TABLE_ZONE_GENERAL,
  MLX4_QP_TABLE_ZONE_RAW_ETH,
  MLX4_QP_TABLE_ZONE_RSS,
} from './qp/table.ts';
import { notNull, nullCall } from './tables.ts';

const MLX4_MAX_BF_QP_RANGE = 0x40;
const qpnBits = 0xff_ffff;

/** What the numbers are for: BlueFlame, A0 rules of the preferred ones, both. */
export type QpReservation = 'none' | 'a0' | 'eth_bf' | 'a0_eth_bf';

/** Slot of a number in tables and tree. */
const slotOf = (dev: mlx4_dev, qpn: number): number => (qpn & (dev.caps.num_qps - 1)) >>> 0;

/** The first of `cnt` numbers, a multiple of `align`; or -ENOMEM. */
export function* mlx4_qp_reserve_range(
  dev: mlx4_dev,
  cnt: number,
  align: number,
  kind: QpReservation,
): Atomic<number> {
  const { zones, zones_uids } = mlx4_priv(dev).qp_table;
  // A card without BlueFlame does not care about those bits.
  const blueFlame = kind.endsWith('eth_bf') && dev.caps.bf_reg_size > 0;
  if (blueFlame && cnt > MLX4_MAX_BF_QP_RANGE) return -ENOMEM;
  let zone = MLX4_QP_TABLE_ZONE_GENERAL;
  if (kind.startsWith('a0')) zone = blueFlame ? MLX4_QP_TABLE_ZONE_RAW_ETH : MLX4_QP_TABLE_ZONE_RSS;
  const skip = blueFlame ? MLX4_BF_QP_SKIP_MASK : 0;
  const base = yield* mlx4_zone_alloc_entries(notNull(zones), zones_uids[zone]!, cnt, align, skip);
  return base === NO_OBJECT ? -ENOMEM : base;
}

export function* mlx4_qp_release_range(dev: mlx4_dev, base_qpn: number, cnt: number): Atomic<void> {
  if (cnt === 0 || base_qpn < dev.caps.reserved_qps_cnt[MLX4_QP_REGION_FW]!) return;
  yield* mlx4_zone_free_entries_unique(notNull(mlx4_priv(dev).qp_table.zones), base_qpn, cnt);
}

/** The tables that a queue pair has an entry in, in the order in which they are mapped. */
function tablesOf(dev: mlx4_dev): mlx4_icm_table[] {
  const { qp_table } = mlx4_priv(dev);
  const { auxc_table, altc_table, rdmarc_table, cmpt_table } = qp_table;
  return [qp_table.qp_table, auxc_table, altc_table, rdmarc_table, cmpt_table].map(notNull);
}

function* mlx4_qp_alloc_icm(dev: mlx4_dev, qpn: number): MaySleep<number> {
  const mapped: mlx4_icm_table[] = [];
  for (const table of tablesOf(dev)) {
    const err = yield* mlx4_table_get(dev, table, qpn);
    if (err !== 0) {
      for (const other of mapped.toReversed()) yield* mlx4_table_put(dev, other, qpn);
      return err;
    }
    mapped.push(table);
  }
  return 0;
}

function* mlx4_qp_free_icm(dev: mlx4_dev, qpn: number): MaySleep<void> {
  for (const table of tablesOf(dev).toReversed()) yield* mlx4_table_put(dev, table, qpn);
}

/**
 * A queue pair with a reserved number, in RESET; or a negative error: -EEXIST when the number has
 * one.
 */
export function* mlx4_qp_alloc(dev: mlx4_dev, qpn: number): MaySleep<mlx4_qp | number> {
  if (qpn === 0) return -EINVAL;
  const { lock, tree } = mlx4_priv(dev).qp_table;
  const err = yield* mlx4_qp_alloc_icm(dev, qpn);
  if (err !== 0) return err;
  const name = `qp 0x${qpn.toString(16)}.free(${cardName(dev)})`;
  const qp: mlx4_qp = { qpn, event: null, refcount: 1, free: init_completion(dev.k, name) };
  yield* spin_lock_irq(notNull(lock));
  const taken = tree.has(slotOf(dev, qpn));
  if (!taken) tree.set(slotOf(dev, qpn), qp);
  yield* spin_unlock_irq(notNull(lock));
  if (!taken) return qp;
  yield* mlx4_qp_free_icm(dev, qpn);
  return -EEXIST;
}

/** No event finds the queue pair any more. */
export function* mlx4_qp_remove(dev: mlx4_dev, qp: mlx4_qp): Atomic<void> {
  const { lock, tree } = mlx4_priv(dev).qp_table;
  yield* spin_lock_irqsave(notNull(lock));
  tree.delete(slotOf(dev, qp.qpn));
  yield* spin_unlock_irqrestore(notNull(lock));
}

function* putQp(qp: mlx4_qp): Atomic<void> {
  if (--qp.refcount === 0) yield* complete(qp.free);
}

/** Waits for an event under way, then gives the context memory back. */
export function* mlx4_qp_free(dev: mlx4_dev, qp: mlx4_qp): MaySleep<void> {
  yield* putQp(qp);
  yield* wait_for_completion(qp.free);
  yield* mlx4_qp_free_icm(dev, qp.qpn);
}

/** An event of the card, in a hard interrupt. */
export function* mlx4_qp_event(dev: mlx4_dev, qpn: number, type: number): Atomic<void> {
  const { lock, tree } = mlx4_priv(dev).qp_table;
  if (lock === null) return;
  yield* spin_lock(lock);
  const qp = tree.get(slotOf(dev, qpn));
  if (qp !== undefined) qp.refcount++;
  yield* spin_unlock(lock);
  if (qp === undefined) {
    mlx4_dbg(dev, `Async event for none existent QP ${qpn.toString(16).padStart(8, '0')}`);
    return;
  }
  yield* (qp.event ?? nullCall)(type);
  yield* putQp(qp);
}

const stateName = (state: number): QpStateName | undefined =>
  (Object.keys(MLX4_QP_STATE) as QpStateName[]).find((name) => MLX4_QP_STATE[name] === state);

/** Bits of a number, folded to 16. */
const folded_qp = (qpn: number): number =>
  ((qpn & 0xff) ^ ((qpn & 0xff0000) >>> 16)) | (qpn & 0xff00);

/** What spreads RoCE v2 packets over source ports: both numbers, mixed. */
function* mlx4_qp_roce_entropy(dev: mlx4_dev, qpn: number): MaySleep<number> {
  const context = yield* mlx4_qp_query(dev, { qpn });
  if (typeof context === 'number') return 0xdead;
  const dest = qpContext.get(context, 'remote_qpn') & qpnBits;
  const source = folded_qp(qpn);
  return (dest === qpn ? source : folded_qp(dest) ^ source) | 0xc000;
}

/** What a change of state may carry beside the context. */
export interface QpModifyOptions {
  /** Optional parameters that count, MLX4_QP_OPTPAR. */
  readonly optpar?: number;
  /** Ask for an event when the send queue is drained. */
  readonly sqd_event?: boolean;
}

/** Changes the state; the context is not looked at on the way to RESET. 0 or a negative error. */
export function* mlx4_qp_modify(
  dev: mlx4_dev,
  mtt: mlx4_mtt | null,
  cur_state: number,
  new_state: number,
  context: Uint8Array | null,
  qp: Pick<mlx4_qp, 'qpn'>,
  { optpar = 0, sqd_event = false }: QpModifyOptions = {},
): MaySleep<number> {
  const [from, to] = [stateName(cur_state), stateName(new_state)];
  const change = qpTransitions.find((each) => each.from === from && each.to === to);
  if (change === undefined) return -EINVAL;
  if (to === 'RST') return yield* mlx4_cmd(dev, 0, qp.qpn, MLX4_2RST_NO_MAILBOX, change.command);
  const wanted = notNull(context);
  if (from === 'RST' && to === 'INIT') {
    const log_page_size = notNull(mtt).page_shift - MLX4_ICM_PAGE_SHIFT;
    qpContext.write(wanted, { ...mttBase(dev, notNull(mtt)), log_page_size });
  }
  if (from === 'RTR' && to === 'RTS' && mlx4_has_cap2(dev, 'ROCE_V1_V2')) {
    qpContext.set(wanted, 'roce_entropy', yield* mlx4_qp_roce_entropy(dev, qp.qpn));
  }
  const box = new Uint8Array(qpContextMailboxOffset + qpContextBytes);
  qpOptParMask.set(box, 'opt_par', optpar >>> 0);
  box.set(wanted, qpContextMailboxOffset);
  qpContext.set(box, 'local_qpn', qp.qpn, qpContextMailboxOffset);
  const in_modifier = (qp.qpn | (sqd_event ? MLX4_QP_SQD_EVENT : 0)) >>> 0;
  return yield* sendMailbox(dev, change.command, box, { in_modifier });
}

/** To RESET, from whatever state. */
export const mlx4_qp_modify_to_reset = (
  dev: mlx4_dev,
  qp: Pick<mlx4_qp, 'qpn'>,
): MaySleep<number> => mlx4_qp_modify(dev, null, MLX4_QP_STATE.RTS, MLX4_QP_STATE.RST, null, qp);

/** The context as the card has it, or a negative error. */
export function* mlx4_qp_query(
  dev: mlx4_dev,
  qp: Pick<mlx4_qp, 'qpn'>,
): MaySleep<Uint8Array | number> {
  const bytes = qpContextMailboxOffset + qpContextBytes;
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_QP', bytes, { in_modifier: qp.qpn });
  return typeof answer === 'number' ? answer : answer.subarray(qpContextMailboxOffset);
}

const wayToReady = [
  MLX4_QP_STATE.RST,
  MLX4_QP_STATE.INIT,
  MLX4_QP_STATE.RTR,
  MLX4_QP_STATE.RTS,
] as const;

/** From RESET to RTS. The forced port counts only on the way to RTR. 0 or a negative error. */
export function* mlx4_qp_to_ready(
  dev: mlx4_dev,
  mtt: mlx4_mtt,
  context: Uint8Array,
  qp: mlx4_qp,
): MaySleep<number> {
  for (const [index, next] of wayToReady.slice(1).entries()) {
    qpContext.set(context, 'state', next);
    if (next !== MLX4_QP_STATE.RTR) {
      const params2 = qpContext.get(context, 'params2') & ~MLX4_QP_BIT_FPP;
      qpContext.set(context, 'params2', params2 >>> 0);
    }
    const err = yield* mlx4_qp_modify(dev, mtt, wayToReady[index]!, next, context, qp);
    if (err === 0) continue;
    mlx4_err(dev, `Failed to bring QP to state: ${next} with error: ${err}`);
    return err;
  }
  return 0;
}

/** What UPDATE_QP is to change; members that are missing stay. */
export interface QpUpdate {
  /** Index of the source MAC. */
  readonly smac_index?: number;
  /** VLAN stripping is switched off. */
  readonly vsd?: boolean;
  /** Own multicasts do not come back. */
  readonly checkMulticastLoopback?: boolean;
}

/** Changes a queue pair that is in use. 0 or a negative error. */
export function* mlx4_update_qp(
  dev: mlx4_dev,
  qpn: number,
  { smac_index, vsd, checkMulticastLoopback }: QpUpdate,
): MaySleep<number> {
  if (smac_index === undefined && vsd === undefined && checkMulticastLoopback === undefined) {
    return -EINVAL;
  }
  if (checkMulticastLoopback !== undefined && !mlx4_has_cap2(dev, 'UPDATE_QP_SRC_CHECK_LB')) {
    mlx4_warn(dev, "Trying to set src check LB, but it isn't supported");
    return -EOPNOTSUPP;
  }
  const { MAC_INDEX, ETH_SRC_CHECK_MC_LB } = MLX4_UPD_QP_PATH_MASK;
  const path =
    (smac_index === undefined ? 0 : 1 << MAC_INDEX) |
    (checkMulticastLoopback === undefined ? 0 : 1 << ETH_SRC_CHECK_MC_LB);
  const box = new Uint8Array(updateQpContextOffset + qpContextBytes);
  updateQp.write(box, {
    // Path masks begin at bit 32.
    primary_addr_path_mask_h: path,
    qp_mask_h: vsd === undefined ? 0 : MLX4_UPD_QP_MASK_VSD_HIGH,
  });
  qpContext.write(
    box,
    {
      path_grh_mylmc: smac_index ?? 0,
      path_fl: checkMulticastLoopback === true ? MLX4_FL_ETH_SRC_CHECK_MC_LB : 0,
      vlan_strip_disable: vsd ?? false,
    },
    updateQpContextOffset,
  );
  return yield* sendMailbox(dev, 'MLX4_CMD_UPDATE_QP', box, { in_modifier: qpn & qpnBits });
}
