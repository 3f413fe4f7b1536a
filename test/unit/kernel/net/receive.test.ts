// NAPI, receive handlers and packet types.

import { describe, expect, it } from 'vitest';
import { dev_open } from '#kernel/net/dev.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from '#kernel/net/flags.ts';
import {
  napi_complete_done,
  napi_disable,
  napi_enable,
  napi_schedule,
  napi_synchronize,
  netif_napi_add,
} from '#kernel/net/napi.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  dev_add_pack,
  dev_remove_pack,
  ETH_P_ALL,
  netdev_rx_handler_register,
  netdev_rx_handler_unregister,
  netif_receive_skb,
} from '#kernel/net/receive.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { alloc_skb, PACKET_OUTGOING, SkBuff, SkbQueue } from '#kernel/net/skb.ts';
import { netif_rx } from '#kernel/net/softnet.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';

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

const xmit = (dev: NetDevice, mark: number) => dev_queue_xmit(alloc_skb(frame(mark), dev, type));

describe('NAPI', () => {
  it('polls on the CPU where it was scheduled until less than the budget was done', () => {
    const k = bareKernel();
    let left = 150;
    const budgets: number[] = [];
    const contexts = new Set<string>();
    runTask(k, function* () {
      const dev = yield* opened(testDevice(k, 'eth%d'));
      const napi = netif_napi_add(dev, function* poll(budget) {
        contexts.add(`${k.sim.current.kind} on ${k.sim.current.cpu}`);
        const done = Math.min(left, budget);
        left -= done;
        budgets.push(done);
        if (done < budget) yield* napi_complete_done(napi, done);
        return done;
      });
      yield* napi_schedule(napi);
      yield* msleep(k, 1);
      expect(budgets).toEqual([]);
      yield* napi_enable(napi);
      k.sim.cpus.request(2, 'hardirq', 'eth0-rx', () => napi_schedule(napi));
      yield* msleep(k, 10);
      // Scheduled while it was switched off: it is polled once more than it needs.
      expect(budgets).toEqual([64, 64, 22, 0]);
      expect([...contexts]).toEqual(['softirq on 2']);
      yield* napi_disable(napi);
    });
  });

  it('one that is scheduled again while it polls is polled again, and is not complete', () => {
    const k = bareKernel();
    const complete: boolean[] = [];
    runTask(k, function* () {
      const dev = yield* opened(testDevice(k, 'eth%d'));
      const napi = netif_napi_add(dev, function* poll() {
        if (complete.length === 0) yield* napi_schedule(napi);
        complete.push(yield* napi_complete_done(napi, 0));
        return 0;
      });
      yield* napi_enable(napi);
      yield* napi_schedule(napi);
      yield* msleep(k, 10);
      expect(complete).toEqual([false, true]);
    });
  });

  it('napi_disable and napi_synchronize wait for the poll that is under way', () => {
    for (const seed of [undefined, 1, 2, 3, 4, 5, 6]) {
      const k = bareKernel(seed === undefined ? {} : { seed });
      let inside = 0;
      let polls = 0;
      runTask(k, function* () {
        const dev = yield* opened(testDevice(k, 'eth%d'));
        const napi = netif_napi_add(dev, function* poll(budget) {
          inside++;
          yield* k.sim.spend(200_000);
          inside--;
          polls++;
          if (polls < 5) return budget;
          yield* napi_complete_done(napi, 0);
          return 0;
        });
        yield* napi_enable(napi);
        const underWay = function* () {
          polls = 0;
          k.sim.cpus.request(1, 'hardirq', 'eth0-rx', () => napi_schedule(napi));
          while (inside === 0 && polls === 0) yield* k.sim.spend(1000);
        };
        yield* underWay();
        yield* napi_synchronize(napi);
        expect([inside, polls]).toEqual([0, 5]);
        yield* underWay();
        yield* napi_disable(napi);
        expect(inside).toBe(0);
        const before = polls;
        yield* napi_schedule(napi);
        yield* msleep(k, 5);
        expect(polls).toBe(before);
      });
    }
  });

  it('a flood that never ends leaves the CPU to tasks: ksoftirqd takes over', () => {
    const k = bareKernel({ cpus: 1 });
    let rounds = 0;
    runTask(
      k,
      function* () {
        const dev = yield* opened(testDevice(k, 'eth%d'));
        const napi = netif_napi_add(dev, function* poll(budget) {
          yield* k.sim.spend(30_000);
          return budget;
        });
        yield* napi_enable(napi);
        yield* napi_schedule(napi);
        while (rounds < 50) {
          yield* k.sim.spend(10_000);
          rounds++;
          yield* msleep(k, 1);
        }
        expect([...k.sim.tasks.values()].some((task) => task.name === 'ksoftirqd/0')).toBe(true);
      },
      10 * second,
    );
    expect(rounds).toBe(50);
  });
});

