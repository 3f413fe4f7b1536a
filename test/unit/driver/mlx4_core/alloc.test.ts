// Allocators: numbers in bitmaps and zones, translation entries, doorbell records.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MLX4_NO_RR,
  MLX4_USE_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_alloc_range,
  mlx4_bitmap_free,
  mlx4_bitmap_free_range,
  mlx4_bitmap_init,
  NO_OBJECT,
} from '#driver/mlx4_core/alloc/bitmap.ts';
import type { BitmapSizes, mlx4_bitmap } from '#driver/mlx4_core/alloc/bitmap.ts';
import { mlx4_db_alloc, mlx4_db_free } from '#driver/mlx4_core/alloc/db.ts';
import { mlx4_buddy_alloc, mlx4_buddy_free, mlx4_buddy_init } from '#driver/mlx4_core/mr/buddy.ts';
import { mlx4_mtt_cleanup, mlx4_mtt_init, mlx4_write_mtt } from '#driver/mlx4_core/mr/mtt.ts';
import type { mlx4_db, mlx4_mtt } from '#driver/mlx4_core/mlx4.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '#driver/mlx4_core/alloc.ts';
import { mlx4_qp_release_range, mlx4_qp_reserve_range } from '#driver/mlx4_core/qp.ts';
import type { QpReservation } from '#driver/mlx4_core/qp.ts';
import { mttEntry, mttEntryBytes } from '#prm/contexts.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { user_task } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { memoryInUse } from './memory.ts';
import { CoreRig } from './rig.ts';

let tasks = 0;

/** Runs something that does not wait for long. */
function run<T>(k: Kernel, body: () => MaySleep<T>): T {
  let result: { value: T } | null = null;
  user_task(k, `t${++tasks}`, 't', 1, function* task(): MaySleep<void> {
    result = { value: yield* body() };
  });
  k.sim.run(k.sim.now() + second);
  if (result === null) throw new Error('did not end');
  return (result as { value: T }).value;
}

function bitmapOf(k: Kernel, sizes: Partial<BitmapSizes>): mlx4_bitmap {
  const all = { num: 16, mask: 0xff, reserved_bot: 0, reserved_top: 0, ...sizes };
  return mlx4_bitmap_init(k, 'bitmap', all)!;
}

