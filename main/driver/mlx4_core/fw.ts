// Small firmware commands (fw.c; facts/device 5.3 to 5.4, 5.9, 5.15): those without an answer,
// settings, and what mlx4_core keeps for its users. The large ones are in fw/.
// Left out: MAD_DEMUX and ACCESS_REG (the card offers the first not, and the second only to
// ethtool), Wake-on-LAN.

import { EINVAL, EOPNOTSUPP } from '#kernel/errno.ts';
import {
  configDev,
  MLX4_CONFIG_DEV_GET,
  MLX4_CONFIG_DEV_SET,
  MLX4_MAILBOX_SIZE,
  MLX4_MOD_STAT_CFG as MOD_STAT_CFG_OPMOD,
  modStatCfg,
  nopInputModifier,
  rxChecksumMode,
} from '#prm/firmware.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_cmd, mlx4_cmd_imm } from './cmd.ts';
import { queryMailbox, sendMailbox } from './cmd/query.ts';
import { mlx4_QUERY_HCA } from './fw/init-hca.ts';
import { mlx4_map_cmd } from './fw/map.ts';
import type { mlx4_icm } from './icm.ts';
import { mlx4_err, mlx4_has_cap2, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';

/** Does nothing; in event mode it shows that interrupts arrive. */
export function* mlx4_NOP(dev: mlx4_dev): MaySleep<number> {
  return yield* mlx4_cmd(dev, 0, nopInputModifier, 0, 'MLX4_CMD_NOP');
}

export const mlx4_MAP_FA = (dev: mlx4_dev, icm: mlx4_icm): MaySleep<number> =>
  mlx4_map_cmd(dev, 'MLX4_CMD_MAP_FA', icm, null);

export const mlx4_UNMAP_FA = (dev: mlx4_dev): MaySleep<number> =>
  mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_UNMAP_FA');

export const mlx4_RUN_FW = (dev: mlx4_dev): MaySleep<number> =>
  mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_RUN_FW');

export const mlx4_CLOSE_HCA = (dev: mlx4_dev, panic: number): MaySleep<number> =>
  mlx4_cmd(dev, 0, 0, panic, 'MLX4_CMD_CLOSE_HCA');

/**
 * Tells the size of the context memory. Pages that firmware wants for itself, or a negative error.
 */
export function* mlx4_SET_ICM_SIZE(dev: mlx4_dev, icm_size: number): MaySleep<number> {
  const answer = yield* mlx4_cmd_imm(dev, icm_size, 0, 0, 'MLX4_CMD_SET_ICM_SIZE');
  return Number(answer);
}

/** Sets the card's page size to the smallest one. */
export const mlx4_MOD_STAT_CFG = (dev: mlx4_dev): MaySleep<number> =>
  sendMailbox(dev, 'MLX4_CMD_MOD_STAT_CFG', modStatCfg.make({ log_pg_sz_m: 1, log_pg_sz: 0 }), {
    op_modifier: MOD_STAT_CFG_OPMOD.SET,
  });

/** Port of a MOD_STAT_CFG query: bits 15:8 of the input modifier. */
const MOD_STAT_CFG_PORT_SHIFT = 8;

/** Asks for the identity of every port. 0, or the error of the last one that failed. */
export function* mlx4_get_phys_port_id(dev: mlx4_dev): MaySleep<number> {
  let ret = 0;
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    const answer = yield* queryMailbox(dev, 'MLX4_CMD_MOD_STAT_CFG', modStatCfg.sizeBytes, {
      in_modifier: port << MOD_STAT_CFG_PORT_SHIFT,
      op_modifier: MOD_STAT_CFG_OPMOD.QUERY,
    });
    if (typeof answer === 'number') {
      mlx4_err(dev, `Fail to get port ${port} uplink guid`);
      ret = answer;
      continue;
    }
    const [high, low] = [modStatCfg.get(answer, 'guid_hi'), modStatCfg.get(answer, 'guid_lo')];
    dev.caps.phys_port_id[port] = (BigInt(high) << 32n) | BigInt(low);
  }
  return ret;
}

