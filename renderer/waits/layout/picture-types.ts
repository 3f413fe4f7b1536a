// What the layouts of the graph give and the components
// draw: nodes with their labels, and lines.

import type { Edge } from '#contract/waits.ts';
import type { Box, Point } from './geometry.ts';

/** Words beside a node: its name and up to two lines, or all in one line. */
export interface Label extends Point {
  readonly anchor: 'start' | 'middle' | 'end';
  readonly name: string;
  readonly details: readonly string[];
  /** The detail stands behind the name. */
  readonly inline: boolean;
}

/** A node: the middle of its shape and half the room that it takes. */
export interface PlacedNode extends Point {
  readonly id: string;
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly label: Label;
}

/** A line between two nodes. */
export interface PlacedLine {
  readonly id: string;
  readonly relation: Edge['relation'];
  readonly path: string;
  /** Where it ends, at the thing. */
  readonly end: Point;
  /** Which way an arrow at its end points, degrees clockwise from right. */
  readonly turn: number;
}

/** A line of the ring. */
export interface RingLine {
  readonly step: number;
  readonly path: string;
  readonly number: Point;
  readonly arrow: Point;
  readonly turn: number;
  readonly verb: string;
  readonly where: string;
  readonly label: Point & { readonly anchor: 'start' | 'middle' };
}

/** Rows that have no room, in words. */
export interface Fold extends Point {
  readonly text: string;
}

export interface ColumnsPicture {
  readonly kind: 'columns';
  /** More than the pane's when everything is shown: it scrolls. */
  readonly height: number;
  readonly heads: readonly (Point & { readonly text: string })[];
  /** Where the columns part. */
  readonly rules: readonly number[];
  readonly nodes: readonly PlacedNode[];
  readonly folds: readonly Fold[];
}

export interface SidesPicture {
  readonly kind: 'sides';
  readonly nodes: readonly PlacedNode[];
  readonly lines: readonly PlacedLine[];
  readonly folds: readonly Fold[];
}

export interface RingPicture {
  readonly kind: 'ring';
  readonly nodes: readonly PlacedNode[];
  readonly lines: readonly RingLine[];
  /** Where the words in the middle have room, or null. */
  readonly centre: (Box & { readonly lines: readonly string[] }) | null;
}

/** Too many members for a ring, or too little room: the words of the lines, numbered. */
export interface ListPicture {
  readonly kind: 'list';
}

export type GraphPicture = ColumnsPicture | SidesPicture | RingPicture | ListPicture;
