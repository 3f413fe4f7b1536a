// Both drivers' commands, chapter by chapter, and what each difference is: the same command at
// another place, something that the table of reasons explains, or neither, which is a fault of ours
// until it is mended or has a reason.

import type { CommandRecord } from '#device/command.ts';
import { align } from './align.ts';
import type { AlignedRow } from './align.ts';
import { chapters } from './chapters.ts';
import { commandWords, periodic } from './command.ts';
import { otherFields } from './fields.ts';
import type { OtherField } from './fields.ts';
import type { CommandsByChapter } from './ours.ts';
import { reasons } from './reasons.ts';

/** What a row is. */
export type RowKind = 'same' | 'moved' | 'explained' | 'unexplained';

/** A row of a comparison. */
export interface ComparedRow extends AlignedRow {
  readonly kind: RowKind;
  /** Of one that is explained. */
  readonly reason: string | null;
}

/** One chapter of a comparison. */
export interface ComparedChapter {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly ComparedRow[];
  /** What is not the same in the mailboxes of commands that both have sent. */
  readonly fields: readonly OtherField[];
  /** Rows of each kind; what was moved is two rows and counts once. Fields without a reason too. */
  readonly counts: Readonly<Record<RowKind, number>>;
}

function reasonOf(chapter: string, { real, ours }: AlignedRow): string | null {
  const side = real === null ? 'ours' : 'real';
  const words = real ?? ours ?? '';
  const found = reasons.find(
    (one) => one.chapter.test(chapter) && one.side === side && one.command.test(words),
  );
  return found?.reason ?? null;
}

/** How often each command stands on one side only. */
function countsOf(rows: readonly AlignedRow[], side: keyof AlignedRow): Map<string, number> {
  const counts = new Map<string, number>();
  const other = side === 'real' ? 'ours' : 'real';
  for (const row of rows) {
    const words = row[other] === null ? row[side] : null;
    if (words !== null) counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return counts;
}

/**
 * Commands that both have sent, but not at the same place: works run when they run, and each of
 * them sends its own.
 */
class Moved {
  private readonly left: Readonly<Record<keyof AlignedRow, Map<string, number>>>;

  constructor(rows: readonly AlignedRow[]) {
    const [real, ours] = [countsOf(rows, 'real'), countsOf(rows, 'ours')];
    const both = [...real.keys()].map(
      (words) => [words, Math.min(real.get(words)!, ours.get(words) ?? 0)] as const,
    );
    this.left = { real: new Map(both), ours: new Map(both) };
  }

  /** The other side has one of these somewhere else; each is taken once. */
  take(side: keyof AlignedRow, words: string): boolean {
    const left = this.left[side].get(words) ?? 0;
    this.left[side].set(words, left - 1);
    return left > 0;
  }
}

function rowsOf(chapter: string, aligned: readonly AlignedRow[]): ComparedRow[] {
  const moved = new Moved(aligned);
  return aligned.map((row): ComparedRow => {
    const { real, ours } = row;
    if (real !== null && ours !== null) return { ...row, kind: 'same', reason: null };
    const isMoved = real === null ? moved.take('ours', ours!) : moved.take('real', real);
    if (isMoved) return { ...row, kind: 'moved', reason: null };
    const reason = reasonOf(chapter, row);
    return { ...row, kind: reason === null ? 'unexplained' : 'explained', reason };
  });
}

/** Compares the commands of two drivers. */
export function compareChapters(
  real: CommandsByChapter,
  ours: CommandsByChapter,
): ComparedChapter[] {
  const told = (all: CommandsByChapter, at: number): CommandRecord[] =>
    (all[at] ?? []).filter(({ name }) => !periodic.has(name));
  return chapters.map(({ name, title }, at) => {
    const [theirs, own] = [told(real, at), told(ours, at)];
    const rows = rowsOf(name, align(theirs.map(commandWords), own.map(commandWords)));
    const fields = otherFields(rows, theirs, own);
    const count = (kind: RowKind): number => rows.filter((row) => row.kind === kind).length;
    return {
      name,
      title,
      rows,
      fields,
      counts: {
        same: count('same'),
        moved: count('moved') / 2,
        explained: count('explained'),
        unexplained: count('unexplained') + fields.filter(({ reason }) => reason === null).length,
      },
    };
  });
}
