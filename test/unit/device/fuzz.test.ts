// Random register writes, malformed mailboxes, contexts and doorbells, descriptors that point
// anywhere: no exception escapes the card; every refusal is a status or a logged event. 10,000
// cases, a million with LAB_LONG=1. A failure names its seed and its case.

import { expect, test } from 'vitest';
import { Fuzzer } from '#test/support/card/fuzz.ts';
import { count } from '#test/support/counts.ts';
import { digestOf } from '#test/support/digest.ts';

/** Cases that one card goes through before a new one takes its place. */
const casesPerCard = 250;
/** Cases that a card gets when it has lost what the driver set up. */
const lastCases = 20;

/** Runs one card. Gives the cases that were done. */
function runCard(seed: number): number {
  const fuzzer = new Fuzzer(seed);
  let left = casesPerCard;
  let done = 0;
  while (left-- > 0) {
    const wrong = fuzzer.step();
    if (wrong !== null) throw new Error(`seed ${seed}, case ${done}: ${wrong}`);
    done++;
    if (!fuzzer.alive) left = Math.min(left, lastCases);
  }
  return done;
}

test('a card keeps its word under random accesses, commands, descriptors and frames', () => {
  const wanted = count(10_000, 1_000_000);
  let done = 0;
  for (let seed = 1; done < wanted; seed++) done += runCard(seed);
  expect(done).toBeGreaterThanOrEqual(wanted);
});

test('equal seeds lead to equal runs', () => {
  const run = () => {
    const fuzzer = new Fuzzer(77);
    for (let index = 0; index < casesPerCard; index++) fuzzer.step();
    return digestOf(fuzzer.net.rig.trace);
  };
  expect(run()).toBe(run());
});
