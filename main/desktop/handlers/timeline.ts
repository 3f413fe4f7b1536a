// The timeline of the session on the bench. It is read on as far as the run has come, then asked;
// what can be asked is the same for a kept run (lanes.ts).

import { encodeTile } from '#contract/timeline.ts';
import type { timelineRequests } from '#contract/timelines.ts';
import type { Timeline } from '#lab/timeline/timeline.ts';
import type { Bench } from '../bench/bench.ts';
import { Refused } from '../bench/refused.ts';
import { foundIn, has, nextOf, spansOf, tileOf } from '../lanes.ts';
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
      marksNotKept: bench.marksNotKept,
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
  'timeline.around': (bench, { lanes, moment }) => {
    const timeline = timelineOf(bench);
    const { timeNs } = bench.foldAt(moment);
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
    return foundIn(timeline, text, (lane) => letters.get(timeline.tracks.get(lane).name) ?? '');
  },
};
