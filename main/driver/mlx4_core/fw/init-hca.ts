// Starting the card's machinery (fw.c: mlx4_INIT_HCA, mlx4_QUERY_HCA, mlx4_QUERY_ADAPTER;
// facts/device 5.10 to
// 5.12). INIT_HCA tells where in context memory each table lies, and fixes the sizes of CQEs and
// EQEs. Left out: device-managed steering, which this card does not offer; strides above 64 bytes
// (cache lines have 64).

import {
  boardIdText,
  initHca,
  INIT_HCA_CACHELINE_64,
  INIT_HCA_DRIVER_VERSION,
  INIT_HCA_VERSION,
  queryAdapter,
  queryHca,
  setInitHcaBase,
} from '#prm/firmware.ts';
import { MLX4_STEERING_MODE_B0 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { queryMailbox, sendMailbox } from '../cmd/query.ts';
import { mlx4_dbg, mlx4_err, mlx4_has_cap, mlx4_has_cap2 } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import type { IcmLayout } from '../profile.ts';

/** What INIT_HCA wants beside capabilities and module parameters (struct mlx4_init_hca_param). */
export interface mlx4_init_hca_param {
  readonly layout: IcmLayout;
  readonly log_uar_sz: number;
  readonly uar_page_sz: number;
  readonly mw_enabled: boolean;
}

const shortEntry = 32;
const longEntry = 64;

/** Fixes the sizes of CQEs and EQEs for this load. */
function chooseEntrySizes(dev: mlx4_dev): void {
  const { caps } = dev;
  caps.eqe_size = mlx4_has_cap(dev, '64B_EQE') ? longEntry : shortEntry;
  caps.eqe_factor = mlx4_has_cap(dev, '64B_EQE') ? 1 : 0;
  caps.cqe_size = mlx4_has_cap(dev, '64B_CQE') ? longEntry : shortEntry;
}

function writeTables(box: Uint8Array, { layout }: mlx4_init_hca_param): void {
  const { at, log_rd_per_qp, log_mc_hash_sz } = layout;
  setInitHcaBase(box, 'qpc', at.QP.start);
  setInitHcaBase(box, 'srqc', at.SRQ.start);
  setInitHcaBase(box, 'cqc', at.CQ.start);
  setInitHcaBase(box, 'eqc', at.EQ.start);
  setInitHcaBase(box, 'rdmarc', at.RDMARC.start);
  initHca.write(box, {
    log_qp: at.QP.log_num,
    log_srq: at.SRQ.log_num,
    log_cq: at.CQ.log_num,
    log_eq: at.EQ.log_num,
    log_rd: log_rd_per_qp,
    altc_base: at.ALTC.start,
    auxc_base: at.AUXC.start,
    mc_base: at.MCG.start,
    log_mc_table_sz: at.MCG.log_num,
    log_mc_hash_sz,
    dmpt_base: at.DMPT.start,
    log_mpt_sz: at.DMPT.log_num,
    mtt_base: at.MTT.start,
    cmpt_base: at.CMPT.start,
  });
}

/** Starts the machinery. 0 or a negative error. */
export function* mlx4_INIT_HCA(dev: mlx4_dev, param: mlx4_init_hca_param): MaySleep<number> {
  const { caps } = dev;
  const { params } = dev.priv.module;
  chooseEntrySizes(dev);
  const box = initHca.make({
    version: INIT_HCA_VERSION,
    cacheline_sz: INIT_HCA_CACHELINE_64,
    check_port: true,
    ipoib_csum: mlx4_has_cap(dev, 'IPOIB_CSUM'),
    qos: mlx4_has_cap2(dev, 'ETS_CFG') && params.bool('enable_qos'),
    counters: mlx4_has_cap(dev, 'COUNTERS'),
    rss_ip_frag: mlx4_has_cap(dev, 'RSS_IP_FRAG'),
    eqe64: mlx4_has_cap(dev, '64B_EQE'),
    cqe64: mlx4_has_cap(dev, '64B_CQE'),
    recoverable_error_event: mlx4_has_cap2(dev, 'RECOVERABLE_ERROR_EVENT'),
    log_mc_entry_sz: caps.oper_log_mgm_entry_size,
    uc_steering: caps.steering_mode === MLX4_STEERING_MODE_B0,
    mw_enabled: param.mw_enabled,
    log_uar_sz: param.log_uar_sz,
    uar_page_sz: param.uar_page_sz,
  });
  if (mlx4_has_cap2(dev, 'DRIVER_VERSION_TO_FW')) {
    initHca.set(box, 'driver_version', new TextEncoder().encode(INIT_HCA_DRIVER_VERSION));
    mlx4_dbg(dev, `Reporting Driver Version to FW: ${INIT_HCA_DRIVER_VERSION}`);
  }
  writeTables(box, param);
  const err = yield* sendMailbox(dev, 'MLX4_CMD_INIT_HCA', box);
  if (err !== 0) mlx4_err(dev, `INIT_HCA returns ${err}`);
  return err;
}

/** What the driver wants to know of QUERY_HCA. */
export interface HcaState {
  /** MHz. */
  readonly hca_core_clock: number;
  readonly phv_check_en: boolean;
}

export function* mlx4_QUERY_HCA(dev: mlx4_dev): MaySleep<HcaState | number> {
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_HCA', queryHca.sizeBytes);
  if (typeof answer === 'number') return answer;
  const of = queryHca.read(answer);
  return { hca_core_clock: of.core_clock_mhz, phv_check_en: of.phv_check };
}

/** struct mlx4_adapter. */
export interface mlx4_adapter {
  /** Pin of INTx: which bit of the clear-interrupt register. */
  readonly inta_pin: number;
  readonly board_id: string;
}

export function* mlx4_QUERY_ADAPTER(dev: mlx4_dev): MaySleep<mlx4_adapter | number> {
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_ADAPTER', queryAdapter.sizeBytes);
  if (typeof answer === 'number') return answer;
  const { inta_pin, board_id } = queryAdapter.read(answer);
  return { inta_pin, board_id: boardIdText(board_id) };
}
