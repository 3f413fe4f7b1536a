// The numbers in struct mlx4_caps (device.h; facts/device 5.5.1, 6.5.5, 11.1): what the card has,
// what its firmware keeps, and what the profile made of it. Written once, by mlx4_dev_cap() and
// mlx4_make_profile(), before anybody else can see the card.

/** Ranges of queue pair numbers (enum mlx4_qp_region), from the bottom of the table up. */
export const MLX4_QP_REGION_FW = 0;
export const MLX4_QP_REGION_RSS_RAW_ETH = 1;
export const MLX4_QP_REGION_BOTTOM = MLX4_QP_REGION_RSS_RAW_ETH;
export const MLX4_QP_REGION_ETH_ADDR = 2;
export const MLX4_QP_REGION_FC_ADDR = 3;
export const MLX4_QP_REGION_FC_EXCH = 4;
export const MLX4_NUM_QP_REGION = 5;

/** Version of the firmware, as it is printed: 2.42.5000. */
export interface FirmwareVersion {
  readonly major: number;
  readonly minor: number;
  readonly subminor: number;
}

/** Numbers of struct mlx4_caps. */
export interface mlx4_limits {
  fw_ver: FirmwareVersion;
  /** PCI function that firmware takes for the master. */
  function: number;
  reserved_uars: number;
  bf_reg_size: number;
  bf_regs_per_page: number;
  local_ca_ack_delay: number;
  max_sq_sg: number;
  max_rq_sg: number;
  max_sq_desc_sz: number;
  max_rq_desc_sz: number;
  max_wqes: number;
  num_qps: number;
  max_qp_init_rdma: number;
  max_qp_dest_rdma: number;
  num_srqs: number;
  reserved_srqs: number;
  max_srq_wqes: number;
  max_srq_sge: number;
  num_cqs: number;
  reserved_cqs: number;
  max_cqes: number;
  num_mpts: number;
  reserved_mrws: number;
  num_mtts: number;
  reserved_mtts: number;
  mtt_entry_sz: number;
  num_pds: number;
  reserved_pds: number;
  max_xrcds: number;
  reserved_xrcds: number;
  num_mgms: number;
  num_amgms: number;
  num_qp_per_mgm: number;
  /** log2 of the bytes of a multicast group entry (dev->oper_log_mgm_entry_size). */
  oper_log_mgm_entry_size: number;
  max_msg_sz: number;
  page_size_cap: number;
  bmme_flags: number;
  reserved_lkey: number;
  stat_rate_support: number;
  max_gso_sz: number;
  max_rss_tbl_sz: number;
  max_tc_eth: number;
  /** Queue pair numbers by region, and where a region of the top begins. */
  reserved_qps_cnt: number[];
  reserved_qps_base: number[];
  reserved_qps: number;
  /** Where the eight special queue pairs begin (dev->phys_caps.base_sqpn). */
  base_sqpn: number;
  /** Event queues whose contexts are mapped at load (dev->phys_caps.num_phys_eqs). */
  num_phys_eqs: number;
  dmfs_high_rate_qpn_base: number;
  dmfs_high_rate_qpn_range: number;
  log_num_macs: number;
  log_num_vlans: number;
  /** 1 when an EQE is the second half of its entry. */
  eqe_factor: number;
  /** MHz; 0 = not known. */
  hca_core_clock: number;
}

const zeroVersion: FirmwareVersion = { major: 0, minor: 0, subminor: 0 };

/** All members zero. */
export const zeroLimits = (): mlx4_limits => ({
  fw_ver: zeroVersion,
  function: 0,
  reserved_uars: 0,
  bf_reg_size: 0,
  bf_regs_per_page: 0,
  local_ca_ack_delay: 0,
  max_sq_sg: 0,
  max_rq_sg: 0,
  max_sq_desc_sz: 0,
  max_rq_desc_sz: 0,
  max_wqes: 0,
  num_qps: 0,
  max_qp_init_rdma: 0,
  max_qp_dest_rdma: 0,
  num_srqs: 0,
  reserved_srqs: 0,
  max_srq_wqes: 0,
  max_srq_sge: 0,
  num_cqs: 0,
  reserved_cqs: 0,
  max_cqes: 0,
  num_mpts: 0,
  reserved_mrws: 0,
  num_mtts: 0,
  reserved_mtts: 0,
  mtt_entry_sz: 0,
  num_pds: 0,
  reserved_pds: 0,
  max_xrcds: 0,
  reserved_xrcds: 0,
  num_mgms: 0,
  num_amgms: 0,
  num_qp_per_mgm: 0,
  oper_log_mgm_entry_size: 0,
  max_msg_sz: 0,
  page_size_cap: 0,
  bmme_flags: 0,
  reserved_lkey: 0,
  stat_rate_support: 0,
  max_gso_sz: 0,
  max_rss_tbl_sz: 0,
  max_tc_eth: 0,
  reserved_qps_cnt: Array.from({ length: MLX4_NUM_QP_REGION }, () => 0),
  reserved_qps_base: Array.from({ length: MLX4_NUM_QP_REGION }, () => 0),
  reserved_qps: 0,
  base_sqpn: 0,
  num_phys_eqs: 0,
  dmfs_high_rate_qpn_base: 0,
  dmfs_high_rate_qpn_range: 0,
  log_num_macs: 0,
  log_num_vlans: 0,
  eqe_factor: 0,
  hca_core_clock: 0,
});
