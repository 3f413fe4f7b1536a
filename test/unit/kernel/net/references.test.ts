// The wait for the last reference of a netdev: times, counts, texts, stack, and what the wait graph
// makes of it. The expected numbers are those measured on a real kernel (facts/driver 7.2b).

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { NETDEV_UNREGISTER } from '#kernel/net/events.ts';
import { dev_hold, dev_put } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdevice_notifier } from '#kernel/net/notifier.ts';
import { register_netdev, register_netdevice } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { unregister_netdev, unregister_netdevice_many } from '#kernel/net/unregister.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import { KERN_EMERG } from '#kernel/printk.ts';
import { kthread_run } from '#kernel/sched.ts';
import { procStackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import { alloc_ordered_workqueue, INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';

const warnings = (k: Kernel): { timeNs: number; count: number }[] =>
  k.log.records
    .filter((record) => record.text.startsWith('unregister_netdevice: waiting for'))
    .map(({ timeNs, text }) => ({ timeNs, count: Number(/= (\d+)$/.exec(text)![1]) }));

interface Story {
  readonly k: Kernel;
  readonly dev: NetDevice;
  /** Virtual times at which UNREGISTER came again. */
  readonly rebroadcasts: number[];
}

/**
 * The shape of the story: a writer holds a mutex and unregisters a device; three works on an
 * ordered queue hold the device, and the first of them wants the mutex. Each time the event comes
 * again one more work is queued, with one more hold.
 */
function story(hz: number, seed?: number): Story {
  const k = bareKernel(seed === undefined ? { hz } : { hz, seed });
  const lock = mutex_init(k, 'intf_mutex');
  const queue = alloc_ordered_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
  const dev = testDevice(k, 'eth%d');
  const rebroadcasts: number[] = [];
  let works = 0;
  function* queueHolder(why: string): MaySleep<void> {
    const work = INIT_WORK(k, `bond_work#${++works}`, function* bond_work() {
      yield* mutex_lock(lock);
      yield* mutex_unlock(lock);
      yield* dev_put(dev, work.actor);
    });
    yield* dev_hold(dev, work.actor, why);
    yield* queue_work(queue, work);
  }
  const block = {
    name: 'fake notifier',
    priority: 0,
    *notifier_call(event: number) {
      if (event === NETDEV_UNREGISTER && dev.reg_state === 'unregistered') {
        rebroadcasts.push(k.sim.now());
        yield* queueHolder('UNREGISTER again');
      }
      return NOTIFY_DONE;
    },
  };
  kthread_run(k, 'writer', 'sh', function* set_port_type() {
    yield* register_netdev(dev);
    yield* register_netdevice_notifier(k, block);
    yield* mutex_lock(lock);
    for (let n = 0; n < 3; n++) yield* queueHolder(`event ${n}`);
    yield* unregister_netdev(dev);
  });
  return { k, dev, rebroadcasts };
}

/** Differences of neighbours, in ms, rounded to a tenth. */
const steps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, at) => Math.round((time - times[at]!) / 1e5) / 10);

