// Goal: `early-unregister` still deadlocks when a bond change is in flight, and random schedules
// find that; `naive` deadlocks under every schedule once the card is bonded; `v6.1` and `v6.6`
// under none. Every run ends in one of the two, with the whole machine in the state that goes with
// it. Method: a slave is released and a port type written at once, from two terminals, with
// firmware of normal speed, under the random policy with many seeds (1,000 in a long run).

import { describe, expect, it } from 'vitest';
import { count } from '#test/support/counts.ts';
import { inBackground, play, story, typeOf } from '#test/support/story.ts';
import type { Played } from '#test/support/story.ts';

const release = 'echo -eth0 > /sys/class/net/bond0/bonding/slaves';
const write = `echo ib > ${typeOf(1)}`;
const over = ['wait: { idle: main }', 'wait: { idle: second }', 'sleep: 3s'];

/** The write, with a release in flight or without. A deadlock ends the run. */
const steps = (inFlight: boolean): string[] => [
  ...(inFlight ? [inBackground(release, 'second')] : []),
  inBackground(write),
  ...over,
];

const shown = new Map<string, string>();

/** Plays each seed, checks that its end is a whole one, and counts outcomes. */
function outcomes(variant: string, inFlight: boolean, modules: string, seeds: number): Set<string> {
  const text = story({ modules }, steps(inFlight));
  const seen = new Set<string>();
  for (let seed = 1; seed <= seeds; seed++) {
    const played = play(text, { variant, seed });
    const { outcome } = played.result;
    const told = `${variant} ${inFlight} ${modules} seed ${seed}`;
    if (outcome === 'deadlock') expectTheCycle(played, told);
    else expectSettled(played, told);
    seen.add(outcome);
    shown.set(outcome, told);
  }
  return seen;
}

/** The cycle of the story: the writer, the netdev, a bond work, intf_mutex. */
function expectTheCycle({ result }: Played, told: string): void {
  const deadlocks = result.findings.filter(({ kind }) => kind === 'deadlock');
  expect(deadlocks, told).toHaveLength(1);
  expect(deadlocks[0]!.text, told).toMatch(
    /^sh waits for the last reference on netdev eth0 .* intf_mutex in mlx4_do_bond, .* sh\.$/,
  );
  expect(
    result.findings.filter(({ kind }) => kind === 'oops'),
    told,
  ).toEqual([]);
}

/** Port 1 is InfiniBand, the other port is alone and Ethernet, the card is unbonded. */
function expectSettled(played: Played, told: string): void {
  const { result } = played;
  const { card } = result.machine;
  expect(result.outcome, `${told}: ${result.unfinished ?? ''}`).toBe('settled');
  expect(result.findings, told).toEqual([]);
  expect(played.readNow(typeOf(1)), told).toBe('ib\n');
  expect(played.readNow('/sys/class/net/bond0/bonding/slaves'), told).toBe('');
  expect([card.portMap, card.rxPortCheck], told).toEqual([[1, 2], true]);
}

const alone = 'mlx4_core mlx4_en bonding';
const withIb = 'mlx4_core mlx4_en mlx4_ib bonding';

describe('a release in flight', () => {
  it('early-unregister: some schedules find the remaining deadlock, others settle', () => {
    const seen = outcomes('early-unregister', true, alone, count(30, 1000));
    expect(seen).toEqual(new Set(['deadlock', 'settled']));
  });

  it.each([alone, withIb])('naive, %s: always the deadlock', (modules) => {
    expect(outcomes('naive', true, modules, count(10, 1000))).toEqual(new Set(['deadlock']));
  });

  it.each([
    ['v6.1', alone],
    ['v6.1', withIb],
    ['v6.6', alone],
    ['v6.6', withIb],
  ])('%s, %s: never', (variant, modules) => {
    expect(outcomes(variant, true, modules, count(10, 1000))).toEqual(new Set(['settled']));
  });
});

describe('the write alone, on a bonded card', () => {
  it.each([
    ['naive', 'deadlock'],
    ['v6.1+bond-locks-intf', 'deadlock'],
    ['early-unregister', 'settled'],
    ['v6.1', 'settled'],
    ['v6.6', 'settled'],
  ])('%s: always %s', (variant, outcome) => {
    expect(outcomes(variant, false, withIb, count(6, 1000))).toEqual(new Set([outcome]));
  });
});
