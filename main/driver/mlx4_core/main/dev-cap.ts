// What the driver makes of the card's capabilities (main.c: mlx4_dev_cap, _mlx4_dev_port;
// facts/device 5.5, 9.2): limits, flags that it switches off again, and the type of every port: the
// only one that it can be, or module parameter port_type_array, or firmware's hint; a port whose
// default is "sense" is sensed at once. Left out: the card's rate limits, A0 rules of
// device-managed steering.

import { pageBytes } from '#bus/memory.ts';
import { ENODEV } from '#kernel/errno.ts';
import { pci_resource_len } from '#kernel/pci/pci.ts';
import type { DevCapFlag } from '#prm/dev-cap.ts';
import { reservedUars, uarPageBytes } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_QUERY_DEV_CAP } from '../fw/dev-cap.ts';
import type { Flag2Name, mlx4_dev_cap as DevCap } from '../fw/dev-cap.ts';
import { mlx4_dev_cap_dump } from '../fw/dev-cap-dump.ts';
import { mlx4_QUERY_HCA } from '../fw/init-hca.ts';
import type { mlx4_port_cap } from '../fw/query-port.ts';
import {
  MLX4_QP_REGION_ETH_ADDR,
  MLX4_QP_REGION_FC_ADDR,
  MLX4_QP_REGION_FC_EXCH,
  MLX4_QP_REGION_FW,
  MLX4_QP_REGION_RSS_RAW_ETH,
} from '../limits.ts';
import {
  mlx4_dbg,
  mlx4_err,
  mlx4_has_cap,
  mlx4_has_cap2,
  MLX4_MAX_PORTS,
  MLX4_PORT_TYPE_AUTO,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
  MLX4_PORT_TYPE_NONE,
  mlx4_priv,
  mlx4_warn,
} from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_SENSE_PORT } from '../sense.ts';

/** Event queues whose contexts are mapped, whatever the card has. */
const MLX4_MAX_EQ_NUM = 1024;
/** Queue pair numbers at the top for Fibre Channel exchanges, which nobody uses. */
const MLX4_NUM_FEXCH = 64 * 1024;
const MLX4_LOG_NUM_VLANS = 7;
/** Numbers that raw Ethernet and RSS prefer. */
const MLX4_A0_STEERING_TABLE_SIZE = 256;

/** 0, or -ENODEV for a card that this machine or driver cannot work with. */
function checkLimits(dev: mlx4_dev, cap: DevCap): number {
  const refuse = (text: string): number => {
    mlx4_err(dev, `${text}, aborting`);
    return -ENODEV;
  };
  const { min_page_sz, num_ports, uar_size } = cap;
  const barBytes = pci_resource_len(dev.persist.pdev, 2);
  if (min_page_sz > pageBytes) {
    const limit = `kernel PAGE_SIZE of ${pageBytes}`;
    return refuse(`HCA minimum page size of ${min_page_sz} bigger than ${limit}`);
  }
  if (num_ports > MLX4_MAX_PORTS) {
    return refuse(`HCA has ${num_ports} ports, but we only support ${MLX4_MAX_PORTS}`);
  }
  if (uar_size > barBytes) {
    const limit = `PCI resource 2 size of 0x${barBytes.toString(16)}`;
    return refuse(`HCA reported UAR size of 0x${uar_size.toString(16)} bigger than ${limit}`);
  }
  return 0;
}

function _mlx4_dev_port(dev: mlx4_dev, port: number, cap: mlx4_port_cap): void {
  const { caps } = dev;
  caps.vl_cap[port] = cap.max_vl;
  caps.ib_mtu_cap[port] = cap.ib_mtu;
  caps.gid_table_len[port] = cap.max_gids;
  caps.pkey_table_len[port] = cap.max_pkeys;
  caps.port_width_cap[port] = cap.max_port_width;
  caps.eth_mtu_cap[port] = cap.eth_mtu;
  caps.max_tc_eth = cap.max_tc_eth;
  caps.def_mac[port] = cap.def_mac;
  caps.supported_type[port] = cap.supported_port_types;
  caps.suggested_type[port] = cap.suggested_type;
  caps.default_sense[port] = cap.default_sense;
}

