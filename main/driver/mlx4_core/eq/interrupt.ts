// The interrupt handlers (eq.c: mlx4_eq_int, mlx4_interrupt, mlx4_msi_x_interrupt; facts/device
// 6.2, 1.6, 1.7): every entry that the card has written is handled in the order of the queue, then
// the queue is armed. With MSI-X a handler has one queue; with INTx one handler clears the
// interrupt and looks at all queues. A queue's consumer index and memory are touched only here.
// Messages are the kernel's. Left out: events of virtual functions.

import { readBe32 } from '#bus/bytes.ts';
import { iowrite32be } from '#kernel/pci/io.ts';
import { IRQ_HANDLED, IRQ_NONE } from '#kernel/pci/irq.ts';
import { queue_work } from '#kernel/workqueue.ts';
import {
  eqe,
  eqeBadCable,
  eqeBytes,
  eqeCmd,
  eqeCq,
  eqeOwnerOffset,
  eqePortChange,
  eqeQp,
  eqeSrq,
  eqeWarming,
  MLX4_CQ_ERROR_OVERRUN,
  MLX4_EVENT_TYPE,
  MLX4_FATAL_WARNING_SUBTYPE_WARMING,
  MLX4_PORT_CHANGE_SUBTYPE_DOWN,
  MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_BAD_CABLE,
  MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_UNSUPPORTED_CABLE,
  ownerBit,
  ownerOfPass,
} from '#prm/events.ts';
import { eqDoorbell } from '#prm/registers.ts';
import type { Atomic } from '#sim/task.ts';
import { mlx4_cmd_event } from '../cmd/wait.ts';
import { mlx4_cq_completion, mlx4_cq_event } from '../cq.ts';
import { mlx4_dispatch_event } from '../intf.ts';
import {
  mlx4_dbg,
  MLX4_DEV_EVENT_PORT_DOWN,
  MLX4_DEV_EVENT_PORT_MGMT_CHANGE,
  MLX4_DEV_EVENT_PORT_UP,
  mlx4_err,
  mlx4_priv,
  mlx4_warn,
} from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_qp_event } from '../qp.ts';
import { mlx4_srq_event } from '../srq.ts';
import { notNull } from '../tables.ts';
import type { mlx4_eq } from '../tables.ts';
import { MLX4_NUM_SPARE_EQE } from './vectors.ts';

const indexBits = 0xff_ffff;
const hex = (value: number, digits = 0): string => value.toString(16).padStart(digits, '0');

/** Tells the card how far the queue was read; `arm` asks for an interrupt at the next entry. */
export function* eq_set_ci(eq: mlx4_eq, arm: boolean): Atomic<void> {
  const { page, offset } = notNull(eq.doorbell);
  const word = eqDoorbell.make({ arm, consumer_index: eq.cons_index & indexBits });
  yield* iowrite32be(page, offset, readBe32(word, 0));
}

/** Copies the next entry into `into`. False when the card has not written it yet. */
function nextEntry(dev: mlx4_dev, eq: mlx4_eq, into: Uint8Array): boolean {
  const { eqe_size, eqe_factor } = dev.caps;
  const buf = notNull(eq.buf);
  const at = (eq.cons_index & (eq.nent - 1)) * eqe_size + (eqe_factor === 1 ? eqeBytes : 0);
  const owner = buf.readU8(at + eqeOwnerOffset) & ownerBit;
  if (owner !== ownerOfPass(eq.cons_index, eq.nent)) return false;
  buf.read(at, into);
  return true;
}

/** Where an entry is and whose, as messages about odd ones say it. */
function placeOf(eq: mlx4_eq, entry: Uint8Array, withSlave: boolean): string {
  const { owner, slave_id } = eqe.read(entry);
  const slave = withSlave ? ` slave=${hex(slave_id)},` : '';
  const whose = (owner & ownerBit) === ownerOfPass(eq.cons_index, eq.nent) ? 'SW' : 'HW';
  const where = `on EQ ${eq.eqn} at index ${eq.cons_index}`;
  return `${where}. owner=${hex(owner)}, nent=0x${hex(eq.nent)},${slave} ownership=${whose}`;
}

