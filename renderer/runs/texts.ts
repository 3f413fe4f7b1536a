// Every English text of the library of runs, of what to begin with, and of a new run. The tour has
// texts of its own.

import { groupedCount, secondsText } from '../ui/numbers.ts';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export const runsTexts = {
  title: 'Runs',
  search: 'name, tag, lock, message, outcome',
  searchLabel: 'Find runs',
  importFile: 'Import file',
  compareSelected: (count: number): string => `Compare ${count} selected`,
  newRun: 'New run',
  show: 'Show',
  outcome: 'Outcome',
  variant: 'Variant',
  all: 'All runs',
  examples: 'Examples',
  mine: 'Mine',
  others: 'From others',
  columns: ['Run', 'Outcome, variant', 'Writer, worker, most wanted lock', 'Length'] as const,
  list: 'Kept runs',
  drop: 'Drop a run file here. It is checked before anything in it is shown.',
  size: (bytes: number): string =>
    `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB on this machine.`,
  stays: 'Nothing leaves it.',
  count: (count: number): string => `${groupedCount(count)} ${count === 1 ? 'run' : 'runs'}`,
  selected: (count: number): string => (count === 0 ? '' : `${count} selected`),
  events: (count: number): string => `${groupedCount(count)} events`,
  seconds: secondsText,
  cut: 'cut',
  recording: 'recording',
  empty: 'No run fits. The examples are under All runs.',
  askDelete: (name: string): string => `Delete “${name}”? It can be brought back for 10 s.`,
  delete: 'Delete',
  keep: 'Keep',
  deleted: (name: string): string => `“${name}” is deleted.`,
  undo: 'Undo',
  rename: 'Name of the run',
  taken: (name: string): string => `${name} is in the library.`,
  known: (name: string): string => `${name} was in the library before: nothing was added.`,
  exported: (name: string): string => `${name} was written.`,
  checked: (state: { readonly damaged: readonly string[] } | null): string =>
    state === null
      ? ''
      : state.damaged.length === 0
        ? 'all chains whole, checked at start'
        : `damaged: ${state.damaged.join('; ')}`,
  meta: {
    example: 'example',
    story: 'example, the story of the tour',
    forkedAt: (seq: number): string => `forked at event ${groupedCount(seq)}`,
    sameChoices: (seq: number): string => `same choices, parts at event ${groupedCount(seq)}`,
    imported: 'from others',
    seed: (seed: number): string => `seed ${seed}`,
    /** `24 Nov 14:03:11`, by the wall clock of the one who recorded it. */
    made: (at: Date): string => {
      const day = `${at.getDate()} ${months[at.getMonth()] ?? ''}`;
      return `${day} ${at.toTimeString().slice(0, 8)}`;
    },
    byHand: (policy: string): string =>
      policy === 'you-choose' ? 'you chose who runs' : 'driven by hand',
  },
  labels: {
    about: (scenario: string, variant: string): string => `${scenario} on ${variant}`,
    tags: 'Tags',
    noTags: 'none',
    newTag: 'a tag',
    removeTag: (name: string): string => `Remove the tag ${name}`,
    notes: 'Notes',
    noNotes: 'none',
    newNote: 'a note',
    note: (number: number): string => `Note ${number}`,
    removeNote: (number: number): string => `Remove note ${number}`,
    atEvent: (seq: number): string => `at event ${groupedCount(seq)}`,
    add: 'Add',
    leave: 'Leave',
  },
  newRunForm: {
    title: 'New run',
    scenario: 'Scenario',
    bench: 'A live bench, no script',
    variant: 'Driver',
    policy: 'Who runs next',
    seed: 'Seed',
    start: 'Start',
    leave: 'Leave',
    policies: { 'until-blocked': 'until blocked', random: 'random' },
  },
  begin: {
    title: 'Or begin with',
    bench: ['A live bench', 'naive, two ports, no bond yet'] as const,
    scheduler: ['You as the scheduler', 'who runs next?'] as const,
    lessons: ['The lessons', 'one bug each'] as const,
  },
  tour: {
    title: 'How one word hangs a machine',
    about:
      'A recorded run, two minutes, nothing to set up. You can stop it anywhere and take over.',
    start: 'Start the tour',
    leave: 'Look around alone',
    making: (done: string): string => `The story is being recorded: ${done}`,
  },
} as const;
