// Waking up the RDMA core (core/device.c: ib_core_init): its queues, its clients, its notifier on
// the netdevs. In Linux ib_core is a module that modprobe loads before the first RDMA driver and
// that stays; here it is part of the kernel slice and a driver's init calls it. Until then the
// core queues nothing and holds no netdev.

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { register_inetaddr_notifier } from '../net/inetdev.ts';
import { register_netdevice_notifier } from '../net/notifier.ts';
import { alloc_ordered_workqueue, alloc_workqueue } from '../workqueue.ts';
import { ib_register_client } from './client.ts';
import { makeMadClient } from './mad.ts';
import { inetaddr_event, netdevice_event } from './roce-gid-mgmt.ts';
import { makeSaClient } from './sa.ts';

/** WQ_DFL_ACTIVE and WQ_UNBOUND_MAX_ACTIVE: works at once. */
const defaultActive = 256;
const unboundActive = 512;

/** Wakes the core up; again is no change. 0 or a negative error. */
export function* ib_core_init(k: Kernel): MaySleep<number> {
  const { infiniband } = k;
  yield* mutex_lock(infiniband.wakeMutex);
  const first = infiniband.queues === null;
  if (first) {
    infiniband.queues = {
      ib_wq: alloc_workqueue(k, 'infiniband', 'infiniband', defaultActive),
      ib_comp_unbound_wq: alloc_workqueue(k, 'ib-comp-unb-wq', 'ib-comp-unb-wq', unboundActive),
      gid_cache_wq: alloc_ordered_workqueue(k, 'gid-cache-wq', 'gid-cache-wq'),
    };
    yield* ib_register_client(k, makeMadClient());
    yield* ib_register_client(k, makeSaClient());
    yield* register_inetaddr_notifier(k, {
      name: 'inetaddr_event(ib_core)',
      priority: 0,
      notifier_call: inetaddr_event,
    });
    yield* register_netdevice_notifier(k, {
      name: 'netdevice_event(ib_core)',
      priority: 0,
      notifier_call: netdevice_event,
    });
  }
  yield* mutex_unlock(infiniband.wakeMutex);
  return 0;
}
