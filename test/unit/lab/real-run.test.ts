// A run of Linux itself: how it is kept, what it cannot be used for, and what our driver makes of
// the same lines.

import { expect, test } from 'vitest';
import { compareForView } from '#lab/compare/view.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import { Moments } from '#lab/moment/moment.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import { isReal, NotAgain, realRunEnd } from '#lab/real-run.ts';
import { Replay } from '#lab/replay/replay.ts';
import { rerun } from '#lab/replay/rerun.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { kindTable } from '#trace/kinds.ts';
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

test('its end: settled, or what it did not answer', () => {
  expect(realRunEnd(5e9, null)).toMatchObject({ outcome: 'settled', unfinished: null });
  expect(realRunEnd(5e9, 'It hung.')).toMatchObject({ outcome: 'timeOut', unfinished: 'It hung.' });
});
