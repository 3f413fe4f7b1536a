// A run of Linux itself: how it is kept, what it cannot be used for, and what our driver makes of
// the same lines.

import { expect, test } from 'vitest';
import { ConnectX3 } from '#device/connectx3.ts';
import { buildTopology } from '#fabric/topology.ts';
import { networkOf } from '#guest/network.ts';
import { compareForView } from '#lab/compare/view.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import { Moments } from '#lab/moment/moment.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import { inputText } from '#lab/input.ts';
import { isReal, NotAgain, RealInputs, realRunEnd } from '#lab/real-run.ts';
import { Replay } from '#lab/replay/replay.ts';
import { rerun } from '#lab/replay/rerun.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { kindTable } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { TestClock } from '#test/support/clock.ts';
import { realRecord } from '#test/support/real-record.ts';

test('its head names a machine that the lab can make, with the card in the same slot', () => {
  const { head } = realRecord();
  expect(isReal(head)).toBe(true);
  const { machine } = loadScenario(head.scenarioFile, head.scenarioText);
  expect(machine).toMatchObject({
    cpus: 1,
    rename: false,
    autoload: false,
    card: { profile: 'full', slot: '0000:00:04.0' },
  });
});

test('lines and hands are inputs, and in the trace; what hands could not do is said', () => {
  const { inputs, trace } = realRecord();
  expect(inputs.map(({ input }) => input.kind)).toEqual(['type', 'type', 'cable', 'cable']);
  const told = [...trace.events()]
    .filter(({ kind }) => kindTable[kind]!.name === 'input')
    .map(({ object }) => trace.text(object));
  expect(told).toEqual([
    'main$ modprobe mlx4_core; sleep 2; modprobe mlx4_en',
    'main$ cat /sys/bus/pci/devices/0000:00:04.0/mlx4_port1',
    'pull card0 port 1',
    'pull card0 port 1',
  ]);
});

test('it is not run again, and says why', () => {
  expect(() => new Replay(realRecord())).toThrow(NotAgain);
  expect(() => new Replay(realRecord())).toThrow(/does not run the same way twice.*variant/);
});

test('our driver does the same: the lines mean on the lab’s machine what they mean on it', () => {
  const again = rerun(realRecord(), 'v6.1');
  expect(isReal(again.head)).toBe(false);
  const { trace } = again;
  const texts = [...trace.events()]
    .filter(({ kind }) => kindTable[kind]!.name === 'tty.text')
    .map(({ value }) => trace.text(value));
  expect(texts).toContain('eth\n');
  expect([...trace.events()].some(({ object }) => trace.text(object).startsWith('QUERY_FW'))).toBe(
    true,
  );
});

