// The search for a short schedule: what it finds was run and reached the goal, it is as short as
// the little programs here allow, and where there is no way every try is in vain and counted.

import { expect, test } from 'vitest';
import { ShortestSearch } from '#explore/shortest.ts';
import type { AskedQuestion, Try, TryResult } from '#explore/shortest.ts';

/** Two may run at every question; the program ends when `isGoal` says so of who ran. */
const program =
  (isGoal: (ran: string) => boolean): Try<TryResult> =>
  (answers, habit, questionsMax) => {
    const questions: AskedQuestion[] = [];
    let [ran, current] = ['', 'a'];
    while (questions.length < questionsMax && !isGoal(ran)) {
      const other = current === 'a' ? 'b' : 'a';
      const taken = answers[questions.length] ?? (habit === 'stay' ? current : other);
      questions.push({ names: ['a', 'b'], taken });
      ran += taken;
      current = taken;
    }
    return { questions, reached: isGoal(ran) };
  };

/** Searches to the end: who ran, and the tries. */
function searched(
  isGoal: (ran: string) => boolean,
  seeds: readonly (readonly string[])[] = [],
): { ran: string | null; tries: number } {
  const search = new ShortestSearch(program(isGoal), { triesMax: 400, questionsMax: 12, seeds });
  while (search.step());
  const { best, tries } = search;
  return { ran: best?.questions.map(({ taken }) => taken).join('') ?? null, tries };
}

test.each([
  ['bb', (ran: string) => ran.endsWith('bb')],
  ['bab', (ran: string) => ran.endsWith('bab')],
  // The habits need longer: aaaaaaaa, or two of b.
  ['abb', (ran: string) => ran.length >= 8 || (ran.startsWith('a') && ran.endsWith('bb'))],
])('the shortest is %s', (shortest, isGoal) => {
  expect(searched(isGoal).ran).toBe(shortest);
});

test('a goal that is reached already needs no answer', () => {
  expect(searched(() => true).ran).toBe('');
});

test('where there is no way, no try finds one, and the tries are counted', () => {
  expect(searched(() => false)).toEqual({ ran: null, tries: 400 });
});

test('a seed is run: it counts when it reaches the goal, and for nothing when it does not', () => {
  const isGoal = (ran: string): boolean => ran === 'abaabbab';
  expect(searched(isGoal, [Array.from('abaabbab')]).ran).toBe('abaabbab');
  const search = new ShortestSearch(program(isGoal), {
    triesMax: 1,
    questionsMax: 12,
    seeds: [['a', 'b']],
  });
  while (search.step());
  expect(search.best).toBeNull();
});
