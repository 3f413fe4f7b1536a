// The kernel log: records with level and time, one for each line, in log and trace; device
// prefixes.

import { describe, expect, it } from 'vitest';
import { createAuxiliaryBus } from '#kernel/base/auxiliary.ts';
import { Device } from '#kernel/base/device.ts';
import { DeviceDriver } from '#kernel/base/driver.ts';
import {
  dev_dbg,
  dev_err,
  dev_info,
  dev_warn,
  KERN_NOTICE,
  pr_debug,
  pr_emerg,
  pr_err,
  pr_info,
  pr_warn,
  printk,
} from '#kernel/printk.ts';
import { K } from '#trace/kinds.ts';
import { bareKernel } from '#test/support/machine.ts';

describe('printk', () => {
  it('makes a record of each line, with the time and the level', () => {
    const k = bareKernel();
    k.sim.at(5e6, () => undefined);
    k.sim.run(4e6);
    printk(k, KERN_NOTICE, 'first\nsecond');
    expect(k.log.records).toEqual([
      { timeNs: 4e6, level: 5, text: 'first' },
      { timeNs: 4e6, level: 5, text: 'second' },
    ]);
  });

  it('leaves the same in the trace', () => {
    const k = bareKernel();
    printk(k, KERN_NOTICE, 'first\nsecond');
    const lines = [...k.trace.events()].filter((event) => event.kind === K.printk);
    expect(lines.map((event) => [k.trace.text(event.object), event.value])).toEqual([
      ['first', 5],
      ['second', 5],
    ]);
  });

  it('tells whoever listens, line by line', () => {
    const k = bareKernel();
    const heard: string[] = [];
    k.log.onRecord = (record) => heard.push(record.text);
    pr_info(k, 'a\nb');
    expect(heard).toEqual(['a', 'b']);
  });

  it('has a short form for each level', () => {
    const k = bareKernel();
    for (const print of [pr_emerg, pr_err, pr_warn, pr_info, pr_debug]) print(k, 'x');
    expect(k.log.records.map(({ level }) => level)).toEqual([0, 3, 4, 6, 7]);
  });
});

describe('dev_printk', () => {
  it('names driver, bus or class, and the device', () => {
    const k = bareKernel();
    const dev = new Device(k, '0000:06:00.0', null);
    const said = (): string => k.log.records.at(-1)!.text;
    dev_info(dev, 'x');
    expect(said()).toBe('0000:06:00.0: x');
    dev.className = 'net';
    dev_info(dev, 'x');
    expect(said()).toBe('net 0000:06:00.0: x');
    dev.bus = createAuxiliaryBus(bareKernel());
    dev_warn(dev, 'x');
    expect(said()).toBe('auxiliary 0000:06:00.0: x');
    dev.driver = new DeviceDriver({ name: 'mlx4_core', bus: dev.bus, owner: null });
    dev_err(dev, 'x');
    expect(said()).toBe('mlx4_core 0000:06:00.0: x');
    dev_dbg(dev, 'x');
    expect(k.log.records.map(({ level }) => level)).toEqual([6, 6, 4, 3, 7]);
  });
});
