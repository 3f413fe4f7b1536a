// The screens of the terminals at a moment. Which terminals there are is part of the moment; typing
// is an act of the session (session.ts).

import * as v from 'valibot';
import type { ScreenPart } from '#lab/lists/screens.ts';
import type { Completion } from '#lab/shell/complete.ts';
import { request, seqSchema, textSchema } from './request.ts';
import { momentSchema } from './session.ts';

export const terminalRequests = {
  /** What the word before the cursor of a line can become, as the machine is now. */
  'terminal.complete': request<Completion>()(
    v.strictObject({ terminal: textSchema, line: textSchema, cursor: seqSchema }),
  ),
  /**
   * Pieces of a screen from number `from` on: those with the last `lines` lines, and not more than
   * 64 K characters.
   */
  'terminal.screen': request<ScreenPart>()(
    v.strictObject({
      moment: momentSchema,
      terminal: textSchema,
      from: seqSchema,
      lines: v.optional(seqSchema),
    }),
  ),
} as const;