/** Numbers that go over as they are, or nearly so. */
function copyLimits(dev: mlx4_dev, cap: DevCap): void {
  const { caps } = dev;
  const hasXrc = cap.flags.has('XRC');
  const { bf_reg_size, bf_regs_per_page, local_ca_ack_delay, max_sq_sg, max_rq_sg } = cap;
  const { reserved_srqs, reserved_cqs, reserved_eqs, reserved_mtts, reserved_mrws } = cap;
  const { max_sq_desc_sz, max_rq_desc_sz, reserved_pds, mtt_entry_sz, max_msg_sz } = cap;
  const { bmme_flags, reserved_lkey, stat_rate_support, max_gso_sz, max_rss_tbl_sz } = cap;
  Object.assign(caps, {
    ...{ bf_reg_size, bf_regs_per_page, local_ca_ack_delay, max_sq_sg, max_rq_sg },
    ...{ reserved_srqs, reserved_cqs, reserved_eqs, reserved_mtts, reserved_mrws },
    ...{ max_sq_desc_sz, max_rq_desc_sz, reserved_pds, mtt_entry_sz, max_msg_sz },
    ...{ bmme_flags, reserved_lkey, stat_rate_support, max_gso_sz, max_rss_tbl_sz },
    num_phys_eqs: MLX4_MAX_EQ_NUM,
    num_uars: cap.uar_size / uarPageBytes,
    reserved_uars: Math.max(reservedUars, cap.reserved_uars),
    max_wqes: cap.max_qp_sz,
    max_qp_init_rdma: cap.max_requester_per_qp,
    max_srq_wqes: cap.max_srq_sz,
    max_srq_sge: cap.max_rq_sg - 1,
    // One entry is spare, for resizing.
    max_cqes: cap.max_cq_sz - 1,
    reserved_xrcds: hasXrc ? cap.reserved_xrcds : 0,
    max_xrcds: hasXrc ? cap.max_xrcds : 0,
    page_size_cap: ~(cap.min_page_sz - 1) >>> 0,
    max_counters: cap.max_counters,
    flags: cap.flags,
    flags2: cap.flags2,
  } satisfies Partial<typeof caps>);
}

/** Takes flags away from what the card said. */
function dropFlags(dev: mlx4_dev, ...names: readonly DevCapFlag[]): void {
  dev.caps.flags = new Set([...dev.caps.flags].filter((flag) => !names.includes(flag)));
}

function dropFlags2(dev: mlx4_dev, ...names: readonly Flag2Name[]): void {
  dev.caps.flags2 = new Set([...dev.caps.flags2].filter((flag) => !names.includes(flag)));
}

/**
 * Packets with the PHV bit are dropped by a card that checks it: then the driver does not offer it.
 */
function* checkPhv(dev: mlx4_dev): MaySleep<void> {
  if (!mlx4_has_cap2(dev, 'PHV_EN')) return;
  const state = yield* mlx4_QUERY_HCA(dev);
  if (typeof state === 'number' || state.phv_check_en) dropFlags2(dev, 'PHV_EN');
}

/** The type before sensing. */
function defaultPortType(dev: mlx4_dev, port: number): number {
  const supported = dev.caps.supported_type[port]!;
  if (supported === MLX4_PORT_TYPE_NONE) return MLX4_PORT_TYPE_NONE;
  if (supported === MLX4_PORT_TYPE_ETH || supported === MLX4_PORT_TYPE_IB) return supported;
  const asked = dev.priv.module.params.ints('port_type_array')[port - 1] ?? MLX4_PORT_TYPE_NONE;
  if (asked !== MLX4_PORT_TYPE_NONE) return asked;
  return dev.caps.suggested_type[port] === 0 ? MLX4_PORT_TYPE_IB : MLX4_PORT_TYPE_ETH;
}

function* choosePortType(dev: mlx4_dev, port: number): MaySleep<void> {
  const { caps } = dev;
  const { sense_allowed } = mlx4_priv(dev).sense;
  caps.port_type[port] = defaultPortType(dev, port);
  sense_allowed[port] =
    caps.supported_type[port] === MLX4_PORT_TYPE_AUTO &&
    mlx4_has_cap(dev, 'DPDP') &&
    mlx4_has_cap(dev, 'SENSE_SUPPORT');
  if (!sense_allowed[port] || caps.default_sense[port] !== true) {
    caps.possible_type[port] = caps.port_type[port]!;
    return;
  }
  caps.possible_type[port] = MLX4_PORT_TYPE_AUTO;
  const sensed = yield* mlx4_SENSE_PORT(dev, port);
  if (sensed > 0) caps.port_type[port] = sensed;
}

