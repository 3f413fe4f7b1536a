// Ports (port.c, fw.c; facts/device 5.13, 5.14, 5.18, 9): their tables of addresses, the forms of
// SET_PORT, INIT_PORT and CLOSE_PORT, the multicast filter, the capabilities of an InfiniBand port.
// Each table has a mutex of its own (port/tables.ts).
// Left out: the GID table of virtual functions, traffic classes and rate limits (fw_qos.c), module
// EEPROMs.

import { ENOENT, ENOMEM } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  IB_MGMT_CLASS_SUBN_LID_ROUTED,
  IB_MGMT_METHOD_GET,
  IB_SMP_ATTR_PORT_INFO,
  mad,
  MLX4_MAD_IFC_IGNORE_BKEY,
  MLX4_MAD_IFC_IGNORE_MKEY,
  portInfoCapMaskOffset,
} from '#prm/mad.ts';
import {
  MCAST_DEFAULT,
  MCAST_DIRECT,
  globalPause,
  MLX4_MCAST_CLEAR_HIGH,
  MLX4_PORT_TYPE_ETH,
  MLX4_SET_PORT as SET_PORT,
  MLX4_SET_PORT_BEACON_OPCODE,
  MLX4_SET_PORT_IB_OPCODE,
  MLX4_VLAN_REGULAR,
  setPortBeacon,
  setPortGeneral,
  setPortIb,
  setPortRqpCalc,
} from '#prm/port.ts';
import { MLX4_STEERING_MODE_A0 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd, mlx4_cmd_box, mlx4_free_cmd_mailbox } from './cmd.ts';
import { sendMailbox } from './cmd/query.ts';
import { mlx4_hca_core_clock_update } from './fw.ts';
import { MLX4_QP_REGION_ETH_ADDR } from './limits.ts';
import { mlx4_dbg, mlx4_has_cap, mlx4_has_cap2, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';
import { addMac, placeOfMac, removeMac, replaceMac } from './port/mac-table.ts';
import {
  emptyTable,
  MAC_TABLE_PLACES,
  setEthernetPort,
  tablesOfPort,
  VLAN_TABLE_PLACES,
} from './port/tables.ts';
import { notNull } from './tables.ts';

/** Fresh tables of a port; its info exists. */
export function* mlx4_init_port_tables(dev: mlx4_dev, port: number): MaySleep<void> {
  const { log_num_macs, log_num_vlans } = dev.caps;
  const vlans = 2 ** log_num_vlans - MLX4_VLAN_REGULAR;
  notNull(mlx4_priv(dev).port[port]!).tables = {
    mac_table: emptyTable(dev, `mac_table[${port}]`, MAC_TABLE_PLACES, 2 ** log_num_macs),
    vlan_table: emptyTable(dev, `vlan_table[${port}]`, VLAN_TABLE_PLACES, vlans),
    base_qpn: mlx4_get_base_qpn(dev, port),
  };
}

/** First queue pair of a port's MACs under A0 steering. */
export const mlx4_get_base_qpn = (dev: mlx4_dev, port: number): number =>
  dev.caps.reserved_qps_base[MLX4_QP_REGION_ETH_ADDR]! + (port - 1) * 2 ** dev.caps.log_num_macs;

function* __mlx4_register_mac(dev: mlx4_dev, port: number, mac: number): MaySleep<number> {
  const { mac_table } = tablesOfPort(dev, port);
  mlx4_dbg(dev, `Registering MAC: 0x${mac.toString(16)} for port ${port} without duplicate`);
  yield* mutex_lock(mac_table.mutex);
  const index = yield* addMac(dev, port, mac_table, mac);
  yield* mutex_unlock(mac_table.mutex);
  return index;
}

/** Place of a MAC in the port's table, where it is put if it is new; or a negative error. */
export const mlx4_register_mac = (dev: mlx4_dev, port: number, mac: number): MaySleep<number> =>
  __mlx4_register_mac(dev, port, mac);

function* __mlx4_unregister_mac(dev: mlx4_dev, port: number, mac: number): MaySleep<void> {
  if (port < 1 || port > dev.caps.num_ports) {
    mlx4_warn(dev, `invalid port number (${port}), aborting...`);
    return;
  }
  const { mac_table } = tablesOfPort(dev, port);
  yield* mutex_lock(mac_table.mutex);
  yield* removeMac(dev, port, mac_table, mac);
  yield* mutex_unlock(mac_table.mutex);
}

export const mlx4_unregister_mac = (dev: mlx4_dev, port: number, mac: number): MaySleep<void> =>
  __mlx4_unregister_mac(dev, port, mac);

/** Under A0 steering: another MAC for a queue pair. */
export function* __mlx4_replace_mac(
  dev: mlx4_dev,
  port: number,
  qpn: number,
  mac: number,
): MaySleep<number> {
  const { mac_table, base_qpn } = tablesOfPort(dev, port);
  yield* mutex_lock(mac_table.mutex);
  const err = yield* replaceMac(dev, port, mac_table, qpn - base_qpn, mac);
  yield* mutex_unlock(mac_table.mutex);
  return err;
}

/** Place of a MAC, or -ENOENT. */
export function mlx4_find_cached_mac(dev: mlx4_dev, port: number, mac: number): number {
  const index = placeOfMac(tablesOfPort(dev, port).mac_table, mac);
  return index < 0 ? -ENOENT : index;
}

/** Starts a port. The clock rate may be known only then. */
export function* mlx4_INIT_PORT(dev: mlx4_dev, port: number): MaySleep<number> {
  const err = yield* mlx4_cmd(dev, 0, port, 0, 'MLX4_CMD_INIT_PORT');
  if (err === 0) yield* mlx4_hca_core_clock_update(dev);
  return err;
}

export const mlx4_CLOSE_PORT = (dev: mlx4_dev, port: number): MaySleep<number> =>
  mlx4_cmd(dev, 0, port, 0, 'MLX4_CMD_CLOSE_PORT');

/** Most virtual lanes that a port is asked to have. */
const mostVirtualLanes = 8;

/** Parameters of an InfiniBand port; sends nothing for another one. `pkey_tbl_sz` -1: leave it. */
export function* mlx4_SET_PORT(
  dev: mlx4_dev,
  port: number,
  _pkey_tbl_sz: number,
): MaySleep<number> {
  if (dev.caps.port_type[port] === MLX4_PORT_TYPE_ETH) return 0;
  let err = 0;
  // Which numbers of virtual lanes a port can have is found by trying.
  for (let vl_cap = mostVirtualLanes; vl_cap >= 1; vl_cap >>= 1) {
    const box = setPortIb.make({
      change_port_mtu: true,
      change_port_vl: true,
      mtu_cap: dev.caps.port_ib_mtu[port]!,
      vl_cap,
      ib_cap: dev.caps.ib_port_def_cap[port]!,
    });
    err = yield* sendMailbox(dev, 'MLX4_CMD_SET_PORT', box, {
      in_modifier: port,
      op_modifier: MLX4_SET_PORT_IB_OPCODE,
    });
    if (err !== -ENOMEM) break;
  }
  return err;
}

/** Flow control of a port: pause for all priorities, or priorities with a pause of their own. */
export interface PortPause {
  readonly tx_pause: number;
  readonly tx_ppp: number;
  readonly rx_pause: number;
  readonly rx_ppp: number;
}

const RoceV1V2 = 2 << 4;

/** Frame size (with header and FCS) and flow control. */
export const mlx4_SET_PORT_general = (
  dev: mlx4_dev,
  port: number,
  mtu: number,
  { tx_pause, tx_ppp, rx_pause, rx_ppp }: PortPause,
): MaySleep<number> => {
  const bothRoce = mlx4_has_cap2(dev, 'ROCE_V1_V2');
  const box = setPortGeneral.make({
    v_mtu: true,
    v_pprx: true,
    v_pptx: true,
    mtu,
    pptx: tx_pause !== 0 && tx_ppp === 0 ? globalPause : 0,
    pfctx: tx_ppp,
    pprx: rx_pause !== 0 && rx_ppp === 0 ? globalPause : 0,
    pfcrx: rx_ppp,
    v_roce_mode: bothRoce,
    ignore_fcs: bothRoce ? RoceV1V2 : 0,
  });
  return setEthernetPort(dev, port, SET_PORT.GENERAL, box);
};

/** Place of "VLAN miss" in the VLAN table; "no VLAN" is 0. */
const MLX4_VLAN_MISS_IDX = 1;

/** Under A0 steering: which queue pairs get what no rule is for. Sends nothing otherwise. */
export function* mlx4_SET_PORT_qpn_calc(
  dev: mlx4_dev,
  port: number,
  base_qpn: number,
  promisc: boolean,
): MaySleep<number> {
  if (dev.caps.steering_mode !== MLX4_STEERING_MODE_A0) return 0;
  const box = setPortRqpCalc.make({
    base_qpn,
    n_mac: dev.caps.log_num_macs,
    promisc,
    promisc_qpn: base_qpn,
    mcast_mode: mlx4_has_cap(dev, 'VEP_MC_STEER') ? MCAST_DIRECT : MCAST_DEFAULT,
    mcast_qpn: base_qpn,
    vlan_miss: MLX4_VLAN_MISS_IDX,
  });
  return yield* setEthernetPort(dev, port, SET_PORT.RQP_CALC, box);
}

/** Tells firmware the MTU that the user has set. */
export const mlx4_SET_PORT_user_mtu = (
  dev: mlx4_dev,
  port: number,
  user_mtu: number,
): MaySleep<number> =>
  setEthernetPort(dev, port, SET_PORT.GENERAL, setPortGeneral.make({ v_user_mtu: true, user_mtu }));

/** Tells firmware the MAC that the user has set. */
export const mlx4_SET_PORT_user_mac = (
  dev: mlx4_dev,
  port: number,
  user_mac: Uint8Array,
): MaySleep<number> =>
  setEthernetPort(dev, port, SET_PORT.GENERAL, setPortGeneral.make({ v_user_mac: true, user_mac }));

/** Whether frames with a wrong FCS are taken. */
export const mlx4_SET_PORT_fcs_check = (
  dev: mlx4_dev,
  port: number,
  ignore: boolean,
): MaySleep<number> =>
  setEthernetPort(
    dev,
    port,
    SET_PORT.GENERAL,
    setPortGeneral.make({ v_ignore_fcs: true, ignore_fcs: Number(ignore) }),
  );

/** Lets the port's LED blink for some seconds. */
export const mlx4_SET_PORT_BEACON = (
  dev: mlx4_dev,
  port: number,
  duration: number,
): MaySleep<number> =>
  sendMailbox(dev, 'MLX4_CMD_SET_PORT', setPortBeacon.make({ duration }), {
    in_modifier: port,
    op_modifier: MLX4_SET_PORT_BEACON_OPCODE,
  });

/** Changes the multicast filter: `mode` is MLX4_MCAST_*; `clear` empties the list first. */
export const mlx4_SET_MCAST_FLTR = (
  dev: mlx4_dev,
  port: number,
  mac: number,
  clear: boolean,
  mode: number,
): MaySleep<number> => {
  const high = (Math.floor(mac / 2 ** 32) | (clear ? MLX4_MCAST_CLEAR_HIGH : 0)) >>> 0;
  return mlx4_cmd(dev, { high, low: mac % 2 ** 32 }, port, mode, 'MLX4_CMD_SET_MCAST_FLTR');
};

/** The capability mask of a port's InfiniBand side, or a negative error. */
export function* mlx4_get_port_ib_caps(dev: mlx4_dev, port: number): MaySleep<number> {
  const input = yield* mlx4_alloc_cmd_mailbox(dev);
  const output = yield* mlx4_alloc_cmd_mailbox(dev);
  const request = mad.make({
    base_version: 1,
    mgmt_class: IB_MGMT_CLASS_SUBN_LID_ROUTED,
    class_version: 1,
    method: IB_MGMT_METHOD_GET,
    attr_id: IB_SMP_ATTR_PORT_INFO,
    attr_mod: port,
  });
  input.buf.write(0, request);
  const unchecked = MLX4_MAD_IFC_IGNORE_MKEY | MLX4_MAD_IFC_IGNORE_BKEY;
  const op = 'MLX4_CMD_MAD_IFC';
  const err = yield* mlx4_cmd_box(dev, input.dma, output.dma, port, unchecked, op);
  const caps = err === 0 ? output.buf.readBe32(portInfoCapMaskOffset) : err;
  yield* mlx4_free_cmd_mailbox(dev, input);
  yield* mlx4_free_cmd_mailbox(dev, output);
  return caps;
}

/** Traffic classes of a port. */
const MLX4_TC_MAX_NUMBER = 8;
export const mlx4_max_tc = (dev: mlx4_dev): number =>
  dev.caps.max_tc_eth === 0 ? MLX4_TC_MAX_NUMBER : dev.caps.max_tc_eth;
