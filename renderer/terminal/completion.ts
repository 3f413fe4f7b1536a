// What Tab makes of the line: the word becomes what all of its completions begin with; the only one
// is ended with a space, unless it is a folder. Nothing to add means that Tab leaves the terminal.

import type { AnswerOf } from '#contract/requests.ts';
import type { EditedLine } from './line-editor.ts';

export type Completion = AnswerOf<'terminal.complete'>;

/** Names that are listed under the line. */
const listedMax = 24;

/** What came of a Tab. */
export interface Completed {
  readonly line: EditedLine;
  /** Last parts of the words, when there are several; to choose by typing on. */
  readonly choices: readonly string[];
  /** Choices that are not listed. */
  readonly more: number;
}

const lastPart = (word: string): string => /[^/]*\/?$/.exec(word)?.[0] ?? word;

/** The line after a Tab; null when there is nothing to complete. */
export function completed(line: EditedLine, found: Completion): Completed | null {
  const { from, words, common, count } = found;
  if (count === 0) return null;
  const isOnly = count === 1;
  const after = line.text.slice(line.cursor);
  const needsSpace = isOnly && !common.endsWith('/') && !after.startsWith(' ');
  const word = `${common}${needsSpace ? ' ' : ''}`;
  const text = line.text.slice(0, from) + word + after;
  return {
    line: { ...line, text, cursor: from + word.length },
    choices: isOnly ? [] : words.slice(0, listedMax).map(lastPart),
    more: isOnly ? 0 : Math.max(0, count - listedMax),
  };
}
