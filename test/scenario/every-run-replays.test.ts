// Goal: record, then replay: no difference, under any schedule of any bond scenario and variant.
// Method: seed by seed, each with the next scenario and variant; the whole program stands between
// the two runs, so any state outside the machine, any chance and any clock would show.

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { replay } from '#lab/replay/replay.ts';
import { variantNames } from '#lab/variants.ts';
import { count } from '#test/support/counts.ts';
import { recordScenario } from '#test/support/run-record.ts';

const scenarios = readdirSync(new URL('../../main/lab/scenarios', import.meta.url))
  .filter((name) => name.startsWith('bond-') && name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))
  .sort();

/** Longest run: the deadlock stands by then, and what comes after is waiting. */
const untilNs = 20e9;

test('record and replay are the same', () => {
  const parted: string[] = [];
  let events = 0;
  for (let seed = 0; seed < count(50, 1000); seed++) {
    const name = scenarios[seed % scenarios.length]!;
    const variant = variantNames[Math.floor(seed / scenarios.length) % variantNames.length]!;
    const record = recordScenario(name, { variant, seed, untilNs });
    const { difference } = replay(record);
    events += record.trace.count;
    if (difference !== null) parted.push(`${name}, ${variant}, ${seed}: ${difference.said}`);
  }
  expect(parted).toEqual([]);
  expect(scenarios).toContain('bond-deadlock');
  expect(events).toBeGreaterThan(count(50, 1000) * 10_000);
}, 2_700_000);
