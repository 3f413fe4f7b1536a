// Every command of the window: what it is called, its keys, and where single letters act. The
// palette, the list of keys and the keyboard itself are made from this table.

import type { PaneName, View } from './views.ts';

/** A command by name. */
export type CommandName = (typeof commandTable)[number]['name'];

/** One command. */
export interface CommandRow {
  readonly name: string;
  /** For the palette and the list of keys. */
  readonly title: string;
  /** Keys as `event.key` with Ctrl, Alt, Shift before it; the first is printed on the control. */
  readonly keys: readonly string[];
  /** Views in which it acts; everywhere when absent. */
  readonly views?: readonly View[];
  /** Pane that must have the focus for its keys; from the palette it acts without. */
  readonly pane?: PaneName;
}

const row = <const N extends string>(
  name: N,
  title: string,
  keys: readonly string[],
  views?: readonly View[],
) => ({ name, title, keys, ...(views === undefined ? {} : { views }) });

/** A command whose keys act only while the timeline has the focus. */
const inTimeline = <const N extends string>(name: N, title: string, keys: readonly string[]) =>
  ({ name, title, keys, views: ['session'], pane: 'timeline' }) as const;

const session = ['session', 'card'] as const;
const compare = ['compare'] as const;
const runs = ['runs'] as const;

export const commandTable = [
  row('run', 'Run or pause', ['Space', 'F5'], session),
  row('point', 'One point', ['.', 'F10'], session),
  row('switch', 'To the next task switch', ['>', 'Shift+F10'], session),
  row('event', 'Next event of this kind', ['n'], session),
  row('blocked', 'Until something blocks', ['b'], session),
  row('pointBack', 'Back one point', [',', 'F9'], session),
  row('switchBack', 'Back one switch', ['<'], session),
  row('markBack', 'Previous mark', ['['], session),
  row('markOn', 'Next mark', [']'], session),
  row('live', 'To the live end', ['l'], session),
  row('fork', 'Fork here', ['f'], session),
  row('allObjects', 'All objects, or those in play', ['o'], ['session']),
  row('mark', 'Mark at the cursor, with a note', ['m'], ['session']),
  row('pin', 'Pin the lane, or unpin it', ['p'], ['session']),
  row('fold', 'Fold what is quiet, or unfold it', ['z'], ['session']),
  inTimeline('zoomIn', 'Timeline: zoom in', ['w']),
  inTimeline('zoomOut', 'Timeline: zoom out', ['s']),
  inTimeline('panBack', 'Timeline: pan back', ['a']),
  inTimeline('panOn', 'Timeline: pan on', ['d']),
  inTimeline('spanBack', 'Timeline: previous span of the lane', ['ArrowLeft']),
  inTimeline('spanOn', 'Timeline: next span of the lane', ['ArrowRight']),
  inTimeline('laneUp', 'Timeline: lane above', ['ArrowUp']),
  inTimeline('laneDown', 'Timeline: lane below', ['ArrowDown']),
  inTimeline('spanBegin', 'Timeline: to where the span begins', ['Enter']),
  inTimeline('selectBack', 'Timeline: select back to a span', ['Shift+ArrowLeft']),
  inTimeline('selectOn', 'Timeline: select on to a span', ['Shift+ArrowRight']),
  inTimeline('zoomSpan', 'Timeline: zoom to the selection or span', ['Z']),
  inTimeline('leaveSpan', 'Timeline: leave the selection', ['Escape']),
  inTimeline('runBegin', 'Timeline: begin of the run', ['Home']),
  inTimeline('runEnd', 'Timeline: end of the run', ['End']),
  row('play', 'Play both runs, or pause', ['Space', 'F5'], compare),
  row('compareOn', 'Next event of either run', ['.', 'F10'], compare),
  row('compareBack', 'Event of either run before', [',', 'F9'], compare),
  row('differenceOn', 'Next difference', [']'], compare),
  row('differenceBack', 'Previous difference', ['['], compare),
  row('swap', 'Swap the two runs', ['x'], compare),
  row('scale', 'By time, or by events', ['t'], compare),
  row('allLanes', 'All lanes, or those that tell most', ['o'], compare),
  row('selectRun', 'Select the run, or not', ['Space'], runs),
  row('openRun', 'Open the run', ['Enter'], runs),
  row('compareRuns', 'Compare the two that are selected', ['c'], runs),
  row('renameRun', 'Rename the run', ['F2'], runs),
  row('describeRun', 'Tags and notes of the run', ['i'], runs),
  row('deleteRun', 'Delete the run', ['Delete'], runs),
  row('undelete', 'Bring back the run that was deleted', ['Ctrl+z'], runs),
  row('session', 'Show Session', ['Ctrl+1']),
  row('card', 'Show Card', ['Ctrl+2']),
  row('runs', 'Show Runs', ['Ctrl+3']),
  row('compare', 'Show Compare', ['Ctrl+4']),
  row('lessons', 'Show Lessons', ['Ctrl+5']),
  row('nextPane', 'Next pane', ['F6']),
  row('previousPane', 'Previous pane', ['Shift+F6']),
  row('fill', 'Let the pane fill the view', ['F8']),
  row('closePane', 'Close the pane', [], ['session']),
  row('showPanel', 'Show Front panel', []),
  row('showWaits', 'Show Waits', []),
  row('showDetectors', 'Show Detectors', []),
  row('showTimeline', 'Show Timeline', []),
  row('showTerminals', 'Show Terminals', []),
  row('terminal', 'Terminal and back', ['Ctrl+`'], ['session']),
  row('palette', 'Command palette', ['Ctrl+k']),
  row('keys', 'List of keys', ['?']),
  row('undo', 'Undo the last act on the panel', ['Ctrl+z'], ['session']),
  row('redo', 'Redo it', ['Ctrl+Shift+z'], ['session']),
  row('hold', 'Hold a firmware command, or release it', ['k'], ['session']),
  row('newRun', 'New run', ['N']),
  row('begin', 'The tour, and other ways to begin', []),
  row('liveBench', 'A live bench, no script', []),
  row('exportRun', 'Export the run as a file', ['Ctrl+e'], ['session', 'card', 'runs']),
  row('importRun', 'Import a run from a file', ['Ctrl+o']),
  row('find', 'Find in this view', ['Ctrl+f', '/']),
  row('arrange', 'Default arrangement', []),
  row('theme', 'Light or dark', []),
  row('settings', 'Settings', ['Ctrl+,']),
] as const satisfies readonly CommandRow[];

