// The session on the bench and its transport keys. Acts of a person are inputs: the session records
// them.

import type { sessionRequests } from '#contract/session.ts';
import { findEvent, kindsOfGoal } from '#lab/replay/find-event.ts';
import type { HandlersOf } from './handlers.ts';

export const sessionHandlers: HandlersOf<keyof typeof sessionRequests> = {
  'session.state': (bench) => bench.state,
  'session.open': (bench, wanted) => bench.open(wanted),
  'session.run': (bench, { speed }) => {
    bench.machine.start(speed);
    return null;
  },
  'session.pause': (bench) => {
    bench.machine.pause();
    return null;
  },
  'session.step': (bench, { to }) => {
    bench.machine.step(to);
    return null;
  },
  'session.find': ({ session: { trace } }, { from, direction, to }) => {
    const seq = Math.min(from, trace.count);
    return findEvent(trace, seq, direction, kindsOfGoal(trace, to, seq));
  },
  'session.type': (bench, { terminal, line }) => {
    bench.machine.enter({ kind: 'type', terminal, line });
    return null;
  },
  'session.interrupt': (bench, { terminal }) => {
    bench.machine.enter({ kind: 'interrupt', terminal });
    return null;
  },
  'session.hand': (bench, { line }) => {
    bench.machine.hand(line);
    return null;
  },
  moment: (bench, moment) => bench.moment(moment),
};
