// The kernel log (kernel/printk/printk.c): records with level and time stamp. A line is trace event
// and record at once; `dmesg` and the golden logs read the records.

import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';

export const KERN_EMERG = 0;
export const KERN_ALERT = 1;
export const KERN_CRIT = 2;
export const KERN_ERR = 3;
export const KERN_WARNING = 4;
export const KERN_NOTICE = 5;
export const KERN_INFO = 6;
export const KERN_DEBUG = 7;
/** Level of lines that name none. */
export const KERN_DEFAULT = KERN_WARNING;

/** One line of the log. */
export interface LogRecord {
  readonly timeNs: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  readonly text: string;
}

/** The log of one machine. */
export class PrintkLog {
  readonly records: LogRecord[] = [];
  /** Told of each line as it is printed; the console and live views listen. */
  onRecord: (record: LogRecord) => void = () => undefined;
  /** Lines before this index were cleared by `dmesg -c`. */
  clearedTo = 0;
}

/** Prints one line, or several separated by newlines. */
export function printk(k: Kernel, level: number, text: string): void {
  for (const line of text.split('\n')) {
    k.trace.emit(K.printk, k.trace.intern(line), level);
    const record = { timeNs: k.sim.now(), level, text: line };
    k.log.records.push(record);
    k.log.onRecord(record);
  }
}

export const pr_emerg = (k: Kernel, text: string): void => {
  printk(k, KERN_EMERG, text);
};
export const pr_err = (k: Kernel, text: string): void => {
  printk(k, KERN_ERR, text);
};
export const pr_warn = (k: Kernel, text: string): void => {
  printk(k, KERN_WARNING, text);
};
export const pr_info = (k: Kernel, text: string): void => {
  printk(k, KERN_INFO, text);
};
export const pr_debug = (k: Kernel, text: string): void => {
  printk(k, KERN_DEBUG, text);
};

/** What dev_err() and friends need of a device; base/device.ts has it. */
export interface LogDevice {
  readonly k: Kernel;
  readonly name: string;
  readonly bus: { readonly name: string } | null;
  readonly driver: { readonly name: string } | null;
  /** Class of a device that is on no bus. */
  readonly className?: string | null;
}

/** dev_printk(): `<driver, bus or class> <device>: text`. */
export function dev_printk(dev: LogDevice, level: number, text: string): void {
  const prefix = dev.driver?.name ?? dev.bus?.name ?? dev.className ?? '';
  printk(dev.k, level, `${prefix} ${dev.name}: ${text}`.trimStart());
}

export const dev_err = (dev: LogDevice, text: string): void => {
  dev_printk(dev, KERN_ERR, text);
};
export const dev_warn = (dev: LogDevice, text: string): void => {
  dev_printk(dev, KERN_WARNING, text);
};
export const dev_info = (dev: LogDevice, text: string): void => {
  dev_printk(dev, KERN_INFO, text);
};
export const dev_dbg = (dev: LogDevice, text: string): void => {
  dev_printk(dev, KERN_DEBUG, text);
};
