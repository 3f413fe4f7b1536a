// The person as the scheduler. Each answer lets the machine go on to the next question.
// Requests on a session in which nobody chooses are refused.

import type { choosingRequests } from '#contract/choosing.ts';
import type { Bench } from '../bench/bench.ts';
import type { Choosing } from '#lab/choosing/choosing.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

function choosingOf(bench: Bench): Choosing {
  const { choosing } = bench.machine;
  if (choosing === null) throw new Refused('Nobody chooses in this session.');
  return choosing;
}

export const choosingHandlers: HandlersOf<keyof typeof choosingRequests> = {
  'choosing.state': (bench) => choosingOf(bench).state,
  'choosing.pick': (bench, { task }) => {
    if (!choosingOf(bench).pick(task)) throw new Refused(`${task} cannot run now.`);
    bench.machine.goOn();
    return null;
  },
  'choosing.letRun': (bench, { on }) => {
    choosingOf(bench).letRun(on);
    bench.machine.goOn();
    return null;
  },
  'choosing.takeBack': async (bench) => {
    await bench.takeBack();
    return null;
  },
};