describe('the receive path', () => {
  const receive = (dev: NetDevice, mark: number, protocol = type) => {
    const skb = new SkBuff(frame(mark), dev, protocol);
    return netif_receive_skb(skb);
  };

  it('goes by type and device; what nobody wants is counted', () => {
    const k = bareKernel();
    const seen: string[] = [];
    runTask(k, function* () {
      const [a, b] = [testDevice(k, 'a', 1), testDevice(k, 'b', 2)];
      for (const dev of [a, b]) yield* opened(dev);
      const all = {
        type,
        *func(skb: SkBuff) {
          seen.push(`all ${markOf(skb)}`);
          return NET_RX_SUCCESS;
        },
      };
      const onlyB = {
        type,
        dev: b,
        *func(skb: SkBuff) {
          seen.push(`b ${markOf(skb)}`);
          return NET_RX_SUCCESS;
        },
      };
      dev_add_pack(k, all);
      dev_add_pack(k, onlyB);
      yield* receive(a, 1);
      yield* receive(b, 2);
      expect(yield* receive(a, 3, 0x9999)).toBe(NET_RX_DROP);
      yield* dev_remove_pack(k, all);
      expect(yield* receive(a, 4)).toBe(NET_RX_DROP);
      expect(seen).toEqual(['all 1', 'all 2', 'b 2']);
      expect(a.core_stats.rx_dropped).toBe(2);
    });
  });

  it('a handler may take, pass on, or move a frame to its master', () => {
    const k = bareKernel();
    const seen: string[] = [];
    runTask(k, function* () {
      const [slave, bond] = [testDevice(k, 'slave', 1), testDevice(k, 'bond', 2)];
      for (const dev of [slave, bond]) yield* opened(dev);
      dev_add_pack(k, {
        type,
        *func(skb, dev, origDev) {
          seen.push(`${markOf(skb)} on ${dev.name} from ${origDev.name}`);
          return NET_RX_SUCCESS;
        },
      });
      const handler = function* handler(skb: SkBuff) {
        if (markOf(skb) === 1) return 'consumed' as const;
        if (markOf(skb) === 2) return 'exact' as const;
        if (markOf(skb) === 3) return 'pass' as const;
        skb.dev = bond;
        return 'another' as const;
      };
      expect(netdev_rx_handler_register(slave, handler, bond)).toBe(0);
      expect(netdev_rx_handler_register(slave, handler, bond)).toBe(-16);
      const answers: number[] = [];
      for (const mark of [1, 2, 3, 4]) answers.push(yield* receive(slave, mark));
      expect(answers).toEqual([NET_RX_SUCCESS, NET_RX_DROP, NET_RX_SUCCESS, NET_RX_SUCCESS]);
      expect(slave.core_stats.rx_nohandler).toBe(1);
      yield* rtnl_lock(k);
      yield* netdev_rx_handler_unregister(slave);
      yield* rtnl_unlock(k);
      yield* receive(slave, 4);
      expect(seen).toEqual([
        '3 on slave from slave',
        '4 on bond from slave',
        '4 on slave from slave',
      ]);
    });
  });

  it('a tap sees frames of both directions', () => {
    const k = bareKernel();
    const seen: string[] = [];
    runTask(k, function* () {
      const dev = yield* opened(testDevice(k, 'eth%d'));
      dev_add_pack(k, {
        type: ETH_P_ALL,
        *func(skb) {
          seen.push(`${skb.pkt_type === PACKET_OUTGOING ? 'out' : 'in'} ${markOf(skb)}`);
          return NET_RX_SUCCESS;
        },
      });
      yield* xmit(dev, 1);
      yield* receive(dev, 2);
      expect(seen).toEqual(['out 1', 'in 2']);
    });
  });

  it('a frame without a poll function waits in the backlog, and the backlog has an end', () => {
    const k = bareKernel();
    let got = 0;
    runTask(k, function* () {
      const dev = yield* opened(testDevice(k, 'eth%d'));
      dev_add_pack(k, {
        type,
        *func() {
          got++;
          return NET_RX_SUCCESS;
        },
      });
      k.net.sysctls.netdev_max_backlog = 5;
      k.sim.cpus.adjust('softirqDepth', 1);
      const answers: number[] = [];
      for (let n = 0; n < 8; n++) answers.push(yield* netif_rx(new SkBuff(frame(n), dev, type)));
      k.sim.cpus.adjust('softirqDepth', -1);
      expect(answers).toEqual([0, 0, 0, 0, 0, 0, NET_RX_DROP, NET_RX_DROP]);
      yield* msleep(k, 5);
      expect(got).toBe(6);
    });
  });
});

describe('a list of buffers', () => {
  it('is first in, first out, and takes one back at the front', () => {
    const k = bareKernel();
    const dev = testDevice(k, 'eth%d');
    const queue = new SkbQueue();
    const [a, b, c] = [1, 2, 3].map((mark) => alloc_skb(frame(mark), dev, type));
    queue.push(b!);
    queue.push(c!);
    queue.unshift(a!);
    expect([queue.qlen, queue.last]).toEqual([3, c]);
    expect(queue.shift()).toBe(a);
    queue.push(a!);
    expect(queue.takeAll()).toEqual([b, c, a]);
    expect([queue.qlen, queue.last, queue.shift()]).toEqual([0, null, null]);
  });
});
