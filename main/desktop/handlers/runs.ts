// The library of kept runs. What takes long is an errand in another thread, so no handler keeps the
// engine waiting.

import type { RunSummary } from '#db/list.ts';
import type { runsRequests } from '#contract/runs.ts';
import { exportFormats } from '#lab/export/formats.ts';
import { variantNames } from '#lab/variants.ts';
import { scenarioNames, scenarioSource } from '../bench/scenarios.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

/** A name as a file name that every system takes. */
const fileNameOf = (title: string): string =>
  title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'run';

export const runsHandlers: HandlersOf<keyof typeof runsRequests> = {
  'library.state': ({ library }) => library.state,
  'runs.list': ({ library, recording }, filter) => {
    const list = library.list(filter);
    // To the database it has no end, as one that was cut; here it is known to go on.
    const outcomeOf = ({ run, outcome }: RunSummary): string | null =>
      run === recording ? 'recording' : outcome;
    const runs = list.runs.map((run) => ({ ...run, outcome: outcomeOf(run) }));
    return { ...list, runs, recording };
  },
  'runs.choices': () => ({
    scenarios: scenarioNames().map((name) => {
      const { scenario } = scenarioSource(name);
      return { name, title: scenario.title };
    }),
    variants: variantNames,
  }),
  'runs.rename': ({ library }, { run, name }) => {
    library.rename(run, name);
    return null;
  },
  'runs.tag': ({ library }, { run, name, there }) => {
    library.tag(run, name, there);
    return null;
  },
  'runs.note': ({ library }, { run, text, seq }) => {
    library.note(run, text, seq);
    return null;
  },
  'runs.renote': ({ library }, { run, number, text }) => {
    library.renote(run, number, text);
    return null;
  },
  'runs.delete': (bench, { run }) => {
    if (bench.recording === run) {
      throw new Refused(
        'This run is being recorded. Open another one first; then it can be deleted.',
      );
    }
    bench.library.delete(run);
    return null;
  },
  'runs.undelete': ({ library }) => {
    library.undelete();
    return null;
  },
  'runs.verify': ({ library }, { run }) => library.ask('verify', { file: library.kept, run }),
  'runs.export': async ({ library }, { run, format }) => {
    const { name, scenario } = library.summary(run);
    const payload = await library.ask('export', { file: library.kept, run, format });
    const suffix = format === 'mlx4run' ? format : exportFormats[format].extension;
    return { body: { fileName: `${fileNameOf(name ?? scenario)}.${suffix}` }, payload };
  },
  'runs.import': async ({ library }, { name }, payload) => {
    if (payload === null) throw new Refused(`${name}: the file is empty.`);
    return library.make(`checking ${name}`, 'import', { file: library.kept, name, bytes: payload });
  },
  'runs.thumbnail': ({ library, recording }, { run }) =>
    recording === run
      ? library.ask('thumbnail', { file: library.kept, run })
      : library.remembered('thumbnail', { file: library.kept, run }),
  'runs.stops': ({ library }, { run }) => library.remembered('stops', { file: library.kept, run }),
};
