// Sending (net/core/dev.c, net/sched/sch_generic.c): choose a queue, send at once when nothing
// waits, else queue up. One context at a time sends from a queue (`running`, qdisc->seqlock in
// Linux); others only add to it. NETDEV_TX_BUSY and a stopped queue put the packet back. Runs for
// every packet: the only points are those of the queue's lock.
// Left out: GSO and software checksums (drivers of the slice do CHECKSUM_PARTIAL), traffic classes,
// egress hooks.

import type { Atomic } from '#sim/task.ts';
import { preempt } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { ENETDOWN } from '../errno.ts';
import { spin_lock, spin_unlock } from '../locking/spinlock.ts';
import { KERN_CRIT, printk } from '../printk.ts';
import { rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import {
  IFF_NO_QUEUE,
  IFF_UP,
  NET_XMIT_CN,
  NET_XMIT_DROP,
  NET_XMIT_SUCCESS,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
  NETIF_F_LLTX,
} from './flags.ts';
import type { NetDevice, NetdevQueue } from './netdevice.ts';
import { dev_queue_xmit_nit } from './receive.ts';
import type { SkBuff } from './skb.ts';
import { __netif_schedule } from './softnet.ts';

/** Devices without queue that may send through each other (XMIT_RECURSION_LIMIT). */
const recursionMax = 8;

/** Records a packet that the stack throws away. */
export function dropPacket(dev: NetDevice, reason: string): void {
  const { trace } = dev.k;
  trace.emit(K['packet.drop'], trace.intern(dev.name), trace.intern(reason));
}

/** The driver's choice, or one queue for each CPU, as XPS has it. */
function netdev_core_pick_tx(dev: NetDevice, skb: SkBuff): NetdevQueue {
  const count = dev.real_num_tx_queues;
  if (count === 1) {
    skb.queue_mapping = 0;
    return dev.txQueues[0]!;
  }
  const select = dev.ops.ndo_select_queue;
  const index = select === undefined ? dev.k.sim.current.cpu : select(dev, skb);
  skb.queue_mapping = index % count;
  return dev.txQueues[skb.queue_mapping]!;
}

/** Gives a packet to the driver; the queue's lock is held. */
function* dev_hard_start_xmit(skb: SkBuff, dev: NetDevice, queue: NetdevQueue): Atomic<number> {
  if (dev.k.net.packetTypes.taps.length > 0) yield* dev_queue_xmit_nit(skb, dev);
  const rc = yield* dev.ops.ndo_start_xmit(skb, dev);
  if (rc === NETDEV_TX_OK) queue.trans_start = dev.k.jiffies;
  return rc;
}

/** Sends one packet; false when it went back to the queue. */
function* sch_direct_xmit(skb: SkBuff, queue: NetdevQueue): Atomic<boolean> {
  const { dev } = queue;
  let sent = false;
  yield* spin_lock(queue._xmit_lock);
  if (!queue.stopped && !queue.frozen) {
    sent = (yield* dev_hard_start_xmit(skb, dev, queue)) === NETDEV_TX_OK;
  }
  yield* spin_unlock(queue._xmit_lock);
  if (!sent) queue.backlog.unshift(skb);
  return sent;
}

/** Sends what waits, up to the weight; the rest is left to a softirq. The caller set `running`. */
function* __qdisc_run(queue: NetdevQueue): Atomic<void> {
  const { dev } = queue;
  let quota = dev.k.net.sysctls.dev_weight;
  while (dev.qdiscActive) {
    if (queue.stopped || queue.frozen) return;
    const skb = queue.backlog.shift();
    if (skb === null) return;
    if (!(yield* sch_direct_xmit(skb, queue))) {
      // BUSY without a stopped queue: nobody will wake it, so it is tried again.
      if (!queue.stopped && !queue.frozen) __netif_schedule(queue);
      return;
    }
    if (--quota <= 0) {
      __netif_schedule(queue);
      return;
    }
  }
}

/** Sends what waits in a queue, unless somebody does already. */
export function* qdisc_run(queue: NetdevQueue): Atomic<void> {
  if (queue.running) return;
  queue.running = true;
  yield* __qdisc_run(queue);
  queue.running = false;
}

/** The discipline throws the packet away; the device's own counters do not see it. */
function dropByQdisc(queue: NetdevQueue, reason: string, answer: number): number {
  queue.dropped++;
  dropPacket(queue.dev, reason);
  return answer;
}

function dropByDevice(dev: NetDevice, reason: string): number {
  dev.core_stats.tx_dropped++;
  dropPacket(dev, reason);
  return -ENETDOWN;
}

/** Through the queue's discipline. */
function* __dev_xmit_skb(skb: SkBuff, queue: NetdevQueue): Atomic<number> {
  const { dev, backlog } = queue;
  if (!dev.qdiscActive) return dropByQdisc(queue, 'no active queue', NET_XMIT_CN);
  if (backlog.qlen === 0 && !queue.running) {
    queue.running = true;
    if (yield* sch_direct_xmit(skb, queue)) {
      if (backlog.qlen > 0) yield* __qdisc_run(queue);
    } else if (!queue.stopped && !queue.frozen) __netif_schedule(queue);
    queue.running = false;
    return NET_XMIT_SUCCESS;
  }
  if (backlog.qlen >= dev.tx_queue_len) return dropByQdisc(queue, 'queue full', NET_XMIT_DROP);
  backlog.push(skb);
  yield* qdisc_run(queue);
  return NET_XMIT_SUCCESS;
}

/** Devices without queue: loopback, bonds. */
function* xmitWithoutQueue(skb: SkBuff, queue: NetdevQueue): Atomic<number> {
  const { dev } = queue;
  const { k } = dev;
  const softnet = k.net.softnet[k.sim.current.cpu]!;
  if (!dev.qdiscActive) return dropByQdisc(queue, 'no active queue', NET_XMIT_CN);
  if ((dev.flags & IFF_UP) === 0) return dropByDevice(dev, 'device is down');
  if (softnet.recursion >= recursionMax) {
    printk(k, KERN_CRIT, `Dead loop on virtual device ${dev.name}, fix it urgently!`);
    return dropByDevice(dev, 'dead loop');
  }
  const locked = (dev.features & NETIF_F_LLTX) === 0;
  yield* rcu_read_lock(k);
  if (locked) yield* spin_lock(queue._xmit_lock);
  softnet.recursion++;
  const rc = yield* dev_hard_start_xmit(skb, dev, queue);
  softnet.recursion--;
  if (locked) yield* spin_unlock(queue._xmit_lock);
  yield* rcu_read_unlock(k);
  // dev_xmit_complete(): whatever is below BUSY took the packet, NET_XMIT_DROP included.
  if (rc < NETDEV_TX_BUSY) return rc;
  printk(k, KERN_CRIT, `Virtual device ${dev.name} asks to queue packet!`);
  return dropByDevice(dev, 'busy');
}

/** Sends a frame through its device. NET_XMIT_SUCCESS, NET_XMIT_DROP or a negative error. */
export function* dev_queue_xmit(skb: SkBuff): Atomic<number> {
  const { dev } = skb;
  const { sim } = dev.k;
  sim.cpus.adjust('softirqDepth', 1);
  const queue = netdev_core_pick_tx(dev, skb);
  const result =
    (dev.priv_flags & IFF_NO_QUEUE) === 0
      ? yield* __dev_xmit_skb(skb, queue)
      : yield* xmitWithoutQueue(skb, queue);
  sim.cpus.adjust('softirqDepth', -1);
  // Softirqs that were asked for meanwhile run when bottom halves come on again.
  if (sim.cpus.pending > 0 && sim.point(K.preempt, 0)) yield preempt;
  return result;
}

export { dev_activate, dev_deactivate } from './qdisc.ts';
