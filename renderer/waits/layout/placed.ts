// What layouts give: where each thing stands, where its words are, and the lines between them.
// Pixels from the upper left corner of the drawing.

import type { AnswerOf } from '#contract/requests.ts';

export type Waits = AnswerOf<'moment'>['waits'];
export type Thing = Waits['things'][number];
export type Edge = Waits['edges'][number];
export type Cycle = Waits['cycles'][number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Side of a node on which its words stand. */
export type Side = 'right' | 'left' | 'above' | 'below';

/** A thing with its place. */
export interface Placed {
  readonly thing: Thing;
  readonly at: Point;
  readonly words: Side;
}

/** Half the size of a node, with the room around it that a line ends at. */
export const nodeRadius = 24;
