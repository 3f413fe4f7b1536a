// Inside the card: a command in full, the maps at a moment, what a live card can tell, and how much
// of the command set is modelled.

import * as v from 'valibot';
import type { CardMaps } from '#lab/lists/card-maps.ts';
import type { CardNow } from '#lab/lists/card-now.ts';
import type { CommandDetail } from '#lab/lists/command-detail.ts';
import type { ModelledRow } from '#lab/modelled.ts';
import { nothing, request, seqSchema } from './request.ts';
import { momentSchema } from './session.ts';

export const cardRequests = {
  'card.command': request<CommandDetail | null>()(v.strictObject({ seq: seqSchema })),
  'card.maps': request<CardMaps>()(v.strictObject({ moment: momentSchema })),
  /** Null for a recording. */
  'card.now': request<CardNow | null>()(nothing),
  'card.modelled': request<readonly ModelledRow[]>()(nothing),
} as const;
