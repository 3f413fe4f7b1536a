// Goal: the front panel at a moment is what card, network, driver and bond are at that moment.
// Method: machines with cables pulled, swapped and faulty, types changed and modules unloaded; the
// panel that the events give held against the live objects while they run.

import { describe, expect, test } from 'vitest';
import { machineFacts } from '#lab/moment/facts.ts';
import { ledsOf } from '#lab/moment/leds.ts';
import { Moments } from '#lab/moment/moment.ts';
import type { Panel } from '#lab/moment/panel.ts';
import type { LabMachine } from '#lab/machine.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { Random } from '#test/support/card/random.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

/** What the live objects say. */
function live({ card, fabric }: LabMachine): unknown {
  return {
    ports: [1, 2].map((number) => {
      const { type, initialised, linkUp, speedMbps } = card.port(number);
      return { type, open: initialised, link: linkUp ? 'up' : 'down', speedMbps };
    }),
    cables: fabric.cables.map((cable) => [
      cable.name,
      cable.portAt('a')?.name ?? null,
      cable.portAt('b')?.name ?? null,
    ]),
    map: card.portMap,
    rxPortCheck: card.rxPortCheck ? 'on' : 'off',
    held: card.faults.heldCommands.length,
  };
}

/** The same of the panel; without a bond map and check are not shown. */
function shown({ ports, cables, bond, faults }: Panel, machine: LabMachine): unknown {
  const row = (what: string) => bond?.rows.find((one) => one.what === what);
  return {
    ports: ports.map(({ cardType, open, link, speedMbps }) => ({
      type: cardType,
      open,
      link,
      speedMbps,
    })),
    cables: cables.map(({ name, ends }) => [name, ...ends]),
    map: row('portMap')?.cardMap ?? machine.card.portMap,
    rxPortCheck: row('rxPortCheck')?.card ?? (machine.card.rxPortCheck ? 'on' : 'off'),
    held: faults.find(({ name }) => name === 'holdCommand')!.held,
  };
}

describe('the panel is the machine', () => {
  test.each([
    ['failover', 'v6.6'],
    ['port-types', 'v6.6'],
    ['stale-port-map', 'v6.6'],
    ['bond-lacp', 'v6.6'],
    ['catastrophic-error', 'v6.6'],
    ['firmware-refuses', 'v6.6'],
    ['module-reload', 'v6.1'],
    ['bond-deadlock', 'naive'],
  ])('%s under %s', (name, variant) => {
    const random = new Random(5);
    const run = new ScenarioRun(loadScenario(scenarioPath(name), scenarioText(name)), {
      policy: makePolicy(choosePolicy(undefined, undefined)),
      variant,
    });
    const { machine } = run;
    const { sim, trace } = machine.k;
    const moments = new Moments(trace, machineFacts(machine.spec));
    while (!run.over && sim.now() < 20e9) {
      run.advance(Infinity, 1 + random.below(900));
      const where = `event ${trace.count}`;
      const panel = moments.at(trace.count).panel;
      expect({ where, panel: shown(panel, machine) }).toEqual({ where, panel: live(machine) });
    }
  });
});

test('card and driver part at an unbond, and the event is known', () => {
  const run = new ScenarioRun(
    loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock')),
    { policy: makePolicy(choosePolicy(undefined, undefined)), variant: 'naive' },
  );
  while (!run.over && run.machine.k.sim.now() < 20e9) run.advance(Infinity, 100_000);
  const { trace } = run.machine.k;
  const moments = new Moments(trace, machineFacts(run.machine.spec));
  const [row] = moments.at(trace.count).panel.bond!.rows;
  expect(row).toMatchObject({ what: 'portMap', cardMap: [1, 2], driverMap: [1, 1], equal: false });
  const before = moments.at(row!.partedSeq!).panel.bond!.rows[0]!;
  const after = moments.at(row!.partedSeq! + 1).panel.bond!.rows[0]!;
  expect([before.equal, after.equal]).toEqual([true, false]);
  const { ports } = moments.at(trace.count).panel;
  expect(ports.map(({ netdev, role }) => [netdev, role])).toEqual([
    ['eth0', 'going'],
    ['eth1', 'active'],
  ]);
});

test('LEDs follow the table', () => {
  const facts = { signal: true, usable: true, traffic: false, faulty: false, locate: false };
  expect(ledsOf(facts)).toEqual({ link: 'steady', activity: 'steady' });
  expect(ledsOf({ ...facts, traffic: true })).toEqual({ link: 'steady', activity: 'traffic' });
  expect(ledsOf({ ...facts, usable: false })).toEqual({ link: 'steady', activity: 'off' });
  expect(ledsOf({ ...facts, signal: false })).toEqual({ link: 'off', activity: 'off' });
  expect(ledsOf({ ...facts, faulty: true })).toEqual({ link: 'error', activity: 'off' });
  expect(ledsOf({ ...facts, locate: true })).toEqual({ link: 'locate', activity: 'locate' });
});
