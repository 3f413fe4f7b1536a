// The neighbour table (net/core/neighbour.c): who has an IPv4 address on which device, with the
// states of reachability and one timer each. Packets for an address that is being asked for wait,
// three at most. An entry holds its device. What asks and answers is ARP's business (arp.ts),
// handed in as NeighOps. neigh->lock is not modelled: changes of state contain no point. Not random
// here: reachable_time (30 s; Linux draws 15 to 45). Left out: garbage collection (it starts at 128
// entries), proxies, confirmation by upper protocols.

import type { Atomic } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { del_timer, mod_timer, timer_setup } from '../time/timer.ts';
import type { Timer } from '../time/timer.ts';
import * as params from './neigh-params.ts';
import { dev_hold, dev_put } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import { SkbQueue } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { dev_queue_xmit, dropPacket } from './xmit.ts';

/** NUD_*: what is known of a neighbour. */
export type NeighState =
  | 'none'
  | 'incomplete'
  | 'reachable'
  | 'stale'
  | 'delay'
  | 'probe'
  | 'failed'
  | 'noarp'
  | 'permanent';

const hasAddress: ReadonlySet<NeighState> = new Set<NeighState>([
  'permanent',
  'noarp',
  'reachable',
  'probe',
  'stale',
  'delay',
]);
const connected: ReadonlySet<NeighState> = new Set<NeighState>(['permanent', 'noarp', 'reachable']);
const timed: ReadonlySet<NeighState> = new Set<NeighState>([
  'incomplete',
  'reachable',
  'delay',
  'probe',
]);

/** NUD_VALID: the MAC may be used. */
export const isValidState = (state: NeighState): boolean => hasAddress.has(state);

/** What the protocol does for the table. */
export interface NeighOps {
  /** Asks for the neighbour; `skb` is a packet that waits for it. */
  solicit(neigh: Neighbour, skb: SkBuff | null): Atomic<void>;
  /** The packet cannot be sent. */
  error_report(neigh: Neighbour, skb: SkBuff): Atomic<void>;
}

/** An entry (struct neighbour). Times are jiffies. */
export class Neighbour {
  readonly dev: NetDevice;
  /** IPv4 address. */
  readonly primary_key: number;
  readonly ha = new Uint8Array(6);
  nud_state: NeighState = 'none';
  /** Last proof that it can be reached; last use; last change. */
  confirmed: number;
  used: number;
  updated: number;
  probes = 0;
  dead = false;
  readonly arp_queue = new SkbQueue();
  readonly timer: Timer;

  constructor(tbl: NeighTable, dev: NetDevice, key: number) {
    const { k } = tbl;
    this.dev = dev;
    this.primary_key = key;
    this.used = this.updated = k.jiffies;
    this.confirmed = k.jiffies - 2 * params.BASE_REACHABLE_TIME * k.HZ;
    this.timer = timer_setup(k, `neigh ${key} on ${dev.name}`, () =>
      neigh_timer_handler(tbl, this),
    );
  }
}

/** arp_tbl of one machine. */
export class NeighTable {
  readonly k: Kernel;
  readonly ops: NeighOps;
  private readonly byDevice = new Map<NetDevice, Map<number, Neighbour>>();

  constructor(k: Kernel, ops: NeighOps) {
    this.k = k;
    this.ops = ops;
  }

  /** Every entry, by device and age. */
  get entries(): Neighbour[] {
    return [...this.byDevice.values()].flatMap((entries) => [...entries.values()]);
  }

  lookup(key: number, dev: NetDevice): Neighbour | undefined {
    return this.byDevice.get(dev)?.get(key);
  }

  /** Puts a new entry in; the reference follows. */
  add(neigh: Neighbour): void {
    const entries = this.byDevice.get(neigh.dev);
    if (entries !== undefined) entries.set(neigh.primary_key, neigh);
    else this.byDevice.set(neigh.dev, new Map([[neigh.primary_key, neigh]]));
  }

  take(neigh: Neighbour): void {
    const entries = this.byDevice.get(neigh.dev);
    entries?.delete(neigh.primary_key);
    if (entries?.size === 0) this.byDevice.delete(neigh.dev);
  }
}