/** Entries of the tables of addresses: what was asked for, or what every port can have. */
function limitTables(dev: mlx4_dev, port: number, cap: mlx4_port_cap): void {
  const { caps } = dev;
  const what = (kind: string, log: number): string =>
    `Requested number of ${kind} is too much for port ${port}, reducing to ${2 ** log}`;
  if (caps.log_num_macs > cap.log_max_macs) {
    caps.log_num_macs = cap.log_max_macs;
    mlx4_warn(dev, what('MACs', caps.log_num_macs));
  }
  if (caps.log_num_vlans > cap.log_max_vlans) {
    caps.log_num_vlans = cap.log_max_vlans;
    mlx4_warn(dev, what('VLANs', caps.log_num_vlans));
  }
}

/** Ranges of queue pair numbers that are not for everybody. */
function reserveQpns(dev: mlx4_dev, cap: DevCap): void {
  const { caps } = dev;
  const counts = caps.reserved_qps_cnt;
  const addresses = 2 ** caps.log_num_macs * 2 ** caps.log_num_vlans * caps.num_ports;
  counts[MLX4_QP_REGION_FW] = cap.reserved_qps;
  counts[MLX4_QP_REGION_ETH_ADDR] = addresses;
  counts[MLX4_QP_REGION_FC_ADDR] = addresses;
  counts[MLX4_QP_REGION_FC_EXCH] = MLX4_NUM_FEXCH;
  caps.dmfs_high_rate_qpn_base = cap.reserved_qps;
  caps.dmfs_high_rate_qpn_range = MLX4_A0_STEERING_TABLE_SIZE;
  counts[MLX4_QP_REGION_RSS_RAW_ETH] = caps.dmfs_high_rate_qpn_range;
  caps.reserved_qps = cap.reserved_qps + 2 * addresses + MLX4_NUM_FEXCH;
}

/**
 * 64-byte entries only if the module parameter allows them; larger strides never: a cache line has
 * 64.
 */
function chooseEntryFlags(dev: mlx4_dev, cap: DevCap): void {
  if (!dev.priv.module.params.bool('enable_64b_cqe_eqe')) {
    if (cap.flags.has('64B_CQE') || cap.flags.has('64B_EQE')) {
      mlx4_warn(dev, '64B EQEs/CQEs supported by the device but not enabled');
      dropFlags(dev, '64B_CQE', '64B_EQE');
    }
    if (cap.flags2.has('CQE_STRIDE') || cap.flags2.has('EQE_STRIDE')) {
      mlx4_warn(dev, 'Disabling EQE/CQE stride per user request');
    }
  }
  if (mlx4_has_cap2(dev, 'CQE_STRIDE') && mlx4_has_cap2(dev, 'EQE_STRIDE')) {
    dropFlags2(dev, 'CQE_STRIDE', 'EQE_STRIDE');
  }
}

function checkFeatures(dev: mlx4_dev): void {
  if (!mlx4_has_cap2(dev, 'ETS_CFG') && mlx4_has_cap(dev, 'SET_ETH_SCHED')) {
    mlx4_warn(dev, 'Old device ETS support detected');
    mlx4_warn(dev, 'Consider upgrading device FW.');
    dev.caps.flags2 = new Set([...dev.caps.flags2, 'ETS_CFG' as const]);
  }
  if (mlx4_has_cap2(dev, 'IGNORE_FCS') && !mlx4_has_cap(dev, 'FCS_KEEP')) {
    mlx4_dbg(dev, 'Keep FCS is not supported - Disabling Ignore FCS');
    dropFlags2(dev, 'IGNORE_FCS');
  }
}

/** Fills in dev.caps. What the card said, or a negative error. */
export function* mlx4_dev_cap(dev: mlx4_dev): MaySleep<DevCap | number> {
  const { caps } = dev;
  const cap = yield* mlx4_QUERY_DEV_CAP(dev);
  if (typeof cap === 'number') {
    mlx4_err(dev, 'QUERY_DEV_CAP command failed, aborting');
    return cap;
  }
  mlx4_dev_cap_dump(dev, cap);
  const err = checkLimits(dev, cap);
  if (err !== 0) return err;
  caps.num_ports = cap.num_ports;
  for (let port = 1; port <= caps.num_ports; port++) _mlx4_dev_port(dev, port, cap.port_cap[port]!);
  copyLimits(dev, cap);
  yield* checkPhv(dev);
  caps.log_num_macs = dev.priv.module.params.int('log_num_mac');
  caps.log_num_vlans = MLX4_LOG_NUM_VLANS;
  for (let port = 1; port <= caps.num_ports; port++) {
    yield* choosePortType(dev, port);
    limitTables(dev, port, cap.port_cap[port]!);
  }
  reserveQpns(dev, cap);
  chooseEntryFlags(dev, cap);
  checkFeatures(dev);
  return cap;
}
