// How a firmware command looks at the cursor: it has no answer before the answer has come.

import type { AnswerOf } from '#contract/requests.ts';
import type { CommandLook } from '../ui/glyphs/looks.ts';
import { listTexts } from './texts.ts';

type Row = AnswerOf<'list.commands'>['rows'][number];

/** True when its answer has come before the cursor; null is the live end. */
const isAnswered = ({ doneSeq }: Row, cursor: number | null): boolean =>
  doneSeq !== null && (cursor === null || doneSeq < cursor);

/** Shape of its tag. */
export function commandLook(row: Row, cursor: number | null): CommandLook {
  if (row.note === 'held' && !isAnswered(row, cursor)) return 'held';
  if (!isAnswered(row, cursor)) return 'sent';
  return row.status === 'OK' ? 'answered' : 'refused';
}

/** `OK`, the status, what a fault does with it, or that it is under way. */
export function statusText(row: Row, cursor: number | null): string {
  if (isAnswered(row, cursor)) return row.status ?? '';
  return row.note === '' ? listTexts.firmware.sent : row.note;
}
