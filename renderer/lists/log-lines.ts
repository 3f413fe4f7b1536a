// Lines of the kernel log as rows of one height: a line that is too long, or that has several lines
// in it, takes several rows. Nothing is cut: what matters often stands at the end.

import type { AnswerOf } from '#contract/requests.ts';

export type LogRow = AnswerOf<'list.log'>['rows'][number];

/** A row of the list. */
export interface LogLine extends LogRow {
  /** It begins a line of the log; others go on with it. */
  readonly isFirst: boolean;
}

/** Numbers of the rows of one line lie between its event and the next one. */
const share = 1 / 1024;

/** The text in pieces of at most so many letters, parted at spaces where there are any. */
export function wrapped(text: string, lettersMax: number): string[] {
  return text.split('\n').flatMap((line) => {
    const pieces: string[] = [];
    let rest = line;
    while (rest.length > lettersMax) {
      const space = rest.lastIndexOf(' ', lettersMax);
      const end = space > 0 ? space : lettersMax;
      pieces.push(rest.slice(0, end));
      rest = rest.slice(space > 0 ? end + 1 : end);
    }
    return [...pieces, rest];
  });
}

/** The rows of some lines. */
export const logLines = (rows: readonly LogRow[], lettersMax: number): LogLine[] =>
  rows.flatMap((row) =>
    wrapped(row.text, lettersMax).map((text, at) => ({
      ...row,
      seq: row.seq + at * share,
      text,
      isFirst: at === 0,
    })),
  );

/** Event of the line that a row belongs to. */
export const eventOf = ({ seq }: LogLine): number => Math.floor(seq);
