// QUERY_PORT as mlx4_core reads it at load (fw.c: mlx4_QUERY_PORT; facts/device 5.8): limits,
// default MAC, port types. mlx4_en asks on its own for the state of the link.

import { queryPort } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { queryMailbox } from '../cmd/query.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** struct mlx4_port_cap. */
export interface mlx4_port_cap {
  readonly link_state: boolean;
  /** Bits of MLX4_PORT_TYPE_*. */
  readonly supported_port_types: number;
  /** 1: Ethernet is the type that firmware hints at. */
  readonly suggested_type: number;
  readonly default_sense: boolean;
  readonly dmfs_optimized_state: boolean;
  readonly ib_mtu: number;
  readonly max_port_width: number;
  readonly max_gids: number;
  readonly max_pkeys: number;
  readonly max_vl: number;
  readonly max_tc_eth: number;
  readonly log_max_macs: number;
  readonly log_max_vlans: number;
  readonly eth_mtu: number;
  readonly def_mac: number;
}

/** What the card says of a port, or a negative error. */
export function* mlx4_QUERY_PORT(dev: mlx4_dev, port: number): MaySleep<mlx4_port_cap | number> {
  const { sizeBytes } = queryPort;
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_PORT', sizeBytes, { in_modifier: port });
  if (typeof answer === 'number') return answer;
  const of = queryPort.read(answer);
  return {
    link_state: of.link_up,
    supported_port_types: of.supported_types,
    suggested_type: Number(of.suggested_eth),
    default_sense: of.default_sense,
    dmfs_optimized_state: of.dmfs_optimized,
    ib_mtu: of.ib_mtu,
    max_port_width: of.port_width,
    max_gids: 2 ** of.log_max_gid,
    max_pkeys: 2 ** of.log_max_pkey,
    max_vl: of.max_vl,
    max_tc_eth: of.max_tc,
    log_max_macs: of.log_max_mac,
    log_max_vlans: of.log_max_vlan,
    eth_mtu: of.eth_mtu,
    def_mac: of.def_mac,
  };
}
