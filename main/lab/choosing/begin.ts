// Where the choosing begins. A scenario may name a mark: up to it nothing is decided that matters,
// so the plain policy answers there, and the person is asked from the mark on.

import { PersonPolicy } from '#explore/person.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { ScenarioRun } from '../run.ts';

/**
 * Where a person chooses, lets the plain policy answer until the script leaves this mark. To be
 * called before the run begins.
 */
export function askFromMark({ script, machine }: ScenarioRun, mark: string): void {
  const { policy } = machine.k.sim;
  if (!(policy instanceof PersonPolicy)) return;
  policy.substitute = untilBlocked();
  script.onStep = ({ step }) => {
    if (step.kind === 'mark' && step.text === mark) policy.substitute = null;
  };
}
