// The network's softirqs (net/core/dev.c: net_rx_action, net_tx_action; kernel/softirq.c): for each
// CPU a list of poll functions, a backlog for frames that the machine sends to itself, and the
// transmit queues that may go on. A run ends after its budget or its time. When it ends that way
// again and again, the rest is left to ksoftirqd, a task, so that a flood of frames cannot keep
// other tasks off the CPU. Left out: receive packet steering, flow limits.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { local_bh_disable, local_bh_enable } from '../locking/spinlock.ts';
import { rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import { cond_resched, kthread_run } from '../sched.ts';
import { wait_event_idle, wakeAll, WaitQueue } from '../wait.ts';
import { Napi, napi_poll } from './napi.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from './flags.ts';
import type { NetDevice, NetdevQueue } from './netdevice.ts';
import { __netif_receive_skb } from './receive.ts';
import { SkbQueue } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { qdisc_run } from './xmit.ts';

/** Runs in a row that a softirq may ask for itself (MAX_SOFTIRQ_RESTART). */
const restartsMax = 10;

/** struct softnet_data: what one CPU has to do. */
export class SoftnetData {
  readonly k: Kernel;
  readonly cpu: number;
  /** Poll functions that are scheduled here. */
  readonly poll_list: Napi[] = [];
  /** Frames for process_backlog(). */
  readonly input_pkt_queue = new SkbQueue();
  readonly backlog: Napi;
  /** Transmit queues that may go on. */
  readonly output_queue: NetdevQueue[] = [];
  /** Depth of devices without queue that send through each other. */
  recursion = 0;
  processed = 0;
  dropped = 0;
  time_squeeze = 0;
  rxRaised = false;
  txRaised = false;
  /** Runs of NET_RX that asked for the next one themselves. */
  restarts = 0;
  /** ksoftirqd/N has taken over, or sleeps; null until it was needed once. */
  readonly ksoftirqdWake: WaitQueue;
  ksoftirqdStarted = false;
  ksoftirqdRuns = false;
  readonly rxHandler: () => Atomic<void>;
  readonly txHandler: () => Atomic<void>;

  constructor(k: Kernel, cpu: number) {
    this.k = k;
    this.cpu = cpu;
    this.backlog = new Napi(k, null, (quota) => process_backlog(this, quota));
    this.backlog.scheduled = false;
    this.backlog.disabled = false;
    this.ksoftirqdWake = new WaitQueue(k, `ksoftirqd/${cpu}`);
    this.rxHandler = () => net_rx_action(this);
    this.txHandler = () => net_tx_action(this);
  }
}

/** Asks for a NET_RX run on the CPU. */
export function raiseNetRx(softnet: SoftnetData): void {
  if (softnet.rxRaised || softnet.ksoftirqdRuns) return;
  softnet.rxRaised = true;
  softnet.k.sim.cpus.request(softnet.cpu, 'softirq', 'NET_RX', softnet.rxHandler);
}

function raiseNetTx(softnet: SoftnetData): void {
  if (softnet.txRaised) return;
  softnet.txRaised = true;
  softnet.k.sim.cpus.request(softnet.cpu, 'softirq', 'NET_TX', softnet.txHandler);
}

/** Has a transmit queue go on, in a NET_TX softirq of this CPU. */
export function __netif_schedule(queue: NetdevQueue): void {
  if (queue.scheduled) return;
  queue.scheduled = true;
  const { k } = queue.dev;
  const softnet = k.net.softnet[k.sim.currentOrNull?.cpu ?? 0]!;
  softnet.output_queue.push(queue);
  raiseNetTx(softnet);
}

/** Polls what is scheduled until all have done less than they could, or the budget is used up. */
function* pollList(softnet: SoftnetData): Atomic<void> {
  const { k, poll_list } = softnet;
  const { netdev_budget, netdev_budget_usecs } = k.net.sysctls;
  const endNs = k.sim.now() + netdev_budget_usecs * 1000;
  const list = poll_list.splice(0);
  const repoll: Napi[] = [];
  const done = { work: 0 };
  yield* rcu_read_lock(k);
  for (let napi = list.shift(); napi !== undefined; napi = list.shift()) {
    if (yield* napi_poll(napi, done)) repoll.push(napi);
    if (done.work < netdev_budget && k.sim.now() < endNs) continue;
    softnet.time_squeeze++;
    break;
  }
  yield* rcu_read_unlock(k);
  poll_list.unshift(...list);
  poll_list.push(...repoll);
}

function* net_rx_action(softnet: SoftnetData): Atomic<void> {
  softnet.rxRaised = false;
  yield* pollList(softnet);
  if (softnet.poll_list.length === 0) {
    softnet.restarts = 0;
    return;
  }
  if (++softnet.restarts < restartsMax) raiseNetRx(softnet);
  else wakeKsoftirqd(softnet);
}

function wakeKsoftirqd(softnet: SoftnetData): void {
  const { k, cpu } = softnet;
  softnet.restarts = 0;
  softnet.ksoftirqdRuns = true;
  if (softnet.ksoftirqdStarted) {
    wakeAll(softnet.ksoftirqdWake);
    return;
  }
  softnet.ksoftirqdStarted = true;
  kthread_run(k, `ksoftirqd/${cpu}`, `ksoftirqd/${cpu}`, () => ksoftirqd(softnet));
}

function* ksoftirqd(softnet: SoftnetData): MaySleep<void> {
  const { k } = softnet;
  for (;;) {
    yield* wait_event_idle(softnet.ksoftirqdWake, () => softnet.ksoftirqdRuns);
    while (softnet.poll_list.length > 0) {
      yield* local_bh_disable(k);
      yield* pollList(softnet);
      yield* local_bh_enable(k);
      yield* cond_resched(k);
    }
    softnet.ksoftirqdRuns = false;
  }
}

/** The poll function of the backlog. */
function* process_backlog(softnet: SoftnetData, quota: number): Atomic<number> {
  let work = 0;
  while (work < quota) {
    const skb = softnet.input_pkt_queue.shift();
    if (skb === null) {
      softnet.backlog.scheduled = false;
      softnet.backlog.missed = false;
      return work;
    }
    work++;
    softnet.processed++;
    yield* __netif_receive_skb(skb);
  }
  return work;
}

/** Takes a frame in on this CPU, in a softirq that comes: for frames without a poll function. */
export function* netif_rx(skb: SkBuff): Atomic<number> {
  const { k } = skb.dev;
  const softnet = k.net.softnet[k.sim.current.cpu]!;
  if (!skb.dev.running || softnet.input_pkt_queue.qlen > k.net.sysctls.netdev_max_backlog) {
    softnet.dropped++;
    skb.dev.core_stats.rx_dropped++;
    return NET_RX_DROP;
  }
  softnet.input_pkt_queue.push(skb);
  if (!softnet.backlog.scheduled) {
    softnet.backlog.scheduled = true;
    softnet.poll_list.push(softnet.backlog);
    raiseNetRx(softnet);
  }
  return NET_RX_SUCCESS;
}

function* net_tx_action(softnet: SoftnetData): Atomic<void> {
  softnet.txRaised = false;
  for (const queue of softnet.output_queue.splice(0)) {
    queue.scheduled = false;
    yield* qdisc_run(queue);
  }
}

/** flush_all_backlogs(): frames that came from a device that goes. */
export function flushBacklogs(dev: NetDevice): void {
  for (const softnet of dev.k.net.softnet) {
    for (const skb of softnet.input_pkt_queue.takeAll()) {
      if (skb.dev !== dev) softnet.input_pkt_queue.push(skb);
    }
  }
}
