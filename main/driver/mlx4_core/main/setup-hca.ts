// The driver's tables on a running card (main.c: mlx4_setup_hca; facts/device 11.4 steps 22 to 29):
// doorbell pages, protection domains, memory regions, steering, event queues, and from there on
// commands by events: NOP shows whether interrupts arrive. Then queues, counters, InfiniBand ports.
// A failed step takes back what was done before, the last first.
// Left out: the MAD firewall (the card does not offer it).

import { EBUSY, ENOENT, ENOMEM } from '#kernel/errno.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { uarPageBytes } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_cmd_use_events, mlx4_cmd_use_polling } from '../cmd/mode.ts';
import { mlx4_cleanup_cq_table, mlx4_init_cq_table } from '../cq.ts';
import { mlx4_cleanup_eq_table, mlx4_init_eq_table } from '../eq.ts';
import { MLX4_EQ_ASYNC } from '../eq/vectors.ts';
import { mlx4_NOP } from '../fw.ts';
import { mlx4_cleanup_mcg_table, mlx4_init_mcg_table } from '../mcg.ts';
import { mlx4_dbg, mlx4_err, MLX4_FLAG_MSI_X, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_cleanup_mr_table, mlx4_init_mr_table } from '../mr.ts';
import {
  mlx4_cleanup_pd_table,
  mlx4_cleanup_uar_table,
  mlx4_cleanup_xrcd_table,
  mlx4_init_pd_table,
  mlx4_init_uar_table,
  mlx4_init_xrcd_table,
  mlx4_uar_alloc,
  mlx4_uar_free,
} from '../pd.ts';
import { mlx4_get_port_ib_caps, mlx4_SET_PORT } from '../port.ts';
import { mlx4_cleanup_qp_table, mlx4_init_qp_table } from '../qp/table.ts';
import { mlx4_cleanup_srq_table, mlx4_init_srq_table } from '../srq.ts';
import { notNull } from '../tables.ts';
import {
  mlx4_allocate_default_counters,
  mlx4_cleanup_counters_table,
  mlx4_cleanup_default_counters,
  mlx4_init_counters_table,
} from './counters.ts';

/** IB MTU of 4096 bytes (enum ib_mtu). */
const IB_MTU_4096 = 5;

/** A step: how it is done, what is said when it fails, how it is taken back. */
interface Step {
  /** The middle of "Failed to … , aborting". */
  readonly what: string;
  readonly run: (dev: mlx4_dev) => MaySleep<number>;
  readonly undo: (dev: mlx4_dev) => MaySleep<void>;
}

/** A step that never waits. */
const plain = (
  what: string,
  init: (dev: mlx4_dev) => number,
  cleanup: (dev: mlx4_dev) => void,
): Step => ({
  what,
  *run(dev) {
    return init(dev);
  },
  *undo(dev) {
    cleanup(dev);
  },
});

/** The driver's own page of doorbells. */
function* mapDriverUar(dev: mlx4_dev): MaySleep<number> {
  const priv = mlx4_priv(dev);
  const uar = yield* mlx4_uar_alloc(dev);
  if (typeof uar === 'number') {
    mlx4_err(dev, 'Failed to allocate driver access region, aborting');
    return uar;
  }
  priv.driver_uar = uar;
  priv.kar = ioremap(dev.persist.pdev, 2, uar.index * uarPageBytes, uarPageBytes);
  if (priv.kar !== null) return 0;
  mlx4_err(dev, "Couldn't map kernel access region, aborting");
  yield* mlx4_uar_free(dev, uar);
  return -ENOMEM;
}

export function* unmapDriverUar(dev: mlx4_dev): MaySleep<void> {
  const priv = mlx4_priv(dev);
  iounmap(notNull(priv.kar));
  priv.kar = null;
  yield* mlx4_uar_free(dev, notNull(priv.driver_uar));
}

