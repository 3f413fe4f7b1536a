// Devices (drivers/base/core.c, facts/driver 9.8): references, device_lock, sysfs directory, the
// order of device_add() and device_del(). The release callback runs at the last put, in the putting
// context. Left out: device links, power management, firmware nodes, bus notifiers (nobody listens
// here).

import type { Actor } from '#detect/graph.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL, EIO } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_create_link,
  sysfs_remove_dir,
  sysfs_remove_file_ns,
  sysfs_remove_file_self,
  sysfs_remove_link,
  sysfs_rename_dir,
  sysfs_rename_link,
} from '../fs/sysfs.ts';
import type { SysfsAttribute } from '../fs/sysfs.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_init, mutex_lock, mutex_trylock, mutex_unlock } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { module_text } from '../module.ts';
import type { Module } from '../module.ts';
import { Reference } from '../reference.ts';
import { warn_on, warn_on_once } from '../warn.ts';
import { bus_add_device, bus_remove_device } from './bus.ts';
import type { BusType } from './bus.ts';
import { bus_probe_device } from './dd.ts';
import type { DeviceDriver } from './driver.ts';
import { kobject_uevent, uevent_env } from './uevent.ts';
import type { UeventAction } from './uevent.ts';

/** A file of a device's directory. */
export interface DeviceAttribute {
  readonly name: string;
  readonly mode: number;
  show?(dev: Device): MaySleep<string | number>;
  /** Gets the text as written, newline included; returns the count or a negative error. */
  store?(dev: Device, buf: string): MaySleep<number>;
  /** Whose code show and store are: calling them when it is unloaded is an oops. */
  readonly owner?: Module | null;
}

export class Device {
  readonly k: Kernel;
  name: string;
  readonly parent: Device | null;
  bus: BusType | null = null;
  /** Name of its class, for example `net`; null for devices on a bus. */
  className: string | null = null;
  driver: DeviceDriver | null = null;
  /** device_lock(). */
  readonly mutex: Mutex;
  drvdata: unknown = null;
  release: ((dev: Device) => Atomic<void>) | null = null;
  /** Extra uevent variables. */
  uevent: (() => Record<string, string>) | null = null;
  /** dev_set_uevent_suppress(): sends none while it is set. */
  uevent_suppress = false;
  readonly ref: Reference;
  /** Its directory while it is registered. */
  kobj: KernfsNode | null = null;
  /** device_del() has begun: no probe any more. */
  dead = false;
  /** The release callback has run. */
  freed = false;

  constructor(k: Kernel, name: string, parent: Device | null) {
    this.k = k;
    this.name = name;
    this.parent = parent;
    this.mutex = mutex_init(k, `device_lock(${name})`);
    this.ref = new Reference(k, `device ${name}`, 0);
  }

  /** Path below /sys while registered, else empty. */
  get devpath(): string {
    return this.kobj?.path.replace(/^\/sys/, '') ?? '';
  }
}

export function* device_lock(dev: Device): MaySleep<void> {
  yield* mutex_lock(dev.mutex);
}

export function* device_trylock(dev: Device): Atomic<boolean> {
  return yield* mutex_trylock(dev.mutex);
}

export function* device_unlock(dev: Device): Atomic<void> {
  yield* mutex_unlock(dev.mutex);
}

/** The creator's reference, which belongs to the object itself. */
export function* device_initialize(dev: Device): Atomic<void> {
  yield* dev.ref.hold(null, 'device_initialize');
}

/** Takes a reference, for `actor` when somebody should be named as its holder. */
export function* get_device<D extends Device>(
  dev: D,
  actor: Actor | null = null,
  why = 'get_device',
): Atomic<D> {
  yield* dev.ref.hold(actor, why);
  if (dev.freed) refcount_warn(dev, 25, 'addition on 0');
  return dev;
}

/** The reference that a walk of a list takes in the step in which it finds the device. */
export function* grabDevice(dev: Device): Atomic<void> {
  yield* dev.ref.grab(null, 'klist walk');
}

function refcount_warn(dev: Device, line: number, what: string): void {
  const place = `lib/refcount.c:${line}`;
  warn_on_once(dev.k, place, 'refcount_warn_saturate', `refcount_t: ${what}; use-after-free.`);
}

/** Gives a reference back; the last one releases the device. */
export function* put_device(dev: Device, actor: Actor | null = null): Atomic<void> {
  const left = yield* dev.ref.put(actor);
  if (left > 0) return;
  if (left < 0) {
    refcount_warn(dev, 28, 'underflow');
    return;
  }
  yield* device_release(dev);
}

function* device_release(dev: Device): Atomic<void> {
  dev.freed = true;
  if (dev.release !== null) {
    yield* dev.release(dev);
    return;
  }
  const text =
    `Device '${dev.name}' does not have a release() function, it is broken and must be fixed. ` +
    'See Documentation/core-api/kobject.rst.';
  warn_on(dev.k, 'drivers/base/core.c:2332', 'device_release', text);
}

/** The directory in which a device's own is made. Class devices sit in a glue directory. */
function get_device_parent(dev: Device): KernfsNode {
  const { vfs } = dev.k;
  const base = dev.parent?.kobj ?? null;
  if (dev.className === null) return base ?? vfs.directory('/sys/devices');
  const glue = base === null ? `/sys/devices/virtual` : base.path;
  return vfs.directory(`${glue}/${dev.className}`);
}

