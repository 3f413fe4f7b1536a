// Sessions in which a test is the one who chooses, and questions that chance has come to.

import { askFromMark } from '#lab/choosing/begin.ts';
import type { ChoiceCard } from '#lab/choosing/cards.ts';
import { Choosing } from '#lab/choosing/choosing.ts';
import { makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import type { Random } from './card/random.ts';
import { scenarioPath, scenarioText } from './run-record.ts';

/** Virtual time without a question after which a session is over, ns. */
const quietNs = 3e9;
/** Virtual time in which a scenario comes to its mark, ns. */
const bootNs = 120e9;

/** A session at its first question: from the scenario's own mark on, or from the very start. */
export function beginChoosing(
  name: string,
  variant: string,
  asked: 'from the mark' | 'always',
): Choosing {
  const policy = makePolicy({ name: 'you-choose', seed: null });
  const scenario = loadScenario(scenarioPath(name), scenarioText(name));
  const run = new ScenarioRun(scenario, { policy, variant, live: true });
  if (asked === 'from the mark') askFromMark(run, scenario.chooseFrom!);
  const choosing = Choosing.of(run, policy)!;
  goOn(choosing, bootNs);
  return choosing;
}

/** On to the next question, unless none comes. */
export function goOn({ run }: Choosing, forNs = quietNs): void {
  while (run.advance(run.machine.k.sim.now() + forNs) === 'stopped');
}

/** Picks by chance; `look` sees each question, and `then` what came of the pick. */
export function walk(
  choosing: Choosing,
  count: number,
  random: Random,
  look: (cards: readonly ChoiceCard[], picked: ChoiceCard) => (() => void) | undefined,
): void {
  for (let n = 0; n < count && choosing.isAsking; n++) {
    const { cards } = choosing.state.question!;
    const picked = cards[random.below(cards.length)]!;
    const then = look(cards, picked);
    choosing.pick(picked.task);
    goOn(choosing);
    then?.();
  }
}
