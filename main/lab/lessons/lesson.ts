// A lesson: a few paragraphs, a session to begin with, and checks that look at what the trainee has
// done with it. Texts are shown as they are; words between backquotes are the machine's. A check
// that fails says what was expected, what was found, and where to look.

import type { PolicyName } from '../policy.ts';
import type { PlainCondition } from '../conditions.ts';

/** What a check looks at. */
export type LessonCondition =
  /** The live machine, in the words of scenario files. */
  | { readonly kind: 'machine'; readonly condition: PlainCondition }
  /** The driver of the session. */
  | { readonly kind: 'variant'; readonly variant: string }
  /** A cycle has closed in the session, live or recorded. */
  | { readonly kind: 'cycle' }
  /** A link of the first cycle was named: who or what comes after its member `link`. */
  | { readonly kind: 'link'; readonly link: number }
  /** A cycle has closed by choices of the person alone. */
  | { readonly kind: 'chosen' }
  /** The session is a recording of the choices of another run on this driver, and it settled. */
  | { readonly kind: 'sameChoices'; readonly variant: string };

/** One check: all of its conditions hold at once. */
export interface LessonCheck {
  /** `a cycle to close`, after "Expected". */
  readonly expected: string;
  readonly all: readonly LessonCondition[];
  /** A sentence: where to look, or what to do. */
  readonly where: string;
}

/** A session from a scenario. */
export interface LessonStart {
  readonly scenario: string;
  readonly variant: string;
  readonly policy: PolicyName;
}

/** A lesson. */
export interface Lesson {
  readonly name: string;
  readonly title: string;
  /** One sentence, for the line under the transport bar. */
  readonly goal: string;
  readonly text: readonly string[];
  readonly start: LessonStart;
  readonly checks: readonly LessonCheck[];
}