function unhandled(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): void {
  const { type, subtype } = eqe.read(entry);
  const what = `Unhandled event ${hex(type, 2)}(${hex(subtype, 2)})`;
  mlx4_warn(dev, `${what} ${placeOf(eq, entry, true)}`);
}

/** A port came up or went down: the parts hear of it, and whether it may be sensed. */
function* portChange(dev: mlx4_dev, entry: Uint8Array): Atomic<void> {
  const port = eqePortChange.get(entry, 'port');
  const isDown = eqe.get(entry, 'subtype') === MLX4_PORT_CHANGE_SUBTYPE_DOWN;
  const event = isDown ? MLX4_DEV_EVENT_PORT_DOWN : MLX4_DEV_EVENT_PORT_UP;
  yield* mlx4_dispatch_event(dev, event, port);
  mlx4_priv(dev).sense.do_sense_port[port] = isDown;
}

function* cqError(dev: mlx4_dev, entry: Uint8Array): Atomic<void> {
  const { cqn, syndrome } = eqeCq.read(entry);
  const what = syndrome === MLX4_CQ_ERROR_OVERRUN ? 'overrun' : 'access violation';
  mlx4_warn(dev, `CQ ${what} on CQN ${hex(cqn, 6)}`);
  yield* mlx4_cq_event(dev, cqn, MLX4_EVENT_TYPE.CQ_ERROR);
}

function fatalWarning(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): void {
  const { type, subtype } = eqe.read(entry);
  if (subtype !== MLX4_FATAL_WARNING_SUBTYPE_WARMING) {
    const what = `Unhandled event FATAL WARNING (${hex(type, 2)}), subtype ${hex(subtype, 2)}`;
    mlx4_warn(dev, `${what} ${placeOf(eq, entry, true)}`);
    return;
  }
  const { warning_threshold, current_temperature } = eqeWarming.read(entry);
  const limit = `Threshold: ${warning_threshold} celsius degrees`;
  const text = `Temperature Threshold was reached! ${limit}`;
  mlx4_err(dev, `${text}; Current Temperature: ${current_temperature}`);
}

function recoverableError(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): void {
  const { type, subtype } = eqe.read(entry);
  if (subtype === MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_BAD_CABLE) {
    mlx4_warn(dev, `Bad cable detected on port ${eqeBadCable.get(entry, 'port')}`);
  } else if (subtype === MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_UNSUPPORTED_CABLE) {
    mlx4_warn(dev, 'Unsupported cable detected');
  } else {
    const what = 'Unhandled recoverable error event detected';
    const which = `${hex(type, 2)}(${hex(subtype, 2)})`;
    mlx4_dbg(dev, `${what}: ${which} ${placeOf(eq, entry, false)}`);
  }
}

/** An operation that firmware wants: not here, but in a work. */
function* operationRequired(dev: mlx4_dev): Atomic<void> {
  const priv = mlx4_priv(dev);
  priv.opreq_count++;
  yield* queue_work(priv.module.mlx4_wq, notNull(priv.opreq_task));
}

function* commandDone(dev: mlx4_dev, entry: Uint8Array): Atomic<void> {
  const { token, status, out_param_h, out_param_l } = eqeCmd.read(entry);
  yield* mlx4_cmd_event(dev, token, status, { high: out_param_h, low: out_param_l });
}

/** Events about one of the driver's objects. False: it is another kind of event. */
function* objectEvent(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): Atomic<boolean> {
  const type = eqe.get(entry, 'type');
  switch (type) {
    case MLX4_EVENT_TYPE.PATH_MIG:
    case MLX4_EVENT_TYPE.COMM_EST:
    case MLX4_EVENT_TYPE.SQ_DRAINED:
    case MLX4_EVENT_TYPE.SRQ_QP_LAST_WQE:
    case MLX4_EVENT_TYPE.WQ_CATAS_ERROR:
    case MLX4_EVENT_TYPE.PATH_MIG_FAILED:
    case MLX4_EVENT_TYPE.WQ_INVAL_REQ_ERROR:
    case MLX4_EVENT_TYPE.WQ_ACCESS_ERROR:
      mlx4_dbg(dev, `event ${type} arrived`);
      yield* mlx4_qp_event(dev, eqeQp.get(entry, 'qpn'), type);
      return true;
    case MLX4_EVENT_TYPE.SRQ_LIMIT:
    case MLX4_EVENT_TYPE.SRQ_CATAS_ERROR: {
      const srqn = eqeSrq.get(entry, 'srqn');
      if (type === MLX4_EVENT_TYPE.SRQ_LIMIT) {
        const which = `srq_no=0x${hex(srqn)}, eq 0x${hex(eq.eqn)}`;
        mlx4_dbg(dev, `mlx4_eq_int: MLX4_EVENT_TYPE_SRQ_LIMIT. ${which}`);
      }
      yield* mlx4_srq_event(dev, srqn, type);
      return true;
    }
    case MLX4_EVENT_TYPE.CQ_ERROR:
      yield* cqError(dev, entry);
      return true;
    default:
      return false;
  }
}

