// NAPI (net/core/dev.c): a driver's poll function, run by the NET_RX softirq of the CPU on which it
// was scheduled, until it has done less than its budget. Two bits order everything: SCHED (somebody
// owns it) and MISSED (scheduled again meanwhile). The operations on them are atomic instructions,
// so they are no points here. Left out: busy polling, threads, GRO (frames go up one by one),
// deferred interrupts.

import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { synchronize_rcu } from '../rcu.ts';
import { might_sleep } from '../sched.ts';
import { msleep, usleep } from '../time/delay.ts';
import type { NetDevice } from './netdevice.ts';
import { netif_receive_skb } from './receive.ts';
import type { SkBuff } from './skb.ts';
import { raiseNetRx } from './softnet.ts';

/** Frames that one call of a poll function may take. */
export const NAPI_POLL_WEIGHT = 64;

/** Takes up to `budget` frames and says how many; fewer, and it has called napi_complete_done(). */
export type NapiPoll = (budget: number) => Atomic<number>;

export class Napi {
  readonly k: Kernel;
  /** Null for the backlog of a CPU. */
  readonly dev: NetDevice | null;
  readonly poll: NapiPoll;
  weight = NAPI_POLL_WEIGHT;
  /** NAPI_STATE_SCHED: on a CPU's list, being polled, or switched off. */
  scheduled = true;
  /** NAPI_STATE_MISSED. */
  missed = false;
  /** NAPI_STATE_DISABLE: somebody waits in napi_disable(). */
  disabling = false;
  /** NAPI_STATE_NPSVC: switched off. */
  disabled = true;

  constructor(k: Kernel, dev: NetDevice | null, poll: NapiPoll) {
    this.k = k;
    this.dev = dev;
    this.poll = poll;
  }
}

/** A poll function for a device, switched off until napi_enable(). */
export function netif_napi_add(dev: NetDevice, poll: NapiPoll): Napi {
  const napi = new Napi(dev.k, dev, poll);
  dev.napi_list.push(napi);
  return napi;
}

/** Takes a poll function, which is switched off, away from its device. */
export function* netif_napi_del(napi: Napi): MaySleep<void> {
  const list = napi.dev?.napi_list;
  const at = list?.indexOf(napi) ?? -1;
  if (at < 0) return;
  list!.splice(at, 1);
  yield* synchronize_rcu(napi.k);
}

export function* napi_enable(napi: Napi): Atomic<void> {
  if (!napi.scheduled) throw new Oops('kernel BUG at net/core/dev.c:6558!');
  napi.scheduled = false;
  napi.disabled = false;
}

/** Waits until the poll function does not run and nobody has scheduled it; then it cannot be. */
export function* napi_disable(napi: Napi): MaySleep<void> {
  const { k } = napi;
  might_sleep(k);
  napi.disabling = true;
  while (napi.scheduled || napi.disabled) yield* usleep(k, 20);
  napi.scheduled = true;
  napi.disabled = true;
  napi.disabling = false;
}

/** Waits for the end of a poll that is under way. */
export function* napi_synchronize(napi: Napi): MaySleep<void> {
  while (napi.scheduled) yield* msleep(napi.k, 1);
}

/**
 * True when the caller has to put it on a list; otherwise whoever owns it is told to look again.
 */
function napi_schedule_prep(napi: Napi): boolean {
  if (napi.disabling) return false;
  if (napi.scheduled) {
    napi.missed = true;
    return false;
  }
  napi.scheduled = true;
  return true;
}

function __napi_schedule(napi: Napi): void {
  const { k } = napi;
  const softnet = k.net.softnet[k.sim.current.cpu]!;
  softnet.poll_list.push(napi);
  raiseNetRx(softnet);
}

/** Has the poll function called soon, on this CPU. For interrupts and softirqs. */
export function* napi_schedule(napi: Napi): Atomic<void> {
  if (napi_schedule_prep(napi)) __napi_schedule(napi);
}

/** As napi_schedule(), with interrupts off. */
export const napi_schedule_irqoff = napi_schedule;

/**
 * The poll function is done for now. False when it was scheduled again meanwhile (it will be called
 * again): then the driver must not switch its interrupt on.
 */
export function* napi_complete_done(napi: Napi, _done: number): Atomic<boolean> {
  if (napi.disabled) return false;
  if (napi.missed) {
    napi.missed = false;
    __napi_schedule(napi);
    return false;
  }
  napi.scheduled = false;
  return true;
}

/** Calls the poll function once. True when it used up its budget and wants more. */
export function* napi_poll(napi: Napi, done: { work: number }): Atomic<boolean> {
  if (!napi.scheduled) return false;
  const work = yield* napi.poll(napi.weight);
  done.work += work;
  if (work < napi.weight) return false;
  if (napi.disabling) {
    yield* napi_complete_done(napi, work);
    return false;
  }
  return true;
}

/** A received frame of a poll function goes up the stack. */
export function* napi_gro_receive(_napi: Napi, skb: SkBuff): Atomic<number> {
  return yield* netif_receive_skb(skb);
}
