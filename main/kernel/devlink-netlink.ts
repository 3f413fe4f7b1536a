// What `devlink` asks of the kernel (net/devlink/, generic netlink): port type, reload, parameters,
// info and the lists. Each command takes the instance lock around the driver's callback
// (facts/driver 6.4, 9.13). The facts say that a port type equal to the desired one is no change;
// the source compares with the present type, and so does this. In 6.12 reload also takes
// device_lock of the card [inferred].

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { device_lock, device_unlock } from './base/device.ts';
import {
  DEVLINK_PORT_TYPE_AUTO,
  DEVLINK_PORT_TYPE_ETH,
  DEVLINK_PORT_TYPE_IB,
  devl_lock,
  devl_unlock,
  devlink_put,
  devlink_try_get,
} from './devlink.ts';
import type { Devlink, DevlinkParam, DevlinkParamMode, DevlinkPort } from './devlink.ts';
import { EINVAL, ENODEV, EOPNOTSUPP } from './errno.ts';
import { entry_SYSCALL_64_after_hwframe } from './fs/syscalls.ts';
import type { Kernel } from './kernel.ts';

const typeNames = ['notset', 'auto', 'eth', 'ib'] as const;

/** Name of a port type, as `devlink port` prints it. */
export const devlinkTypeName = (type: number): string => typeNames[type] ?? 'unknown';

/** Runs a command under reference and instance lock. */
function* withInstance<T>(
  k: Kernel,
  handle: string,
  needDevice: boolean,
  command: (devlink: Devlink) => MaySleep<T>,
): MaySleep<T | number> {
  const devlink = k.devlinks.find(handle);
  if (devlink === undefined || !(yield* devlink_try_get(devlink))) return -ENODEV;
  const lockDevice = needDevice && k.is612;
  if (lockDevice) yield* device_lock(devlink.dev);
  yield* devl_lock(devlink);
  devlink.extack = '';
  const answer = devlink.registered || !k.is612 ? yield* command(devlink) : -ENODEV;
  yield* devl_unlock(devlink);
  if (lockDevice) yield* device_unlock(devlink.dev);
  yield* devlink_put(devlink);
  return answer;
}

function record(k: Kernel, command: string, value: string): void {
  k.trace.emit(K.syscall, k.trace.intern(`devlink ${command}`), k.trace.intern(value));
}

function* devlink_port_type_set(port: DevlinkPort, type: number): MaySleep<number> {
  const set = port.devlink?.ops.port_type_set;
  if (set === undefined) return -EOPNOTSUPP;
  if (port.type === type) return 0;
  const error = yield* set(port, type);
  if (error === 0) port.desiredType = type;
  return error;
}

function* devlink_nl_cmd_port_set_doit(port: DevlinkPort, type: number): MaySleep<number> {
  return yield* devlink_port_type_set(port, type);
}

/**
 * `devlink port set HANDLE type eth|ib|auto`; the handle is `pci/0000:06:00.0/1`. 0 or a negative
 * error.
 */
export function devlink_nl_port_set(k: Kernel, handle: string, type: string): MaySleep<number> {
  const number = {
    auto: DEVLINK_PORT_TYPE_AUTO,
    eth: DEVLINK_PORT_TYPE_ETH,
    ib: DEVLINK_PORT_TYPE_IB,
  };
  const wanted = (number as Record<string, number | undefined>)[type];
  const at = handle.lastIndexOf('/');
  const index = Number(handle.slice(at + 1));
  record(k, `port set ${handle}`, type);
  return entry_SYSCALL_64_after_hwframe(() =>
    withInstance(k, handle.slice(0, at), false, function* genl_family_rcv_msg_doit(devlink) {
      const port = devlink.ports.find((each) => each.index === index);
      if (port === undefined) return -ENODEV;
      return wanted === undefined ? -EINVAL : yield* devlink_nl_cmd_port_set_doit(port, wanted);
    }),
  );
}

function* devlink_reload(devlink: Devlink, netnsChange: boolean): MaySleep<number> {
  const { reload_down, reload_up } = devlink.ops;
  if (reload_down === undefined || reload_up === undefined) return -EOPNOTSUPP;
  const error = yield* reload_down(devlink, netnsChange);
  if (error !== 0) return error;
  return yield* reload_up(devlink);
}

function* devlink_nl_cmd_reload(devlink: Devlink, netnsChange: boolean): MaySleep<number> {
  return yield* devlink_reload(devlink, netnsChange);
}

/** `devlink dev reload HANDLE [netns NAME]`. 0 or a negative error. */
export function devlink_nl_reload(k: Kernel, handle: string, netns = ''): MaySleep<number> {
  record(k, `dev reload ${handle}`, netns);
  return entry_SYSCALL_64_after_hwframe(() =>
    withInstance(k, handle, true, (devlink) => devlink_nl_cmd_reload(devlink, netns !== '')),
  );
}

/** `devlink dev param set … value VALUE cmode MODE`. 0 or a negative error. */
export function devlink_nl_param_set(
  k: Kernel,
  handle: string,
  name: string,
  value: string,
  cmode: DevlinkParamMode,
): MaySleep<number> {
  record(k, `dev param set ${handle} ${name}`, value);
  return entry_SYSCALL_64_after_hwframe(() =>
    withInstance(k, handle, false, function* devlink_nl_cmd_param_set_doit(devlink) {
      const param = devlink.params.find((each) => each.name === name && each.cmode === cmode);
      if (param !== undefined) return yield* param.set(value);
      return devlink.params.some((each) => each.name === name) ? -EOPNOTSUPP : -EINVAL;
    }),
  );
}

/** One value of `devlink dev param show`. */
export interface DevlinkParamValue {
  readonly param: DevlinkParam;
  readonly value: string;
}

/** `devlink dev param show`: every parameter in every mode, or a negative error. */
export const devlink_nl_param_get = (
  k: Kernel,
  handle: string,
): MaySleep<DevlinkParamValue[] | number> =>
  withInstance<DevlinkParamValue[] | number>(
    k,
    handle,
    false,
    function* devlink_nl_cmd_param_get_doit(devlink) {
      const values: DevlinkParamValue[] = [];
      for (const param of devlink.params) values.push({ param, value: yield* param.get() });
      return values;
    },
  );

/** `devlink dev info`: names and values, or a negative error. */
export const devlink_nl_info_get = (
  k: Kernel,
  handle: string,
): MaySleep<Record<string, string> | number> =>
  withInstance<Record<string, string> | number>(
    k,
    handle,
    false,
    function* devlink_nl_cmd_info_get_doit(devlink) {
      const get = devlink.ops.info_get;
      return get === undefined ? -EOPNOTSUPP : yield* get(devlink);
    },
  );
