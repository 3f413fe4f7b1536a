// The screens of the terminals at a moment. Which terminals there are is part of the moment; typing
// is an act of the session (session.ts).

import * as v from 'valibot';
import type { ScreenPart } from '#lab/lists/screens.ts';
import { request, seqSchema, textSchema } from './request.ts';
import { momentSchema } from './session.ts';

export const terminalRequests = {
  /** Pieces of a screen from number `from` on; the last 64 K characters when they are more. */
  'terminal.screen': request<ScreenPart>()(
    v.strictObject({ moment: momentSchema, terminal: textSchema, from: seqSchema }),
  ),
} as const;
