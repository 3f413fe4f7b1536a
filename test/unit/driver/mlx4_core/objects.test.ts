// Queues, queue pairs and memory regions as the card sees them, and what happens when they go while
// the card has something to say about them.

import { describe, expect, it } from 'vitest';
import { mlx4_alloc_hwq_res } from '#driver/mlx4_core/alloc.ts';
import {
  mlx4_cq_alloc,
  mlx4_cq_arm,
  mlx4_cq_free,
  mlx4_cq_modify,
  mlx4_cq_resize,
  mlx4_cq_set_ci,
} from '#driver/mlx4_core/cq.ts';
import type { CqSpec } from '#driver/mlx4_core/cq.ts';
import { mlx4_assign_eq } from '#driver/mlx4_core/eq.ts';
import type {
  mlx4_cq,
  mlx4_hwq_resources,
  mlx4_mr,
  mlx4_qp,
  mlx4_srq,
  mlx4_uar,
} from '#driver/mlx4_core/mlx4.ts';
import {
  MLX4_MPT_EN_HW,
  mlx4_mr_alloc,
  mlx4_mr_alloc_physical,
  mlx4_mr_enable,
  mlx4_mr_free,
  MLX4_PERM_LOCAL_READ,
  MLX4_PERM_REMOTE_WRITE,
} from '#driver/mlx4_core/mr.ts';
import { mlx4_pd_alloc, mlx4_uar_alloc } from '#driver/mlx4_core/pd.ts';
import {
  mlx4_qp_alloc,
  mlx4_qp_event,
  mlx4_qp_free,
  mlx4_qp_modify,
  mlx4_qp_modify_to_reset,
  mlx4_qp_query,
  mlx4_qp_remove,
  mlx4_qp_reserve_range,
  mlx4_qp_to_ready,
  mlx4_update_qp,
} from '#driver/mlx4_core/qp.ts';
import {
  mlx4_srq_alloc,
  mlx4_srq_arm,
  mlx4_srq_free,
  mlx4_srq_query,
} from '#driver/mlx4_core/srq.ts';
import { ioremap } from '#kernel/pci/io.ts';
import { cpu_relax } from '#kernel/sched.ts';
import { MLX4_CQ_STATE_ARMED } from '#prm/contexts.ts';
import {
  MLX4_LINK_TYPE_ETH,
  MLX4_QP_BIT_FPP,
  MLX4_QP_ST,
  MLX4_QP_STATE,
  MLX4_SCHED_QUEUE_BASE,
  qpContext,
  queueSizeStride,
} from '#prm/qp-context.ts';
import { MLX4_CQ_DB_REQ_NOT, uarPageBytes } from '#prm/registers.ts';
import { CMD_STAT } from '#prm/status.ts';
import type { MaySleep } from '#sim/task.ts';
import { memoryInUse } from './memory.ts';
import { CoreRig, slot } from './rig.ts';

function loaded(): CoreRig {
  const rig = new CoreRig({ kernel: { cpus: 2 } });
  rig.load();
  return rig;
}

/** Fails for an error number. */
function good<T>(result: T | number): T {
  if (typeof result === 'number') throw new Error(`error ${result}`);
  return result;
}

interface Parts {
  readonly wqres: mlx4_hwq_resources;
  readonly uar: mlx4_uar;
}

function parts(rig: CoreRig, bytes: number): Parts {
  const { dev } = rig;
  return {
    wqres: good(rig.run(() => mlx4_alloc_hwq_res(dev, bytes))),
    uar: good(rig.run(() => mlx4_uar_alloc(dev))),
  };
}

const silent = function* (): Generator<never, void, void> {
  // Nobody listens.
};

function makeCq(rig: CoreRig, more: Partial<CqSpec> = {}): mlx4_cq {
  const { dev } = rig;
  const { wqres, uar } = parts(rig, 64 * dev.caps.cqe_size);
  const spec: CqSpec = { entries: 64, wqres, uar, vector: 0, comp: silent, ...more };
  return good(rig.run(() => mlx4_cq_alloc(dev, spec)));
}

