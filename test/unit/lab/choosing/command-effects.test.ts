// A task that is stopped right before the doorbell of a firmware command says which one it sends;
// the card then takes that command and no other.

import { expect, test } from 'vitest';
import { questionOf } from '#lab/choosing/cards.ts';
import { LastEvents } from '#lab/choosing/last-events.ts';
import { Naming } from '#lab/moment/things.ts';
import { TraceIndex } from '#lab/moment/trace-index.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import { makePolicy } from '#lab/policy.ts';
import { TaskNames } from '#lab/record/words.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { commandTable } from '#prm/opcodes.ts';
import { K } from '#trace/kinds.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

const doorbell = 'card0 BAR0+0x80698';

test('whoever stands before the doorbell sends the command that the card takes next', () => {
  const scenario = loadScenario(scenarioPath('failover'), scenarioText('failover'));
  const policy = makePolicy({ name: 'until-blocked', seed: null });
  const run = new ScenarioRun(scenario, { policy, variant: 'naive', live: true });
  const { sim, trace } = run.machine.k;
  const index = new TraceIndex(trace);
  const names = new TaskNames(trace);
  const last = new LastEvents(trace);
  const seeker = new Seeker(trace);
  const sent: string[] = [];
  let said: string | null = null;
  let seen = 0;
  while (sent.length < 25) {
    run.advance(Infinity, 1);
    for (; seen < trace.count; seen++) {
      const { kind, object } = trace.event(seen);
      if (kind !== K['fw.command'] || said === null) continue;
      expect(trace.text(object)).toMatch(new RegExp(`^${said} `));
      sent.push(said);
      said = null;
    }
    const event = trace.event(trace.count - 1);
    if (event.kind !== K['mmio.write'] || trace.text(event.object) !== doorbell) continue;
    for (const each of [index, names, last]) each.refresh();
    const naming = new Naming(trace, seeker.at(trace.count), index);
    const task = sim.tasks.get(event.task)!;
    const [card] = questionOf({ naming, names, last }, [task], task).cards;
    expect(card?.verb).toBe('send');
    const [effect] = card!.effects;
    if (effect?.kind !== 'posts') throw new Error(JSON.stringify(effect));
    expect(effect.opcode).toBe(
      Object.entries(commandTable).find(([name]) => name.endsWith(effect.name))?.[1].opcode,
    );
    said = card!.object;
  }
  expect(sent).toContain('QUERY_FW');
});
