// The timeline of the session on the bench. It is read on as far as the run has come, then asked.
// Lanes that the run does not have are left out: a window may ask for those of the run before.

import { encodeTile } from '#contract/timeline.ts';
import type { timelineRequests } from '#contract/timelines.ts';
import type { Timeline } from '#lab/timeline/timeline.ts';
import type { Bench } from '../bench/bench.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

/** Most hits that are told; the count of all goes with them. */
const hitsMax = 2000;

function timelineOf({ timeline }: Bench): Timeline {
  timeline.extend();
  return timeline;
}

const has = (timeline: Timeline, lane: number): boolean => lane < timeline.tracks.all.length;

export const timelineHandlers: HandlersOf<keyof typeof timelineRequests> = {
  'timeline.view': (bench, { viewNs }) => {
    const timeline = timelineOf(bench);
    const { nowNs } = timeline;
    return {
      lanes: timeline.lanes(),
      marks: timeline.marksBetween(0, Infinity),
      gaps: viewNs === 0 ? [] : timeline.gaps(0, nowNs, viewNs),
      nowNs,
      marksNotKept: bench.marksNotKept,
    };
  },
  'timeline.tile': (bench, { lanes, fromNs, toNs, columns }) => {
    if (toNs <= fromNs) throw new Refused('A stretch of the timeline has no length.');
    const timeline = timelineOf(bench);
    const known = lanes.filter((lane) => has(timeline, lane));
    const tile = timeline.tile({ lanes: known, fromNs, toNs, columns });
    return { body: { texts: tile.texts }, payload: encodeTile(tile) };
  },
  'timeline.at': (bench, { lane, timeNs }) => {
    const timeline = timelineOf(bench);
    return has(timeline, lane) ? timeline.at(lane, timeNs) : [];
  },
  'timeline.next': (bench, { lane, timeNs, direction }) => {
    const timeline = timelineOf(bench);
    return has(timeline, lane) ? timeline.next(lane, timeNs, direction) : null;
  },
  'timeline.around': (bench, { lanes, timeNs }) => {
    const timeline = timelineOf(bench);
    return lanes.filter((lane) => has(timeline, lane)).map((lane) => timeline.around(lane, timeNs));
  },
  'timeline.mark': (bench, { seq, direction }) => timelineOf(bench).nextMark(seq, direction),
  'timeline.addMark': (bench, { seq, text }) => {
    bench.mark(seq, text);
    return null;
  },
  'timeline.removeMark': (bench, { number }) => {
    bench.unmark(number);
    return null;
  },
  'timeline.census': (bench, { fromNs, toNs }) => timelineOf(bench).census(fromNs, toNs),
  'timeline.find': (bench, { text }) => {
    const timeline = timelineOf(bench);
    const letters = bench.taskLetters();
    const letterOf = (lane: number): string => letters.get(timeline.tracks.get(lane).name) ?? '';
    return timeline.find(text, { limit: hitsMax, letterOf });
  },
};
