// The netdev notifier of mlx4_en and the bond work (en_netdev.c: mlx4_en_netdev_event,
// mlx4_en_queue_bond_work, mlx4_en_bond_work; facts/driver 5.4 to 5.6). What a work holds, on which
// queue it runs and which module owns it are switches of the variant: this is where the lab's
// deadlock is made and where it is fixed. Each event makes a work of its own, so works never merge.
// Unprotected: pndev[] and upper[] (shared cells); dev.flags is read without a lock by the work.
// Left out: the check for init_net (the slice has one network namespace).

import { get_device, put_device } from '#kernel/base/device.ts';
import { netdev_cmd_to_name, NETDEV_BONDING_INFO } from '#kernel/net/events.ts';
import { dev_hold, dev_put, netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import { netdev_master_upper_dev_get } from '#kernel/net/upper.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import type { NotifierBlock } from '#kernel/notifier.ts';
import { INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { carryOutBondRequest, mlx4_queue_bond_work, mlx4_wq } from '../../mlx4_core/main/bond.ts';
import type { BondRequest } from '../../mlx4_core/main/bond.ts';
import { en_err, ethPorts } from '../mlx4_en.ts';
import type { mlx4_en_dev, mlx4_en_priv } from '../mlx4_en.ts';
import { decideBondEvent } from './bond-decision.ts';
import type { BondingInfo, PortWalk } from './bond-decision.ts';

/** struct mlx4_en_bond: one queued request. */
interface mlx4_en_bond {
  readonly priv: mlx4_en_priv;
  readonly request: BondRequest;
  work: WorkStruct;
}

/** Takes what the variant says that a queued work holds. */
function* takeHold(bond: mlx4_en_bond, why: string): Atomic<void> {
  const { mdev, dev } = bond.priv;
  const holds = mdev.module.variant.bondWorkHolds;
  if (holds === 'netdev') yield* dev_hold(dev, bond.work.actor, why);
  else if (holds === 'pci') yield* get_device(mdev.pdev, bond.work.actor, why);
}

function* giveHold(bond: mlx4_en_bond): Atomic<void> {
  const { mdev, dev } = bond.priv;
  const holds = mdev.module.variant.bondWorkHolds;
  if (holds === 'netdev') yield* dev_put(dev, bond.work.actor);
  else if (holds === 'pci') yield* put_device(mdev.pdev, bond.work.actor);
}

function bondWorkqueue(mdev: mlx4_en_dev): Workqueue {
  switch (mdev.module.variant.bondWorkQueue) {
    case 'mlx4_en':
      return mdev.workqueue;
    case 'mlx4':
      return mlx4_wq(mdev.dev);
    case 'system_unbound':
      return mdev.k.workqueues.system_unbound_wq;
  }
}

/** The work: bonds and sets the map, or unbonds; then gives its reference back. */
export function* mlx4_en_bond_work(bond: mlx4_en_bond): MaySleep<void> {
  const { priv, request } = bond;
  yield* carryOutBondRequest(priv.mdev.dev, request, (text) => en_err(priv, text));
  yield* giveHold(bond);
}

/** Queues a bond work; `why` is the event that asked for it, for example `CHANGEUPPER(eth0)`. */
export function* mlx4_en_queue_bond_work(
  priv: mlx4_en_priv,
  request: BondRequest,
  why: string,
): Atomic<number> {
  const { mdev } = priv;
  const name = `mlx4_en_bond_work#${++mdev.module.bondWorks} ${why}`;
  const work = INIT_WORK(mdev.k, name, () => mlx4_en_bond_work(bond), { module: 'mlx4_en' });
  const bond: mlx4_en_bond = { priv, request, work };
  yield* takeHold(bond, why);
  yield* queue_work(bondWorkqueue(mdev), work);
  return 0;
}

/**
 * Looks at every Ethernet port of the card: whose event is it, and is one master above them all?
 */
function* walkPorts(mdev: mlx4_en_dev, netdev: NetDevice): Atomic<PortWalk> {
  const ports = ethPorts(mdev);
  let portNumber = 0;
  let sameMaster = true;
  let previous: NetDevice | null = null;
  for (const [index, i] of ports.entries()) {
    const ours: NetDevice | null = yield* mdev.pndev[i]!.read();
    if (portNumber === 0 && ours === netdev) portNumber = i;
    const upper: NetDevice | null = ours === null ? null : netdev_master_upper_dev_get(ours);
    yield* mdev.upper[i]!.write(upper);
    if (upper === null || (index > 0 && upper !== previous)) sameMaster = false;
    previous = upper;
  }
  return { ethPorts: ports.length, portNumber, sameMaster };
}

/** The callback, under RTNL, for every netdev of the machine. */
export function* mlx4_en_netdev_event(
  mdev: mlx4_en_dev,
  event: number,
  info: NetdevNotifierInfo,
): MaySleep<number> {
  const netdev = info.dev;
  const walk = yield* walkPorts(mdev, netdev);
  const bonding: BondingInfo | null =
    event === NETDEV_BONDING_INFO ? (info.bonding_info ?? null) : null;
  const request = decideBondEvent(walk, bonding);
  if (request === null) return NOTIFY_DONE;
  const why = `${netdev_cmd_to_name(event)}(${netdev.name})`;
  if (mdev.module.variant.bondWork === 'mlx4_core') {
    yield* mlx4_queue_bond_work(mdev.dev, request, why);
  } else {
    yield* mlx4_en_queue_bond_work(netdev_priv<mlx4_en_priv>(netdev), request, why);
  }
  return NOTIFY_DONE;
}

/** The block that mlx4_en registers for a card. */
export const netdevNotifier = (mdev: mlx4_en_dev): NotifierBlock<NetdevNotifierInfo> => ({
  name: `mlx4_en_netdev_event(${mdev.pdev.function.name})`,
  priority: 0,
  notifier_call: (event, info) => mlx4_en_netdev_event(mdev, event, info),
});
