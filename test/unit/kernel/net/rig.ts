// Netdevs for tests of the network slice: a device whose driver notes what it is asked.

import { writeMac } from '#bus/mac.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { eth_mac_addr } from '#kernel/net/eth.ts';
import { NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetDeviceOps } from '#kernel/net/netdevice.ts';
import { netif_tx_start_all_queues, netif_tx_stop_all_queues } from '#kernel/net/queue.ts';
import { kthread_run } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';

/** Runs a body as a task, until nothing is left to do or `untilNs`. Throws when it did not end. */
export function runTask<T>(k: Kernel, body: () => MaySleep<T>, untilNs = 1e13): T {
  const box: { value?: T; ended: boolean } = { ended: false };
  kthread_run(k, 'test task', 'test', function* testTask() {
    box.value = yield* body();
    box.ended = true;
    k.sim.stop();
  });
  k.sim.run(untilNs);
  if (!box.ended) throw new Error('the task did not end');
  return box.value as T;
}

/**
 * A device that takes every frame and notes what its driver is asked. Its carrier comes with
 * ndo_open. `host` is the last byte of its MAC.
 */
export function testDevice(
  k: Kernel,
  name: string,
  host = 1,
  log: string[] = [],
  ops: Partial<NetDeviceOps> = {},
): NetDevice {
  const dev: NetDevice = new NetDevice(
    k,
    name,
    {
      *ndo_open() {
        log.push(`open ${dev.name}`);
        yield* netif_tx_start_all_queues(dev);
        yield* netif_carrier_on(dev);
        return 0;
      },
      *ndo_stop() {
        log.push(`stop ${dev.name}`);
        yield* netif_tx_stop_all_queues(dev);
        yield* netif_carrier_off(dev);
        return 0;
      },
      *ndo_start_xmit() {
        return NETDEV_TX_OK;
      },
      *ndo_set_rx_mode() {
        log.push(`rx_mode ${dev.name}`);
      },
      ndo_set_mac_address: eth_mac_addr,
      ...ops,
    },
    1,
  );
  dev.carrier = false;
  writeMac(dev.dev_addr, 0, 0x0002_c9a0_0000 + host);
  return dev;
}

/** Lines of the kernel log that hold `part`. */
export const logLines = (k: Kernel, part: string): string[] =>
  k.log.records.map((record) => record.text).filter((text) => text.includes(part));
