// Goal: the folded wait graph is the live one, whoever runs at the moment.
// Method: scenarios under all variants and random schedules, stopped after random numbers of
// points; every hold, every waiter and every execution held against main/detect/graph.ts and the queues.
// Of a flush that nobody waits for nothing is told, so it is left out.

import { describe, expect, test } from 'vitest';
import type { Resource } from '#detect/graph.ts';
import { stillStands } from '#detect/graph.ts';
import { Fold } from '#lab/fold/fold.ts';
import { resourceKind, resourceName } from '#lab/fold/naming.ts';
import type { LabMachine } from '#lab/machine.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { pieces } from '#lab/record/piece.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { K } from '#trace/kinds.ts';
import { Random } from '#test/support/card/random.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

/** Every resource that anybody held or waited for. */
function watch({ k: { graph } }: LabMachine): ReadonlySet<Resource> {
  const seen = new Set<Resource>();
  const hold = graph.hold.bind(graph);
  graph.hold = (resource, actor, why) => {
    seen.add(resource);
    hold(resource, actor, why);
  };
  const wait = graph.wait.bind(graph);
  graph.wait = (actor, resource, timed) => {
    seen.add(resource);
    wait(actor, resource, timed);
  };
  return seen;
}

type Graph = Record<string, unknown>;

/** `mutex rtnl_mutex` with `sh 1` for each holder and `sh` for each waiter. */
function graphOf(rows: Iterable<readonly [string, readonly string[], readonly string[]]>): Graph {
  const sorted = [...rows].map(([name, holders, waiters]) => [
    name,
    { holders: [...holders].sort(), waiters: [...new Set(waiters)].sort() },
  ]);
  return Object.fromEntries(sorted) as Graph;
}

function live(resources: Iterable<Resource>): Graph {
  const counts = new Map<string, Map<string, number>>();
  const waiters = new Map<string, string[]>();
  for (const { kind, name, holds, waiters: waiting } of resources) {
    if (holds.length === 0 && waiting.size === 0) continue;
    if (kind === 'flush' && waiting.size === 0) continue;
    const key = `${kind} ${name}`;
    const held = counts.get(key) ?? new Map<string, number>();
    for (const { actor, count } of holds) {
      held.set(actor.name, (held.get(actor.name) ?? 0) + count);
    }
    counts.set(key, held);
    waiters.set(key, [...(waiters.get(key) ?? []), ...[...waiting].map(({ name: who }) => who)]);
  }
  return graphOf(
    [...counts].map(([key, held]) => [
      key,
      [...held].map(([who, count]) => `${who} ${count}`),
      waiters.get(key)!,
    ]),
  );
}

function folded({ k: { trace } }: LabMachine, fold: Fold): Graph {
  const handles = new Set([...fold.holds.keys(), ...fold.waits.keys()]);
  return graphOf(
    [...handles].map((handle) => [
      `${resourceKind(trace, fold, handle)} ${resourceName(trace, fold, handle)}`,
      (fold.holds.get(handle) ?? []).map(({ actor, count }) => `${trace.text(actor)} ${count}`),
      (fold.waits.get(handle) ?? []).map(({ actor }) => trace.text(actor)),
    ]),
  );
}

const executing = ({ k }: LabMachine): string[] =>
  [...k.workqueues.all]
    .flatMap((queue) => [...queue.executing].map(([work, task]) => `${work.name} by ${task.name}`))
    .sort();

const foldedExecuting = ({ k: { trace } }: LabMachine, fold: Fold): string[] =>
  [...fold.works]
    .filter(([, { task }]) => task !== 0)
    .map(([work, { task }]) => `${trace.text(work)} by ${trace.text(fold.names.get(task)!)}`)
    .sort();

const variants = ['naive', 'v6.1', 'v6.6', 'early-unregister', 'v6.1+bond-locks-intf'];

describe('the folded wait graph is the live one', () => {
  test.each([
    ...variants.map((variant) => ['bond-deadlock', variant, 0] as const),
    ...variants.map((variant, index) => ['bond-deadlock', variant, 7 + index] as const),
    ['bond-lacp', 'v6.6', 1] as const,
    ['port-types', 'naive', 2] as const,
    ['module-reload', 'v6.1', 3] as const,
    ['rmmod-deadlock', 'naive', 4] as const,
    ['sense-deadlock', 'naive', 0] as const,
    ['catastrophic-error', 'v6.6', 5] as const,
    ['unloaded-code-race', 'v6.1', 6] as const,
  ])('%s under %s, seed %i', (name, variant, seed) => {
    const random = new Random(seed);
    const run = new ScenarioRun(loadScenario(scenarioPath(name), scenarioText(name)), {
      policy: makePolicy(choosePolicy(seed === 0 ? 'until-blocked' : 'random', seed)),
      variant,
    });
    const { machine } = run;
    const { trace, sim, graph } = machine.k;
    const resources = watch(machine);
    const fold = new Fold();
    let looks = 0;
    while (!run.over && sim.now() < 30e9) {
      run.advance(Infinity, 1 + random.below(120));
      for (const piece of pieces(trace, fold.seq, trace.count)) fold.apply(piece);
      const where = `event ${trace.count}`;
      expect({ where, ...folded(machine, fold) }).toEqual({ where, ...live(resources) });
      expect(foldedExecuting(machine, fold)).toEqual(executing(machine));
      expect(fold.deadlocks.map(({ stands }) => stands)).toEqual(graph.deadlocks.map(stillStands));
      looks++;
    }
    expect(looks).toBeGreaterThan(50);
    expect(fold.deadlocks.map(({ steps }) => steps.length)).toEqual(
      graph.deadlocks.map(({ steps }) => steps.length),
    );
  });
});

test('a hold and a wait know since when and why', () => {
  const run = new ScenarioRun(
    loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock')),
    { policy: makePolicy(choosePolicy(undefined, undefined)), variant: 'naive' },
  );
  while (!run.over && run.machine.k.graph.deadlocks.length === 0) run.advance(Infinity, 100);
  const { trace, graph } = run.machine.k;
  const fold = new Fold();
  for (const piece of pieces(trace, 0, trace.count)) fold.apply(piece);
  const [deadlock] = graph.deadlocks;
  for (const { resource, waiter } of deadlock!.steps) {
    const handle = trace.intern(resource.name);
    expect(
      (fold.holds.get(handle) ?? []).map(({ actor, count, sinceNs, why }) => [
        trace.text(actor),
        count,
        sinceNs,
        trace.text(why),
      ]),
    ).toEqual(
      resource.holds.map(({ actor, count, sinceNs, why }) => [actor.name, count, sinceNs, why]),
    );
    expect(fold.waits.get(handle)?.map(({ actor }) => trace.text(actor))).toContain(waiter.name);
  }
  const places = fold.deadlocks[0]!.steps.map(({ place }) => trace.text(place));
  expect(places).toEqual(deadlock!.steps.map(({ place }) => place));
  expect(trace.event(fold.deadlocks[0]!.seq).kind).toBe(K.deadlock);
});