describe('completion queues', () => {
  it('the card has the context that was meant', () => {
    const rig = loaded();
    const cq = makeCq(rig, { vector: 1 });
    const context = rig.card.view.cq(cq.cqn)!;
    expect(context.log_size).toBe(6);
    expect(context.comp_eqn).toBe(rig.priv.eq_table.eq[2]!.eqn);
    expect(context.usr_page).toBe(cq.uar.index);
    expect(context.db_rec_addr).toBe(cq.db.dma);
    expect([cq.irq, cq.arm_sn, cq.cons_index]).toEqual([rig.priv.eq_table.eq[2]!.irq, 1, 0]);
  });

  it('numbers begin above the reserved ones, and a freed one is the next', () => {
    const rig = loaded();
    const { dev } = rig;
    const [first, second] = [makeCq(rig), makeCq(rig)];
    expect([first.cqn, second.cqn]).toEqual([0x80, 0x81]);
    rig.run(() => mlx4_cq_free(dev, first));
    expect(makeCq(rig).cqn & 0xffff).toBe(0x80);
  });

  it('a vector that is not there is refused', () => {
    const rig = loaded();
    const { dev } = rig;
    const { wqres, uar } = parts(rig, 4096);
    const spec: CqSpec = { entries: 64, wqres, uar, vector: 99, comp: silent };
    expect(rig.run(() => mlx4_cq_alloc(dev, spec))).toBe(-22);
  });

  it('moderation goes to the card; another buffer is refused', () => {
    const rig = loaded();
    const { dev } = rig;
    const cq = makeCq(rig);
    expect(rig.run(() => mlx4_cq_modify(dev, cq, 44, 16))).toBe(0);
    const { cq_max_count, cq_period } = rig.card.view.cq(cq.cqn)!;
    expect([cq_max_count, cq_period]).toEqual([44, 16]);
    const { wqres } = parts(rig, 8192);
    expect(rig.run(() => mlx4_cq_resize(dev, cq, 128, wqres.mtt))).toBeLessThan(0);
  });

  it('arming writes the record, then rings the bell', () => {
    const rig = loaded();
    const cq = makeCq(rig);
    const map = ioremap(rig.persist.pdev, 2, cq.uar.index * uarPageBytes, uarPageBytes)!;
    rig.run(() => mlx4_cq_arm(cq, MLX4_CQ_DB_REQ_NOT, map));
    expect(rig.card.view.cq(cq.cqn)!.state).toBe(MLX4_CQ_STATE_ARMED);
    cq.cons_index = 0x100_0003;
    mlx4_cq_set_ci(cq);
    rig.run(() => mlx4_cq_arm(cq, MLX4_CQ_DB_REQ_NOT, map));
    // Sequence 1, command 2, 24 bits of the index.
    expect([cq.db.read(0), cq.db.read(4)]).toEqual([3, 0x1200_0003]);
  });

  it('freeing waits for the handler of its interrupt', () => {
    const rig = loaded();
    const { dev, k } = rig;
    rig.run(() => mlx4_assign_eq(dev, 1, 0));
    const cq = makeCq(rig);
    const desc = k.irqs.descs.get(cq.irq)!;
    desc.inProgress = true;
    const free = rig.start('free', () => mlx4_cq_free(dev, cq));
    rig.wait(1);
    expect(free.done).toBe(false);
    expect(rig.priv.cq_table.tree.has(cq.cqn)).toBe(false);
    desc.inProgress = false;
    rig.wait(5);
    expect(free.done).toBe(true);
  });

  it('a failing SW2HW_CQ takes everything back', () => {
    const rig = loaded();
    const { dev } = rig;
    const { wqres, uar } = parts(rig, 4096);
    const before = [memoryInUse(rig.k), rig.priv.cq_table.tree.size];
    const command = 'MLX4_CMD_SW2HW_CQ';
    rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_PARAM, count: 1 });
    const spec: CqSpec = { entries: 64, wqres, uar, vector: 0, comp: silent };
    expect(rig.run(() => mlx4_cq_alloc(dev, spec))).toBe(-22);
    expect([memoryInUse(rig.k), rig.priv.cq_table.tree.size]).toEqual(before);
    expect(rig.run(() => mlx4_cq_alloc(dev, spec))).toMatchObject({ vector: 0 });
  });
});

