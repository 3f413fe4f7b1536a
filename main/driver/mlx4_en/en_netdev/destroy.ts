// Destroying a netdev (en_netdev.c: mlx4_en_destroy_netdev; facts/driver 8.7). unregister_netdev()
// waits for every reference of the netdev: this is where task A of the deadlock stands. The flush
// comes only after it, and pndev[] is cleared last, so that the netdev still gets events while it
// is being unregistered.

import { devlink_port_type_clear } from '#kernel/devlink.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { free_netdev, unregister_netdev } from '#kernel/net/unregister.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { cancel_delayed_work, flush_workqueue } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_free_hwq_res } from '../../mlx4_core/alloc.ts';
import { mlx4_get_devlink_port } from '../../mlx4_core/intf.ts';
import { en_dbg } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';
import { tellNetdev } from './told.ts';
import { mlx4_en_free_resources } from './resources.ts';

export function* mlx4_en_destroy_netdev(dev: NetDevice): MaySleep<void> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev, port } = priv;
  en_dbg('DRV', priv, `Destroying netdev on port:${port}`);
  if (priv.registered) {
    // 6.12 ties the devlink port to the netdev: the core clears the type.
    if (!priv.k.is612) devlink_port_type_clear(mlx4_get_devlink_port(mdev.dev, port));
    yield* unregister_netdev(dev);
    tellNetdev(priv, false);
  }
  if (priv.allocated) yield* mlx4_free_hwq_res(mdev.dev, priv.res!);
  yield* cancel_delayed_work(priv.stats_task);
  yield* cancel_delayed_work(priv.service_task);
  yield* flush_workqueue(mdev.workqueue);
  yield* mutex_lock(mdev.state_lock);
  yield* mdev.pndev[port]!.write(null);
  yield* mdev.upper[port]!.write(null);
  yield* mutex_unlock(mdev.state_lock);
  yield* mlx4_en_free_resources(priv);
  yield* free_netdev(dev);
}
