// Giving pages to the card (fw.c: mlx4_map_cmd; facts/device 5.2): MAP_FA, MAP_ICM and MAP_ICM_AUX
// take a list of blocks, each a power of two of pages and aligned to its size; 256 to a command.

import { MLX4_ICM_PAGE_SIZE, mapEntriesMax, mapEntry } from '#prm/firmware.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd, mlx4_free_cmd_mailbox } from '../cmd.ts';
import type { mlx4_cmd_mailbox } from '../cmd/mailbox.ts';
import type { mlx4_icm } from '../icm.ts';
import { mlx4_dbg } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** The commands that map. */
export type MapCommand = 'MLX4_CMD_MAP_FA' | 'MLX4_CMD_MAP_ICM' | 'MLX4_CMD_MAP_ICM_AUX';

/** A block as the card wants it. */
interface MapBlock {
  readonly address: number;
  readonly bytes: number;
}

/** Largest power of two that divides a number. */
const lowestBit = (value: number): number => {
  const low = (value % 2 ** 32) >>> 0;
  return low === 0 ? 2 ** 32 : (low & -low) >>> 0;
};

/** Cuts memory into blocks that are aligned to their size. */
function alignedBlocks(icm: mlx4_icm): MapBlock[] {
  const result: MapBlock[] = [];
  for (const { address, sizeBytes } of icm.blocks) {
    const bytes = Math.min(lowestBit(address), lowestBit(sizeBytes));
    for (let at = 0; at < sizeBytes; at += bytes) result.push({ address: address + at, bytes });
  }
  return result;
}

function* mapSome(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  op: MapCommand,
  blocks: readonly MapBlock[],
  virt: number | null,
): MaySleep<number> {
  let at = virt ?? 0;
  for (const [index, { address, bytes }] of blocks.entries()) {
    const pa = address + Math.log2(bytes / MLX4_ICM_PAGE_SIZE);
    mailbox.buf.write(
      index * mapEntry.sizeBytes,
      mapEntry.make({ va: virt === null ? 0 : at, pa }),
    );
    at += bytes;
  }
  return yield* mlx4_cmd(dev, mailbox.dma, blocks.length, 0, op);
}

function report(dev: mlx4_dev, op: MapCommand, blocks: readonly MapBlock[], virt: number): void {
  const kilobytes = blocks.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  const mapped = `Mapped ${blocks.length} chunks/${kilobytes} KB`;
  if (op === 'MLX4_CMD_MAP_FA') mlx4_dbg(dev, `${mapped} for FW`);
  else if (op === 'MLX4_CMD_MAP_ICM_AUX') mlx4_dbg(dev, `${mapped} for ICM aux`);
  else mlx4_dbg(dev, `${mapped} at ${virt.toString(16)} for ICM`);
}

/** Maps pages; `virt` is where they go in context memory, null for the other two areas. */
export function* mlx4_map_cmd(
  dev: mlx4_dev,
  op: MapCommand,
  icm: mlx4_icm,
  virt: number | null,
): MaySleep<number> {
  const blocks = alignedBlocks(icm);
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  let err = 0;
  let at = virt;
  for (let first = 0; first < blocks.length && err === 0; first += mapEntriesMax) {
    const some = blocks.slice(first, first + mapEntriesMax);
    err = yield* mapSome(dev, mailbox, op, some, at);
    if (at !== null) at += some.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  if (err === 0) report(dev, op, blocks, virt ?? 0);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}
