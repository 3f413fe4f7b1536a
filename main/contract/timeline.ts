// The timeline between lab and window: its types, and a tile as bytes. The lab makes a tile as
// typed arrays (main/lab/timeline/tiles.ts) and knows no bytes; the host encodes it with
// encodeTile, the window decodes it. Texts travel beside the bytes, in the message.
//
// Layout, little endian: u32 magic, lanes, entries, arrows, columns, arrows left out; f64 from, to,
// now (ns), so 48 bytes; then whole columns, the wide ones first: f64 start, end, busy [entries],
// f64 time [arrows]; u32 style, label, count, value [entries], u32 from, to [arrows], u32 number,
// entry count [lanes].

import type { SpanFlags, SpanStyles } from '#lab/timeline/styles.ts';
import type { Tile } from '#lab/timeline/tiles.ts';

export type { Census } from '#lab/timeline/census.ts';
export type { Found, Hit } from '#lab/timeline/find.ts';
export type { Lane, LaneGroup, LaneKind } from '#lab/timeline/lanes.ts';
export type { Mark, MarkKind } from '#lab/timeline/marks.ts';
export type { LaneAround, SpanWords } from '#lab/timeline/next.ts';
export type { FoldGap } from '#lab/timeline/quiet.ts';
export type { SpanStyle } from '#lab/timeline/styles.ts';
export type { Tile, TileQuery } from '#lab/timeline/tiles.ts';

/** The lab's numbers of styles; the type holds them to it. */
export const spanStyle: SpanStyles = {
  run: 0,
  ready: 1,
  wait: 2,
  stuck: 3,
  ended: 4,
  hold: 5,
  wanted: 6,
  wantedStuck: 7,
  count: 8,
  work: 9,
  queued: 10,
  linkUp: 11,
  linkDown: 12,
  packet: 13,
  bonded: 14,
  notBonded: 15,
  command: 16,
  turn: 17,
};

/** The lab's flags above a style. */
export const spanFlags: SpanFlags = { density: 0x100, open: 0x200 };

/** The style without its flags. */
export const styleMask = 0xff;

/** `TILE` in little endian. */
const magic = 0x454c4954;
const headBytes = 48;
/** Most lanes, entries or arrows that are taken. */
const countMax = 4_000_000;

/** Bytes that are no tile; the message says why. */
export class MalformedTile extends Error {}

/** Columns in the order of the layout. */
const entryTimes = ['start', 'end', 'busy'] as const;
const entryNumbers = ['style', 'label', 'count', 'value'] as const;

const bytesOf = (lanes: number, entries: number, arrows: number): number =>
  headBytes + entries * (3 * 8 + 4 * 4) + arrows * (8 + 2 * 4) + lanes * 2 * 4;

/** A tile without its texts, as bytes. */
export function encodeTile(tile: Tile): Uint8Array {
  const [lanes, entries, arrows] = [tile.lanes.length, tile.start.length, tile.arrowTime.length];
  const bytes = new Uint8Array(bytesOf(lanes, entries, arrows));
  const { columns, arrowsLeftOut, fromNs, toNs, nowNs } = tile;
  new Uint32Array(bytes.buffer, 0, 6).set([magic, lanes, entries, arrows, columns, arrowsLeftOut]);
  new Float64Array(bytes.buffer, 24, 3).set([fromNs, toNs, nowNs]);
  let at = headBytes;
  const put = (column: Float64Array | Uint32Array): void => {
    const { buffer, byteOffset, byteLength } = column;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  };
  for (const name of entryTimes) put(tile[name]);
  put(tile.arrowTime);
  for (const name of entryNumbers) put(tile[name]);
  for (const column of [tile.arrowFrom, tile.arrowTo, tile.lanes, tile.counts]) put(column);
  return bytes;
}

/** Takes a tile apart; `texts` came beside it. Throws MalformedTile. */
export function decodeTile(packed: Uint8Array, texts: readonly string[]): Tile {
  if (packed.length < headBytes) throw new MalformedTile(`${packed.length} bytes are too few`);
  // Columns must lie at multiples of 8.
  const bytes = packed.byteOffset % 8 === 0 ? packed : packed.slice();
  const { buffer, byteOffset } = bytes;
  const head = new Uint32Array(buffer, byteOffset, 6);
  const [word, lanes, entries, arrows] = [head[0]!, head[1]!, head[2]!, head[3]!];
  if (word !== magic) throw new MalformedTile('not a tile');
  const isTooMuch = Math.max(lanes, entries, arrows) > countMax;
  if (isTooMuch || bytes.length !== bytesOf(lanes, entries, arrows)) {
    throw new MalformedTile(`${bytes.length} bytes do not hold what the head says`);
  }
  let at = byteOffset + headBytes;
  const times = (length: number): Float64Array => {
    at += length * 8;
    return new Float64Array(buffer, at - length * 8, length);
  };
  const numbers = (length: number): Uint32Array => {
    at += length * 4;
    return new Uint32Array(buffer, at - length * 4, length);
  };
  const [fromNs, toNs, nowNs] = new Float64Array(buffer, byteOffset + 24, 3);
  // The order of these lines is the order of the layout.
  const [start, end, busy] = [times(entries), times(entries), times(entries)];
  const arrowTime = times(arrows);
  const [style, label] = [numbers(entries), numbers(entries)];
  const [count, value] = [numbers(entries), numbers(entries)];
  const [arrowFrom, arrowTo] = [numbers(arrows), numbers(arrows)];
  const [laneNumbers, counts] = [numbers(lanes), numbers(lanes)];
  if (counts.reduce((sum, one) => sum + one, 0) !== entries) {
    throw new MalformedTile('its lanes do not have as many entries as it has');
  }
  const known = { fromNs: fromNs!, toNs: toNs!, nowNs: nowNs!, columns: head[4]!, texts };
  const entriesOf = { start, end, busy, style, label, count, value };
  const arrowsOf = { arrowTime, arrowFrom, arrowTo, arrowsLeftOut: head[5]! };
  return { ...known, ...entriesOf, ...arrowsOf, lanes: laneNumbers, counts };
}
