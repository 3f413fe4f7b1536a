// The resource tables of a card in the state that kzalloc() and memset() leave them in.
// Each load fills them anew; tables.ts says what they hold.

import { mutex_init } from '#kernel/locking/mutex.ts';
import { zeroCommandInterface } from '../cmd/types.ts';
import { cardName } from '../mlx4.ts';
import type { mlx4_priv } from '../mlx4.ts';
import type {
  mlx4_cq_table,
  mlx4_eq_table,
  mlx4_fw,
  mlx4_mr_table,
  mlx4_qp_table,
  mlx4_srq_table,
} from '../tables.ts';

const zeroFw = (): mlx4_fw => ({
  fw_pages: 0,
  fw_icm: null,
  aux_icm: null,
  clr_int_base: 0,
  clr_int_bar: 0,
  catas_offset: 0,
  catas_size: 0,
  catas_bar: 0,
  clock_offset: 0,
  clock_bar: 0,
});

const zeroEqTable = (): mlx4_eq_table => ({
  bitmap: null,
  eq: [],
  uar_map: new Map(),
  irq_names: [],
  inta_pin: 0,
  clr_int: null,
  clr_word: 0,
  clr_mask: 0,
  have_irq: false,
  table: null,
  cmpt_table: null,
});

const zeroCqTable = (): mlx4_cq_table => ({
  bitmap: null,
  lock: null,
  tree: new Map(),
  table: null,
  cmpt_table: null,
});

const zeroSrqTable = (): mlx4_srq_table => ({
  bitmap: null,
  lock: null,
  tree: new Map(),
  table: null,
  cmpt_table: null,
});

const zeroQpTable = (): mlx4_qp_table => ({
  zones: null,
  zones_uids: [],
  lock: null,
  tree: new Map(),
  rdmarc_shift: 0,
  qp_table: null,
  auxc_table: null,
  altc_table: null,
  rdmarc_table: null,
  cmpt_table: null,
});

const zeroMrTable = (): mlx4_mr_table => ({
  mpt_bitmap: null,
  mtt_buddy: null,
  reserved_mtt: { offset: 0, order: -1 },
  mtt_table: null,
  dmpt_table: null,
});

/** Every table of the firmware half, zeroed. */
export function zeroTables(priv: mlx4_priv): void {
  priv.cmd = zeroCommandInterface();
  priv.fw = zeroFw();
  priv.board_id = '';
  priv.uar_bitmap = null;
  priv.pd_bitmap = null;
  priv.xrcd_bitmap = null;
  priv.counters_bitmap = null;
  priv.def_counter = [-1, -1, -1];
  priv.mr_table = zeroMrTable();
  priv.eq_table = zeroEqTable();
  priv.cq_table = zeroCqTable();
  priv.srq_table = zeroSrqTable();
  priv.qp_table = zeroQpTable();
  priv.mcg_table = { mutex: null, bitmap: null, table: null };
  priv.steer = [null, null, null];
  priv.pgdir_list = [];
  priv.pgdir_mutex = mutex_init(priv.k, `pgdir_mutex(${cardName(priv.dev)})`);
  priv.msix_ctl = { pool_bm: new Set(), pool_lock: null };
  priv.driver_uar = null;
  priv.kar = null;
  priv.clock_mapping = null;
  priv.opreq_count = 0;
  priv.opreq_task = null;
}
