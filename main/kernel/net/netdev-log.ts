// Log lines of netdevs (include/linux/netdevice.h, net/core/dev.c: __netdev_printk): `<driver> <bus
// id> <name>: text` with a parent device, `<name>: text` without; and state changes for the trace.

import { K } from '#trace/kinds.ts';
import { KERN_DEBUG, KERN_ERR, KERN_INFO, KERN_WARNING, printk } from '../printk.ts';
import type { NetDevice } from './netdevice.ts';

/** The name, or a placeholder for a device that has only a pattern yet. */
export const netdev_name = (dev: NetDevice): string =>
  dev.name === '' || dev.name.includes('%') ? '(unnamed net_device)' : dev.name;

/** What is said behind the name of a device that is not registered. */
export const netdev_reg_state = (dev: NetDevice): string =>
  dev.reg_state === 'registered' ? '' : ` (${dev.reg_state})`;

/** Prints one line about a netdev. */
export function netdev_printk(dev: NetDevice, level: number, text: string): void {
  const { parent, k } = dev;
  const name = `${netdev_name(dev)}${netdev_reg_state(dev)}`;
  const driver = parent?.driver?.name ?? parent?.bus?.name ?? '';
  const where = parent === null ? '' : `${driver} ${parent.name} `.trimStart();
  printk(k, level, `${where}${name}: ${text}`);
}

export const netdev_err = (dev: NetDevice, text: string): void => {
  netdev_printk(dev, KERN_ERR, text);
};
export const netdev_warn = (dev: NetDevice, text: string): void => {
  netdev_printk(dev, KERN_WARNING, text);
};
export const netdev_info = (dev: NetDevice, text: string): void => {
  netdev_printk(dev, KERN_INFO, text);
};
export const netdev_dbg = (dev: NetDevice, text: string): void => {
  netdev_printk(dev, KERN_DEBUG, text);
};

/** Records a change of the device's state: registered, running, carrier, operstate. */
export function netdevState(dev: NetDevice, state: string): void {
  const { trace } = dev.k;
  trace.emit(K['netdev.state'], dev.refs.object, trace.intern(state));
}
