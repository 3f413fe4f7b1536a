// The part of user space that answers uevents: it loads modules by MODALIAS and gives netdevs the names
// that udev's policy gives them (ens1, ens1d1: two ports of one card share the PCI address). Facts/driver
// 1.1 and 8.12.

import { dev_change_name } from '#kernel/net/dev-name.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { request_module } from '#kernel/module.ts';
import type { Uevent } from '#kernel/base/uevent.ts';
import { user_task } from '#kernel/sched.ts';
import { wait_event_interruptible } from '#kernel/wait.ts';
import type { MaySleep } from '#sim/task.ts';
import type { LabMachine } from './machine.ts';

/** Slot number that the names of the lab's card carry. */
const slotName = 'ens1';

/** Starts the daemon; it reads the machine's uevents for ever. */
export function startUdev(machine: LabMachine): void {
  user_task(machine.k, 'systemd-udevd', 'systemd-udevd', 1, () => daemon(machine));
}

function* daemon(machine: LabMachine): MaySleep<void> {
  const { uevents } = machine.k;
  for (;;) {
    yield* wait_event_interruptible(uevents.arrived, () => uevents.queue.length > 0);
    const event = uevents.queue.shift();
    if (event !== undefined) startWorker(machine, event);
  }
}

/** Each event has a worker of its own, so that one that hangs does not stop the others. */
function startWorker(machine: LabMachine, event: Uevent): void {
  const alias = event.env['MODALIAS'];
  const loads = machine.spec.autoload && event.action === 'add' && alias !== undefined;
  const renames = machine.spec.rename && event.action === 'add' && event.subsystem === 'net';
  if (!loads && !renames) return;
  const name = machine.taskName('(udev-worker)');
  user_task(machine.k, name, '(udev-worker)', 1, function* () {
    if (loads) yield* request_module(machine.k, alias);
    if (renames) yield* renameNetdev(machine, event.name);
  });
}

function* renameNetdev(machine: LabMachine, name: string): MaySleep<void> {
  const { k } = machine;
  yield* rtnl_lock(k);
  const dev = k.net.devices.find((candidate) => candidate.name === name);
  if (dev?.parent !== null && dev?.parent !== undefined) {
    const wanted = dev.dev_port === 0 ? slotName : `${slotName}d${dev.dev_port}`;
    if (!k.net.devices.some((other) => other.name === wanted)) yield* dev_change_name(dev, wanted);
  }
  yield* rtnl_unlock(k);
}
