// How addresses find their queue pairs (main.c: choose_steering_mode; facts/device 11.1): B0 when
// the card can steer unicast and multicast by tables, else A0, by the place of a MAC in the port's
// table. Left out: device-managed steering; the parameter's negative values are taken as "default
// size".

import { MLX4_STEERING_MODE_A0, MLX4_STEERING_MODE_B0, qpsPerMgm } from '#prm/steering.ts';
import { mlx4_dbg, mlx4_has_cap, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** log2 of the bytes of a group entry, unless the parameter says otherwise. */
const MLX4_DEFAULT_MGM_LOG_ENTRY_SIZE = 10;

const modeNames: ReadonlyMap<number, string> = new Map([
  [MLX4_STEERING_MODE_A0, 'A0 steering'],
  [MLX4_STEERING_MODE_B0, 'B0 steering'],
]);

/** Sets caps.steering_mode and the size of group entries. */
export function choose_steering_mode(dev: mlx4_dev): void {
  const { caps } = dev;
  const parameter = dev.priv.module.params.int('log_num_mgm_entry_size');
  const [unicast, multicast] = [
    mlx4_has_cap(dev, 'VEP_UC_STEER'),
    mlx4_has_cap(dev, 'VEP_MC_STEER'),
  ];
  caps.steering_mode = unicast && multicast ? MLX4_STEERING_MODE_B0 : MLX4_STEERING_MODE_A0;
  if (unicast !== multicast) {
    const text = 'Must have both UC_STEER and MC_STEER flags set to use B0 steering';
    mlx4_warn(dev, `${text} - falling back to A0 steering mode`);
  }
  caps.oper_log_mgm_entry_size = parameter > 0 ? parameter : MLX4_DEFAULT_MGM_LOG_ENTRY_SIZE;
  caps.num_qp_per_mgm = qpsPerMgm(2 ** caps.oper_log_mgm_entry_size);
  const mode = modeNames.get(caps.steering_mode)!;
  const size = `oper_log_mgm_entry_size = ${caps.oper_log_mgm_entry_size}`;
  const asked = `modparam log_num_mgm_entry_size = ${parameter}`;
  mlx4_dbg(dev, `Steering mode is: ${mode}, ${size}, ${asked}`);
  mlx4_dbg(dev, 'Tunneling offload mode is: none');
}
