// Every command of the window: what it is called, its keys, and where single letters act. The
// palette, the list of keys and the keyboard itself are made from this table.

import type { View } from '../state/frame.svelte.ts';

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
}

const row = <const N extends string>(
  name: N,
  title: string,
  keys: readonly string[],
  views?: readonly View[],
) => ({ name, title, keys, ...(views === undefined ? {} : { views }) });

const session = ['session', 'card'] as const;

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
  row('arrange', 'Default arrangement', []),
  row('theme', 'Light or dark', []),
  row('settings', 'Settings', ['Ctrl+,']),
] as const satisfies readonly CommandRow[];

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

/** A key as it is printed: `Ctrl K`, `space`. */
export const printedKey = (key: string): string =>
  key === 'Space' ? 'space' : key.replace(/^(.*\+)?([a-z])$/, upper).replaceAll('+', ' ');

const upper = (_all: string, before: string | undefined, letter: string): string =>
  before === undefined ? letter : `${before}${letter.toUpperCase()}`;

/** The command of a key in a view; a typing person means letters as letters. */
export function commandOf(key: string, view: View, isTyping: boolean): CommandName | null {
  const isPrinted = key.length === 1 || key === 'Space';
  if (isTyping && isPrinted) return null;
  const rows: readonly CommandRow[] = commandTable;
  const found = rows.find(
    ({ keys, views }) => keys.includes(key) && (views === undefined || views.includes(view)),
  );
  return (found?.name as CommandName | undefined) ?? null;
}
