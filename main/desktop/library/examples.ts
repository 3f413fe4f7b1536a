// The examples: at the first start the library is filled with the story, really run, one after the
// other in the background. They are there again whenever one is missing.

import { scenarioSource } from '../bench/scenarios.ts';
import type { Library } from './library.ts';

/** Tag of an example. */
const exampleTag = 'example';

interface Example {
  readonly scenario: string;
  readonly variant: string;
  readonly name: string;
  /** Of a policy with chance. */
  readonly seed: number | null;
}

/** The first one is the story of the tour. */
const story: Example = {
  scenario: 'bond-deadlock',
  variant: 'naive',
  name: 'The bond deadlock',
  seed: null,
};

/** The story's choices on other drivers. */
const others: readonly { readonly variant: string; readonly name: string }[] = [
  { variant: 'v6.6', name: 'Same choices, v6.6' },
  { variant: 'early-unregister', name: 'Same choices, notifier first' },
];

const race: Example = {
  scenario: 'lost-restart-race',
  variant: 'v6.1',
  name: 'A restart that is lost',
  seed: null,
};

async function record(library: Library, example: Example): Promise<number> {
  const { file, text } = scenarioSource(example.scenario);
  return library.make(`recording the example “${example.name}”`, 'record', {
    file: library.kept,
    scenarioFile: file,
    scenarioText: text,
    variant: example.variant,
    seed: example.seed,
    name: example.name,
    tags: [exampleTag],
  });
}

/** Makes the examples that are missing. Throws StoreError. */
export async function fillExamples(library: Library): Promise<void> {
  const there = library.list({ tag: exampleTag }).runs;
  const find = (scenario: string, variant: string): number | undefined =>
    there.find((each) => each.scenario === scenario && each.variant === variant)?.run;
  const first = find(story.scenario, story.variant) ?? (await record(library, story));
  for (const { variant, name } of others) {
    if (find(story.scenario, variant) !== undefined) continue;
    const said = `recording the example “${name}”`;
    const body = { file: library.kept, run: first, variant, name };
    library.tag(await library.make(said, 'rerun', body), exampleTag, true);
  }
  if (find(race.scenario, race.variant) === undefined) await record(library, race);
}
