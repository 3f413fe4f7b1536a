// What `devlink` can do with a card (main.c: mlx4_devlink_ops, mlx4_devlink_params; facts/driver
// 6.4): port types, reload, parameters. Driver-init parameters take effect at the next reload.
// Left out: region snapshots (the card offers no crdump); the parameter is kept.

import {
  DEVLINK_PORT_TYPE_AUTO,
  DEVLINK_PORT_TYPE_ETH,
  DEVLINK_PORT_TYPE_IB,
} from '#kernel/devlink.ts';
import type { Devlink, DevlinkOps, DevlinkParam, DevlinkPort } from '#kernel/devlink.ts';
import { EINVAL, EOPNOTSUPP, ERANGE } from '#kernel/errno.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_err } from '../mlx4.ts';
import { MLX4_PORT_TYPE_AUTO, MLX4_PORT_TYPE_ETH, MLX4_PORT_TYPE_IB } from '../mlx4.ts';
import type { mlx4_core_module, mlx4_priv as Priv } from '../mlx4.ts';
import { __set_port_type } from './port-types.ts';
import { mlx4_restart_one_down, mlx4_restart_one_up } from './restart.ts';

const portTypes: ReadonlyMap<number, number> = new Map([
  [DEVLINK_PORT_TYPE_AUTO, MLX4_PORT_TYPE_AUTO],
  [DEVLINK_PORT_TYPE_ETH, MLX4_PORT_TYPE_ETH],
  [DEVLINK_PORT_TYPE_IB, MLX4_PORT_TYPE_IB],
]);

function* mlx4_devlink_port_type_set(port: DevlinkPort, wanted: number): MaySleep<number> {
  const type = portTypes.get(wanted);
  const priv = port.devlink?.priv as Priv | undefined;
  const info = priv?.port[port.index];
  if (type === undefined || !info) return -EOPNOTSUPP;
  return yield* __set_port_type(info, type);
}

function* mlx4_devlink_reload_down(devlink: Devlink, netnsChange: boolean): MaySleep<number> {
  if (netnsChange) {
    devlink.extack = 'mlx4_core: Namespace change is not supported';
    return -EOPNOTSUPP;
  }
  yield* mlx4_restart_one_down((devlink.priv as Priv).dev.persist.pdev);
  return 0;
}

function* mlx4_devlink_reload_up(devlink: Devlink): MaySleep<number> {
  const { dev, module } = devlink.priv as Priv;
  yield* loadDriverInitValues(module, devlink);
  const err = yield* mlx4_restart_one_up(dev.persist.pdev);
  if (err !== 0) mlx4_err(dev, `mlx4_restart_one_up failed, ret=${err}`);
  return err;
}

export const mlx4_devlink_ops: DevlinkOps = {
  port_type_set: mlx4_devlink_port_type_set,
  reload_down: mlx4_devlink_reload_down,
  reload_up: mlx4_devlink_reload_up,
};

/** A parameter that takes effect at the next reload, with the value it will then have. */
function driverInit(
  name: string,
  type: 'bool' | 'u32',
  initial: string,
  generic: boolean,
  check: (value: string) => number,
): DevlinkParam {
  let wanted = initial;
  return {
    name,
    cmode: 'driverinit',
    generic,
    type,

    *get() {
      return wanted;
    },

    *set(value) {
      const err = check(value);
      if (err === 0) wanted = value;
      return err;
    },
  };
}

const isBool = (value: string): number => (value === 'true' || value === 'false' ? 0 : -EINVAL);
const boolText = (value: boolean): string => (value ? 'true' : 'false');

/** Most addresses that a port's table can have. */
const maxMacsMost = 128;

function checkMaxMacs(devlink: Devlink, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text)) return -EINVAL;
  if (value < 1 || value > maxMacsMost) return -ERANGE;
  if (Number.isInteger(Math.log2(value))) return 0;
  devlink.extack = 'mlx4_core: max_macs supported must be power of 2';
  return -EINVAL;
}

/** internal_error_reset takes effect at once in its runtime mode. */
function internalErrorReset({ params }: mlx4_core_module): DevlinkParam {
  return {
    name: 'internal_error_reset',
    cmode: 'runtime',
    generic: true,
    type: 'bool',

    *get() {
      return boolText(params.int('internal_err_reset') !== 0);
    },

    *set(value) {
      return isBool(value) || params.set('internal_err_reset', value === 'true' ? '1' : '0');
    },
  };
}

/** The parameters of an instance; a parameter with two modes is two rows. */
export function mlx4_devlink_params(module: mlx4_core_module, devlink: Devlink): DevlinkParam[] {
  const { params } = module;
  const reset = boolText(params.int('internal_err_reset') !== 0);
  const macs = String(2 ** params.int('log_num_mac'));
  return [
    internalErrorReset(module),
    driverInit('internal_error_reset', 'bool', reset, true, isBool),
    driverInit('max_macs', 'u32', macs, true, (value) => checkMaxMacs(devlink, value)),
    driverInit('region_snapshot_enable', 'bool', 'false', true, isBool),
    driverInit(
      'enable_64b_cqe_eqe',
      'bool',
      boolText(params.bool('enable_64b_cqe_eqe')),
      false,
      isBool,
    ),
    driverInit('enable_4k_uar', 'bool', boolText(params.bool('enable_4k_uar')), false, isBool),
  ];
}

/** Before a reload: the wanted values become the module's. */
function* loadDriverInitValues(module: mlx4_core_module, devlink: Devlink): MaySleep<void> {
  const { params } = module;
  for (const param of devlink.params.filter(({ cmode }) => cmode === 'driverinit')) {
    const value = yield* param.get();
    if (param.name === 'internal_error_reset') {
      params.set('internal_err_reset', value === 'true' ? '1' : '0');
    } else if (param.name === 'max_macs')
      params.set('log_num_mac', String(Math.log2(Number(value))));
    else if (param.name.startsWith('enable_')) params.set(param.name, value);
  }
}
