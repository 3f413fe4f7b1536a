// struct mlx4_caps before the card was asked (device.h): all zero, as kzalloc() leaves it.
// main/dev-cap.ts fills it.

import { zeroLimits } from '../limits.ts';
import { MLX4_MAX_PORTS } from '../mlx4.ts';
import type { mlx4_caps } from '../mlx4.ts';

const perPort = <T>(value: T): T[] => Array.from({ length: MLX4_MAX_PORTS + 1 }, () => value);

/** All members zero. */
export const zeroCaps = (): mlx4_caps => ({
  ...zeroLimits(),
  num_ports: 0,
  flags: new Set(),
  flags2: new Set(),
  port_type: perPort(0),
  possible_type: perPort(0),
  supported_type: perPort(0),
  suggested_type: perPort(0),
  default_sense: perPort(false),
  port_mask: perPort(0),
  def_mac: perPort(0),
  eth_mtu_cap: perPort(0),
  ib_mtu_cap: perPort(0),
  port_ib_mtu: perPort(0),
  ib_port_def_cap: perPort(0),
  phys_port_id: perPort(0n),
  port_width_cap: perPort(0),
  rx_checksum_flags_port: perPort(0),
  vl_cap: perPort(0),
  gid_table_len: perPort(0),
  pkey_table_len: perPort(0),
  steering_mode: 0,
  num_comp_vectors: 0,
  num_eqs: 0,
  reserved_eqs: 0,
  num_uars: 0,
  cqe_size: 0,
  eqe_size: 0,
  max_counters: 0,
});
