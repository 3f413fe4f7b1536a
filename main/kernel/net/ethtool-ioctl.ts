// What a user's `ethtool` asks of the kernel (net/ethtool/ioctl.c): each call takes RTNL, so it
// waits while somebody holds it, with the stack of a real one. Results are values, or negative
// errors.

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EINVAL, ENODEV, EOPNOTSUPP } from '../errno.ts';
import { entry_SYSCALL_64_after_hwframe } from '../fs/syscalls.ts';
import type { Kernel } from '../kernel.ts';
import { __dev_get_by_name } from './dev.ts';
import { __netdev_update_features, netdev_features_change } from './dev-features.ts';
import type {
  EthtoolChannels,
  EthtoolCoalesce,
  EthtoolDrvinfo,
  EthtoolOps,
  EthtoolPauseparam,
  EthtoolRingparam,
  EthtoolTestResult,
  LinkKsettings,
} from './ethtool.ts';
import { netdev_features_strings } from './flags.ts';
import type { NetDevice } from './netdevice.ts';
import { rtnl_lock, rtnl_unlock } from './rtnetlink.ts';

type Command<T> = (dev: NetDevice) => MaySleep<T | number>;

function* __dev_ethtool<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  const dev = __dev_get_by_name(k, name);
  if (dev === undefined || !dev.present) return -ENODEV;
  return yield* command(dev);
}

function* dev_ethtool<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  yield* rtnl_lock(k);
  const result = yield* __dev_ethtool(k, name, command);
  yield* rtnl_unlock(k);
  return result;
}

function* dev_ioctl<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  return yield* dev_ethtool(k, name, command);
}

function* sock_do_ioctl<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  return yield* dev_ioctl(k, name, command);
}

function* sock_ioctl<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  return yield* sock_do_ioctl(k, name, command);
}

function* __x64_sys_ioctl<T>(k: Kernel, name: string, command: Command<T>): MaySleep<T | number> {
  return yield* sock_ioctl(k, name, command);
}

/** One ioctl(SIOCETHTOOL) on a device. */
function ethtool<T>(
  k: Kernel,
  name: string,
  what: string,
  command: Command<T>,
): MaySleep<T | number> {
  k.trace.emit(K.syscall, k.trace.intern(`ethtool ${what}`), k.trace.intern(name));
  return entry_SYSCALL_64_after_hwframe(() => __x64_sys_ioctl(k, name, command));
}

/** Asks for something that the driver may not have. */
const ask = <T>(
  k: Kernel,
  name: string,
  what: string,
  get: (ops: EthtoolOps) => ((dev: NetDevice) => MaySleep<T | number>) | undefined,
): MaySleep<T | number> =>
  ethtool<T>(k, name, what, function* askDriver(dev) {
    const op = get(dev.ethtool_ops);
    return op === undefined ? -EOPNOTSUPP : yield* op(dev);
  });

/** Sets something that the driver may not have. */
const tell = <V>(
  k: Kernel,
  name: string,
  what: string,
  set: (ops: EthtoolOps) => ((dev: NetDevice, value: V) => MaySleep<number>) | undefined,
  value: V,
): MaySleep<number> =>
  ethtool<number>(k, name, what, function* tellDriver(dev) {
    const op = set(dev.ethtool_ops);
    return op === undefined ? -EOPNOTSUPP : yield* op(dev, value);
  });

function* ethtool_get_drvinfo(k: Kernel, dev: NetDevice): MaySleep<EthtoolDrvinfo | number> {
  const { get_drvinfo, get_strings } = dev.ethtool_ops;
  const parent = dev.parent;
  const basic: EthtoolDrvinfo = {
    driver: parent?.driver?.name ?? dev.kind,
    version: k.options.release,
    fw_version: '',
    bus_info: parent?.name ?? '',
  };
  if (get_drvinfo === undefined && basic.driver === '') return -EOPNOTSUPP;
  const info = get_drvinfo === undefined ? {} : yield* get_drvinfo(dev);
  return {
    ...basic,
    n_stats: get_strings?.(dev, 'stats').length ?? 0,
    n_priv_flags: get_strings?.(dev, 'priv-flags').length ?? 0,
    ...info,
  };
}