describe('the wait for the last reference', () => {
  it('warns at the times and with the counts of a real kernel at HZ 250', () => {
    const { k, rebroadcasts } = story(250);
    k.sim.run(250 * second);
    const seen = warnings(k);
    const counts = [12, 21, 30, 38, 47, 56, 65, 73, 82, 91, 100, 108, 117, 126, 135, 143, 152];
    expect(seen.slice(0, 17).map(({ count }) => count)).toEqual(counts);
    expect(new Set(steps(seen.map(({ timeNs }) => timeNs)))).toEqual(new Set([10_080]));
    expect(seen[0]!.timeNs).toBeGreaterThan(10 * second);
    expect(seen[0]!.timeNs).toBeLessThan(10.4 * second);
    expect(new Set(steps(rebroadcasts.slice(1)))).toEqual(new Set([1152]));
    const lines = k.log.records.filter((record) => record.level === KERN_EMERG);
    expect(lines[0]!.text).toBe(
      'unregister_netdevice: waiting for eth0 to become free. Usage count = 12',
    );
    expect(k.findings.filter((finding) => finding.kind === 'netdevReference')).toHaveLength(
      seen.length,
    );
  });

  it.each([
    [100, [13, 22, 32, 41, 51, 60], 1080, 10_260],
    [300, [13, 22, 32, 41, 51, 60], 1066.7, 10_133.3],
    [1000, [13, 23, 33, 43, 53, 63], 1024, 10_240],
  ])('follows the timer wheel at HZ %i', (hz, counts, rebroadcastMs, warningMs) => {
    const { k, rebroadcasts } = story(hz);
    k.sim.run(70 * second);
    const seen = warnings(k);
    expect(seen.slice(0, counts.length).map(({ count }) => count)).toEqual(counts);
    expect(steps(seen.map(({ timeNs }) => timeNs)).every((ms) => ms === warningMs)).toBe(true);
    expect(steps(rebroadcasts.slice(1)).every((ms) => ms === rebroadcastMs)).toBe(true);
  });

  it('is in the wait graph from its start: the cycle is found long before a line', () => {
    const { k } = story(250);
    k.sim.run(second);
    expect(k.graph.deadlocks).toHaveLength(1);
    const sentence = deadlockSentence(k.graph.deadlocks[0]!);
    expect(sentence).toContain('writer waits for the last reference on netdev eth0');
    expect(sentence).toContain('the mutex intf_mutex');
    expect(sentence).toContain('run by worker of mlx4_en@card0');
    k.sim.run(100 * second);
    expect(k.graph.deadlocks).toHaveLength(1);
  });

  it('shows the stack of a real one, and is never reported as hung', () => {
    const { k } = story(250);
    k.hungTask.start();
    k.sim.run(400 * second);
    const writer = [...k.sim.tasks.values()].find((task) => task.name === 'writer')!;
    expect(writer.sleepState).toBe('D');
    const frames = procStackFrames(writer.stack);
    expect(['msleep', 'rcu_barrier']).toContain(frames[0]);
    expect(frames.slice(1, 4)).toEqual(['netdev_run_todo', 'rtnl_unlock', 'unregister_netdev']);
    const hung = k.findings.filter((finding) => finding.kind === 'hung');
    expect(hung.length).toBeGreaterThan(0);
    expect(hung.every((finding) => finding.task === 'worker of mlx4_en@card0')).toBe(true);
  });

  it('is the same under other schedules: only who blocks first differs', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { k } = story(250, seed);
      k.sim.run(32 * second);
      expect(warnings(k).map(({ count }) => count)).toEqual([12, 21, 30]);
      expect(k.graph.deadlocks).toHaveLength(1);
    }
  });

  it('a leaked reference gives a count that stands still, and no cycle', () => {
    const k = bareKernel();
    const dev = testDevice(k, 'eth%d');
    kthread_run(k, 'remover', 'sh', function* remover() {
      yield* register_netdev(dev);
      yield* dev_hold(dev);
      yield* unregister_netdev(dev);
    });
    k.sim.run(45 * second);
    expect(warnings(k).map(({ count }) => count)).toEqual([2, 2, 2, 2]);
    expect(k.graph.deadlocks).toEqual([]);
  });

  it('obeys the sysctl', () => {
    const { k } = story(250);
    k.net.sysctls.netdev_unregister_timeout_secs = 3;
    k.sim.run(20 * second);
    expect(warnings(k).length).toBeGreaterThan(4);
  });

  it('ends without a word when the reference comes back in time', () => {
    const k = bareKernel();
    const dev = testDevice(k, 'eth%d');
    kthread_run(k, 'holder', 'holder', function* holder() {
      yield* msleep(k, 100);
      yield* dev_hold(dev);
      yield* msleep(k, 3000);
      yield* dev_put(dev);
    });
    runTask(k, function* () {
      yield* register_netdev(dev);
      yield* msleep(k, 500);
      yield* unregister_netdev(dev);
    });
    expect(dev.refs.count).toBe(1);
    expect(k.sim.now()).toBeGreaterThan(3 * second);
    expect(k.sim.now()).toBeLessThan(3.6 * second);
    expect(warnings(k)).toEqual([]);
  });

  it('waits for all devices of one RTNL section, and frees each as it becomes free', () => {
    const k = bareKernel();
    const devs = [testDevice(k, 'eth%d', 1), testDevice(k, 'eth%d', 2)];
    const freed: string[] = [];
    kthread_run(k, 'holder', 'holder', function* holder() {
      yield* msleep(k, 50);
      yield* dev_hold(devs[0]!);
      yield* msleep(k, 2000);
      yield* dev_put(devs[0]!);
    });
    runTask(k, function* () {
      for (const dev of devs) {
        dev.priv_destructor = function* destructor() {
          freed.push(dev.name);
        };
        yield* register_netdev(dev);
      }
      yield* msleep(k, 200);
      yield* rtnl_lock(k);
      yield* unregister_netdevice_many(devs);
      yield* rtnl_unlock(k);
      expect(freed).toEqual(['eth1', 'eth0']);
    });
    expect(k.graph.actors.size).toBe(0);
  });

  it('a device that fails in its first event is unregistered by the same unlock', () => {
    const k = bareKernel();
    const dev = testDevice(k, 'eth%d');
    runTask(k, function* () {
      yield* register_netdevice_notifier(k, {
        name: 'refuses',
        priority: 0,
        *notifier_call(event, info) {
          return event === 5 && info.dev === dev ? 0x8000 | 23 : NOTIFY_DONE;
        },
      });
      yield* rtnl_lock(k);
      expect(yield* register_netdevice(dev)).toBe(-22);
      yield* rtnl_unlock(k);
      expect(dev.reg_state).toBe('unregistered');
      expect(k.net.devices).toEqual([]);
    });
  });
});
