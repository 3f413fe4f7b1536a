// Receive buffers of the MAD layer (core/mad.c: ib_mad_post_receive_mads, cleanup_recv_queue):
// every special queue pair gets as many as its receive queue has room for, each with space for a
// GRH in front. They stay with the card until the port is closed. Left out: what is done with a
// datagram that has arrived.

import type { Atomic } from '#sim/task.ts';
import { dma_alloc_coherent, dma_free_coherent } from '../pci/dma.ts';
import type { DmaBuffer } from '../pci/dma.ts';
import type { IbQp } from './ib-ops.ts';
import { IB_MGMT_MAD_SIZE } from './ib-verbs.ts';
import { ib_post_recv } from './verbs.ts';

const ibGrhBytes = 40;
const bufferBytes = ibGrhBytes + IB_MGMT_MAD_SIZE;

/** The buffers of one queue pair. */
export interface MadBuffers {
  readonly memory: DmaBuffer;
  readonly count: number;
}

/** Fills the receive queue of a queue pair with `count` buffers; or a negative error. */
export function* ib_mad_post_receive_mads(qp: IbQp, count: number): Atomic<MadBuffers | number> {
  const { device, pd } = qp;
  const memory = dma_alloc_coherent(device.dma_device!, count * bufferBytes);
  const requests = Array.from({ length: count }, (_, index) => ({
    addr: memory.address + index * bufferBytes,
    length: bufferBytes,
    lkey: pd.local_dma_lkey,
  }));
  const err = yield* ib_post_recv(qp, requests);
  if (err === 0) return { memory, count };
  dma_free_coherent(device.dma_device!, memory);
  return err;
}

/** Gives the buffers up, when the queue pair is destroyed. */
export function cleanup_recv_queue(qp: IbQp, buffers: MadBuffers): void {
  dma_free_coherent(qp.device.dma_device!, buffers.memory);
}