test('compared, it is told by commands, log and packets alone', () => {
  const real = realRecord();
  const ours = rerun(real, 'v6.1');
  const comparison = compareRuns(real, ours);
  expect(comparison.outside).toBe(true);
  const titles = comparisonSections(comparison).map(({ title }) => title);
  expect(titles).toContain('firmware commands');
  expect(titles).not.toContain('tasks');
  expect(titles).not.toContain('first parting step');
  const lanes = (record: typeof real) => ({
    record,
    timeline: new Timeline(record.trace, 'time'),
  });
  const view = compareForView({ a: lanes(real), b: lanes(ours) });
  expect(view.relation).toBe('outside');
  expect(view.sentence.map(({ text }) => text).join('')).toMatch(/^Linux itself shows nothing/);
  expect(view.lanes.length).toBeGreaterThan(4);
  expect(view.lanes.every(({ kind }) => kind === 'port' || kind === 'firmware')).toBe(true);
  const times = view.rows.map(({ afterNs }) => afterNs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(view.rows.some(({ said }) => said.a === 'not sent' && said.b !== 'not sent')).toBe(true);
});

test('at any moment: no locks, no detectors, of the bond what the card was told', () => {
  const { head, trace } = realRecord();
  const { machine } = loadScenario(head.scenarioFile, head.scenarioText);
  const facts = machineFacts({ ...machine, variant: head.variant }, true);
  const moment = new Moments(trace, facts).at(trace.count);
  expect(moment.detectors).toEqual([]);
  expect(moment.waits.sentence.map(({ text }) => text).join('')).toMatch(
    /^Linux itself shows none/,
  );
  expect(moment.panel.card).toMatchObject({ slot: '0000:00:04.0', variant: 'Linux 6.1.0-50-686' });
  expect(moment.panel.bond).toMatchObject({
    seen: false,
    rows: [{ what: 'portMap', card: '1→1 2→1' }, { card: 'off' }, { card: 'yes' }],
  });
});

test('a run of two: whose hand it was is said, and the panel has every cable', () => {
  const { head, inputs, trace } = realRecord(2);
  expect(inputs.slice(4).map(({ input }) => inputText(input))).toEqual([
    'main of card1$ uname -r',
    'clear fault holdCommand on card1',
    'pull card1 port 2',
  ]);
  const { machine } = loadScenario(head.scenarioFile, head.scenarioText);
  const facts = machineFacts({ ...machine, variant: head.variant }, true);
  const { panel, terminals } = new Moments(trace, facts).at(trace.count);
  expect(terminals.map(({ name }) => name)).toEqual(['main', 'main of card1']);
  expect(panel.cables.map(({ name, ends }) => [name, ...ends])).toEqual([
    ['cable1', null, 'switch0 port 1'],
    ['cable2', 'card0 port 2', 'switch0 port 2'],
    ['cable3', 'host0', 'switch0 port 3'],
    ['cable4', 'card1 port 1', 'switch0 port 4'],
    ['cable5', null, 'switch0 port 5'],
  ]);
});

test('a run of two is nothing for the lab’s one computer; one in which one acts is', () => {
  const two = realRecord(2);
  const why = /several computers.*nobody is there for "main of card1\$ uname -r"/;
  expect(() => new Replay(two)).toThrow(why);
  expect(() => rerun(two, 'v6.1')).toThrow(NotAgain);
  expect(() => rerun(two, 'v6.1')).toThrow(why);
  for (const at of [4, 5, 6]) {
    expect(() => rerun({ ...two, inputs: [two.inputs[at]!] }, 'v6.1')).toThrow(NotAgain);
  }
  const quiet = { ...two, inputs: two.inputs.slice(0, 4) };
  expect(isReal(rerun(quiet, 'v6.1').head)).toBe(false);
});

test('hands do to the card that they name', () => {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cards = [0, 1].map((at) => new ConnectX3({ name: `card${at}`, trace }));
  const ports = new Map(cards.flatMap((card) => [...card.wirePorts()]));
  const fabric = buildTopology(clock, trace, networkOf(2), ports);
  const inputs = new RealInputs({ trace, cards, fabric, now: () => clock.now() });
  const fault = { name: 'dropInterrupt' } as const;
  expect(inputs.hand({ kind: 'fault', fault: { on: 'card', fault, card: 'card1' } })).toBeNull();
  expect(cards.map(({ faults }) => faults.countOf('dropInterrupt'))).toEqual([0, 1]);
  expect(inputs.hand({ kind: 'clearFault', name: 'dropInterrupt' })).toBeNull();
  expect(cards.map(({ faults }) => faults.countOf('dropInterrupt'))).toEqual([0, 1]);
  expect(inputs.hand({ kind: 'clearFault', name: 'dropInterrupt', card: 'card1' })).toBeNull();
  expect(cards.map(({ faults }) => faults.countOf('dropInterrupt'))).toEqual([0, 0]);
  const release = { kind: 'release', command: 'any', card: 'card2' } as const;
  expect(inputs.hand(release)).toBe('there is no card2');
});

test('its end: settled, or what it did not answer', () => {
  expect(realRunEnd(5e9, null)).toMatchObject({ outcome: 'settled', unfinished: null });
  expect(realRunEnd(5e9, 'It hung.')).toMatchObject({ outcome: 'timeOut', unfinished: 'It hung.' });
});