/** What the card can say of a received checksum, by its mode of CONFIG_DEV. */
export const MLX4_RX_CSUM_MODE_VAL_NON_TCP_UDP = 1 << 0;
export const MLX4_RX_CSUM_MODE_L4 = 1 << 1;
export const MLX4_RX_CSUM_MODE_IP_OK_IP_NON_TCP_UDP = 1 << 2;
export const MLX4_RX_CSUM_MODE_MULTI_VLAN = 1 << 3;

const config_dev_csum_flags: readonly number[] = [
  0,
  MLX4_RX_CSUM_MODE_VAL_NON_TCP_UDP,
  MLX4_RX_CSUM_MODE_VAL_NON_TCP_UDP | MLX4_RX_CSUM_MODE_L4,
  MLX4_RX_CSUM_MODE_L4 | MLX4_RX_CSUM_MODE_IP_OK_IP_NON_TCP_UDP | MLX4_RX_CSUM_MODE_MULTI_VLAN,
];

/** Reads the checksum modes of the ports into dev.caps. 0 or a negative error. */
export function* mlx4_config_dev_retrieval(dev: mlx4_dev): MaySleep<number> {
  if (!mlx4_has_cap2(dev, 'CONFIG_DEV')) return -EOPNOTSUPP;
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_CONFIG_DEV', configDev.sizeBytes, {
    op_modifier: MLX4_CONFIG_DEV_GET,
  });
  if (typeof answer === 'number') return answer;
  const value = configDev.get(answer, 'rx_checksum_val');
  const modes = ([1, 2] as const).map((port) => config_dev_csum_flags[rxChecksumMode(value, port)]);
  if (modes.includes(undefined)) return -EINVAL;
  dev.caps.rx_checksum_flags_port = [0, ...modes.map((mode) => mode!)];
  return 0;
}

/** The UDP port of RoCE v2; mlx4_ib sets it. */
export const mlx4_config_roce_v2_port = (dev: mlx4_dev, udpPort: number): MaySleep<number> =>
  sendMailbox(
    dev,
    'MLX4_CMD_CONFIG_DEV',
    configDev.make({ update_roce_v2_port: true, roce_v2_udp_dport: udpPort }),
    { op_modifier: MLX4_CONFIG_DEV_SET },
  );

/** The UDP port of VXLAN. */
export const mlx4_config_vxlan_port = (dev: mlx4_dev, udpPort: number): MaySleep<number> =>
  sendMailbox(
    dev,
    'MLX4_CMD_CONFIG_DEV',
    configDev.make({ update_vxlan_port: true, vxlan_udp_dport: udpPort }),
    { op_modifier: MLX4_CONFIG_DEV_SET },
  );

/** Words of DIAG_RPRT at some offsets, or a negative error. */
export function* mlx4_query_diag_counters(
  dev: mlx4_dev,
  op_modifier: number,
  offsets: readonly number[],
  port: number,
): MaySleep<number[] | number> {
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_DIAG_RPRT', MLX4_MAILBOX_SIZE, {
    in_modifier: port,
    op_modifier,
  });
  if (typeof answer === 'number') return answer;
  const words = new DataView(answer.buffer);
  if (offsets.some((offset) => offset + 4 > MLX4_MAILBOX_SIZE)) return -EINVAL;
  return offsets.map((offset) => words.getUint32(offset));
}

/**
 * Reads the clock rate again: firmware may set it with the first port. Failure is only a warning.
 */
export function* mlx4_hca_core_clock_update(dev: mlx4_dev): MaySleep<number> {
  const state = yield* mlx4_QUERY_HCA(dev);
  if (typeof state === 'number') {
    mlx4_warn(dev, 'hca_core_clock update failed');
    return state;
  }
  dev.caps.hca_core_clock = state.hca_core_clock;
  return 0;
}

/** The counter that a port's queues count in by default; -1 = none. */
export const mlx4_get_default_counter_index = (dev: mlx4_dev, port: number): number =>
  mlx4_priv(dev).def_counter[port]!;
