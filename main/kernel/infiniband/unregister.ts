// Unregistering an RDMA device (core/device.c: ib_unregister_device): clients go in reverse order,
// then it waits until nobody holds the device any more, then sysfs and caches go. The wait for the
// last reference is a wait on a resource that names its holders, as the wait for a netdev is.

import type { MaySleep } from '#sim/task.ts';
import { device_del, get_device, put_device } from '../base/device.ts';
import { wait_for_completion } from '../locking/completion.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { down_read, down_write, up_read, up_write } from '../locking/rwsem.ts';
import { currentActor } from '../sched.ts';
import { ib_cache_cleanup_one } from './cache.ts';
import { remove_client_context } from './client.ts';
import { ib_device_put } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import { ib_free_port_attrs } from './port-sysfs.ts';

/** Waits for the last reference; whoever holds one is what it waits for. */
function* waitForReferences(device: IbDevice): MaySleep<void> {
  const { k, refs } = device;
  const actor = currentActor(k);
  k.graph.wait(actor, refs!.resource);
  yield* wait_for_completion(device.unreg_completion);
  k.graph.endWait(actor, refs!.resource);
}

function* disable_device(device: IbDevice): MaySleep<void> {
  const { infiniband } = device.k;
  yield* down_write(infiniband.devices_rwsem);
  device.registered = false;
  yield* up_write(infiniband.devices_rwsem);
  yield* down_read(infiniband.clients_rwsem);
  const highest = infiniband.highest_client_id;
  yield* up_read(infiniband.clients_rwsem);
  for (let id = highest - 1; id >= 0; id--) yield* remove_client_context(device, id);
  yield* ib_device_put(device, null);
  yield* waitForReferences(device);
}

function* __ib_unregister_device(device: IbDevice): MaySleep<void> {
  yield* mutex_lock(device.unregistration_lock);
  if (device.refs !== null && device.refs.count > 0) {
    yield* disable_device(device);
    yield* ib_free_port_attrs(device);
    yield* device_del(device);
    yield* ib_cache_cleanup_one(device);
  }
  yield* mutex_unlock(device.unregistration_lock);
}

/** Takes a device away from everybody; afterwards ib_dealloc_device() frees it. */
export function* ib_unregister_device(device: IbDevice): MaySleep<void> {
  yield* get_device(device);
  yield* __ib_unregister_device(device);
  yield* put_device(device);
}
