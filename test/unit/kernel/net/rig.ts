// Netdevs for tests of the network slice: a device whose driver notes what it is asked, and pairs of
// devices whose frames come out at the other end.

import type { Kernel } from '#kernel/kernel.ts';
import { kthread_run } from '#kernel/sched.ts';
import { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetDeviceOps } from '#kernel/net/netdevice.ts';
import { eth_mac_addr } from '#kernel/net/eth.ts';
import { NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { netif_tx_start_all_queues, netif_tx_stop_all_queues } from '#kernel/net/queue.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import type { MaySleep } from '#sim/task.ts';

/** Runs a body as a task until nothing is left to do, or until `untilNs`. */
export function runTask<T>(k: Kernel, body: () => MaySleep<T>, untilNs = 1e12): T {
  const box: { value?: T } = {};
  kthread_run(k, 'test task', 'test', function* () {
    box.value = yield* body();
  });
  k.sim.run(untilNs);
  if (!('value' in box)) throw new Error('the task did not end');
  return box.value as T;
}

/** Driver calls that a test device has seen. */
export type CallLog = string[];

/** A device that takes every frame and notes what it is asked. `carrier`: it comes with ndo_open. */
export function testDevice(
  k: Kernel,
  name: string,
  log: CallLog = [],
  ops: Partial<NetDeviceOps> = {},
): NetDevice {
  const all: NetDeviceOps = {
    *ndo_open(dev) {
      log.push(`open ${dev.name}`);
      yield* netif_tx_start_all_queues(dev);
      yield* netif_carrier_on(dev);
      return 0;
    },
    *ndo_stop(dev) {
      log.push(`stop ${dev.name}`);
      yield* netif_tx_stop_all_queues(dev);
      yield* netif_carrier_off(dev);
      return 0;
    },
    *ndo_start_xmit() {
      return NETDEV_TX_OK;
    },
    *ndo_set_rx_mode(dev) {
      log.push(`rx_mode ${dev.name}`);
    },
    ndo_set_mac_address: eth_mac_addr,
    ...ops,
  };
  const dev = new NetDevice(k, name, all, 1);
  dev.carrier = false;
  return dev;
}
