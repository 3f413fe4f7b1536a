// struct timer_list and its calls (kernel/time/timer.c). A callback runs in softirq context on CPU
// 0. A timer may be armed again while its callback runs.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { cpu_relax, currentActor } from '../sched.ts';
import type { Expiry } from './timer-wheel.ts';

export class Timer {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  readonly resource: Resource;
  /** Jiffy for which the timer is armed. */
  expires = 0;
  expiry: Expiry | null = null;
  /** The context that runs the callback. */
  running: Task | null = null;
  readonly fn: () => Atomic<void>;

  constructor(k: Kernel, name: string, fn: () => Atomic<void>) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'flush');
    this.fn = fn;
  }
}

export const timer_setup = (k: Kernel, name: string, fn: () => Atomic<void>): Timer =>
  new Timer(k, name, fn);

export const timer_pending = (timer: Timer): boolean => timer.expiry !== null;

function* call_timer_fn(timer: Timer): Atomic<void> {
  const { k } = timer;
  timer.expiry = null;
  timer.running = k.sim.current;
  const actor = currentActor(k);
  k.graph.hold(timer.resource, actor, 'callback');
  if (k.sim.point(K['timer.fire'], timer.object)) yield preempt;
  yield* timer.fn();
  timer.running = null;
  k.graph.release(timer.resource, actor);
}

/** Arms the timer for a jiffy, whether it was armed or not. True when it was. */
export function* mod_timer(timer: Timer, expires: number): Atomic<boolean> {
  const { k } = timer;
  if (k.sim.point(K['timer.arm'], timer.object)) yield preempt;
  return __mod_timer(timer, expires);
}

/** mod_timer() without a point of its own. */
export function __mod_timer(timer: Timer, expires: number): boolean {
  const was = detach_if_pending(timer);
  timer.expires = expires;
  timer.expiry = timer.k.timers.arm(expires, () => call_timer_fn(timer));
  return was;
}

/** Arms the timer for timer.expires. */
export function* add_timer(timer: Timer): Atomic<void> {
  yield* mod_timer(timer, timer.expires);
}

/** Takes the timer off the wheel. True when it was armed. */
export function detach_if_pending(timer: Timer): boolean {
  const was = timer.expiry !== null;
  timer.expiry?.cancel();
  timer.expiry = null;
  return was;
}

/** Disarms; does not wait for a running callback. True when it was armed. */
export function* del_timer(timer: Timer): Atomic<boolean> {
  if (timer.k.sim.point(K['timer.cancel'], timer.object)) yield preempt;
  return detach_if_pending(timer);
}

/**
 * Disarms and waits, busily, for a running callback; one that arms its timer again is disarmed,
 * too. Not for the callback itself, nor with a lock that it takes: both wait for ever, as in the
 * kernel.
 */
export function* del_timer_sync(timer: Timer): Atomic<boolean> {
  const { k } = timer;
  if (k.sim.point(K['timer.cancel'], timer.object)) yield preempt;
  if (timer.running === null) return detach_if_pending(timer);
  const actor = currentActor(k);
  k.graph.wait(actor, timer.resource);
  while (timer.running !== null) yield* cpu_relax(k);
  k.graph.endWait(actor, timer.resource);
  return detach_if_pending(timer);
}

/** Rounds a jiffy to a full second, as CPU 0 does: down when less than a quarter over, else up. */
export function round_jiffies(k: Kernel, jiffies: number): number {
  const rest = ((jiffies % k.HZ) + k.HZ) % k.HZ;
  const rounded = rest < k.HZ / 4 ? jiffies - rest : jiffies - rest + k.HZ;
  return rounded > k.jiffies ? rounded : jiffies;
}

/** round_jiffies() for a delay from now. */
export const round_jiffies_relative = (k: Kernel, delta: number): number =>
  round_jiffies(k, k.jiffies + delta) - k.jiffies;

/** Milliseconds to jiffies, rounded up. */
export const msecs_to_jiffies = (k: Kernel, milliseconds: number): number =>
  Math.ceil((milliseconds * k.HZ) / 1000);
