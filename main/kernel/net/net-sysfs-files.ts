// The files below /sys/class/net/<if> (net/core/net-sysfs.c). Stores take RTNL by trying only: who
// fails gives back everything and comes again, so that the removal of the file never waits for a
// waiter. Left out: phys_port_id and its kin, proto_down, threaded, gro_flush_timeout,
// napi_defer_hard_irqs.

import { formatMacAt } from '#bus/mac.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { DeviceAttribute } from '../base/device.ts';
import { EINVAL, EOPNOTSUPP } from '../errno.ts';
import type { SysfsAttribute } from '../fs/sysfs.ts';
import { restart_syscall } from '../sched.ts';
import { dev_change_flags, dev_get_stats } from './dev.ts';
import { dev_change_tx_queue_len, dev_set_mtu } from './dev-config.ts';
import type { LinkKsettings } from './ethtool.ts';
import { IF_OPER_DOWN, operstates } from './flags.ts';
import { zeroStats } from './netdevice.ts';
import type { NetDevice, NetdevStats } from './netdevice.ts';
import { rtnl_trylock, rtnl_unlock } from './rtnetlink.ts';

const isAlive = (dev: NetDevice): boolean => dev.reg_state === 'registered';
const hex = (value: number): string => `0x${value.toString(16)}`;

/** A file that shows a value of a registered device. */
const shown = (
  dev: NetDevice,
  name: string,
  value: () => string | number,
  mode = 0o444,
): DeviceAttribute => ({
  name,
  mode,
  *show() {
    return isAlive(dev) ? `${value()}\n` : -EINVAL;
  },
});

/** A number as kstrtoul() reads it, or null. */
function parseNumber(text: string): number | null {
  const trimmed = text.replace(/\n$/, '');
  return /^(0x[0-9a-f]+|\d+)$/i.test(trimmed) ? Number(trimmed) : null;
}

/** Stores a number under RTNL, which is only tried for. */
function* netdev_store(
  dev: NetDevice,
  buf: string,
  set: (value: number) => MaySleep<number>,
): MaySleep<number> {
  const value = parseNumber(buf);
  if (value === null) return -EINVAL;
  if (!(yield* rtnl_trylock(dev.k))) return restart_syscall();
  const err = isAlive(dev) ? yield* set(value) : -EINVAL;
  yield* rtnl_unlock(dev.k);
  return err === 0 ? buf.length : err;
}

/** A file that also takes a number. */
const stored = (
  dev: NetDevice,
  name: string,
  value: () => string | number,
  set: (value: number) => MaySleep<number>,
): DeviceAttribute => ({
  ...shown(dev, name, value, 0o644),
  store: (_device, buf) => netdev_store(dev, buf, set),
});

/** Speed and duplex: asked of the driver, under RTNL, while the device is up. */
const settingsFile = (
  dev: NetDevice,
  name: string,
  value: (settings: LinkKsettings) => string | number,
): DeviceAttribute => ({
  name,
  mode: 0o444,
  *show() {
    const ask = dev.ethtool_ops.get_link_ksettings;
    if (ask === undefined) return -EINVAL;
    if (!(yield* rtnl_trylock(dev.k))) return restart_syscall();
    const settings = dev.running ? yield* ask(dev) : -EINVAL;
    yield* rtnl_unlock(dev.k);
    return typeof settings === 'number' ? -EINVAL : `${value(settings)}\n`;
  },
});

const carrierFile = (dev: NetDevice): DeviceAttribute => ({
  name: 'carrier',
  mode: 0o644,
  *show() {
    return dev.running ? `${dev.carrier ? 1 : 0}\n` : -EINVAL;
  },
  *store() {
    return -EOPNOTSUPP;
  },
});

/** The text of operstate: a device that is not open is down whatever was seen last. */
export const operstateText = (dev: NetDevice): string =>
  operstates[dev.running ? dev.operstate : IF_OPER_DOWN] ?? 'unknown';

/** Every file of the device's directory. */
export const netdevAttributes = (dev: NetDevice): DeviceAttribute[] => [
  shown(dev, 'type', () => dev.type),
  shown(dev, 'dev_id', () => hex(dev.dev_id)),
  shown(dev, 'dev_port', () => dev.dev_port),
  shown(dev, 'iflink', () => dev.ifindex),
  shown(dev, 'ifindex', () => dev.ifindex),
  shown(dev, 'name_assign_type', () => dev.name_assign_type),
  shown(dev, 'addr_assign_type', () => dev.addr_assign_type),
  shown(dev, 'addr_len', () => dev.addr_len),
  shown(dev, 'link_mode', () => 0),
  shown(dev, 'address', () => formatMacAt(dev.dev_addr)),
  shown(dev, 'broadcast', () => formatMacAt(dev.broadcast)),
  settingsFile(dev, 'speed', ({ speed }) => speed),
  settingsFile(dev, 'duplex', ({ duplex }) => duplex),
  shown(dev, 'dormant', () => (dev.dormant ? 1 : 0)),
  shown(dev, 'testing', () => 0),
  shown(dev, 'operstate', () => operstateText(dev)),
  shown(dev, 'carrier_changes', () => dev.carrier_up_count + dev.carrier_down_count),
  shown(dev, 'carrier_up_count', () => dev.carrier_up_count),
  shown(dev, 'carrier_down_count', () => dev.carrier_down_count),
  carrierFile(dev),
  stored(
    dev,
    'mtu',
    () => dev.mtu,
    (value) => dev_set_mtu(dev, value),
  ),
  stored(
    dev,
    'flags',
    () => hex(dev.userFlags & 0xffff),
    (value) => dev_change_flags(dev, value),
  ),
  stored(
    dev,
    'tx_queue_len',
    () => dev.tx_queue_len,
    (value) => dev_change_tx_queue_len(dev, value),
  ),
];

function* netstat_show(dev: NetDevice, name: keyof NetdevStats): Atomic<string | number> {
  if (!isAlive(dev)) return -EINVAL;
  return `${(yield* dev_get_stats(dev))[name]}\n`;
}

/** The files of statistics/, one for each counter. */
export const statisticsAttributes = (dev: NetDevice): SysfsAttribute[] =>
  (Object.keys(zeroStats()) as (keyof NetdevStats)[]).map((name) => ({
    name,
    mode: 0o444,
    show: () => netstat_show(dev, name),
  }));
