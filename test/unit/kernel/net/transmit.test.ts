// Transmit queues and the watchdog.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { dev_open } from '#kernel/net/dev.ts';
import {
  IFF_NO_QUEUE,
  NET_XMIT_CN,
  NET_XMIT_DROP,
  NET_XMIT_SUCCESS,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
} from '#kernel/net/flags.ts';
import { netif_carrier_off } from '#kernel/net/linkwatch.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  netif_device_attach,
  netif_device_detach,
  netif_tx_disable,
  netif_tx_lock_bh,
  netif_tx_stop_queue,
  netif_tx_unlock_bh,
  netif_tx_wake_queue,
} from '#kernel/net/queue.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { alloc_skb } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, runTask, testDevice } from './rig.ts';

const type = 0x88b5;
const frame = (mark: number): Uint8Array => {
  const bytes = new Uint8Array(60);
  bytes.set([0x88, 0xb5, mark], 12);
  return bytes;
};
const markOf = (skb: SkBuff): number => skb.data[14]!;

function* opened(dev: NetDevice): MaySleep<NetDevice> {
  yield* register_netdev(dev);
  yield* rtnl_lock(dev.k);
  yield* dev_open(dev);
  yield* rtnl_unlock(dev.k);
  return dev;
}

/** A device that takes frames while `room` lasts, then stops its queue. */
function* limited(k: Kernel, sent: number[], room: { left: number }): MaySleep<NetDevice> {
  return yield* opened(
    testDevice(k, 'eth%d', 1, [], {
      *ndo_start_xmit(skb, dev) {
        sent.push(markOf(skb));
        if (--room.left <= 0) yield* netif_tx_stop_queue(dev.txQueues[0]!);
        return NETDEV_TX_OK;
      },
    }),
  );
}

const xmit = (dev: NetDevice, mark: number) => dev_queue_xmit(alloc_skb(frame(mark), dev, type));

