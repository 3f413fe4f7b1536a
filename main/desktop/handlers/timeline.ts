// The timeline of the session on the bench. It is read on as far as the run has come, then asked;
// what can be asked is the same for a kept run (lanes.ts).

import { encodeTile } from '#contract/timeline.ts';
import type { timelineRequests } from '#contract/timelines.ts';
import type { Timeline } from '#lab/timeline/timeline.ts';
import type { Bench } from '../bench/bench.ts';
import { Refused } from '../bench/refused.ts';
import { foundIn, nextOf, spansOf, tileOf } from '../lanes.ts';
import type { HandlersOf } from './handlers.ts';

function timelineOf({ timeline }: Bench): Timeline {
  timeline.extend();
  return timeline;
}

export const timelineHandlers: HandlersOf<keyof typeof timelineRequests> = {
  'timeline.view': (bench, { viewNs }) => {
    const timeline = timelineOf(bench);
    const { nowNs } = timeline;
    return {
      lanes: timeline.lanes(),
      marks: timeline.marksBetween(0, Infinity),
      gaps: viewNs === 0 ? [] : timeline.gaps(0, nowNs, viewNs),
      nowNs,
    };
  },
  'timeline.tile': (bench, { lanes, fromNs, toNs, columns }) => {
    if (toNs <= fromNs) throw new Refused('A stretch of the timeline has no length.');
    const tile = tileOf(timelineOf(bench), { lanes, fromNs, toNs, columns });
    return { body: { texts: tile.texts }, payload: encodeTile(tile) };
  },
  'timeline.at': (bench, { lane, timeNs }) => spansOf(timelineOf(bench), lane, timeNs),
  'timeline.next': (bench, { lane, timeNs, direction }) =>
    nextOf(timelineOf(bench), lane, timeNs, direction),
  'timeline.mark': (bench, { timeNs, direction }) => timelineOf(bench).nextMark(timeNs, direction),
  'timeline.find': (bench, { text }) => foundIn(timelineOf(bench), text),
};
