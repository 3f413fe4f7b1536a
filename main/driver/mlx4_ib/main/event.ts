// Device events of mlx4_ib (main.c: mlx4_ib_event; mad.c: handle_port_mgmt_change_event;
// facts/driver 2.9, 3.10, 7.5). They come in a hard interrupt: by the callback, under ctx_lock,
// with the context that the list has; or over the card's chain. Port events of a bonded card
// become a work, which looks at both netdevs.
// Unprotected: the bonded flag. A context that is NULL (R5) or whose memory is gone faults at its
// first member.

import { ib_dispatch_event } from '#kernel/infiniband/event.ts';
import {
  IB_EVENT_CLIENT_REREGISTER,
  IB_EVENT_DEVICE_FATAL,
  IB_EVENT_GID_CHANGE,
  IB_EVENT_LID_CHANGE,
  IB_EVENT_PKEY_CHANGE,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_PORT_ERR,
} from '#kernel/infiniband/ib-verbs.ts';
import {
  spin_lock_bh,
  spin_lock_irqsave,
  spin_unlock_bh,
  spin_unlock_irqrestore,
} from '#kernel/locking/spinlock.ts';
import { netif_carrier_ok, netif_running } from '#kernel/net/netdevice.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import type { AtomicNotifierBlock } from '#kernel/notifier.ts';
import { INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import {
  eqe as eqeLayout,
  eqePortMgmt,
  MLX4_DEV_PMC_SUBTYPE_GUID_INFO,
  MLX4_DEV_PMC_SUBTYPE_PKEY_TABLE,
  MLX4_DEV_PMC_SUBTYPE_PORT_INFO,
  MLX4_DEV_PMC_SUBTYPE_SL_TO_VL_MAP,
  MLX4_EQ_PORT_INFO,
} from '#prm/events.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import {
  MLX4_DEV_EVENT_CATASTROPHIC_ERROR,
  MLX4_DEV_EVENT_PORT_DOWN,
  MLX4_DEV_EVENT_PORT_MGMT_CHANGE,
  MLX4_DEV_EVENT_PORT_UP,
} from '../../mlx4_core/mlx4.ts';
import type { mlx4_dev } from '../../mlx4_core/mlx4.ts';
import { derefIbDev, DRV_NAME, ib_warn, partName, queueOf } from '../mlx4_ib.ts';
import type { mlx4_ib_cq, mlx4_ib_dev, mlx4_ib_module } from '../mlx4_ib.ts';

const smChanged = MLX4_EQ_PORT_INFO.MSTR_SM_LID_CHANGE | MLX4_EQ_PORT_INFO.MSTR_SM_SL_CHANGE;
/** Where the eight bytes of the SL to VL map lie in its event. */
const sl2vlOffset = 8;

/** mlx4_ib_dispatch_event(): a port event of this part's device. */
function* dispatch(ibdev: mlx4_ib_dev, port_num: number, event: number): Atomic<void> {
  yield* ib_dispatch_event({ device: ibdev.ib_dev, event, port_num });
}

/** While bonded, port 1 is active when either netdev is up with a carrier. */
function* handle_bonded_port_state_event(
  state: mlx4_ib_module,
  pointer: mlx4_ib_dev | null,
): MaySleep<void> {
  const name = 'handle_bonded_port_state_event';
  const ibdev = derefIbDev(state, pointer, 'iboe_lock', name);
  const { iboe } = ibdev;
  let active = false;
  yield* spin_lock_bh(iboe.lock);
  for (const netdev of iboe.netdevs) {
    if (netdev && netif_running(netdev) && netif_carrier_ok(netdev)) active = true;
  }
  yield* spin_unlock_bh(iboe.lock);
  yield* dispatch(ibdev, 1, active ? IB_EVENT_PORT_ACTIVE : IB_EVENT_PORT_ERR);
}

function* queueBondedWork(state: mlx4_ib_module, pointer: mlx4_ib_dev | null): Atomic<void> {
  const of = pointer === null ? 'NULL' : partName(pointer);
  const name = `handle_bonded_port_state_event#${++state.works} ${of}`;
  const work = INIT_WORK(state.k, name, () => handle_bonded_port_state_event(state, pointer), {
    module: DRV_NAME,
  });
  yield* queue_work(queueOf(state), work);
}

/** Calls the completion handler of every queue that a queue pair with outstanding requests uses. */
function* mlx4_ib_handle_catas_error(ibdev: mlx4_ib_dev): Atomic<void> {
  const name = 'mlx4_ib_handle_catas_error';
  ib_warn(ibdev.module, name, 'mlx4_ib_handle_catas_error was started');
  yield* spin_lock_irqsave(ibdev.reset_flow_resource_lock);
  const notify: mlx4_ib_cq[] = [];
  for (const { sq, rq, cq } of ibdev.qp_list) {
    const outstanding = sq.tail !== sq.head || rq.tail !== rq.head;
    if (!outstanding || cq.reset_notify_added) continue;
    cq.reset_notify_added = true;
    notify.push(cq);
  }
  for (const cq of notify) yield* cq.completed();
  yield* spin_unlock_irqrestore(ibdev.reset_flow_resource_lock);
  ib_warn(ibdev.module, name, 'mlx4_ib_handle_catas_error ended');
}