describe('transmit queues', () => {
  it('a stopped queue keeps the packets in order and sends them when it is woken', () => {
    const k = bareKernel();
    const sent: number[] = [];
    const room = { left: 2 };
    runTask(k, function* () {
      const dev = yield* limited(k, sent, room);
      for (let mark = 1; mark <= 6; mark++) expect(yield* xmit(dev, mark)).toBe(NET_XMIT_SUCCESS);
      expect(sent).toEqual([1, 2]);
      room.left = 3;
      yield* netif_tx_wake_queue(dev.txQueues[0]!);
      yield* msleep(k, 1);
      expect(sent).toEqual([1, 2, 3, 4, 5]);
      room.left = 9;
      yield* netif_tx_wake_queue(dev.txQueues[0]!);
      yield* msleep(k, 1);
      expect(sent).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });

  it('a full queue drops, one without carrier drops too, and says so by different answers', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = yield* limited(k, [], { left: 0 });
      dev.tx_queue_len = 4;
      const answers: number[] = [];
      for (let mark = 0; mark < 7; mark++) answers.push(yield* xmit(dev, mark));
      expect(answers).toEqual([0, 0, 0, 0, 0, NET_XMIT_DROP, NET_XMIT_DROP]);
      yield* netif_carrier_off(dev);
      yield* msleep(k, 1500);
      expect(yield* xmit(dev, 9)).toBe(NET_XMIT_CN);
      expect(dev.txQueues[0]!.dropped).toBe(2 + 4 + 1);
      expect(dev.txQueues[0]!.backlog.qlen).toBe(0);
    });
  });

  it('BUSY puts the packet back and tries again', () => {
    const k = bareKernel();
    const sent: number[] = [];
    let busy = 3;
    runTask(k, function* () {
      const dev = yield* opened(
        testDevice(k, 'eth%d', 1, [], {
          *ndo_start_xmit(skb) {
            if (busy-- > 0) return NETDEV_TX_BUSY;
            sent.push(markOf(skb));
            return NETDEV_TX_OK;
          },
        }),
      );
      yield* xmit(dev, 1);
      yield* xmit(dev, 2);
      yield* msleep(k, 5);
      expect(sent).toEqual([1, 2]);
    });
  });

  it('no packet is lost, doubled or overtaken when many send at once', () => {
    for (let seed = 0; seed < 12; seed++) {
      const k = bareKernel({ seed });
      const sent: number[] = [];
      const tasks = 5;
      const each = 20;
      runTask(k, function* () {
        let inside = 0;
        const dev = yield* opened(
          testDevice(k, 'eth%d', 1, [], {
            *ndo_start_xmit(skb, own) {
              expect(++inside).toBe(1);
              yield* k.sim.spend(300);
              inside--;
              sent.push(markOf(skb));
              if (sent.length % 7 === 0) {
                yield* netif_tx_stop_queue(own.txQueues[0]!);
                k.sim.cpus.request(3, 'hardirq', 'eth0-tx', () =>
                  netif_tx_wake_queue(own.txQueues[0]!),
                );
              }
              return NETDEV_TX_OK;
            },
          }),
        );
        for (let task = 0; task < tasks; task++) {
          kthread_run(k, `sender ${task}`, 'sender', function* sender() {
            for (let n = 0; n < each; n++) yield* xmit(dev, task * each + n);
          });
        }
        yield* msleep(k, 200);
      });
      expect([...sent].sort((a, b) => a - b)).toEqual(
        Array.from({ length: tasks * each }, (_, at) => at),
      );
      for (let task = 0; task < tasks; task++) {
        const own = sent.filter((mark) => Math.floor(mark / each) === task);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
  });

  it('nobody is in the driver under the transmit lock, nor after netif_tx_disable', () => {
    for (let seed = 0; seed < 10; seed++) {
      const k = bareKernel({ seed });
      let inside = 0;
      runTask(k, function* () {
        const dev = yield* opened(
          testDevice(k, 'eth%d', 1, [], {
            *ndo_start_xmit() {
              inside++;
              yield* k.sim.spend(500);
              inside--;
              return NETDEV_TX_OK;
            },
          }),
        );
        for (let task = 0; task < 3; task++) {
          kthread_run(k, `sender ${task}`, 'sender', function* sender() {
            for (let n = 0; n < 50; n++) yield* xmit(dev, n);
          });
        }
        for (let round = 0; round < 10; round++) {
          yield* netif_tx_lock_bh(dev);
          for (let n = 0; n < 10; n++) {
            expect(inside).toBe(0);
            yield* k.sim.spend(100);
          }
          yield* netif_tx_unlock_bh(dev);
          yield* k.sim.spend(2000);
        }
        yield* netif_tx_disable(dev);
        yield* k.sim.spend(100_000);
        expect(inside).toBe(0);
        expect(dev.txQueues[0]!.stopped).toBe(true);
      });
    }
  });

  it('devices without queue send at once, and notice when they send to themselves', () => {
    const k = bareKernel();
    let depth = 0;
    runTask(k, function* () {
      const dev = testDevice(k, 'loop%d', 1, [], {
        *ndo_start_xmit(skb, own) {
          depth++;
          if (depth < 100) yield* dev_queue_xmit(alloc_skb(skb.data, own, type));
          return NETDEV_TX_OK;
        },
      });
      dev.priv_flags |= IFF_NO_QUEUE;
      dev.features |= 1 << 13;
      yield* opened(dev);
      expect(dev.qdisc).toBe('noqueue');
      yield* xmit(dev, 1);
    });
    expect(depth).toBe(8);
    expect(logLines(k, 'Dead loop')).toEqual([
      'Dead loop on virtual device loop0, fix it urgently!',
    ]);
  });

  it('a detached device is stopped and cannot be opened; attached again it goes on', () => {
    const k = bareKernel();
    const sent: number[] = [];
    runTask(k, function* () {
      const dev = yield* limited(k, sent, { left: 99 });
      yield* netif_device_detach(dev);
      yield* xmit(dev, 1);
      expect(sent).toEqual([]);
      yield* netif_device_attach(dev);
      yield* msleep(k, 1);
      expect(sent).toEqual([1]);
    });
  });
});

describe('the watchdog', () => {
  const timedOut = function* (k: Kernel, carrier: boolean) {
    const calls: number[] = [];
    const dev = testDevice(k, 'eth%d', 1, [], {
      *ndo_tx_timeout(own, queue) {
        calls.push(k.sim.now());
        expect(own.txQueues[queue]!.frozen).toBe(true);
        yield* netif_tx_wake_queue(own.txQueues[queue]!);
      },
    });
    dev.watchdog_timeo = 15 * k.HZ;
    yield* opened(dev);
    const held = dev.refs.count;
    yield* xmit(dev, 1);
    yield* netif_tx_stop_queue(dev.txQueues[0]!);
    const start = k.sim.now();
    if (!carrier) yield* netif_carrier_off(dev);
    yield* msleep(k, 40_000);
    return { dev, held, waits: calls.map((time) => (time - start) / second) };
  };

  it('tells the driver after 15 to 17 s of a stopped queue, and says so once', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const { waits, dev } = yield* timedOut(k, true);
      expect(waits).toHaveLength(1);
      expect(waits[0]).toBeGreaterThan(15);
      expect(waits[0]).toBeLessThan(32);
      expect(dev.txQueues[0]!.trans_timeout).toBe(1);
    });
    expect(logLines(k, 'NETDEV WATCHDOG')).toEqual([
      'NETDEV WATCHDOG: eth0 (): transmit queue 0 timed out',
    ]);
    expect(k.findings.map((finding) => finding.kind)).toEqual(['warning']);
  });

  it('says it in one line, with the time, in 6.12', () => {
    const k = bareKernel({ profile: '6.12' });
    runTask(k, function* () {
      yield* timedOut(k, true);
    });
    const [line, ...more] = logLines(k, 'NETDEV WATCHDOG');
    expect(line).toMatch(/^eth0: NETDEV WATCHDOG: CPU: 0: transmit queue 0 timed out \d+ ms$/);
    expect(more).toEqual([]);
    expect(k.findings).toEqual([]);
  });

  it('sleeps without carrier, and gives back its hold', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const { waits, held, dev } = yield* timedOut(k, false);
      expect(waits).toEqual([]);
      expect(dev.refs.count).toBeLessThan(held);
    });
  });
});
