// Changing port types (main.c: mlx4_change_port_types, __set_port_type, mlx4_check_port_params;
// facts/driver 6.1, 6.2). A change of one port takes the whole card away from its parts and
// registers it again. The caller of mlx4_change_port_types() holds port_mutex.
// port_mask changes only after the parts are gone, so while they go they still see both old ports.
// When SET_PORT fails the card stays unregistered (facts 7.6, E3): kept as it is in both kernels.

import { EOPNOTSUPP } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { request_module_nowait } from '#kernel/module.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_register_device, mlx4_unregister_device } from '../intf.ts';
import {
  mlx4_err,
  mlx4_has_cap,
  MLX4_PORT_TYPE_AUTO,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
  mlx4_priv,
} from '../mlx4.ts';
import type { mlx4_dev, mlx4_port_info } from '../mlx4.ts';
import { mlx4_CLOSE_PORT, mlx4_SET_PORT } from '../port.ts';
import { tellPortType } from './beliefs.ts';
import { mlx4_do_sense_ports, mlx4_start_sense, mlx4_stop_sense } from '../sense.ts';

/** Types by port number; index 0 is unused. */
export type PortTypes = number[];

const portNumbers = (dev: mlx4_dev): number[] =>
  Array.from({ length: dev.caps.num_ports }, (_, index) => index + 1);

const unsupported = (port: number): string =>
  `Requested port type for port ${port} is not supported on this HCA`;

/** Can the card have these types at once? 0 or -EOPNOTSUPP. */
export function mlx4_check_port_params(dev: mlx4_dev, types: PortTypes): number {
  const ports = portNumbers(dev);
  if (!mlx4_has_cap(dev, 'DPDP') && ports.some((port) => types[port] !== types[1])) {
    mlx4_err(dev, 'Only same port types supported on this HCA, aborting');
    return -EOPNOTSUPP;
  }
  const bad = ports.find((port) => (types[port]! & ~dev.caps.supported_type[port]!) !== 0);
  if (bad === undefined) return 0;
  mlx4_err(dev, unsupported(bad));
  return -EOPNOTSUPP;
}

/** port_mask := the present types. */
export function mlx4_set_port_mask(dev: mlx4_dev): void {
  for (const port of portNumbers(dev)) dev.caps.port_mask[port] = dev.caps.port_type[port]!;
}

/** List design: asks user space for the parts that the card's types need; does not wait. */
export function mlx4_request_modules(dev: mlx4_dev): void {
  const types = portNumbers(dev).map((port) => dev.caps.port_type[port]);
  if (types.includes(MLX4_PORT_TYPE_ETH)) request_module_nowait(dev.k, 'mlx4_en');
  if (types.includes(MLX4_PORT_TYPE_IB) || mlx4_has_cap(dev, 'IBOE')) {
    request_module_nowait(dev.k, 'mlx4_ib');
  }
}

/** Closes and sets every port; the parts are gone. 0, or the error of the first that failed. */
export function* setPorts(dev: mlx4_dev, types: PortTypes): MaySleep<number> {
  for (const port of portNumbers(dev)) {
    yield* mlx4_CLOSE_PORT(dev, port);
    dev.caps.port_type[port] = types[port]!;
    tellPortType(dev, port);
    const err = yield* mlx4_SET_PORT(dev, port, -1);
    if (err === 0) continue;
    mlx4_err(dev, `Failed to set port ${port}, aborting`);
    return err;
  }
  return 0;
}

/** Gives the ports new types. 0, or a negative error with the card left unregistered. */
export function* mlx4_change_port_types(dev: mlx4_dev, types: PortTypes): MaySleep<number> {
  if (portNumbers(dev).every((port) => types[port] === dev.caps.port_type[port])) return 0;
  yield* mlx4_unregister_device(dev);
  let err = yield* setPorts(dev, types);
  if (err !== 0) return err;
  mlx4_set_port_mask(dev);
  err = yield* mlx4_register_device(dev);
  if (err !== 0) {
    mlx4_err(dev, 'Failed to register device');
    return err;
  }
  if (dev.priv.module.variant.interfaces === 'list') mlx4_request_modules(dev);
  return 0;
}

/** What each port would become: types asked for and not yet set, AUTO as the present type. */
function wantedTypes(dev: mlx4_dev): PortTypes {
  const { port } = mlx4_priv(dev);
  const types: PortTypes = [0];
  for (const i of portNumbers(dev)) {
    const asked = port[i]!.tmp_type === 0 ? dev.caps.possible_type[i]! : port[i]!.tmp_type;
    types[i] = asked === MLX4_PORT_TYPE_AUTO ? dev.caps.port_type[i]! : asked;
  }
  return types;
}

/** On a card that can neither mix types nor sense, AUTO falls back to the present type. */
function refuseAuto(dev: mlx4_dev): number {
  if (mlx4_has_cap(dev, 'DPDP') || mlx4_has_cap(dev, 'SENSE_SUPPORT')) return 0;
  const { possible_type, port_type } = dev.caps;
  const auto = portNumbers(dev).filter((port) => possible_type[port] === MLX4_PORT_TYPE_AUTO);
  if (auto.length === 0) return 0;
  for (const port of auto) {
    possible_type[port] = port_type[port]!;
    tellPortType(dev, port);
  }
  const advice = "Set only 'eth' or 'ib' for both ports (should be the same)";
  mlx4_err(dev, `Auto sensing is not supported on this HCA. ${advice}`);
  return -EOPNOTSUPP;
}

/** Under port_mutex: sense where asked, check, change. tmp_type outlives a failed check. */
function* applyPortType(info: mlx4_port_info, type: number): MaySleep<number> {
  const { dev } = info;
  info.tmp_type = type;
  dev.caps.possible_type[info.port] = type;
  tellPortType(dev, info.port);
  const wanted = wantedTypes(dev);
  let err = refuseAuto(dev);
  if (err !== 0) return err;
  const types = yield* mlx4_do_sense_ports(dev, wanted);
  err = mlx4_check_port_params(dev, types);
  if (err !== 0) return err;
  for (const port of portNumbers(dev)) mlx4_priv(dev).port[port]!.tmp_type = 0;
  return yield* mlx4_change_port_types(dev, types);
}

/** What sysfs and devlink do. 0 or a negative error. */
export function* __set_port_type(info: mlx4_port_info, type: number): MaySleep<number> {
  const { dev, port } = info;
  if ((type & dev.caps.supported_type[port]!) !== type) {
    mlx4_err(dev, unsupported(port));
    return -EOPNOTSUPP;
  }
  yield* mlx4_stop_sense(dev);
  const { port_mutex } = mlx4_priv(dev);
  yield* mutex_lock(port_mutex);
  const err = yield* applyPortType(info, type);
  yield* mlx4_start_sense(dev);
  yield* mutex_unlock(port_mutex);
  return err;
}