/** `ethtool -i`. */
export const ethtool_drvinfo = (k: Kernel, name: string): MaySleep<EthtoolDrvinfo | number> =>
  ethtool<EthtoolDrvinfo>(k, name, '-i', (dev) => ethtool_get_drvinfo(k, dev));

/** What `ethtool DEVICE` shows: settings (null when the driver has none), link, message level. */
export interface EthtoolSettings {
  readonly settings: LinkKsettings | null;
  readonly link: boolean | null;
  readonly msglevel: number | null;
}

/** `ethtool DEVICE`. */
export const ethtool_settings = (k: Kernel, name: string): MaySleep<EthtoolSettings | number> =>
  ethtool<EthtoolSettings>(k, name, 'settings', function* ethtool_get_settings(dev) {
    const { get_link_ksettings, get_link, get_msglevel } = dev.ethtool_ops;
    const settings = get_link_ksettings === undefined ? null : yield* get_link_ksettings(dev);
    return {
      settings: typeof settings === 'number' ? null : settings,
      link: get_link === undefined ? null : dev.running && (yield* get_link(dev)),
      msglevel: get_msglevel === undefined ? null : yield* get_msglevel(dev),
    };
  });

/** `ethtool -s … speed … autoneg …`. */
export const ethtool_set_settings = (
  k: Kernel,
  name: string,
  wanted: LinkKsettings,
): MaySleep<number> => tell(k, name, '-s', (ops) => ops.set_link_ksettings, wanted);

/** `ethtool -r`. */
export const ethtool_nway_reset = (k: Kernel, name: string): MaySleep<number> =>
  ask<number>(k, name, '-r', (ops) => ops.nway_reset);

/** `ethtool -g` and `-G`. */
export const ethtool_ringparam = (k: Kernel, name: string): MaySleep<EthtoolRingparam | number> =>
  ask(k, name, '-g', (ops) => ops.get_ringparam);
export const ethtool_set_ringparam = (
  k: Kernel,
  name: string,
  wanted: EthtoolRingparam,
): MaySleep<number> => tell(k, name, '-G', (ops) => ops.set_ringparam, wanted);

/** `ethtool -l` and `-L`. */
export const ethtool_channels = (k: Kernel, name: string): MaySleep<EthtoolChannels | number> =>
  ask(k, name, '-l', (ops) => ops.get_channels);
export const ethtool_set_channels = (
  k: Kernel,
  name: string,
  wanted: EthtoolChannels,
): MaySleep<number> => tell(k, name, '-L', (ops) => ops.set_channels, wanted);

/** `ethtool -a` and `-A`. */
export const ethtool_pauseparam = (k: Kernel, name: string): MaySleep<EthtoolPauseparam | number> =>
  ask(k, name, '-a', (ops) => ops.get_pauseparam);
export const ethtool_set_pauseparam = (
  k: Kernel,
  name: string,
  wanted: EthtoolPauseparam,
): MaySleep<number> => tell(k, name, '-A', (ops) => ops.set_pauseparam, wanted);

/** `ethtool -c` and `-C`. */
export const ethtool_coalesce = (k: Kernel, name: string): MaySleep<EthtoolCoalesce | number> =>
  ask(k, name, '-c', (ops) => ops.get_coalesce);
export const ethtool_set_coalesce = (
  k: Kernel,
  name: string,
  wanted: EthtoolCoalesce,
): MaySleep<number> => tell(k, name, '-C', (ops) => ops.set_coalesce, wanted);

/** A counter or flag with its name. */
export type Named<T> = readonly (readonly [name: string, value: T])[];

/** `ethtool -S`: names and values in the driver's order. */
export const ethtool_statistics = (k: Kernel, name: string): MaySleep<Named<number> | number> =>
  ethtool<Named<number>>(k, name, '-S', function* ethtool_get_stats(dev) {
    const { get_strings, get_ethtool_stats } = dev.ethtool_ops;
    if (get_strings === undefined || get_ethtool_stats === undefined) return -EOPNOTSUPP;
    const names = get_strings(dev, 'stats');
    const values = yield* get_ethtool_stats(dev);
    return names.map((each, at) => [each, values[at] ?? 0] as const);
  });