describe('bitmaps', () => {
  it('give the lowest numbers above the reserved ones, and end', () => {
    const k = bareKernel();
    const bitmap = bitmapOf(k, { reserved_bot: 3, reserved_top: 2 });
    const given = Array.from({ length: 12 }, () => run(k, () => mlx4_bitmap_alloc(bitmap)));
    expect(given.slice(0, 11)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(given[11]).toBe(NO_OBJECT);
  });

  it('a size that is no power of two is refused', () => {
    expect(
      mlx4_bitmap_init(bareKernel(), 'b', { num: 12, mask: 15, reserved_bot: 0, reserved_top: 0 }),
    ).toBeNull();
  });

  it('with round robin a freed number comes back last, with other high bits', () => {
    const k = bareKernel();
    const bitmap = bitmapOf(k, { num: 4 });
    const take = (): number => run(k, () => mlx4_bitmap_alloc(bitmap));
    expect([take(), take()]).toEqual([0, 1]);
    run(k, () => mlx4_bitmap_free(bitmap, 0, MLX4_USE_RR));
    expect([take(), take(), take(), take()]).toEqual([2, 3, 0, NO_OBJECT]);
    // Nothing was free from the last one on: the search wrapped, and counted up.
    run(k, () => mlx4_bitmap_free(bitmap, 2, MLX4_USE_RR));
    const again = take();
    expect([again & 3, again > 3]).toEqual([2, true]);
    run(k, () => mlx4_bitmap_free(bitmap, again, MLX4_USE_RR));
    expect(bitmap.avail).toBe(1);
  });

  it('without it the freed number is the next one', () => {
    const k = bareKernel();
    const bitmap = bitmapOf(k, { num: 8, mask: 7 });
    for (let i = 0; i < 5; i++) run(k, () => mlx4_bitmap_alloc(bitmap));
    run(k, () => mlx4_bitmap_free(bitmap, 1, MLX4_NO_RR));
    expect(run(k, () => mlx4_bitmap_alloc(bitmap))).toBe(1);
  });

  it('ranges are aligned, in a row, and leave out numbers with the mask’s bits', () => {
    const k = bareKernel();
    const bitmap = bitmapOf(k, { num: 1024, mask: 1023 });
    const range = (cnt: number, align: number, skip = 0): number =>
      run(k, () => mlx4_bitmap_alloc_range(bitmap, cnt, align, skip));
    expect(range(1, 1)).toBe(0);
    expect(range(8, 8)).toBe(8);
    expect(range(64, 1, 0xc0)).toBe(256);
    expect(range(64, 1, 0xc0)).toBe(512);
    expect(range(65, 1, 0xc0)).toBe(NO_OBJECT);
  });

  it('never give a number twice, whatever is taken and freed', () => {
    const step = fc.record({
      take: fc.boolean(),
      cnt: fc.integer({ min: 1, max: 5 }),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const k = bareKernel();
        const bitmap = bitmapOf(k, { num: 32, mask: 0xff, reserved_bot: 2, reserved_top: 3 });
        const held: { base: number; cnt: number }[] = [];
        const slots = new Set<number>();
        run(k, function* (): MaySleep<void> {
          for (const { take, cnt, at } of steps) {
            if (take || held.length === 0) {
              const base = yield* mlx4_bitmap_alloc_range(bitmap, cnt, 1, 0);
              if (base === NO_OBJECT) continue;
              held.push({ base, cnt });
              for (let i = 0; i < cnt; i++) {
                const slot = (base + i) & 31;
                expect(slot >= 2 && slot < 29 && !slots.has(slot)).toBe(true);
                slots.add(slot);
              }
            } else {
              const [gone] = held.splice(at % held.length, 1);
              for (let i = 0; i < gone!.cnt; i++) slots.delete((gone!.base + i) & 31);
              yield* mlx4_bitmap_free_range(bitmap, gone!.base, gone!.cnt, at % 2);
            }
          }
        });
        expect(bitmap.avail).toBe(27 - slots.size);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the buddy allocator', () => {
  it('splits blocks and joins them again', () => {
    const k = bareKernel();
    const buddy = mlx4_buddy_init(k, 'buddy', 4);
    const take = (order: number): number => run(k, () => mlx4_buddy_alloc(buddy, order));
    expect([take(0), take(0), take(2), take(3)]).toEqual([0, 1, 4, 8]);
    expect([take(1), take(0)]).toEqual([2, -1]);
    for (const [seg, order] of [
      [8, 3],
      [0, 0],
      [4, 2],
      [1, 0],
      [2, 1],
    ] as const) {
      run(k, () => mlx4_buddy_free(buddy, seg, order));
    }
    expect(buddy.free.map((blocks) => [...blocks])).toEqual([[], [], [], [], [0]]);
  });
});

describe('translation entries', () => {
  it('are written as the card reads them, across pages of entries', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev } = rig;
    const mtt = rig.run(() => mlx4_mtt_init(dev, 700, 12)) as mlx4_mtt;
    expect(mtt.order).toBe(10);
    const pages = Array.from({ length: 700 }, (_, i) => 0x2_0000_0000 + i * 4096);
    expect(rig.run(() => mlx4_write_mtt(dev, mtt, 0, pages))).toBe(0);
    const table = rig.priv.mr_table.mtt_table!;
    const at = mtt.offset * mttEntryBytes;
    const [block] = table.icm.get(Math.floor(at / 2 ** 18))!.blocks;
    const entries = new Uint8Array(700 * mttEntryBytes);
    block!.read(at % 2 ** 18, entries);
    for (const i of [0, 511, 512, 699]) {
      const entry = mttEntry.read(entries, i * mttEntryBytes);
      expect(entry).toEqual({ address_h: 2, address_l: i, present: true });
    }
    rig.run(() => mlx4_mtt_cleanup(dev, mtt));
  });

  it('a chunk of context memory comes with its first entry and goes with its last', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev } = rig;
    const { icm } = rig.priv.mr_table.mtt_table!;
    const before = icm.size;
    // More than a chunk has: 32,768 entries.
    const mtt = rig.run(() => mlx4_mtt_init(dev, 2 ** 16, 12)) as mlx4_mtt;
    expect(icm.size).toBe(before + 2);
    rig.run(() => mlx4_mtt_cleanup(dev, mtt));
    expect(icm.size).toBe(before);
    expect(rig.names().slice(-2)).toEqual(['UNMAP_ICM', 'UNMAP_ICM']);
  });
});

describe('doorbell records', () => {
  it('lie in pairs of a page, and the page goes with the last of them', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev } = rig;
    const before = memoryInUse(rig.k);
    const take = (order: 0 | 1): mlx4_db => rig.run(() => mlx4_db_alloc(dev, order));
    const records = [take(1), take(0), take(1), take(0)];
    const page = records[0]!.dma;
    expect(records.map(({ dma }) => dma - page)).toEqual([0, 8, 16, 12]);
    expect(memoryInUse(rig.k)).toBe(before + 1);
    records[1]!.write(0, 0x1234);
    expect([records[1]!.read(0), records[3]!.read(0)]).toEqual([0x1234, 0]);
    for (const record of records) rig.run(() => mlx4_db_free(dev, record));
    expect(memoryInUse(rig.k)).toBe(before);
  });

  it('a second page is made when the first is full', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev, priv } = { dev: rig.dev, priv: rig.priv };
    rig.run(function* () {
      for (let i = 0; i < 513; i++) yield* mlx4_db_alloc(dev, 1);
    });
    expect(priv.pgdir_list.length).toBe(2);
  });
});