/** Makes an entry; `prepare` sets what is known of special addresses. */
export function* neigh_create(
  tbl: NeighTable,
  key: number,
  dev: NetDevice,
  prepare: (neigh: Neighbour) => void,
): Atomic<Neighbour> {
  const neigh = new Neighbour(tbl, dev, key);
  prepare(neigh);
  tbl.add(neigh);
  yield* dev_hold(dev, null, 'neighbour');
  return neigh;
}

/** Removes an entry: its timer, its packets, its hold. */
function* neigh_cleanup_and_release(tbl: NeighTable, neigh: Neighbour): Atomic<void> {
  tbl.take(neigh);
  neigh.dead = true;
  neigh.nud_state = isValidState(neigh.nud_state) ? 'noarp' : 'none';
  for (const _ of neigh.arp_queue.takeAll()) dropPacket(neigh.dev, 'neighbour is gone');
  yield* del_timer(neigh.timer);
  yield* dev_put(neigh.dev);
}

/** Removes the entries of a device (null: of all), but for permanent ones when `keepPermanent`. */
export function* neigh_flush_dev(
  tbl: NeighTable,
  dev: NetDevice | null,
  keepPermanent = false,
): Atomic<void> {
  for (const neigh of tbl.entries) {
    if (dev !== null && neigh.dev !== dev) continue;
    if (keepPermanent && neigh.nud_state === 'permanent') continue;
    yield* neigh_cleanup_and_release(tbl, neigh);
  }
}

/** Removes one entry. */
export const neigh_remove_one = (tbl: NeighTable, neigh: Neighbour): Atomic<void> =>
  neigh_cleanup_and_release(tbl, neigh);

const neigh_max_probes = (neigh: Neighbour): number =>
  params.UCAST_PROBES + (neigh.nud_state === 'probe' ? 0 : params.MCAST_PROBES);

function* neigh_probe(tbl: NeighTable, neigh: Neighbour): Atomic<void> {
  yield* tbl.ops.solicit(neigh, neigh.arp_queue.last);
  neigh.probes++;
}

/** Nobody answered: every packet that waits is an error. */
function* neigh_invalidate(tbl: NeighTable, neigh: Neighbour): Atomic<void> {
  neigh.updated = tbl.k.jiffies;
  for (const skb of neigh.arp_queue.takeAll()) yield* tbl.ops.error_report(neigh, skb);
}

/** State after the timer fired; gives the jiffy of the next look. */
function nextState(tbl: NeighTable, neigh: Neighbour): number {
  const { jiffies: now, HZ } = tbl.k;
  const reachable = params.BASE_REACHABLE_TIME * HZ;
  const delay = params.DELAY_PROBE_TIME * HZ;
  const become = (state: NeighState, next: number): number => {
    neigh.nud_state = state;
    neigh.updated = now;
    return next;
  };
  if (neigh.nud_state === 'reachable') {
    if (now <= neigh.confirmed + reachable) return neigh.confirmed + reachable;
    if (now <= neigh.used + delay) return become('delay', now + delay);
    return become('stale', now);
  }
  if (neigh.nud_state === 'delay') {
    if (now <= neigh.confirmed + delay) return become('reachable', neigh.confirmed + reachable);
    neigh.probes = 0;
    return become('probe', now + params.RETRANS_TIME * HZ);
  }
  return now + params.RETRANS_TIME * HZ;
}

const isAsking = (neigh: Neighbour): boolean =>
  neigh.nud_state === 'incomplete' || neigh.nud_state === 'probe';

function* neigh_timer_handler(tbl: NeighTable, neigh: Neighbour): Atomic<void> {
  const { k } = tbl;
  if (neigh.dead || !timed.has(neigh.nud_state)) return;
  const next = nextState(tbl, neigh);
  if (isAsking(neigh) && neigh.probes >= neigh_max_probes(neigh)) {
    neigh.nud_state = 'failed';
    yield* neigh_invalidate(tbl, neigh);
    return;
  }
  const least = k.jiffies + Math.floor(k.HZ / 100);
  if (timed.has(neigh.nud_state)) yield* mod_timer(neigh.timer, Math.max(next, least));
  if (isAsking(neigh)) yield* neigh_probe(tbl, neigh);
}

