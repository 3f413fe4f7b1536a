// Inside the card. A recording has no card: what only a card can tell is null then.

import { cardNow } from '#lab/lists/card-now.ts';
import { modelledRows } from '#lab/modelled.ts';
import type { cardRequests } from '#contract/card.ts';
import { LiveSession } from '../bench/live-session.ts';
import type { HandlersOf } from './handlers.ts';

export const cardHandlers: HandlersOf<keyof typeof cardRequests> = {
  'card.command': (bench, { seq }) => bench.lists.command(seq),
  'card.maps': (bench, { moment }) => bench.lists.cardMaps(bench.seqOf(moment)),
  'card.now': ({ session }) =>
    session instanceof LiveSession ? cardNow(session.run.machine.card) : null,
  'card.modelled': () => modelledRows(),
};
