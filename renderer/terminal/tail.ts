// What stands under the text of the machine: lines that wait for their turn, the prompt, the line
// that is being typed. It is drawn over itself at every key, so where it begins and where the
// cursor stands in it is worked out here, for a screen of some columns.

/** A place on the screen, from where the tail begins. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** A tail as it is drawn. */
export interface Tail {
  /** Wrapped: every row but the last ends in CR LF. */
  readonly text: string;
  readonly cursor: Place;
  readonly end: Place;
}

/** Parts of a tail. */
export interface TailParts {
  /** Lines that were entered and have not begun. */
  readonly waiting: readonly string[];
  /** Prompt, or empty while a line runs. */
  readonly prompt: string;
  readonly text: string;
  /** Characters of `text` left of the cursor. */
  readonly cursor: number;
}

/** Ends a colour. */
const plain = '\x1b[0m';

/** Lays a tail out. `column`: where the text of the machine ends. */
export function tailOf(parts: TailParts, column: number, columns: number, colour: string): Tail {
  let text = '';
  let place: Place = { row: 0, column };
  const newLine = (): void => {
    text += '\r\n';
    place = { row: place.row + 1, column: 0 };
  };
  const put = (words: string): void => {
    for (const character of words) {
      text += character;
      place = { row: place.row, column: place.column + 1 };
      if (place.column === columns) newLine();
    }
  };
  for (const line of parts.waiting) {
    put(line);
    newLine();
  }
  if (parts.prompt !== '') {
    text += colour;
    put(parts.prompt);
    text += plain;
  }
  put(parts.text.slice(0, parts.cursor));
  const cursor = place;
  put(parts.text.slice(parts.cursor));
  return { text, cursor, end: place };
}

/** Two tails that are drawn alike. */
export const isSameTail = (a: Tail, b: Tail): boolean =>
  a.text === b.text && a.cursor.row === b.cursor.row && a.cursor.column === b.cursor.column;

/** Moves from one place to another. */
export function move(from: Place, to: Place): string {
  const rows = to.row - from.row;
  const vertical = rows === 0 ? '' : `\x1b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`;
  return `${vertical}\r${to.column === 0 ? '' : `\x1b[${to.column}C`}`;
}

/** Column at which a text ends that begins in a column. Colours take no room. */
export function columnAfter(text: string, column: number, columns: number): number {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  const shown = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '');
  const lineEnd = Math.max(shown.lastIndexOf('\n'), shown.lastIndexOf('\r'));
  let at = lineEnd >= 0 ? 0 : column;
  for (const character of shown.slice(lineEnd + 1)) {
    at = character === '\t' ? Math.min(columns - 1, at - (at % 8) + 8) : at + 1;
  }
  return at % columns;
}
