// The comparison of two kept runs and the lanes that it is drawn from: all of it is errands, for a
// run has to be loaded first.

import { encodeTile } from '#contract/timeline.ts';
import type { compareRequests } from '#contract/compare.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

export const compareHandlers: HandlersOf<keyof typeof compareRequests> = {
  compare: ({ library, recording }, { a, b }) => {
    if (recording === a || recording === b) {
      throw new Refused(
        'One of these runs is being recorded. It can be compared when it has ended.',
      );
    }
    return library.compare(a, b);
  },
  'compare.moment': ({ library }, wanted) =>
    library.ask('moments', { file: library.kept, ...wanted }),
  'compare.step': ({ library }, wanted) => library.ask('step', { file: library.kept, ...wanted }),
  'runs.tile': async ({ library }, { run, scale, ...query }) => {
    if (query.toNs <= query.fromNs) throw new Refused('A stretch of the timeline has no length.');
    const tile = await library.ask('tile', { file: library.kept, run, scale, query });
    return { body: { texts: tile.texts }, payload: encodeTile(tile) };
  },
  'runs.spansAt': ({ library }, wanted) =>
    library.ask('spansAt', { file: library.kept, ...wanted }),
  'runs.nextSpan': ({ library }, wanted) =>
    library.ask('nextSpan', { file: library.kept, ...wanted }),
  'runs.find': ({ library }, wanted) => library.ask('find', { file: library.kept, ...wanted }),
};
