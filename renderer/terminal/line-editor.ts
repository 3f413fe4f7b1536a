// The line that is being typed. The machine takes whole lines, so editing, history and pasting
// happen here; nothing of it is seen by the machine before Enter. Keys are those of a terminal, as
// xterm.js gives them.

/** A line under the hands, and the lines before it. */
export interface EditedLine {
  readonly text: string;
  /** Characters left of the cursor. */
  readonly cursor: number;
  readonly history: readonly string[];
  /** Place in the history that is shown; its length for the line that is new. */
  readonly historyAt: number;
  /** The new line, while an older one is shown. */
  readonly draft: string;
}

/** What a key or a paste came to. */
export interface Edit {
  readonly line: EditedLine;
  /** Lines that were ended with Enter, in order. */
  readonly entered: readonly string[];
  readonly interrupted: boolean;
  /** The screen is to be cleared. */
  readonly cleared: boolean;
}

/** Lines that are remembered. */
const historyMax = 500;
/** Longest line, characters: what the lab takes at once. */
export const lineMax = 4000;

export const emptyLine: EditedLine = {
  text: '',
  cursor: 0,
  history: [],
  historyAt: 0,
  draft: '',
};

const withText = (line: EditedLine, text: string, cursor = text.length): EditedLine => ({
  ...line,
  text,
  cursor,
});

function insert(line: EditedLine, typed: string): EditedLine {
  const { text, cursor } = line;
  const room = typed.slice(0, Math.max(0, lineMax - text.length));
  return withText(line, text.slice(0, cursor) + room + text.slice(cursor), cursor + room.length);
}

/** Takes characters from `from` to `to` out. */
const cut = (line: EditedLine, from: number, to: number): EditedLine =>
  withText(line, line.text.slice(0, from) + line.text.slice(to), from);

const moved = (line: EditedLine, to: number): EditedLine => ({
  ...line,
  cursor: Math.min(line.text.length, Math.max(0, to)),
});

/** Shows an older line, or a newer one. */
function recall(line: EditedLine, by: number): EditedLine {
  const { history, historyAt } = line;
  const at = Math.min(history.length, Math.max(0, historyAt + by));
  if (at === historyAt) return line;
  const draft = historyAt === history.length ? line.text : line.draft;
  return { ...withText(line, history[at] ?? draft), historyAt: at, draft };
}

/** Enter: the line joins the history, unless it is empty or the same again. */
function enter({ text, history }: EditedLine): EditedLine {
  const isNew = text.trim() !== '' && text !== history.at(-1);
  const kept = isNew ? [...history, text].slice(-historyMax) : history;
  return { ...emptyLine, history: kept, historyAt: kept.length };
}

function wordStart({ text, cursor }: EditedLine): number {
  const before = text.slice(0, cursor);
  return before.length - (/\S*\s*$/.exec(before)?.[0].length ?? 0);
}

function wordEnd({ text, cursor }: EditedLine): number {
  return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
}

/** Keys that only change the line. */
const keys: Readonly<Record<string, (line: EditedLine) => EditedLine>> = {
  '\x7f': (line) => (line.cursor === 0 ? line : cut(line, line.cursor - 1, line.cursor)),
  '\x1b[3~': (line) => cut(line, line.cursor, line.cursor + 1),
  '\x1b[A': (line) => recall(line, -1),
  '\x1b[B': (line) => recall(line, 1),
  '\x1b[C': (line) => moved(line, line.cursor + 1),
  '\x1b[D': (line) => moved(line, line.cursor - 1),
  '\x1b[1;5C': (line) => moved(line, wordEnd(line)),
  '\x1b[1;5D': (line) => moved(line, wordStart(line)),
  '\x1b[H': (line) => moved(line, 0),
  '\x1b[F': (line) => moved(line, line.text.length),
  '\x01': (line) => moved(line, 0),
  '\x05': (line) => moved(line, line.text.length),
  '\x0b': (line) => withText(line, line.text.slice(0, line.cursor)),
  '\x15': (line) => cut(line, 0, line.cursor),
  '\x17': (line) => cut(line, wordStart(line), line.cursor),
};

/** Control characters that stand for nothing here. */
const isPrintable = (character: string): boolean => character >= ' ' && character !== '\x7f';

/** A key, or a pasted text of one line or many. */
export function edited(line: EditedLine, data: string): Edit {
  const nothing = { entered: [], interrupted: false, cleared: false };
  if (data === '\x03') return { ...nothing, line: withText(line, ''), interrupted: true };
  if (data === '\x0c') return { ...nothing, line, cleared: true };
  const key = keys[data];
  if (key !== undefined) return { ...nothing, line: key(line) };
  if (data.startsWith('\x1b')) return { ...nothing, line };
  const entered: string[] = [];
  let now = line;
  const [first = '', ...more] = data.replaceAll('\t', ' ').split(/\r\n|\r|\n/);
  const typed = (part: string): string => Array.from(part).filter(isPrintable).join('');
  now = insert(now, typed(first));
  for (const part of more) {
    entered.push(now.text);
    now = insert(enter(now), typed(part));
  }
  return { ...nothing, line: now, entered };
}
