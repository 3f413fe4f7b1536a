// Screens of terminals, from the trace, so that they are the same for a live machine and for a
// recording.

import type { terminalRequests } from '#contract/terminals.ts';
import { commands } from '#lab/shell/commands.ts';
import { complete } from '#lab/shell/complete.ts';
import { ProcessGroup, ShellState } from '#lab/shell/state.ts';
import type { LiveSession } from '../bench/live-session.ts';
import type { HandlersOf } from './handlers.ts';

/** The shell of a terminal; of one that is not there yet, as it would begin. */
const shellOf = ({ run: { machine } }: LiveSession, terminal: string): ShellState =>
  machine.terminals.get(terminal)?.state ?? new ShellState(machine, commands, new ProcessGroup());

export const terminalHandlers: HandlersOf<keyof typeof terminalRequests> = {
  'terminal.complete': ({ machine }, { terminal, line, cursor }) =>
    complete(shellOf(machine, terminal), line, cursor),
  'terminal.screen': (bench, { moment, terminal, from, lines }) =>
    bench.lists.screens.part(terminal, bench.seqOf(moment), from, lines),
};