describe('queue pairs', () => {
  function makeQp(rig: CoreRig): mlx4_qp {
    const { dev } = rig;
    const qpn = rig.run(() => mlx4_qp_reserve_range(dev, 1, 1, 'none'));
    return good(rig.run(() => mlx4_qp_alloc(dev, qpn)));
  }

  /** A raw Ethernet context on a completion queue. */
  const contextFor = (rig: CoreRig, cq: mlx4_cq, qpn: number): Uint8Array =>
    qpContext.make({
      service_type: MLX4_QP_ST.MLX,
      pd: rig.run(() => mlx4_pd_alloc(rig.dev)),
      mtu_msgmax: 0xff,
      sq_size_stride: queueSizeStride(64, 64),
      usr_page: cq.uar.index,
      local_qpn: qpn,
      path_ackto: MLX4_LINK_TYPE_ETH,
      path_sched_queue: MLX4_SCHED_QUEUE_BASE,
      cqn_send: cq.cqn,
      cqn_recv: cq.cqn,
      params2: MLX4_QP_BIT_FPP,
    });

  it('go from RESET to ready by three commands, and back by one', () => {
    const rig = loaded();
    const { dev } = rig;
    const cq = makeCq(rig);
    const qp = makeQp(rig);
    const { wqres } = parts(rig, 4096);
    const context = contextFor(rig, cq, qp.qpn);
    const from = rig.commands.length;
    expect(rig.run(() => mlx4_qp_to_ready(dev, wqres.mtt, context, qp))).toBe(0);
    expect(rig.names(from)).toEqual(['RST2INIT_QP', 'INIT2RTR_QP', 'RTR2RTS_QP']);
    expect(rig.card.view.qpState(qp.qpn)).toBe('RTS');
    const answer = good(rig.run(() => mlx4_qp_query(dev, qp)));
    expect(qpContext.get(answer, 'cqn_send')).toBe(cq.cqn);
    expect(rig.run(() => mlx4_qp_modify_to_reset(dev, qp))).toBe(0);
    expect(rig.card.view.qpState(qp.qpn)).toBe('RST');
    const reset = rig.commands.at(-1)!;
    expect([reset.name, reset.inModifier, reset.opModifier]).toEqual(['2RST_QP', qp.qpn, 2]);
  });

  it('the forced port counts only on the way from INIT to RTR', () => {
    const rig = loaded();
    const { dev } = rig;
    const cq = makeCq(rig);
    const qp = makeQp(rig);
    const { wqres } = parts(rig, 4096);
    const context = contextFor(rig, cq, qp.qpn);
    const at = 8 + qpContext.fields.params2.offset + 3;
    const from = rig.commands.length;
    rig.run(() => mlx4_qp_to_ready(dev, wqres.mtt, context, qp));
    // Cleared on the first step already, so it never counts: as in Linux.
    expect(rig.commands.slice(from).map(({ mailbox }) => mailbox[at]! & MLX4_QP_BIT_FPP)).toEqual([
      0, 0, 0,
    ]);
  });

  it('a change that does not exist is refused without the card', () => {
    const rig = loaded();
    const { dev } = rig;
    const qp = makeQp(rig);
    const from = rig.commands.length;
    const { RST, RTS } = MLX4_QP_STATE;
    expect(rig.run(() => mlx4_qp_modify(dev, null, RST, RTS, null, qp))).toBe(-22);
    expect(rig.names(from)).toEqual([]);
  });

  it('a failing step is reported', () => {
    const rig = loaded();
    const { dev } = rig;
    const cq = makeCq(rig);
    const qp = makeQp(rig);
    const { wqres } = parts(rig, 4096);
    const context = contextFor(rig, cq, qp.qpn);
    const command = 'MLX4_CMD_INIT2RTR_QP';
    rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_QP_STATE, count: 1 });
    expect(rig.run(() => mlx4_qp_to_ready(dev, wqres.mtt, context, qp))).toBe(-22);
    expect(rig.log(/Failed to bring/)).toBe(
      `mlx4_core ${slot}: Failed to bring QP to state: 2 with error: -22`,
    );
  });

  it('free waits for an event under way, and context memory goes with the last queue pair', () => {
    const rig = loaded();
    const { dev } = rig;
    const before = memoryInUse(rig.k);
    const qpn = rig.run(() => mlx4_qp_reserve_range(dev, 1, 1, 'none'));
    // Far up, in a chunk of its own.
    const qp = good(rig.run(() => mlx4_qp_alloc(dev, qpn + 2 ** 16)));
    expect(memoryInUse(rig.k)).toBeGreaterThan(before);
    let release = false;
    qp.event = function* () {
      while (!release) yield* cpu_relax(rig.k);
    };
    const event = rig.start('event', () => mlx4_qp_event(dev, qp.qpn, 2));
    rig.wait(1);
    const free = rig.start('free', function* (): MaySleep<void> {
      yield* mlx4_qp_remove(dev, qp);
      yield* mlx4_qp_free(dev, qp);
    });
    rig.wait(1);
    expect([event.done, free.done]).toEqual([false, false]);
    release = true;
    rig.wait(5);
    expect([event.done, free.done]).toEqual([true, true]);
    expect(memoryInUse(rig.k)).toBe(before);
  });

  it('UPDATE_QP names what it changes', () => {
    const rig = loaded();
    const { dev } = rig;
    const qp = makeQp(rig);
    expect(rig.run(() => mlx4_update_qp(dev, qp.qpn, {}))).toBe(-22);
    expect(rig.run(() => mlx4_update_qp(dev, qp.qpn, { checkMulticastLoopback: true }))).toBe(-95);
    rig.run(() => mlx4_update_qp(dev, qp.qpn, { vsd: true }));
    const { name, inModifier, mailbox } = rig.commands.at(-1)!;
    expect([name, inModifier]).toEqual(['UPDATE_QP', qp.qpn]);
    expect(Buffer.from(mailbox.subarray(0, 8)).toString('hex')).toBe('0000000200000000');
  });
});