/** `ethtool --show-priv-flags`. */
export const ethtool_priv_flags = (k: Kernel, name: string): MaySleep<Named<boolean> | number> =>
  ethtool<Named<boolean>>(k, name, '--show-priv-flags', function* ethtool_get_priv_flags(dev) {
    const { get_strings, get_priv_flags } = dev.ethtool_ops;
    if (get_strings === undefined || get_priv_flags === undefined) return -EOPNOTSUPP;
    const flags = yield* get_priv_flags(dev);
    const names = get_strings(dev, 'priv-flags');
    return names.map((each, bit) => [each, (flags & (1 << bit)) !== 0] as const);
  });

/** `ethtool --set-priv-flags NAME on|off`. -EINVAL for an unknown flag. */
export const ethtool_set_priv_flag = (
  k: Kernel,
  name: string,
  flag: string,
  on: boolean,
): MaySleep<number> =>
  ethtool<number>(k, name, '--set-priv-flags', function* ethtool_set_priv_flags(dev) {
    const { get_strings, get_priv_flags, set_priv_flags } = dev.ethtool_ops;
    if (!get_strings || !get_priv_flags || !set_priv_flags) return -EOPNOTSUPP;
    const bit = get_strings(dev, 'priv-flags').indexOf(flag);
    if (bit < 0) return -EINVAL;
    const flags = yield* get_priv_flags(dev);
    return yield* set_priv_flags(dev, on ? flags | (1 << bit) : flags & ~(1 << bit));
  });

/** One line of `ethtool -k`. */
export interface FeatureState {
  readonly name: string;
  readonly on: boolean;
  /** It cannot be changed. */
  readonly fixed: boolean;
  /** What was asked for differs from what there is. */
  readonly requested: boolean;
}

/** `ethtool -k`. */
export const ethtool_features = (k: Kernel, name: string): MaySleep<FeatureState[] | number> =>
  ethtool<FeatureState[]>(k, name, '-k', function* ethtool_get_features(dev) {
    return netdev_features_strings.map((feature, bit) => {
      const mask = 1 << bit;
      const on = (dev.features & mask) !== 0;
      const fixed = (dev.hw_features & mask) === 0;
      const wanted = (dev.wanted_features & mask) !== 0;
      return { name: feature, on, fixed, requested: !fixed && wanted !== on };
    });
  });

/** `ethtool -K DEVICE FEATURE on|off`. -EINVAL for an unknown or fixed feature. */
export const ethtool_set_feature = (
  k: Kernel,
  name: string,
  feature: string,
  on: boolean,
): MaySleep<number> =>
  ethtool<number>(k, name, '-K', function* ethtool_set_features(dev) {
    const bit = netdev_features_strings.indexOf(feature);
    if (bit < 0 || (dev.hw_features & (1 << bit)) === 0) return -EINVAL;
    if (on) dev.wanted_features |= 1 << bit;
    else dev.wanted_features &= ~(1 << bit);
    if (yield* __netdev_update_features(dev)) yield* netdev_features_change(dev);
    return 0;
  });

/** `ethtool -s … msglvl N`. */
export const ethtool_set_msglevel = (k: Kernel, name: string, level: number): MaySleep<number> =>
  ethtool<number>(k, name, '-s msglvl', function* ethtool_set_value(dev) {
    const set = dev.ethtool_ops.set_msglevel;
    if (set === undefined) return -EOPNOTSUPP;
    yield* set(dev, level);
    return 0;
  });

/** `ethtool -t`: names and results, or a negative error. */
export const ethtool_self_test = (
  k: Kernel,
  name: string,
  offline: boolean,
): MaySleep<(EthtoolTestResult & { readonly names: readonly string[] }) | number> =>
  ethtool<EthtoolTestResult & { readonly names: readonly string[] }>(
    k,
    name,
    '-t',
    function* ethtool_run_self_test(dev) {
      const { get_strings, self_test } = dev.ethtool_ops;
      if (get_strings === undefined || self_test === undefined) return -EOPNOTSUPP;
      const result = yield* self_test(dev, offline);
      return { ...result, names: get_strings(dev, 'test') };
    },
  );