describe('memory of queues', () => {
  it('has one translation entry for a buffer that is aligned to its size', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev } = rig;
    const before = memoryInUse(rig.k);
    const res = rig.run(() => mlx4_alloc_hwq_res(dev, 65536));
    if (typeof res === 'number') throw new Error('no memory');
    expect([res.mtt.order, res.mtt.page_shift, res.db.read(0)]).toEqual([0, 16, 0]);
    rig.run(() => mlx4_free_hwq_res(dev, res));
    expect(memoryInUse(rig.k)).toBe(before);
  });
});

describe('queue pair numbers', () => {
  function reserver(card = {}): (cnt: number, align: number, kind: QpReservation) => number {
    const rig = new CoreRig({ kernel: { cpus: 1 }, card });
    rig.load();
    const { dev } = rig;
    return (cnt, align, kind) => rig.run(() => mlx4_qp_reserve_range(dev, cnt, align, kind));
  }

  it('come from the general zone above the special ones', () => {
    const reserve = reserver();
    expect(reserve(1, 1, 'none')).toBe(520);
    expect(reserve(4, 4, 'none')).toBe(524);
    expect(reserve(1, 1, 'none')).toBe(521);
  });

  it('for RSS from the preferred ones, which the general zone does not give', () => {
    const reserve = reserver();
    expect([reserve(1, 1, 'a0'), reserve(1, 1, 'a0')]).toEqual([64, 65]);
    expect(reserve(16, 16, 'a0')).toBe(80);
  });

  it('with BlueFlame bits 6 and 7 are clear', () => {
    const reserve = reserver({ blueFlame: true });
    const plain = Array.from({ length: 100 }, () => reserve(1, 1, 'eth_bf'));
    expect(plain.every((qpn) => qpn >= 520 && (qpn & 0xc0) === 0)).toBe(true);
    expect(new Set(plain).size).toBe(100);
    expect(reserve(1, 1, 'a0_eth_bf')).toBe(256);
    expect(reserve(65, 1, 'eth_bf')).toBe(-12);
  });

  it('when the preferred ones are used up, general ones stand in', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    rig.load();
    const { dev } = rig;
    const given = rig.run(function* () {
      const numbers: number[] = [];
      for (let i = 0; i < 260; i++) numbers.push(yield* mlx4_qp_reserve_range(dev, 1, 1, 'a0'));
      return numbers;
    });
    expect(new Set(given).size).toBe(260);
    // 192 of its own; the raw Ethernet part next, then the general zone.
    expect(given.slice(0, 192)).toEqual(Array.from({ length: 192 }, (_, i) => 64 + i));
    expect(given.slice(192, 256).every((qpn) => qpn >= 256 && qpn < 320)).toBe(true);
    expect(given[256]).toBe(520);
    rig.run(() => mlx4_qp_release_range(dev, 300, 1));
    expect(rig.run(() => mlx4_qp_reserve_range(dev, 1, 1, 'a0'))).toBe(300);
  });
});
