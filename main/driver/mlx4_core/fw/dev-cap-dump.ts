// What debug_level=1 shows of QUERY_DEV_CAP (fw.c: mlx4_dev_cap_dump). Texts are the kernel's,
// and so is their order. Without debug messages nothing here runs.

import {
  MLX4_DEV_CAP_FLAG,
  MLX4_DEV_CAP_FLAG2,
  MLX4_DEV_CAP_FLAG2_BY_VALUE,
} from '#prm/dev-cap.ts';
import type { DevCapFlag } from '#prm/dev-cap.ts';
import { mlx4_dbg } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import type { Flag2Name, mlx4_dev_cap } from './dev-cap.ts';

const flagTexts: Readonly<Record<DevCapFlag, string>> = {
  RC: 'RC transport',
  UC: 'UC transport',
  UD: 'UD transport',
  XRC: 'XRC transport',
  SRQ: 'SRQ support',
  IPOIB_CSUM: 'IPoIB checksum offload',
  BAD_PKEY_CNTR: 'P_Key violation counter',
  BAD_QKEY_CNTR: 'Q_Key violation counter',
  DPDP: 'Dual Port Different Protocol (DPDP) support',
  BLH: 'Big LSO headers',
  MEM_WINDOW: 'MW support',
  APM: 'APM support',
  ATOMIC: 'Atomic ops support',
  RAW_MCAST: 'Raw multicast support',
  UD_AV_PORT: 'Address vector port checking support',
  UD_MCAST: 'UD multicast support',
  IBOE: 'IBoE support',
  UC_LOOPBACK: 'Unicast loopback support',
  FCS_KEEP: 'FCS header control',
  WOL_PORT1: 'Wake On LAN (port1) support',
  WOL_PORT2: 'Wake On LAN (port2) support',
  UDP_RSS: 'UDP RSS support',
  VEP_UC_STEER: 'Unicast VEP steering support',
  VEP_MC_STEER: 'Multicast VEP steering support',
  COUNTERS: 'Counters support',
  RSS_IP_FRAG: 'RSS IP fragments support',
  SET_ETH_SCHED: 'Port ETS Scheduler support',
  SENSE_SUPPORT: 'Port link type sensing support',
  PORT_MNG_CHG_EV: 'Port management change event support',
  '64B_EQE': '64 byte EQE support',
  '64B_CQE': '64 byte CQE support',
};

/** UPDATE_QP_SRC_CHECK_LB's neighbour SKIP_OUTER_VLAN has no text in Linux: it is not shown. */
const flag2Texts: Readonly<Record<Exclude<Flag2Name, 'SKIP_OUTER_VLAN'>, string>> = {
  RSS: 'RSS support',
  RSS_TOP: 'RSS Toeplitz Hash Function support',
  RSS_XOR: 'RSS XOR Hash Function support',
  FS_EN: 'Device managed flow steering support',
  REASSIGN_MAC_EN: 'Automatic MAC reassignment support',
  TS: 'Time stamping support',
  VLAN_CONTROL: 'VST (control vlan insertion/stripping) support',
  FSM: 'FSM (MAC anti-spoofing) support',
  UPDATE_QP: 'Dynamic QP updates support',
  DMFS_IPOIB: 'Device managed flow steering IPoIB support',
  VXLAN_OFFLOADS: 'TCP/IP offloads/flow-steering for VXLAN support',
  MAD_DEMUX: 'MAD DEMUX (Secure-Host) support',
  CQE_STRIDE: 'Large cache line (>64B) CQE stride support',
  EQE_STRIDE: 'Large cache line (>64B) EQE stride support',
  ETH_PROT_CTRL: 'Ethernet protocol control support',
  ETH_BACKPL_AN_REP: 'Ethernet Backplane autoneg support',
  CONFIG_DEV: 'CONFIG DEV support',
  SYS_EQS: 'Asymmetric EQs support',
  '80_VFS': 'More than 80 VFs support',
  FS_A0: 'Performance optimized for limited rule configuration flow steering support',
  RECOVERABLE_ERROR_EVENT: 'Recoverable error events support',
  PORT_REMAP: 'Port Remap support',
  QCN: 'QCN support',
  QP_RATE_LIMIT: 'QP rate limiting support',
  FLOWSTATS_EN: 'Ethernet Flow control statistics support',
  QOS_VPP: 'Granular QoS per VF support',
  ETS_CFG: 'Port ETS Scheduler support',
  PORT_BEACON: 'Port beacon support',
  IGNORE_FCS: 'RX-ALL support',
  PHV_EN: '802.1ad offload support',
  UPDATE_QP_SRC_CHECK_LB: 'Modifying loopback source checks using UPDATE_QP support',
  LB_SRC_CHK: 'Loopback source checks support',
  ROCE_V1_V2: 'RoCEv2 support',
  DMFS_UC_MC_SNIFFER: 'DMFS Sniffer support (UC & MC)',
  DIAG_PER_PORT: 'Diag counters per port',
  SVLAN_BY_QP: 'QinQ VST mode support',
  SL_TO_VL_CHANGE_EVENT: 'sl to vl mapping table change event support',
  USER_MAC_EN: 'user MAC support',
  DRIVER_VERSION_TO_FW: 'Report driver version to FW support',
  SW_CQ_INIT: 'SW CQ initialization support',
};

