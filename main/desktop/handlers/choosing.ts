// The person as the scheduler. Each answer lets the machine go on to the next question.
// Requests on a session in which nobody chooses are refused.

import type { choosingRequests } from '#contract/choosing.ts';
import type { Bench } from '../bench/bench.ts';
import type { Choosing, ShortestKnown } from '#lab/choosing/choosing.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

/** Tries for a hint, for which somebody waits; and for the shortest way of all. */
const [hintTriesMax, shortestTriesMax] = [60, 200];

function choosingOf(bench: Bench): Choosing {
  const { choosing } = bench.machine;
  if (choosing === null) throw new Refused('Nobody chooses in this session.');
  return choosing;
}

/** The next hint; when no way is known from here, one is looked for in the errands' thread. */
async function hint(bench: Bench): Promise<void> {
  const choosing = choosingOf(bench);
  if (choosing.isClosed) throw new Refused('The cycle has closed: there is nothing to hint at.');
  if (!choosing.isAsking) throw new Refused('Nobody has to be chosen now. Ask at a question.');
  if (choosing.hints.isKnown) {
    choosing.hints.give();
    return;
  }
  const { library, machine } = bench;
  const ask = choosing.here(machine.head);
  const found = await library.ask('schedule', {
    ask,
    triesMax: hintTriesMax,
    known: null,
    keepIn: null,
  });
  const isStillHere =
    bench.choosing === choosing &&
    choosing.here(machine.head).answers.length === ask.answers.length;
  if (!isStillHere) throw new Refused('You went on meanwhile. Ask again for a hint.');
  choosing.hints.found(found);
}

/** The shortest way from the first question. It is kept where no typed line decides it too. */
async function shortest(bench: Bench): Promise<ShortestKnown> {
  const { library, machine } = bench;
  const gone = choosingOf(bench).fromFirst(machine.head);
  if (gone === null || !choosingOf(bench).isClosed) {
    throw new Refused('No cycle has closed by your choices yet.');
  }
  const { ask, answers } = gone;
  const { schedule, tries } = await library.ask('schedule', {
    ask,
    triesMax: shortestTriesMax,
    known: answers,
    keepIn: ask.inputs.length === 0 ? library.fileOrNull : null,
  });
  return { choices: schedule?.picks.length ?? answers.length, tries };
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
  'choosing.hint': async (bench) => {
    await hint(bench);
    bench.changed();
    return null;
  },
  'choosing.shortest': shortest,
};
