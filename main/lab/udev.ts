// The part of user space that answers uevents: it loads modules by MODALIAS and gives netdevs the
// names that udev's policy gives them (ens1, ens1d1: two ports of one card share the PCI address;
// facts/driver 1.1, 8.12, 8.13). Rules and reading a module's file take time, so the kernel is
// ahead of it: the second port is there as eth1 before the first one has its new name, and mlx4_ib,
// which comes with the RDMA core, is loaded last. The times are declared, not measured.

import type { Uevent } from '#kernel/base/uevent.ts';
import { request_module } from '#kernel/module.ts';
import { dev_change_name } from '#kernel/net/dev-name.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { user_task } from '#kernel/sched.ts';
import { hrtimer_nanosleep } from '#kernel/time/delay.ts';
import { wait_event_interruptible } from '#kernel/wait.ts';
import type { MaySleep } from '#sim/task.ts';
import type { LabMachine } from './machine.ts';

/** Slot number that the names of the lab's card carry. */
const slotName = 'ens1';
/** From an event to the rules that answer it. */
const rulesNs = 5e6;
/** Reading a module and what it needs from the disk. */
const readModuleNs = 2e6;
/** The same for mlx4_ib, with ib_core, ib_uverbs and what those need. */
const readRdmaNs = 30e6;

/** Starts the daemon; it reads the machine's uevents for ever. */
export function startUdev(machine: LabMachine): void {
  machine.k.modules.readNs = (name) => (name === 'mlx4_ib' ? readRdmaNs : readModuleNs);
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
  if (event.action !== 'add') return;
  const { k, spec } = machine;
  const alias = event.env['MODALIAS'];
  const name = machine.taskName('(udev-worker)');
  if (spec.autoload && alias !== undefined && k.modules.resolve(alias).length > 0) {
    user_task(k, name, '(udev-worker)', 1, function* loadModule() {
      yield* request_module(k, alias);
    });
  } else if (spec.rename && event.subsystem === 'net') {
    user_task(k, name, '(udev-worker)', 1, () => renameNetdev(machine, event.name));
  }
}

function* renameNetdev(machine: LabMachine, name: string): MaySleep<void> {
  const { k } = machine;
  yield* hrtimer_nanosleep(k, rulesNs);
  yield* rtnl_lock(k);
  const dev = k.net.devices.find((candidate) => candidate.name === name);
  if (dev?.parent !== null && dev?.parent !== undefined) {
    const wanted = dev.dev_port === 0 ? slotName : `${slotName}d${dev.dev_port}`;
    if (!k.net.devices.some((other) => other.name === wanted)) yield* dev_change_name(dev, wanted);
  }
  yield* rtnl_unlock(k);
}
