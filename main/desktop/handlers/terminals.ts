// Terminals and their screens, from the trace: the same for a live machine and for a recording.

import type { terminalRequests } from '#contract/terminals.ts';
import type { HandlersOf } from './handlers.ts';

export const terminalHandlers: HandlersOf<keyof typeof terminalRequests> = {
  terminals: (bench, { moment }) => bench.lists.terminals.at(bench.seqOf(moment)),
  'terminal.screen': (bench, { moment, terminal, from }) =>
    bench.lists.terminals.screen(terminal, bench.seqOf(moment), from),
};