describe('shared receive queues', () => {
  it('are known to the card, and have a limit', () => {
    const rig = loaded();
    const { dev } = rig;
    const { wqres } = parts(rig, 4096);
    const srq: mlx4_srq = good(
      rig.run(() =>
        mlx4_srq_alloc(dev, {
          pdn: 4,
          cqn: 0,
          xrcd: 0,
          mtt: wqres.mtt,
          dbRecord: wqres.db.dma,
          max: 64,
          wqe_shift: 6,
        }),
      ),
    );
    expect(rig.card.view.srq(srq.srqn)).toMatchObject({ log_size: 6, logstride: 2, pd: 4 });
    // As many as the limit are posted: fewer would be an event at once, which nobody takes here.
    wqres.db.write(0, 16);
    expect(rig.run(() => mlx4_srq_arm(dev, srq, 16))).toBe(0);
    expect(rig.run(() => mlx4_srq_query(dev, srq))).toBe(16);
    rig.run(() => mlx4_srq_free(dev, srq));
    expect(rig.card.view.srq(srq.srqn)).toBeNull();
  });
});

describe('memory regions', () => {
  it('the region over everything has no translation', () => {
    const rig = loaded();
    const { dev } = rig;
    const mr: mlx4_mr = good(rig.run(() => mlx4_mr_alloc_physical(dev, 4)));
    expect([mr.key, mr.mtt.order]).toEqual([0x1_0000, -1]);
    expect(rig.run(() => mlx4_mr_enable(dev, mr))).toBe(0);
    expect(mr.enabled).toBe(MLX4_MPT_EN_HW);
    expect(rig.card.view.mpt(0x100)).not.toBeNull();
    expect(rig.run(() => mlx4_mr_free(dev, mr))).toBe(0);
    expect(rig.card.view.mpt(0x100)).toBeNull();
  });

  it('a region with translation names its entries and rights', () => {
    const rig = loaded();
    const { dev } = rig;
    const access = MLX4_PERM_LOCAL_READ | MLX4_PERM_REMOTE_WRITE;
    const spec = { iova: 0x1000n, size: 8192n, access, npages: 2, page_shift: 12 };
    const mr: mlx4_mr = good(rig.run(() => mlx4_mr_alloc(dev, 4, spec)));
    rig.run(() => mlx4_mr_enable(dev, mr));
    const { mailbox } = rig.commands.at(-1)!;
    const flags = new DataView(mailbox.buffer, mailbox.byteOffset).getUint32(0);
    expect(flags).toBe(0xf002_2500);
    expect(rig.run(() => mlx4_mr_free(dev, mr))).toBe(0);
  });

  it('one that is still bound stays: HW2SW_MPT says so', () => {
    const rig = loaded();
    const { dev } = rig;
    const mr: mlx4_mr = good(rig.run(() => mlx4_mr_alloc_physical(dev, 4)));
    rig.run(() => mlx4_mr_enable(dev, mr));
    const command = 'MLX4_CMD_HW2SW_MPT';
    rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.REG_BOUND, count: 1 });
    expect(rig.run(() => mlx4_mr_free(dev, mr))).toBe(-16);
    expect(rig.log(/MWs bound/)).toBe(
      `mlx4_core ${slot}: HW2SW_MPT failed (-16), MR has MWs bound to it`,
    );
    expect(rig.log(/going to be reset/)).toBe('');
    expect(rig.run(() => mlx4_mr_free(dev, mr))).toBe(0);
  });
});
