// What the graph of the waits and the board of detectors draw, as it crosses the contract: the
// types are declared where they are made.

import type { Waits } from '#lab/moment/waits.ts';

export type { Cycle } from '#lab/moment/cycles.ts';
export type { Detector, LampState } from '#lab/moment/detectors.ts';
export type Edge = Waits['edges'][number];
export type { MomentFinding } from '#lab/moment/moment.ts';
export type { Phrase } from '#lab/moment/phrase.ts';
export type { Thing } from '#lab/moment/things.ts';
export type { Waits };