/** Keys that a pane takes itself while it has the focus; only for the list of keys. */
export const paneKeys: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  { title: 'Scheduler: pick, take back, next hint', keys: ['1 … 9', 'Backspace', 'h'] },
  { title: 'Terminal: complete; with nothing to complete, leave', keys: ['Tab'] },
  { title: 'Terminal: leave, whatever is typed', keys: ['Esc Tab', 'Shift+Tab'] },
  { title: 'Terminal: tabs, a new one', keys: ['Alt+1 … 9', 'Ctrl+Shift+`'] },
  { title: 'Front panel: pull, exchange the cables', keys: ['Delete', 'x'] },
  { title: 'Waits, Compare: previous, next cycle or difference', keys: ['[', ']'] },
];

/** What a key press is called in the table. */
export function keyName(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'Space' : event.key;
  const isLetter = key.length === 1;
  const parts = [
    ...(event.ctrlKey || event.metaKey ? ['Ctrl'] : []),
    ...(event.altKey ? ['Alt'] : []),
    // Of a printed character Shift is a part already, unless Ctrl makes a command of it.
    ...(event.shiftKey && (!isLetter || event.ctrlKey || event.metaKey) ? ['Shift'] : []),
    event.ctrlKey || event.metaKey ? key.toLowerCase() : key,
  ];
  const last = parts.at(-1)!;
  return [...parts.slice(0, -1), last.length > 1 && last.startsWith('f') ? key : last].join('+');
}

/** Keys with a sign of their own. */
const signs: Readonly<Record<string, string>> = {
  Space: 'space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '⏎',
  Escape: 'esc',
};

/** A key as it is printed: `Ctrl K`, `space`, `Shift ←`. */
export const printedKey = (key: string): string =>
  key
    .replace(/^(.*\+)?([a-z])$/, upper)
    .replace(/\w+$/, (last) => signs[last] ?? last)
    .replaceAll('+', ' ');

const upper = (_all: string, before: string | undefined, letter: string): string =>
  before === undefined ? letter : `${before}${letter.toUpperCase()}`;

/** True when a command acts in a view. */
export const actsIn = ({ views }: CommandRow, view: View): boolean =>
  views === undefined || views.includes(view);

/** Keys that move and end what is being typed, and what a field of text undoes by itself. */
const editing = /^((Shift\+)?(Arrow\w+|Home|End|Enter|Escape)|Space|Delete|Ctrl\+(Shift\+)?z)$/;

/** The command of a key in a view and pane; a typing person means letters as letters. */
export function commandOf(
  key: string,
  view: View,
  isTyping: boolean,
  pane: PaneName | null = null,
): CommandName | null {
  if (isTyping && (key.length === 1 || editing.test(key))) return null;
  const rows: readonly CommandRow[] = commandTable;
  const found = rows.find(
    (each) =>
      each.keys.includes(key) &&
      actsIn(each, view) &&
      (each.pane === undefined || each.pane === pane),
  );
  return (found?.name as CommandName | undefined) ?? null;
}
