// What two runs came to, compared: outcome, time, script, checks, findings, and how they were made.

import { describe, expect, test } from 'vitest';
import { compareRuns } from '#lab/compare/compare.ts';
import type { Comparison } from '#lab/compare/compare.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import type { TextSection } from '#lab/compare/text.ts';
import { MadeTrace } from '#test/support/made-trace.ts';

const sectionOf = (comparison: Comparison, title: string): TextSection | undefined =>
  comparisonSections(comparison).find((section) => section.title === title);

describe('what runs came to', () => {
  const story = (): MadeTrace => new MadeTrace().as('sh').did('rcu.barrier');
  const check = (line: number, holds: boolean) => ({
    line,
    reason: `check ${line}`,
    holds,
    seen: 'nothing',
  });

  test('a sentence for each difference', () => {
    const a = story().record({ checks: [check(1, true), check(2, true)], virtualNs: 9e9 });
    const b = story().record({
      outcome: 'timeOut',
      unfinished: 'stood at line 9',
      checks: [check(1, false), check(3, false)],
      virtualNs: 5e9,
    });
    const comparison = compareRuns(a, b);
    expect(comparison.equal).toBe(false);
    expect(comparison.parting).toBeNull();
    expect(comparison.outcome).toEqual([
      'A settled; B ran out of time',
      'A came to 9.000 s, B to 5.000 s; what A did after 5.000 s it did alone',
      'the script of A: came to its end; of B: stood at line 9',
      '"check 1" holds in A, not in B: it saw nothing',
      '1 check was judged only in A; all hold',
      '1 check was judged only in B; 1 does not hold',
    ]);
    expect(sectionOf(comparison, 'first parting step')?.said).toBe(
      'none: all 2 events are the same; what they came to is not',
    );
  });

  test('a run that was cut', () => {
    const comparison = compareRuns(story().record(null), story().record());
    expect(comparison.outcome[0]).toBe('A was cut off and has no end; B settled');
    expect(comparison.runs.a.outcome).toBe('cut');
  });

  test('findings by kind', () => {
    const finding = (text: string, timeNs: number) => ({
      kind: 'hung' as const,
      timeNs,
      text,
      objects: [],
      places: [],
    });
    const a = story().record({ findings: [finding('x', 1e9), finding('y', 2e9)] });
    const b = story().record({ findings: [finding('x', 1e9), finding('x', 3e9)] });
    expect(compareRuns(a, b).findings).toEqual([
      {
        kind: 'hung',
        times: { a: 2, b: 2 },
        firstNs: { a: 1e9, b: 1e9 },
        only: {
          a: { count: 1, first: [{ timeNs: 2e9, text: 'y' }] },
          b: { count: 1, first: [{ timeNs: 3e9, text: 'x' }] },
        },
      },
    ]);
    const later = story().record({ findings: [finding('x', 2e9)] });
    const sooner = story().record({ findings: [finding('x', 1e9)] });
    expect(sectionOf(compareRuns(later, sooner), 'findings')?.lines).toEqual([
      { depth: 0, text: 'hung at 2.000000 s in A, at 1.000000 s in B' },
    ]);
  });

  test('how they were made', () => {
    const a = story().record({}, { variant: 'naive', seed: 1, policy: 'random' });
    const b = story().record({}, { scenarioText: 'x', programHash: 'f' });
    expect(compareRuns(a, b, { sides: { a: 'run 1', b: 'run 2' } }).made).toEqual([
      'driver naive in run 1, v6.6 in run 2',
      'policy random in run 1, until-blocked in run 2',
      'seed 1 in run 1, none in run 2',
      'the scenario has another text',
      'the lab has another program',
    ]);
  });
});
