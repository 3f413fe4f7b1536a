// Goal: the folded state is what the machine itself would say at that moment, and a seek gives the
// same as folding from the start.
// Method: real runs, stopped at random times at which nobody runs (an unlock is an event before it
// is a deed); tasks, locks, waits, references, links and modules held against the live objects.

import { describe, expect, test } from 'vitest';
import type { Resource } from '#detect/graph.ts';
import { resourceKind } from '#lab/fold/naming.ts';
import { Fold } from '#lab/fold/fold.ts';
import { pieces } from '#lab/record/piece.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import type { LabMachine } from '#lab/machine.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { K } from '#trace/kinds.ts';
import { Random } from '#test/support/card/random.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';

/** Everything that the fold says, by names. */
function folded({ k }: LabMachine, fold: Fold): Record<string, unknown> {
  const { trace } = k;
  const tasks = [...fold.tasks].map(([number, task]) => [
    number,
    trace.text(task.name),
    task.state,
    task.state === 'blocked' ? trace.text(task.text) : '',
  ]);
  const locks = [...fold.holds]
    .filter(([object]) => lockKinds.includes(resourceKind(trace, fold, object)))
    .map(([object, holds]) => [
      trace.text(object),
      [...new Set(holds.map(({ actor }) => trace.text(actor)))].sort(),
    ]);
  const links = [...(fold.notes.get(K.link) ?? [])].map(([port, mbps]) => [trace.text(port), mbps]);
  return {
    tasks: sorted(tasks),
    locks: sorted(locks),
    references: [...k.net.devices].map(({ refs }) => [refs.name, fold.references.get(refs.object)]),
    links: sorted(links.filter(([, mbps]) => mbps !== 0)),
    modules: sorted([...fold.modules].map((name) => trace.text(name))),
  };
}

/** Kinds of resource that are locks. */
const lockKinds: readonly string[] = ['mutex', 'rwsem', 'spinlock', 'semaphore'];

/** The same from the machine. */
function live({ k, fabric }: LabMachine, resources: Iterable<Resource>): Record<string, unknown> {
  const tasks = [...k.sim.tasks.values()].map(({ number, name, runState, waitingFor }) => [
    number,
    name,
    runState,
    runState === 'blocked' ? waitingFor : '',
  ]);
  // An object that is made again has the name of the one before.
  const held = new Map<string, Set<string>>();
  for (const { kind, name, holds } of resources) {
    if (!lockKinds.includes(kind) || holds.length === 0) continue;
    const names = held.get(name) ?? new Set();
    for (const { actor } of holds) names.add(actor.name);
    held.set(name, names);
  }
  const links = fabric.cables.flatMap((cable) =>
    (['a', 'b'] as const).map((side) => [cable.portAt(side)?.name, cable.link.speedMbps]),
  );
  return {
    tasks: sorted(tasks),
    locks: sorted([...held].map(([name, names]) => [name, [...names].sort()])),
    references: k.net.devices.map(({ refs }) => [refs.name, refs.count]),
    links: sorted(links.filter(([, mbps]) => mbps !== 0)),
    modules: sorted([...k.modules.loaded].map(({ name }) => name)),
  };
}

const sorted = (rows: readonly unknown[]): unknown[] =>
  [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Everything that anybody ever holds from now on. */
function watchHolds({ k: { graph } }: LabMachine): ReadonlySet<Resource> {
  const seen = new Set<Resource>();
  const hold = graph.hold.bind(graph);
  graph.hold = (resource, actor, why) => {
    seen.add(resource);
    hold(resource, actor, why);
  };
  return seen;
}

function foldOf(machine: LabMachine): Fold {
  const { trace } = machine.k;
  const fold = new Fold();
  for (const piece of pieces(trace, 0, trace.count)) fold.apply(piece);
  return fold;
}

describe('the folded state is the machine’s', () => {
  test.each([
    ['bond-deadlock', 'naive', 0],
    ['bond-deadlock', 'v6.6', 4],
    ['bond-lacp', 'v6.6', 1],
    ['port-types', 'v6.6', 2],
    ['module-reload', 'v6.1', 3],
    ['catastrophic-error', 'v6.6', 5],
  ])('%s under %s, seed %i', (name, variant, seed) => {
    const random = new Random(seed);
    const run = new ScenarioRun(loadScenario(scenarioPath(name), scenarioText(name)), {
      policy: makePolicy(choosePolicy(seed === 0 ? 'until-blocked' : 'random', seed)),
      variant,
    });
    const { machine } = run;
    const { sim } = machine.k;
    const resources = watchHolds(machine);
    let looks = 0;
    while (!run.over && sim.now() < 20e9) {
      run.advance(sim.now() + random.below(2e8));
      if (sim.runnableTasks.length > 0 || sim.cpus.pending > 0) continue;
      expect(folded(machine, foldOf(machine))).toEqual(live(machine, resources));
      looks++;
    }
    expect(looks).toBeGreaterThan(5);
  });
});

describe('seeking', () => {
  const { trace } = recordScenario('bond-deadlock', { variant: 'naive' });

  test('is folding from the start', () => {
    const seeker = new Seeker(trace);
    const random = new Random(1);
    const seqs = [0, 1, 4095, 4096, 4097, trace.count, trace.count - 1];
    for (let trial = 0; trial < 40; trial++) seqs.push(random.below(trace.count));
    for (const seq of seqs) {
      const fold = new Fold();
      for (const piece of pieces(trace, 0, seq)) fold.apply(piece);
      expect(seeker.at(seq)).toEqual(fold);
    }
  });

  test('outside the run is an error', () => {
    const seeker = new Seeker(trace);
    expect(() => seeker.at(trace.count + 1)).toThrow(`there is no event ${trace.count + 1}`);
    expect(() => seeker.at(-1)).toThrow('there is no event -1');
  });

  test('events come in their order', () => {
    const [piece] = pieces(trace, 5, 10);
    expect(() => {
      new Fold().apply(piece!);
    }).toThrow('event 5 after 0 events');
  });
});