/** NOP: the first command that waits for its event. */
function* testInterrupt(dev: mlx4_dev): MaySleep<number> {
  const err = yield* mlx4_NOP(dev);
  if (err === 0) {
    mlx4_dbg(dev, 'NOP command IRQ test passed');
    return 0;
  }
  const { irq } = mlx4_priv(dev).eq_table.eq[MLX4_EQ_ASYNC]!;
  if (((yield* dev.flags.read()) & MLX4_FLAG_MSI_X) !== 0) {
    mlx4_warn(dev, `NOP command failed to generate MSI-X interrupt IRQ ${irq})`);
    mlx4_warn(dev, 'Trying again without MSI-X');
  } else {
    mlx4_err(dev, `NOP command failed to generate interrupt (IRQ ${irq}), aborting`);
    mlx4_err(dev, 'BIOS or ACPI interrupt routing problem?');
  }
  return err;
}

/** Capabilities and parameters of every port. */
function* setUpPorts(dev: mlx4_dev): MaySleep<number> {
  const { caps } = dev;
  for (let port = 1; port <= caps.num_ports; port++) {
    const ibCaps = yield* mlx4_get_port_ib_caps(dev, port);
    if (ibCaps < 0) {
      const what = `failed to get port ${port} default ib capabilities (${ibCaps})`;
      mlx4_warn(dev, `${what}. Continuing with caps = 0`);
    }
    caps.ib_port_def_cap[port] = Math.max(ibCaps, 0);
    caps.port_ib_mtu[port] = IB_MTU_4096;
    const err = yield* mlx4_SET_PORT(dev, port, -1);
    if (err === 0) continue;
    mlx4_err(dev, `Failed to set port ${port}, aborting`);
    return err;
  }
  return 0;
}

function* nothing(): MaySleep<void> {
  return undefined;
}

const steps: readonly Step[] = [
  plain('initialize user access region table', mlx4_init_uar_table, mlx4_cleanup_uar_table),
  { what: '', run: mapDriverUar, undo: unmapDriverUar },
  plain('initialize protection domain table', mlx4_init_pd_table, mlx4_cleanup_pd_table),
  plain(
    'initialize reliable connection domain table',
    mlx4_init_xrcd_table,
    mlx4_cleanup_xrcd_table,
  ),
  {
    what: 'initialize memory region table',
    run: mlx4_init_mr_table,
    undo: mlx4_cleanup_mr_table,
  },
  plain('initialize multicast group table', mlx4_init_mcg_table, mlx4_cleanup_mcg_table),
  {
    what: 'initialize event queue table',
    run: mlx4_init_eq_table,
    undo: mlx4_cleanup_eq_table,
  },
  {
    what: 'switch to event-driven firmware commands',
    run: mlx4_cmd_use_events,
    undo: mlx4_cmd_use_polling,
  },
  { what: '', run: testInterrupt, undo: nothing },
  plain('initialize completion queue table', mlx4_init_cq_table, mlx4_cleanup_cq_table),
  plain('initialize shared receive queue table', mlx4_init_srq_table, mlx4_cleanup_srq_table),
  {
    what: 'initialize queue pair table',
    run: mlx4_init_qp_table,
    undo: mlx4_cleanup_qp_table,
  },
  plain(
    'initialize counters table',
    (dev) => {
      const err = mlx4_init_counters_table(dev);
      return err === -ENOENT ? 0 : err;
    },
    mlx4_cleanup_counters_table,
  ),
  {
    what: 'allocate default counters',
    run: mlx4_allocate_default_counters,
    undo: mlx4_cleanup_default_counters,
  },
  { what: '', run: setUpPorts, undo: nothing },
];

/** Takes back the first `count` steps, the last first. */
function* takeBack(dev: mlx4_dev, count: number): MaySleep<void> {
  for (const { undo } of steps.slice(0, count).toReversed()) yield* undo(dev);
}

/** Sets everything up. -EBUSY: no interrupt arrived. */
export function* mlx4_setup_hca(dev: mlx4_dev): MaySleep<number> {
  for (const [index, { what, run }] of steps.entries()) {
    const err = yield* run(dev);
    if (err === 0) continue;
    if (what !== '') mlx4_err(dev, `Failed to ${what}, aborting`);
    yield* takeBack(dev, index);
    return err;
  }
  return 0;
}

/** The reverse of mlx4_setup_hca(). */
export const cleanUpHca = (dev: mlx4_dev): MaySleep<void> => takeBack(dev, steps.length);

/** The result of a NOP that no interrupt has answered. */
export const noInterrupt = -EBUSY;
