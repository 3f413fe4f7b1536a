// The module mlx4_ib (main.c: mlx4_ib_init, mlx4_ib_cleanup; facts/driver 1.1, 1.8): its queues,
// and how it binds to cards in the design that the variant says. Exit destroys the queues last. In
// the list design nothing keeps a bond work from being inside this module at that moment (facts
// 7.5, R1).
// Left out: what runs on the queues of SR-IOV; they exist, and stay empty.

import type { Kernel } from '#kernel/kernel.ts';
import { ib_core_init } from '#kernel/infiniband/ib-core.ts';
import type { ModuleDefinition } from '#kernel/module.ts';
import {
  alloc_ordered_workqueue,
  alloc_workqueue,
  create_singlethread_workqueue,
  destroy_workqueue,
} from '#kernel/workqueue.ts';
import { MLX4_PROT_IB_IPV6 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_register_auxiliary_driver,
  mlx4_register_interface,
  mlx4_unregister_auxiliary_driver,
  mlx4_unregister_interface,
} from '../mlx4_core/intf.ts';
import { MLX4_INTFF_BONDING } from '../mlx4_core/mlx4.ts';
import type { mlx4_adev, mlx4_adrv, mlx4_interface } from '../mlx4_core/mlx4.ts';
import type { DriverVariant } from '../variant.ts';
import { mlx4_ib_add, mlx4_ib_probe } from './main/add.ts';
import { eventCallback } from './main/event.ts';
import { mlx4_ib_remove } from './main/remove.ts';
import { DRV_NAME, DRV_VERSION } from './mlx4_ib.ts';
import type { mlx4_ib_module, mlx4_ib_queues } from './mlx4_ib.ts';

/** Works of `mlx4_ib_cm` that may run at once. */
const cmActive = 256;

/** What the list design registers. */
function mlx4_ib_interface(state: mlx4_ib_module): mlx4_interface {
  const byCallback = state.variant.eventDelivery === 'callback';
  return {
    name: DRV_NAME,
    protocol: MLX4_PROT_IB_IPV6,
    flags: MLX4_INTFF_BONDING,
    module: state.module,
    add: (dev) => mlx4_ib_add(state, dev),
    remove: (dev, context) => mlx4_ib_remove(state, dev, context),
    ...(byCallback
      ? {
          event: (dev, context, event, param) => eventCallback(state, dev, context, event, param),
        }
      : {}),
  };
}

/** What the auxiliary design registers. */
const mlx4_ib_adrv = (state: mlx4_ib_module): mlx4_adrv => ({
  name: 'ib',
  protocol: MLX4_PROT_IB_IPV6,
  flags: MLX4_INTFF_BONDING,
  id_table: ['mlx4_core.ib'],
  probe: (adev) => mlx4_ib_probe(state, adev),
  remove: (adev) => mlx4_ib_remove(state, (adev as mlx4_adev).mdev, adev.drvdata),
});

/** The module's queues, in the order in which they are made. */
function makeQueues(k: Kernel): mlx4_ib_queues {
  const wq = create_singlethread_workqueue(k, 'mlx4_ib', 'mlx4_ib');
  const qpEvents = k.is612
    ? [alloc_ordered_workqueue(k, 'mlx4_ib_qp_event_wq', 'mlx4_ib_qp_event_wq')]
    : [];
  const cm = alloc_workqueue(k, 'mlx4_ib_cm', 'mlx4_ib_cm', cmActive);
  const mcg = create_singlethread_workqueue(k, 'mlx4_ib_mcg', 'mlx4_ib_mcg');
  return { wq, others: [...qpEvents, cm, mcg] };
}

function* destroyQueues({ wq, others }: mlx4_ib_queues): MaySleep<void> {
  for (const queue of others.toReversed()) yield* destroy_workqueue(queue);
  yield* destroy_workqueue(wq);
}

function* mlx4_ib_init(
  state: mlx4_ib_module,
  intf: mlx4_interface,
  adrv: mlx4_adrv,
): MaySleep<number> {
  let err = yield* ib_core_init(state.k);
  if (err !== 0) return err;
  state.queues = makeQueues(state.k);
  err =
    state.variant.interfaces === 'auxiliary'
      ? yield* mlx4_register_auxiliary_driver(state.k, adrv)
      : yield* mlx4_register_interface(state.k, intf);
  if (err !== 0) yield* destroyQueues(state.queues);
  return err;
}

function* mlx4_ib_cleanup(
  state: mlx4_ib_module,
  intf: mlx4_interface,
  adrv: mlx4_adrv,
): MaySleep<void> {
  if (state.variant.interfaces === 'auxiliary') yield* mlx4_unregister_auxiliary_driver(adrv);
  else yield* mlx4_unregister_interface(state.k, intf);
  if (state.queues !== null) yield* destroyQueues(state.queues);
}

/** The module as the machine's module table takes it. */
export const moduleDefinition: ModuleDefinition<DriverVariant> = {
  name: DRV_NAME,
  description: 'Mellanox ConnectX HCA InfiniBand driver',
  version: DRV_VERSION,
  depends: ['mlx4_core'],
  aliases: ['auxiliary:mlx4_core.ib'],
  params: [
    {
      name: 'sm_guid_assign',
      type: 'int',
      value: '0',
      mode: 0o444,
      description: 'Enable SM alias_GUID assignment if sm_guid_assign > 0 (Default: 0)',
    },
  ],
  sizeBytes: 241_664,
  create(k, params, variant, module) {
    const state: mlx4_ib_module = {
      k,
      module,
      params,
      variant,
      queues: null,
      versionPrinted: false,
      works: 0,
    };
    const intf = mlx4_ib_interface(state);
    const adrv = mlx4_ib_adrv(state);
    return {
      init: () => mlx4_ib_init(state, intf, adrv),
      exit: () => mlx4_ib_cleanup(state, intf, adrv),
    };
  },
};
