// The menu of the variant asks for a run that the lab can make: of a known scenario or of the bare
// bench, with a seed only where one counts.

import { expect, test } from 'vitest';
import { isPolicy, newRunOf } from '#renderer/session/driven.ts';

const choices = { scenarios: [{ name: 'bond-deadlock', title: '' }], variants: ['naive', 'v6.6'] };

test('the scenario on the bench again, on another driver', () => {
  const picked = { variant: 'v6.6', policy: 'random', seed: 7 } as const;
  const wanted = newRunOf(picked, 'bond-deadlock', choices);
  expect(wanted).toEqual({ ...picked, from: 'scenario', scenario: 'bond-deadlock' });
});

test('an unknown scenario is the bench, and only random has a seed', () => {
  const picked = { variant: 'naive', policy: 'until-blocked', seed: 7 } as const;
  expect(newRunOf(picked, 'bench', choices)).toMatchObject({ scenario: null, seed: null });
});

test('what a recording was made with may be nothing that a person can begin', () => {
  expect(['random', 'you-choose', 'pct', 'recorded'].map(isPolicy)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
