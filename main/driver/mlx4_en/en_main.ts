// The module mlx4_en: its parameters (facts/driver 8.10) and how it is loaded and unloaded, in the
// design that the variant says. Loaded by udev for the auxiliary device, or by mlx4_core's
// request_module.

import type { ModuleDefinition } from '#kernel/module.ts';
import { MIN_PKT_LEN } from '#prm/wqe.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_register_auxiliary_driver,
  mlx4_register_interface,
  mlx4_unregister_auxiliary_driver,
  mlx4_unregister_interface,
} from '../mlx4_core/intf.ts';
import type { mlx4_adrv, mlx4_interface } from '../mlx4_core/mlx4.ts';
import type { DriverVariant } from '../variant.ts';
import { mlx4_en_adrv, mlx4_en_interface } from './en_main/bind.ts';
import { mlx4_en_verify_params } from './en_profile.ts';
import { MAX_INLINE } from './en_tx_desc.ts';
import { DRV_VERSION } from './mlx4_en.ts';
import type { mlx4_en_module } from './mlx4_en.ts';

function* mlx4_en_init(
  state: mlx4_en_module,
  intf: mlx4_interface,
  adrv: mlx4_adrv,
): MaySleep<number> {
  mlx4_en_verify_params(state);
  return state.variant.interfaces === 'auxiliary'
    ? yield* mlx4_register_auxiliary_driver(state.k, adrv)
    : yield* mlx4_register_interface(state.k, intf);
}

function* mlx4_en_cleanup(
  state: mlx4_en_module,
  intf: mlx4_interface,
  adrv: mlx4_adrv,
): MaySleep<void> {
  if (state.variant.interfaces === 'auxiliary') yield* mlx4_unregister_auxiliary_driver(adrv);
  else yield* mlx4_unregister_interface(state.k, intf);
}

/** The module as the machine's module table takes it. */
export const moduleDefinition: ModuleDefinition<DriverVariant> = {
  name: 'mlx4_en',
  description: 'Mellanox ConnectX HCA Ethernet driver',
  version: DRV_VERSION,
  depends: ['mlx4_core'],
  aliases: ['auxiliary:mlx4_core.eth'],
  params: [
    {
      name: 'udp_rss',
      type: 'uint',
      value: '1',
      mode: 0o444,
      description: 'Enable RSS for incoming UDP traffic or disabled (0)',
    },
    {
      name: 'pfctx',
      type: 'uint',
      value: '0',
      mode: 0o444,
      description: 'Priority based Flow Control policy on TX[7:0]. Per priority bit mask',
    },
    {
      name: 'pfcrx',
      type: 'uint',
      value: '0',
      mode: 0o444,
      description: 'Priority based Flow Control policy on RX[7:0]. Per priority bit mask',
    },
    {
      name: 'inline_thold',
      type: 'uint',
      value: String(MAX_INLINE),
      mode: 0o444,
      description: `Threshold for using inline data (range: ${MIN_PKT_LEN}-${MAX_INLINE})`,
    },
  ],
  sizeBytes: 155_648,
  create(k, params, variant, module) {
    const state: mlx4_en_module = {
      k,
      module,
      params,
      variant,
      versionPrinted: false,
      pfctx: 0,
      pfcrx: 0,
      inline_thold: MAX_INLINE,
      bondWorks: 0,
    };
    const intf = mlx4_en_interface(state);
    const adrv = mlx4_en_adrv(state);
    return {
      init: () => mlx4_en_init(state, intf, adrv),
      exit: () => mlx4_en_cleanup(state, intf, adrv),
    };
  },
};