/** Place of a gathered flag in the driver's flags2. */
function flag2Bit(name: Flag2Name): number {
  return name in MLX4_DEV_CAP_FLAG2
    ? MLX4_DEV_CAP_FLAG2[name as keyof typeof MLX4_DEV_CAP_FLAG2].bit
    : MLX4_DEV_CAP_FLAG2_BY_VALUE[name as keyof typeof MLX4_DEV_CAP_FLAG2_BY_VALUE];
}

function dump_dev_cap_flags(dev: mlx4_dev, { flags, flags2 }: mlx4_dev_cap): void {
  mlx4_dbg(dev, 'DEV_CAP flags:');
  const byBit = [...flags].sort((a, b) => MLX4_DEV_CAP_FLAG[a] - MLX4_DEV_CAP_FLAG[b]);
  for (const name of byBit) mlx4_dbg(dev, `    ${flagTexts[name]}`);
  const byBit2 = [...flags2].sort((a, b) => flag2Bit(a) - flag2Bit(b));
  for (const name of byBit2) {
    if (name !== 'SKIP_OUTER_VLAN') mlx4_dbg(dev, `    ${flag2Texts[name]}`);
  }
}

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

/** Limits, then flags. */
export function mlx4_dev_cap_dump(dev: mlx4_dev, cap: mlx4_dev_cap): void {
  if (dev.priv.module.params.int('debug_level') === 0) return;
  const show = (text: string): void => {
    mlx4_dbg(dev, text);
  };
  const { bf_reg_size, bf_regs_per_page, rl_caps, port_cap } = cap;
  if (bf_reg_size > 0) {
    show(`BlueFlame available (reg size ${bf_reg_size}, regs/page ${bf_regs_per_page})`);
  } else show('BlueFlame not available');
  const key = hex8(cap.reserved_lkey);
  show(`Base MM extensions: flags ${hex8(cap.bmme_flags)}, rsvd L_Key ${key}`);
  show(`Max ICM size ${Math.floor(cap.max_icm_sz / 2 ** 20)} MB`);
  const objects = (what: string, max: number, reserved: number, bytes: number): string =>
    `Max ${what}s: ${max}, reserved ${what}s: ${reserved}, entry size: ${bytes}`;
  show(objects('QP', cap.max_qps, cap.reserved_qps, cap.qpc_entry_sz));
  show(objects('SRQ', cap.max_srqs, cap.reserved_srqs, cap.srq_entry_sz));
  show(objects('CQ', cap.max_cqs, cap.reserved_cqs, cap.cqc_entry_sz));
  const eqs = `max EQs: ${cap.max_eqs}, reserved EQs: ${cap.reserved_eqs}`;
  show(`Num sys EQs: ${cap.num_sys_eqs}, ${eqs}, entry size: ${cap.eqc_entry_sz}`);
  show(`reserved MPTs: ${cap.reserved_mrws}, reserved MTTs: ${cap.reserved_mtts}`);
  const uars = `reserved UARs: ${cap.reserved_uars}`;
  show(`Max PDs: ${cap.max_pds}, reserved PDs: ${cap.reserved_pds}, ${uars}`);
  // The number of PDs, by mistake, in Linux too.
  show(`Max QP/MCG: ${cap.max_pds}, reserved MGMs: ${cap.reserved_mgms}`);
  const wqes = `max WQEs: ${cap.max_qp_sz}, max SRQ WQEs: ${cap.max_srq_sz}`;
  show(`Max CQEs: ${cap.max_cq_sz}, ${wqes}`);
  const mtu = 128 << (port_cap[1]?.ib_mtu ?? 0);
  const width = `port width cap: ${port_cap[1]?.max_port_width ?? 0}`;
  show(`Local CA ACK delay: ${cap.local_ca_ack_delay}, max MTU: ${mtu}, ${width}`);
  show(`Max SQ desc size: ${cap.max_sq_desc_sz}, max SQ S/G: ${cap.max_sq_sg}`);
  show(`Max RQ desc size: ${cap.max_rq_desc_sz}, max RQ S/G: ${cap.max_rq_sg}`);
  show(`Max GSO size: ${cap.max_gso_sz}`);
  show(`Max counters: ${cap.max_counters}`);
  show(`Max RSS Table size: ${cap.max_rss_tbl_sz}`);
  show(`DMFS high rate steer QPn base: ${cap.dmfs_high_rate_qpn_base}`);
  show(`DMFS high rate steer QPn range: ${cap.dmfs_high_rate_qpn_range}`);
  if (cap.flags2.has('QP_RATE_LIMIT')) {
    const most = `max ${rl_caps.max_unit}/${rl_caps.max_val}`;
    const least = `min ${rl_caps.min_unit}/${rl_caps.min_val}`;
    show(`QP Rate-Limit: #rates ${rl_caps.num_rates}, unit/val ${most}, ${least}`);
  }
  dump_dev_cap_flags(dev, cap);
}
