// Asynchronous events of RDMA devices (core/device.c, core/cache.c). A driver dispatches from any
// context, also from a hard interrupt under a spinlock: the event becomes a work on the queue
// `infiniband`, which first brings the caches up to date (a port query: it sleeps, and costs
// firmware commands) and then calls the handlers. A device that unregisters flushes that queue.

import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { down_read, down_write, up_read, up_write } from '../locking/rwsem.ts';
import { INIT_WORK, queue_work } from '../workqueue.ts';
import { ib_cache_update } from './cache.ts';
import type { IbDevice } from './ib-device.ts';
import {
  IB_EVENT_CLIENT_REREGISTER,
  IB_EVENT_GID_CHANGE,
  ib_event_msg,
  IB_EVENT_LID_CHANGE,
  IB_EVENT_PKEY_CHANGE,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_PORT_ERR,
} from './ib-verbs.ts';

/** struct ib_event. */
export interface IbEvent {
  readonly device: IbDevice;
  /** IB_EVENT_*. */
  readonly event: number;
  /** Port it belongs to; 0 for events of the whole device. */
  readonly port_num: number;
}

/** struct ib_event_handler. */
export interface IbEventHandler {
  readonly name: string;
  handler(event: IbEvent): MaySleep<void>;
}

export function* ib_register_event_handler(
  device: IbDevice,
  handler: IbEventHandler,
): MaySleep<void> {
  yield* down_write(device.event_handler_rwsem);
  device.event_handler_list.push(handler);
  yield* up_write(device.event_handler_rwsem);
}

export function* ib_unregister_event_handler(
  device: IbDevice,
  handler: IbEventHandler,
): MaySleep<void> {
  yield* down_write(device.event_handler_rwsem);
  const at = device.event_handler_list.indexOf(handler);
  if (at >= 0) device.event_handler_list.splice(at, 1);
  yield* up_write(device.event_handler_rwsem);
}

/** Calls the handlers, in order of registration. */
export function* ib_dispatch_event_clients(event: IbEvent): MaySleep<void> {
  const { event_handler_rwsem, event_handler_list } = event.device;
  yield* down_read(event_handler_rwsem);
  for (const handler of event_handler_list) yield* handler.handler(event);
  yield* up_read(event_handler_rwsem);
}

const cacheUpdateEvents: ReadonlySet<number> = new Set([
  IB_EVENT_PORT_ERR,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_LID_CHANGE,
  IB_EVENT_PKEY_CHANGE,
  IB_EVENT_CLIENT_REREGISTER,
  IB_EVENT_GID_CHANGE,
]);

function touch(device: IbDevice): void {
  if (device.freed) throw new Oops(`KASAN: slab-use-after-free in ${device.instanceName}`);
}

function* ib_cache_event_task(event: IbEvent): MaySleep<void> {
  touch(event.device);
  const err = yield* ib_cache_update(
    event.device,
    event.port_num,
    event.event === IB_EVENT_GID_CHANGE || event.event === IB_EVENT_CLIENT_REREGISTER,
    event.event === IB_EVENT_PKEY_CHANGE,
  );
  // Handlers hear of a GID when it is put into the table (gid-table.ts).
  if (err === 0 && event.event !== IB_EVENT_GID_CHANGE) yield* ib_dispatch_event_clients(event);
}

function* ib_generic_event_task(event: IbEvent): MaySleep<void> {
  touch(event.device);
  yield* ib_dispatch_event_clients(event);
}

/** Tells everybody of an event, later and in process context. Never sleeps. */
export function* ib_dispatch_event(event: IbEvent): Atomic<void> {
  const { device } = event;
  touch(device);
  const { k } = device;
  const updates = cacheUpdateEvents.has(event.event);
  const task = updates ? ib_cache_event_task : ib_generic_event_task;
  const number = k.infiniband.countEvent();
  const name = `${task.name}#${number} ${device.name} ${ib_event_msg(event.event)}`;
  const work = INIT_WORK(k, name, () => task(event));
  yield* queue_work(k.infiniband.ib_wq, work);
}
