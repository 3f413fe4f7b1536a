// Whether the checks of a lesson hold in the session on the bench, and what was found where they do
// not. Looking changes nothing in the machine.

import type { Choosing } from '../choosing/choosing.ts';
import { judgeNow } from '../conditions.ts';
import type { LabMachine } from '../machine.ts';
import type { RunEnd } from '../record/run-record.ts';
import type { LessonCheck, LessonCondition } from './lesson.ts';
import type { CycleLinks } from './links.ts';

/** What a lesson looks at. */
export interface LessonSession {
  readonly variant: string;
  /** Null for a recording. */
  readonly machine: LabMachine | null;
  /** Null while it is live, or when it was cut. */
  readonly end: RunEnd | null;
  /** It goes back to another run. */
  readonly hasParent: boolean;
  readonly choosing: Choosing | null;
  readonly links: CycleLinks;
  /** What the trainee said, by link. */
  readonly answers: ReadonlyMap<number, string>;
}

/** A check as it stands. */
export interface JudgedCheck {
  readonly holds: boolean;
  readonly expected: string;
  /** A sentence; empty when it holds. */
  readonly found: string;
  readonly where: string;
}

/** Null when it holds, else what was found. */
function missing(session: LessonSession, condition: LessonCondition): string | null {
  const { machine, links, choosing, end } = session;
  switch (condition.kind) {
    case 'machine': {
      if (machine === null) return 'This is a recording; the check looks at a live machine.';
      const { holds, seen } = judgeNow(machine, condition.condition);
      return holds ? null : `Found: ${seen}.`;
    }
    case 'variant': {
      const { variant } = session;
      return variant === condition.variant ? null : `This session is on ${variant}.`;
    }
    case 'cycle':
      return links.read().length > 0 ? null : 'No cycle has closed yet.';
    case 'link':
      return missingLink(session, condition.link);
    case 'chosen':
      return missingChoices(choosing);
    case 'sameChoices': {
      if (end === null || !session.hasParent) return 'This session is no rerun of another one.';
      if (session.variant !== condition.variant) return `It is a rerun on ${session.variant}.`;
      return end.outcome === 'settled' ? null : `It came to: ${end.outcome}.`;
    }
  }
}

function missingLink({ links, answers }: LessonSession, link: number): string | null {
  const right = links.read()[link];
  if (right === undefined) return 'No cycle has closed yet.';
  const said = answers.get(link);
  if (said === undefined) return 'You have not named it yet.';
  if (said === right.answer) return null;
  return `${right.of} ${right.waits ? 'does not wait for' : 'is not held by'} ${said}.`;
}

function missingChoices(choosing: Choosing | null): string | null {
  if (choosing === null) return 'Nobody chooses in this session.';
  const { reached } = choosing;
  if (reached === null) return 'No cycle has closed by your choices yet.';
  if (reached.letRun === 0) return null;
  return `The plain policy made ${reached.letRun} of the choices.`;
}

/** Judges a check. */
export function judgeCheck(session: LessonSession, check: LessonCheck): JudgedCheck {
  const { expected, where } = check;
  for (const condition of check.all) {
    const found = missing(session, condition);
    if (found !== null) return { holds: false, expected, found, where };
  }
  return { holds: true, expected, found: '', where };
}