function device_add_class_symlinks(dev: Device, kobj: KernfsNode): void {
  if (dev.className === null) return;
  const classDirectory = dev.k.vfs.directory(`/sys/class/${dev.className}`);
  sysfs_create_link(kobj, 'subsystem', classDirectory);
  if (dev.parent?.kobj) sysfs_create_link(kobj, 'device', dev.parent.kobj);
  sysfs_create_link(classDirectory, dev.name, kobj);
}

function device_remove_class_symlinks(dev: Device, kobj: KernfsNode): void {
  if (dev.className === null) return;
  sysfs_remove_link(kobj, 'device');
  sysfs_remove_link(kobj, 'subsystem');
  sysfs_remove_link(dev.k.vfs.directory(`/sys/class/${dev.className}`), dev.name);
}

const ueventAttribute: DeviceAttribute = {
  name: 'uevent',
  mode: 0o644,

  *show(dev) {
    return Object.entries(uevent_env(dev))
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  },

  *store(dev, buf) {
    const action = buf.trim();
    if (!['add', 'remove', 'change', 'move', 'bind', 'unbind'].includes(action)) return -EINVAL;
    kobject_uevent(dev, action as UeventAction);
    return buf.length;
  },
};

/** Registers an initialised device and probes it. 0, or -EEXIST when its name is taken. */
export function* device_add(dev: Device): MaySleep<number> {
  yield* get_device(dev);
  if (dev.parent !== null) yield* get_device(dev.parent);
  const kobj = sysfs_create_dir(get_device_parent(dev), dev.name);
  if (typeof kobj === 'number') {
    if (dev.parent !== null) yield* put_device(dev.parent);
    yield* put_device(dev);
    return kobj;
  }
  dev.kobj = kobj;
  device_create_file(dev, ueventAttribute);
  device_add_class_symlinks(dev, kobj);
  bus_add_device(dev);
  dev.k.buses.all.push(dev);
  kobject_uevent(dev, 'add');
  yield* bus_probe_device(dev);
  yield* put_device(dev);
  return 0;
}

/** Unregisters: marks dead, takes it off the bus (which unbinds it), removes its directory. */
export function* device_del(dev: Device): MaySleep<void> {
  yield* device_lock(dev);
  dev.dead = true;
  yield* device_unlock(dev);
  const { kobj } = dev;
  if (kobj === null) return;
  device_remove_class_symlinks(dev, kobj);
  yield* device_remove_file(dev, ueventAttribute.name);
  yield* bus_remove_device(dev);
  const { all } = dev.k.buses;
  all.splice(all.indexOf(dev), 1);
  kobject_uevent(dev, 'remove');
  yield* kobject_del(dev, kobj);
  if (dev.parent !== null) yield* put_device(dev.parent);
}

function* kobject_del(dev: Device, kobj: KernfsNode): MaySleep<void> {
  const glue = dev.className === null ? null : kobj.parent;
  yield* sysfs_remove_dir(kobj);
  dev.kobj = null;
  if (glue?.children.size === 0) glue.parent?.children.delete(glue.name);
}

/** device_initialize() and device_add(). */
export function* device_register(dev: Device): MaySleep<number> {
  yield* device_initialize(dev);
  return yield* device_add(dev);
}

/** device_del() and the last put of the creator. */
export function* device_unregister(dev: Device): MaySleep<void> {
  yield* device_del(dev);
  yield* put_device(dev);
}

/** Gives a registered device another name, with its directory and links. 0 or -EEXIST. */
export function device_rename(dev: Device, name: string): number {
  if (dev.kobj === null) return -EINVAL;
  const error = sysfs_rename_dir(dev.kobj, name);
  if (error !== 0) return error;
  if (dev.className !== null) {
    sysfs_rename_link(dev.k.vfs.directory(`/sys/class/${dev.className}`), dev.name, name);
  }
  dev.name = name;
  kobject_uevent(dev, 'move');
  return 0;
}

function* dev_attr_show(dev: Device, attr: DeviceAttribute): MaySleep<string | number> {
  if (attr.owner) module_text(attr.owner, `${attr.name} show`);
  return attr.show === undefined ? -EIO : yield* attr.show(dev);
}

function* dev_attr_store(dev: Device, attr: DeviceAttribute, buf: string): MaySleep<number> {
  if (attr.owner) module_text(attr.owner, `${attr.name} store`);
  return attr.store === undefined ? -EIO : yield* attr.store(dev, buf);
}

/** The attribute as a file of any directory of the device's. */
export const deviceAttributeFile = (dev: Device, attr: DeviceAttribute): SysfsAttribute => ({
  name: attr.name,
  mode: attr.mode,
  ...(attr.show === undefined ? {} : { show: () => dev_attr_show(dev, attr) }),
  ...(attr.store === undefined ? {} : { store: (buf: string) => dev_attr_store(dev, attr, buf) }),
});

/** Makes a file in the device's directory. 0 or a negative error. */
export function device_create_file(dev: Device, attr: DeviceAttribute): number {
  return dev.kobj === null ? -EINVAL : sysfs_create_file(dev.kobj, deviceAttributeFile(dev, attr));
}

/** Removes a file; waits until nobody reads or writes it. */
export function* device_remove_file(dev: Device, name: string): MaySleep<void> {
  if (dev.kobj !== null) yield* sysfs_remove_file_ns(dev.kobj, name);
}

/** For a file that removes itself from inside its own store; true for the one who did it. */
export function* device_remove_file_self(dev: Device, name: string): MaySleep<boolean> {
  return dev.kobj === null ? false : yield* sysfs_remove_file_self(dev.kobj, name);
}
