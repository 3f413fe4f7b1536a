// Uevents (lib/kobject_uevent.c): what the kernel tells user space about devices and modules. They
// queue up here; a user task (the lab's udev) takes them in order, loads modules by MODALIAS and
// renames network interfaces.

import type { Kernel } from '../kernel.ts';
import { WaitQueue, wakeAll } from '../wait.ts';
import type { Device } from './device.ts';

export type UeventAction = 'add' | 'remove' | 'bind' | 'unbind' | 'change' | 'move';

/** One message. */
export interface Uevent {
  /** SEQNUM, from 1. */
  readonly seqnum: number;
  readonly action: UeventAction;
  /** Path below /sys, for example `/devices/pci0000:00/0000:06:00.0`. */
  readonly devpath: string;
  /** `pci`, `auxiliary`, `net`, `module` … */
  readonly subsystem: string;
  /** Last part of the path. */
  readonly name: string;
  /** The rest, for example MODALIAS and DRIVER. */
  readonly env: Readonly<Record<string, string>>;
}

/** The queue between kernel and udev. */
export class Uevents {
  readonly queue: Uevent[] = [];
  /** Woken at each new message. */
  readonly arrived: WaitQueue;
  /** Messages sent so far. */
  sent = 0;

  constructor(k: Kernel) {
    this.arrived = new WaitQueue(k, 'uevents');
  }

  /** Sends a message that belongs to no device object, for example of a module. */
  send(event: Omit<Uevent, 'seqnum'>): void {
    this.queue.push({ seqnum: ++this.sent, ...event });
    wakeAll(this.arrived);
  }
}

/** The variables that a device adds: its bus's, then DRIVER. */
export function uevent_env(dev: Device): Record<string, string> {
  const env: Record<string, string> = {};
  if (dev.driver !== null) env['DRIVER'] = dev.driver.name;
  return { ...env, ...dev.bus?.ops.uevent?.(dev), ...dev.uevent?.() };
}

/** kobject_uevent() of a device that is in sysfs. Devices without bus and class send none. */
export function kobject_uevent(dev: Device, action: UeventAction): void {
  const subsystem = dev.bus?.name ?? dev.className;
  if (subsystem === null || dev.kobj === null || dev.uevent_suppress) return;
  dev.k.uevents.send({
    action,
    devpath: dev.kobj.path.replace(/^\/sys/, ''),
    subsystem,
    name: dev.name,
    env: uevent_env(dev),
  });
}
