// Sizes of the special queue pairs, worked out by hand from the rules of qp.c.

import { expect, it } from 'vitest';
import { madGeometry } from '#driver/mlx4_ib/qp-geometry.ts';
import type { mlx4_caps } from '#driver/mlx4_core/mlx4.ts';

const caps = { max_wqes: 16384, max_sq_sg: 32, max_rq_sg: 32, max_sq_desc_sz: 1008 } as mlx4_caps;
const mad = { max_send_wr: 128, max_recv_wr: 512, max_send_sge: 2, max_recv_sge: 1 };

it('a MAD queue pair has 256 send entries of 256 bytes and 512 receive entries of 16', () => {
  // Control 16, headers inline 82 + 2 * 4 rounded to 96, checksum 16, two data segments: 160 bytes.
  expect(madGeometry(caps, mad)).toEqual({
    sqEntries: 256,
    sqShift: 8,
    sqOffset: 0,
    rqEntries: 512,
    rqShift: 4,
    rqOffset: 65536,
    bufBytes: 73728,
  });
});

it('the queue with the larger entries lies first', () => {
  const wide = madGeometry(caps, { ...mad, max_recv_sge: 32 });
  expect(wide).toMatchObject({ rqShift: 9, rqOffset: 0, sqOffset: 512 * 512 });
});

it('requests that the card has no room for are refused', () => {
  expect(madGeometry(caps, { ...mad, max_send_wr: 16384 })).toBe(-22);
  expect(madGeometry({ ...caps, max_sq_sg: 3 }, mad)).toBe(-22);
  expect(madGeometry({ ...caps, max_sq_desc_sz: 128 }, mad)).toBe(-22);
});