/**
 * A packet is to be sent and the MAC is not sure: true when it may go, else it waits or is lost.
 */
function* neigh_event_send(tbl: NeighTable, neigh: Neighbour, skb: SkBuff): Atomic<boolean> {
  const { k } = tbl;
  neigh.used = k.jiffies;
  const state = neigh.nud_state;
  if (connected.has(state) || state === 'delay' || state === 'probe') return true;
  if (neigh.dead) {
    dropPacket(neigh.dev, 'neighbour is gone');
    return false;
  }
  if (state === 'stale') {
    neigh.nud_state = 'delay';
    neigh.updated = k.jiffies;
    yield* mod_timer(neigh.timer, k.jiffies + params.DELAY_PROBE_TIME * k.HZ);
    return true;
  }
  if (neigh.arp_queue.qlen >= params.NEIGH_QUEUE_LEN) {
    neigh.arp_queue.shift();
    dropPacket(neigh.dev, 'neighbour queue full');
  }
  neigh.arp_queue.push(skb);
  if (state === 'incomplete') return false;
  neigh.probes = params.UCAST_PROBES;
  neigh.nud_state = 'incomplete';
  neigh.updated = k.jiffies;
  yield* mod_timer(neigh.timer, k.jiffies + params.RETRANS_TIME * k.HZ);
  yield* neigh_probe(tbl, neigh);
  return false;
}

/** Writes the MACs and sends. */
function* sendTo(neigh: Neighbour, skb: SkBuff): Atomic<number> {
  const { data } = skb;
  data.set(neigh.ha, 0);
  data.set(neigh.dev.dev_addr, 6);
  return yield* dev_queue_xmit(skb);
}

/** Sends a packet to a neighbour, now or when it is known. 0 or the answer of dev_queue_xmit(). */
export function* neigh_output(tbl: NeighTable, neigh: Neighbour, skb: SkBuff): Atomic<number> {
  const state = neigh.nud_state;
  if (state !== 'reachable' && state !== 'noarp' && state !== 'permanent') {
    if (!(yield* neigh_event_send(tbl, neigh, skb))) return 0;
  }
  return yield* sendTo(neigh, skb);
}

const sameMac = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at]);

/** What neigh_update() makes of a valid new state; null when nothing is to change. */
function acceptedState(
  neigh: Neighbour,
  same: boolean,
  state: NeighState,
  override: boolean,
): NeighState | null {
  if (!isValidState(neigh.nud_state)) return state;
  if (!same && !override) return null;
  return same && state === 'stale' ? neigh.nud_state : state;
}

/** The packets that waited for the MAC. */
function* sendWaiting(neigh: Neighbour): Atomic<void> {
  while (isValidState(neigh.nud_state)) {
    const skb = neigh.arp_queue.shift();
    if (skb === null) return;
    yield* sendTo(neigh, skb);
  }
}

/**
 * Somebody told where the neighbour is (neigh_update). `override`: the MAC may replace another one.
 * `admin`: user space says so.
 */
export function* neigh_update(
  tbl: NeighTable,
  neigh: Neighbour,
  mac: Uint8Array,
  state: NeighState,
  override: boolean,
  admin = false,
): Atomic<void> {
  const { k } = tbl;
  const old = neigh.nud_state;
  if (neigh.dead || (!admin && (old === 'noarp' || old === 'permanent'))) return;
  if (connected.has(state)) neigh.confirmed = k.jiffies;
  const same = isValidState(old) && sameMac(neigh.ha, mac);
  const accepted = acceptedState(neigh, same, state, override);
  if (accepted === null) return;
  if (accepted !== old || !same) neigh.updated = k.jiffies;
  neigh.nud_state = accepted;
  if (!same) {
    neigh.ha.set(mac);
    if (!connected.has(accepted)) {
      neigh.confirmed = k.jiffies - 2 * params.BASE_REACHABLE_TIME * k.HZ;
    }
  }
  if (accepted === old) return;
  yield* del_timer(neigh.timer);
  if (accepted === 'reachable') {
    yield* mod_timer(neigh.timer, k.jiffies + params.BASE_REACHABLE_TIME * k.HZ);
  }
  if (!isValidState(old)) yield* sendWaiting(neigh);
}
