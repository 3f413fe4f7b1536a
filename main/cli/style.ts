// Text for people: colours where they are wanted, and lines that fit the terminal. Colours never
// carry meaning alone: without them every word is still there.

/** How text may be marked. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

const plain = (text: string): string => text;
const colour =
  (code: number, end: number) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[${end}m`;

/** No marks at all: files, pipes, NO_COLOR. */
export const plainStyle: Style = {
  bold: plain,
  dim: plain,
  red: plain,
  yellow: plain,
  green: plain,
  cyan: plain,
};

const colourStyle: Style = {
  bold: colour(1, 22),
  dim: colour(2, 22),
  red: colour(31, 39),
  yellow: colour(33, 39),
  green: colour(32, 39),
  cyan: colour(36, 39),
};

/** Colours only on a terminal, and not with NO_COLOR (no-color.org). */
export function styleFor(stream: { readonly isTTY?: boolean | undefined }): Style {
  const wanted = stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  return wanted ? colourStyle : plainStyle;
}

/** Columns of narrated text. */
export const textColumns = 80;

/** Words in lines of at most `columns`, each begun with `indent`. */
export function wrap(text: string, indent = '', columns = textColumns): string {
  const lines: string[] = [];
  for (const paragraph of text.trim().split(/\n\s*\n/)) {
    if (lines.length > 0) lines.push('');
    let line = indent;
    for (const word of paragraph.split(/\s+/)) {
      const longer = line === indent ? `${line}${word}` : `${line} ${word}`;
      if (longer.length > columns && line !== indent) {
        lines.push(line);
        line = `${indent}${word}`;
      } else line = longer;
    }
    lines.push(line);
  }
  return lines.join('\n');
}