/** Every other event. */
function* deviceEvent(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): Atomic<void> {
  switch (eqe.get(entry, 'type')) {
    case MLX4_EVENT_TYPE.PORT_CHANGE:
      yield* portChange(dev, entry);
      break;
    case MLX4_EVENT_TYPE.PORT_MNG_CHG_EVENT:
      yield* mlx4_dispatch_event(dev, MLX4_DEV_EVENT_PORT_MGMT_CHANGE, entry.slice());
      break;
    case MLX4_EVENT_TYPE.EQ_OVERFLOW:
      mlx4_warn(dev, `EQ overrun on EQN ${eq.eqn}`);
      break;
    case MLX4_EVENT_TYPE.OP_REQUIRED:
      yield* operationRequired(dev);
      break;
    case MLX4_EVENT_TYPE.COMM_CHANNEL:
      mlx4_warn(dev, 'Received comm channel event for non master device');
      break;
    case MLX4_EVENT_TYPE.FLR_EVENT:
      mlx4_warn(dev, 'Non-master function received FLR event');
      break;
    case MLX4_EVENT_TYPE.FATAL_WARNING:
      fatalWarning(dev, eq, entry);
      break;
    case MLX4_EVENT_TYPE.RECOVERABLE_ERROR_EVENT:
      recoverableError(dev, eq, entry);
      break;
    default:
      unhandled(dev, eq, entry);
  }
}

function* handleEntry(dev: mlx4_dev, eq: mlx4_eq, entry: Uint8Array): Atomic<void> {
  const type = eqe.get(entry, 'type');
  if (type === MLX4_EVENT_TYPE.COMP) yield* mlx4_cq_completion(dev, eqeCq.get(entry, 'cqn'));
  else if (type === MLX4_EVENT_TYPE.CMD) yield* commandDone(dev, entry);
  else if (!(yield* objectEvent(dev, eq, entry))) yield* deviceEvent(dev, eq, entry);
}

/** Handles what is in a queue and arms it. True when there was something. */
export function* mlx4_eq_int(dev: mlx4_dev, eq: mlx4_eq): Atomic<boolean> {
  const entry = new Uint8Array(eqeBytes);
  let found = false;
  let untold = 0;
  while (nextEntry(dev, eq, entry)) {
    yield* handleEntry(dev, eq, entry);
    eq.cons_index = (eq.cons_index + 1) >>> 0;
    found = true;
    // The queue has so many entries to spare: the card must hear of progress at least that often.
    if (++untold < MLX4_NUM_SPARE_EQE) continue;
    yield* eq_set_ci(eq, false);
    untold = 0;
  }
  yield* eq_set_ci(eq, true);
  return found;
}

/** INTx: clears the interrupt, then looks at every queue. */
export function* mlx4_interrupt(dev: mlx4_dev): Atomic<number> {
  const { eq, clr_int, clr_word, clr_mask } = mlx4_priv(dev).eq_table;
  yield* iowrite32be(notNull(clr_int), clr_word, clr_mask);
  let work = false;
  for (let i = 0; i < dev.caps.num_comp_vectors + 1; i++) {
    if (yield* mlx4_eq_int(dev, eq[i]!)) work = true;
  }
  return work ? IRQ_HANDLED : IRQ_NONE;
}

/** MSI-X: the vector belongs to one queue. */
export function* mlx4_msi_x_interrupt(dev: mlx4_dev, eq: mlx4_eq): Atomic<number> {
  yield* mlx4_eq_int(dev, eq);
  return IRQ_HANDLED;
}
