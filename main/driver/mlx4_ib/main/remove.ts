// Letting a card go again (main.c: mlx4_ib_remove): the reverse of add. Events stop first where
// they come over the chain; in the list design the caller has taken the context off the list. The
// module's queue is flushed before the netdev notifier goes, so a bonded port state work never
// meets a part that is gone. A context that is NULL faults at the first member that is touched
// (facts/driver 7.5, R5).

import { devlink_port_type_clear } from '#kernel/devlink.ts';
import { ib_dealloc_device } from '#kernel/infiniband/ib-device.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import { unregister_netdevice_notifier } from '#kernel/net/notifier.ts';
import { iounmap } from '#kernel/pci/io.ts';
import { flush_workqueue } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_get_devlink_port, mlx4_unregister_event_notifier } from '../../mlx4_core/intf.ts';
import type { mlx4_dev } from '../../mlx4_core/mlx4.ts';
import { mlx4_pd_free, mlx4_uar_free } from '../../mlx4_core/pd.ts';
import { mlx4_CLOSE_PORT } from '../../mlx4_core/port.ts';
import { mlx4_ib_mad_cleanup } from '../mad.ts';
import { derefIbDev, queueOf } from '../mlx4_ib.ts';
import type { mlx4_ib_module } from '../mlx4_ib.ts';
import { deleteCounters } from './counters.ts';
import { mlx4_ib_free_eqs } from './eqs.ts';
import { ibPorts } from './ports.ts';

/** Both designs: everything back. */
export function* mlx4_ib_remove(
  state: mlx4_ib_module,
  dev: mlx4_dev,
  context: unknown,
): MaySleep<void> {
  const ibdev = derefIbDev(state, context, 'ib_active', 'mlx4_ib_remove');
  const { iboe, ib_dev, k } = ibdev;
  if (ibdev.mlx_nb !== null) yield* mlx4_unregister_event_notifier(dev, ibdev.mlx_nb);
  ibdev.mlx_nb = null;
  for (const port of ibPorts(dev)) devlink_port_type_clear(mlx4_get_devlink_port(dev, port));
  yield* ibdev.ib_active.write(false);
  yield* flush_workqueue(queueOf(state));
  if (iboe.nb !== null) yield* unregister_netdevice_notifier(k, iboe.nb);
  iboe.nb = null;
  yield* mlx4_ib_mad_cleanup(ibdev);
  yield* ib_unregister_device(ib_dev);
  iounmap(ibdev.uar_map);
  yield* deleteCounters(ibdev);
  for (const port of ibPorts(dev)) yield* mlx4_CLOSE_PORT(dev, port);
  yield* mlx4_ib_free_eqs(ibdev);
  yield* mlx4_uar_free(dev, ibdev.priv_uar);
  yield* mlx4_pd_free(dev, ibdev.priv_pdn);
  yield* ib_dealloc_device(ib_dev);
}
