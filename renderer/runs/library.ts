// What the library's view shows, worked out of the list: the filters with their counts, the rows
// with forks under their parents, and the words of a row.

import type { LibraryState, RunsList } from '#contract/runs.ts';
import type { Tone } from '../ui/glyphs/looks.ts';
import { runsTexts as texts } from './texts.ts';

/** A kept run. */
export type Run = RunsList['runs'][number];

/** What is shown. */
export type Filter =
  | { readonly by: 'all' | 'examples' | 'mine' | 'others' }
  | { readonly by: 'outcome' | 'variant'; readonly value: string };

/** A line of the filters. */
export interface FilterLine {
  readonly filter: Filter;
  readonly label: string;
  readonly count: number;
}

/** A row of the list. */
export interface Row {
  readonly run: Run;
  /** 1 for a run, 2 for a fork under its parent. */
  readonly level: 1 | 2;
  /** The first and the last fork of a parent, where the branch line begins and ends. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const isExample = ({ tags }: Run): boolean => tags.includes('example');
/** A shared run has no clock of its recorder. */
const isFromOthers = ({ startedAt }: Run): boolean => startedAt === null;

/** What it came to; one without an outcome was cut, or goes on. */
export const outcomeOf = ({ outcome }: Pick<Run, 'outcome'>): string => outcome ?? texts.cut;

export const nameOf = ({ name, scenario }: Run): string => name ?? scenario;

/** True for a run that a filter shows. */
export function fits(run: Run, filter: Filter): boolean {
  switch (filter.by) {
    case 'all':
      return true;
    case 'examples':
      return isExample(run);
    case 'others':
      return isFromOthers(run);
    case 'mine':
      return !isExample(run) && !isFromOthers(run);
    case 'outcome':
      return outcomeOf(run) === filter.value;
    case 'variant':
      return run.variant === filter.value;
  }
}

/** True for two filters that show the same. */
export const sameFilter = (a: Filter, b: Filter): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Outcomes in the order in which they matter. */
const outcomeOrder = ['deadlock', 'settled', 'left', 'oops', 'hung', 'checkFailed', 'stepLimit'];

/** The filters, in groups. */
export function filtersOf(runs: readonly Run[]): {
  readonly show: readonly FilterLine[];
  readonly outcomes: readonly FilterLine[];
  readonly variants: readonly FilterLine[];
} {
  const line = (filter: Filter, label: string): FilterLine => ({
    filter,
    label,
    count: runs.filter((run) => fits(run, filter)).length,
  });
  const rank = (outcome: string): number =>
    outcomeOrder.includes(outcome) ? outcomeOrder.indexOf(outcome) : outcomeOrder.length;
  const outcomes = [...new Set(runs.map(outcomeOf))].sort((a, b) => rank(a) - rank(b));
  return {
    show: [
      line({ by: 'all' }, texts.all),
      line({ by: 'examples' }, texts.examples),
      line({ by: 'mine' }, texts.mine),
      line({ by: 'others' }, texts.others),
    ],
    outcomes: outcomes.map((value) => line({ by: 'outcome', value }, outcomeText(value))),
    variants: [...new Set(runs.map(({ variant }) => variant))]
      .sort()
      .map((value) => line({ by: 'variant', value }, value)),
  };
}

/** Rows: forks hang under the root that they come from; examples stand first. */
export function rowsOf(runs: readonly Run[], filter: Filter): Row[] {
  const shown = runs.filter((run) => fits(run, filter));
  const byNumber = new Map(shown.map((run) => [run.run, run]));
  const rootOf = (run: Run): Run => {
    const parent = byNumber.get(run.parent?.run ?? 0);
    return parent === undefined || parent === run ? run : rootOf(parent);
  };
  const forks = new Map<number, Run[]>();
  const roots: Run[] = [];
  for (const run of shown) {
    const root = rootOf(run);
    if (root === run) roots.push(run);
    else forks.set(root.run, [...(forks.get(root.run) ?? []), run]);
  }
  const ordered = [...roots.filter(isExample), ...roots.filter((run) => !isExample(run))];
  return ordered.flatMap((run): Row[] => {
    const own = forks.get(run.run) ?? [];
    return [
      { run, level: 1, isFirst: false, isLast: own.length === 0 },
      ...own.map((fork, at): Row => ({
        run: fork,
        level: 2,
        isFirst: at === 0,
        isLast: at === own.length - 1,
      })),
    ];
  });
}

/** Words of an outcome. */
export const outcomeText = (outcome: string): string =>
  outcome.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** How its badge looks. */
export function outcomeLook(outcome: string): { readonly tone: Tone; readonly solid: boolean } {
  switch (outcome) {
    case 'deadlock':
      return { tone: 'cyc', solid: true };
    case 'settled':
      return { tone: 'run', solid: true };
    case 'oops':
    case 'hung':
      return { tone: 'cyc', solid: false };
    case 'diverged':
    case 'checkFailed':
      return { tone: 'wait', solid: false };
    default:
      return { tone: 'ink', solid: false };
  }
}

export const runsByNumber = (runs: readonly Run[]): ReadonlyMap<number, Run> =>
  new Map(runs.map((run) => [run.run, run]));

/** The recorded story, of which the tour tells; null while it is not there. */
export const storyOf = (runs: readonly Run[]): number | null =>
  runs.find((run) => isExample(run) && run.variant === 'naive' && run.outcome === 'deadlock')
    ?.run ?? null;

/** `recording the example “…”, 40 %`. */
export const makingText = ({ said, done, total }: NonNullable<LibraryState['making']>): string =>
  `${said}, ${Math.round((100 * done) / total)} %`;

/** The second line of a row. */
export function metaOf(run: Run, parents: ReadonlyMap<number, Run>): string {
  const { meta } = texts;
  const { parent } = run;
  const before = parents.get(parent?.run ?? 0);
  const forked =
    parent === null
      ? null
      : before !== undefined && before.variant !== run.variant
        ? meta.sameChoices(parent.seq)
        : meta.forkedAt(parent.seq);
  const isStory = isExample(run) && run.variant === 'naive' && parent === null;
  const parts = [
    isStory ? meta.story : isExample(run) && forked === null ? meta.example : null,
    forked,
    isFromOthers(run) ? meta.imported : null,
    run.outcome === 'left' ? run.unfinished : null,
    isExample(run) || run.startedAt === null ? null : meta.made(new Date(run.startedAt)),
    run.live ? meta.byHand(run.policy) : null,
    run.name === null ? null : isExample(run) ? null : run.scenario,
    run.seed === null ? null : meta.seed(run.seed),
    ...run.tags.filter((tag) => tag !== 'example'),
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** A row as a sentence. */
export function rowSentence(run: Run, parents: ReadonlyMap<number, Run>): string {
  const time = run.virtualNs === null ? '' : ` ${texts.seconds(run.virtualNs)},`;
  const what = `${nameOf(run)}, ${metaOf(run, parents)}`;
  const how = `${outcomeText(outcomeOf(run))} in ${run.variant}`;
  return `${what}. ${how},${time} ${texts.events(run.events)}.`;
}
