// Everything that one picture of the timeline is drawn from, and places of entries in it. The
// caller puts it together; drawing changes nothing in it.

import type { Mark, Tile } from '#contract/timeline.ts';
import type { Row } from './layout.ts';
import type { View, ViewPiece } from './view.ts';
import { xOf } from './view.ts';

/** A picture of the timeline. */
export interface Scene {
  readonly view: View;
  /** piecesOf(view). */
  readonly pieces: readonly ViewPiece[];
  readonly rows: readonly Row[];
  /** Rows are moved up by this, CSS pixels; but those that stay. */
  readonly scroll: number;
  /** Height of the canvas, ruler and all. */
  readonly height: number;
  /** Any number, one for each stretch of time at least; the newest last. */
  readonly tiles: readonly Tile[];
  readonly marks: readonly Mark[];
  readonly cursorNs: number | null;
  /** Where a live run is; null when all of it is known. */
  readonly liveNs: number | null;
  /** Counts times from here; null for the run's own time. */
  readonly originNs: number | null;
  /** A stretch that was selected on the ruler. */
  readonly selection: { readonly fromNs: number; readonly toNs: number } | null;
  /** The span that the keyboard is at. */
  readonly focus: { readonly lane: number; readonly fromNs: number; readonly toNs: number } | null;
  /** Letters of a lane: of a task, for its holds. */
  readonly letterOf: (lane: number) => string;
}

/** Entries of one lane in a tile: from one place to another. */
export type EntryRange = readonly [from: number, to: number];

/** Where each lane's entries are in a tile. */
export function rangesOf({ lanes, counts }: Tile): Map<number, EntryRange> {
  const ranges = new Map<number, EntryRange>();
  let at = 0;
  lanes.forEach((lane, index) => {
    const end = at + counts[index]!;
    ranges.set(lane, [at, end]);
    at = end;
  });
  return ranges;
}

/** The stretch of a tile that can be seen, in pixels; null for none. */
export interface TilePart {
  readonly tile: Tile;
  readonly ranges: ReadonlyMap<number, EntryRange>;
  readonly piece: ViewPiece;
  /** Left and right edge. */
  readonly left: number;
  readonly right: number;
}

/** The parts of tiles that fill the pieces of a view. Where tiles overlap the last one counts. */
export function partsOf({ pieces, tiles }: Pick<Scene, 'pieces' | 'tiles'>): TilePart[] {
  const parts: TilePart[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'gap') continue;
    const tile = tiles.findLast(({ fromNs, toNs }) => fromNs < piece.toNs && toNs > piece.fromNs);
    if (tile === undefined) continue;
    const left = Math.max(piece.x, xOf([piece], tile.fromNs));
    const right = Math.min(piece.x + piece.width, xOf([piece], tile.toNs));
    parts.push({ tile, ranges: rangesOf(tile), piece, left, right });
  }
  return parts;
}
