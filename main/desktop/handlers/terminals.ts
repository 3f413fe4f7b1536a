// Screens of terminals, from the trace, so that they are the same for a live machine and for a
// recording.

import type { terminalRequests } from '#contract/terminals.ts';
import type { HandlersOf } from './handlers.ts';

export const terminalHandlers: HandlersOf<keyof typeof terminalRequests> = {
  'terminal.screen': (bench, { moment, terminal, from }) =>
    bench.lists.screens.part(terminal, bench.seqOf(moment), from),
};