/** What changed of a port, told by firmware. */
function* portInfoChanged(ibdev: mlx4_ib_dev, eqe: Uint8Array): Atomic<void> {
  const port = eqePortMgmt.get(eqe, 'port');
  const changed = eqePortMgmt.get(eqe, 'changed_attr');
  if ((changed & smChanged) !== 0) {
    yield* spin_lock_irqsave(ibdev.sm_lock);
    const dlid = eqePortMgmt.get(eqe, 'mstr_sm_lid');
    ibdev.sm_ah[port] = { dlid, sl: eqePortMgmt.get(eqe, 'mstr_sm_sl') & 0xf };
    yield* spin_unlock_irqrestore(ibdev.sm_lock);
  }
  if ((changed & MLX4_EQ_PORT_INFO.LID_CHANGE) !== 0) {
    yield* dispatch(ibdev, port, IB_EVENT_LID_CHANGE);
  }
  if ((changed & MLX4_EQ_PORT_INFO.GID_PFX_CHANGE) !== 0) {
    yield* dispatch(ibdev, port, IB_EVENT_GID_CHANGE);
  }
  if ((changed & MLX4_EQ_PORT_INFO.CLIENT_REREG) !== 0) {
    yield* dispatch(ibdev, port, IB_EVENT_CLIENT_REREGISTER);
  }
}

/** A management change, in the interrupt itself: only an SR-IOV master makes a work of it. */
function* handle_port_mgmt_change_event(ibdev: mlx4_ib_dev, eqe: Uint8Array): Atomic<void> {
  const port = eqePortMgmt.get(eqe, 'port');
  const subtype = eqeLayout.get(eqe, 'subtype');
  switch (subtype) {
    case MLX4_DEV_PMC_SUBTYPE_PORT_INFO:
      yield* portInfoChanged(ibdev, eqe);
      break;
    case MLX4_DEV_PMC_SUBTYPE_PKEY_TABLE:
      yield* dispatch(ibdev, port, IB_EVENT_PKEY_CHANGE);
      break;
    case MLX4_DEV_PMC_SUBTYPE_GUID_INFO:
      yield* dispatch(ibdev, port, IB_EVENT_GID_CHANGE);
      break;
    case MLX4_DEV_PMC_SUBTYPE_SL_TO_VL_MAP:
      ibdev.sl2vl[port] = new DataView(eqe.buffer, eqe.byteOffset).getBigUint64(sl2vlOffset);
      break;
    default: {
      const what = `Unsupported subtype 0x${subtype.toString(16)}`;
      const text = `${what} for Port Management Change event`;
      ib_warn(ibdev.module, 'handle_port_mgmt_change_event', text);
    }
  }
}

/**
 * A device event. `pointer` is what the card's list, or the block on its chain, has as this part;
 * `param` is a port, or the EQE of a management change.
 */
function* mlx4_ib_event(
  state: mlx4_ib_module,
  dev: mlx4_dev,
  pointer: mlx4_ib_dev | null,
  event: number,
  param: unknown,
): Atomic<void> {
  const isPort = event === MLX4_DEV_EVENT_PORT_UP || event === MLX4_DEV_EVENT_PORT_DOWN;
  if (isPort && (yield* mlx4_is_bonded(dev))) {
    yield* queueBondedWork(state, pointer);
    return;
  }
  if (isPort) {
    const port = param as number;
    const ibdev = derefIbDev(state, pointer, 'num_ports', 'mlx4_ib_event');
    if (port > ibdev.num_ports) return;
    const up = event === MLX4_DEV_EVENT_PORT_UP;
    yield* dispatch(ibdev, port, up ? IB_EVENT_PORT_ACTIVE : IB_EVENT_PORT_ERR);
  } else if (event === MLX4_DEV_EVENT_CATASTROPHIC_ERROR) {
    const ibdev = derefIbDev(state, pointer, 'ib_active', 'mlx4_ib_event');
    yield* ibdev.ib_active.write(false);
    yield* mlx4_ib_handle_catas_error(ibdev);
    yield* dispatch(ibdev, (yield* mlx4_is_bonded(dev)) ? 1 : 0, IB_EVENT_DEVICE_FATAL);
  } else if (event === MLX4_DEV_EVENT_PORT_MGMT_CHANGE) {
    const ibdev = derefIbDev(state, pointer, 'num_ports', 'mlx4_ib_event');
    yield* handle_port_mgmt_change_event(ibdev, (param as Uint8Array).slice());
  }
}

/** The callback of the list design. */
export const eventCallback = (
  state: mlx4_ib_module,
  dev: mlx4_dev,
  context: unknown,
  event: number,
  param: unknown,
): Atomic<void> => mlx4_ib_event(state, dev, context as mlx4_ib_dev | null, event, param);

/** The block on the card's event chain. */
export const eventNotifier = (ibdev: mlx4_ib_dev): AtomicNotifierBlock<unknown> => ({
  name: `mlx4_ib_event(${partName(ibdev)})`,
  priority: 0,
  *notifier_call(event, param) {
    yield* mlx4_ib_event(ibdev.module, ibdev.dev, ibdev, event, param);
    return NOTIFY_DONE;
  },
});
