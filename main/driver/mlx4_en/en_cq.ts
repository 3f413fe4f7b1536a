// Completion queues of mlx4_en (en_cq.c): memory, the card's object with its event queue, NAPI,
// interrupt moderation. A transmit CQ uses the event queue of the receive ring with its index,
// modulo their number. Left out: affinity of interrupts to NUMA nodes, time stamps, XDP.

import { napi_disable, napi_enable, netif_napi_add, netif_napi_del } from '#kernel/net/napi.ts';
import { MLX4_CQ_DB_REQ_NOT } from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '../mlx4_core/alloc.ts';
import { mlx4_cq_alloc, mlx4_cq_arm, mlx4_cq_free, mlx4_cq_modify } from '../mlx4_core/cq.ts';
import { mlx4_assign_eq, mlx4_is_eq_vector_valid, mlx4_release_eq } from '../mlx4_core/eq.ts';
import { mlx4_en_poll_rx_cq, mlx4_en_rx_irq } from './en_rx.ts';
import { mlx4_en_poll_tx_cq, mlx4_en_tx_irq } from './en_tx.ts';
import { mlx4_err, RX } from './mlx4_en.ts';
import type { CqType, mlx4_en_cq, mlx4_en_priv } from './mlx4_en.ts';

/** A vector that is not valid: the queue has no event queue yet. */
const noVector = (priv: mlx4_en_priv): number => priv.mdev.dev.caps.num_comp_vectors;

/** Memory for a queue of `entries`. */
export function* mlx4_en_create_cq(
  priv: mlx4_en_priv,
  entries: number,
  ring: number,
  type: CqType,
): MaySleep<mlx4_en_cq | number> {
  const buf_size = entries * priv.mdev.dev.caps.cqe_size;
  const wqres = yield* mlx4_alloc_hwq_res(priv.mdev.dev, buf_size);
  if (typeof wqres === 'number') return wqres;
  return {
    priv,
    type,
    ring,
    mcq: null,
    wqres,
    buf: wqres.buf,
    buf_size,
    size: entries,
    vector: noVector(priv),
    moder_cnt: 0,
    moder_time: 0,
    napi: null,
  };
}

export function* mlx4_en_destroy_cq(priv: mlx4_en_priv, cq: mlx4_en_cq): MaySleep<void> {
  const { dev } = priv.mdev;
  yield* mlx4_free_hwq_res(dev, cq.wqres);
  if (cq.type === RX && mlx4_is_eq_vector_valid(dev, priv.port, cq.vector)) {
    yield* mlx4_release_eq(dev, cq.vector);
  }
  cq.vector = 0;
}

/**
 * An event queue for a receive queue that has none, on the CPU of its ring. 0 or a negative error.
 */
function* assignEq(priv: mlx4_en_priv, cq: mlx4_en_cq): MaySleep<number> {
  const { mdev, port, k } = priv;
  if (mlx4_is_eq_vector_valid(mdev.dev, port, cq.vector)) return 0;
  const vector = yield* mlx4_assign_eq(mdev.dev, port, cq.ring % k.options.cpus);
  if (vector < 0) {
    mlx4_err(mdev, `Failed assigning an EQ to CQ vector ${cq.vector}`);
    return vector;
  }
  cq.vector = vector;
  return 0;
}

/** Gives the queue to the card and switches NAPI on. */
export function* mlx4_en_activate_cq(
  priv: mlx4_en_priv,
  cq: mlx4_en_cq,
  index: number,
): MaySleep<number> {
  const { mdev } = priv;
  const hadVector = cq.vector !== noVector(priv);
  cq.buf.fill(0, cq.buf_size, 0);
  if (cq.type === RX) {
    const err = yield* assignEq(priv, cq);
    if (err !== 0) return err;
    cq.size = priv.rx_ring[cq.ring]!.actual_size;
  } else cq.vector = priv.rx_cq[index % priv.rx_cq.length]!.vector;
  const mcq = yield* mlx4_cq_alloc(mdev.dev, {
    entries: cq.size,
    wqres: cq.wqres,
    uar: mdev.priv_uar,
    vector: cq.vector,
    comp: () => (cq.type === RX ? mlx4_en_rx_irq(cq) : mlx4_en_tx_irq(cq)),
  });
  if (typeof mcq === 'number') {
    if (cq.type === RX && !hadVector) yield* mlx4_release_eq(mdev.dev, cq.vector);
    cq.vector = noVector(priv);
    return mcq;
  }
  cq.mcq = mcq;
  cq.napi = netif_napi_add(priv.dev, (budget) =>
    cq.type === RX ? mlx4_en_poll_rx_cq(cq, budget) : mlx4_en_poll_tx_cq(cq, budget),
  );
  yield* napi_enable(cq.napi);
  return 0;
}

/** Takes NAPI off and the queue back; waits for a handler that runs. */
export function* mlx4_en_deactivate_cq(priv: mlx4_en_priv, cq: mlx4_en_cq): MaySleep<void> {
  if (cq.napi !== null) {
    yield* napi_disable(cq.napi);
    yield* netif_napi_del(cq.napi);
  }
  if (cq.mcq !== null) yield* mlx4_cq_free(priv.mdev.dev, cq.mcq);
}

/** Sends the moderation to the card (MODIFY_CQ). */
export function* mlx4_en_set_cq_moder(priv: mlx4_en_priv, cq: mlx4_en_cq): MaySleep<number> {
  return yield* mlx4_cq_modify(priv.mdev.dev, cq.mcq!, cq.moder_cnt, cq.moder_time);
}

/** Asks for an interrupt at the next completion. */
export function* mlx4_en_arm_cq(cq: mlx4_en_cq): Atomic<void> {
  yield* mlx4_cq_arm(cq.mcq!, MLX4_CQ_DB_REQ_NOT, cq.priv.mdev.uar_map);
}
