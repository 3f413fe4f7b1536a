// A scenario file that cannot be used, with its mistakes. The command line knows the error without
// loading the lab.

import type { ScenarioProblem } from '#lab/scenario/reader.ts';

/** A file that cannot be used. */
export class BadFile extends Error {
  /** Its mistakes, when it could be read at all. */
  readonly problems: readonly ScenarioProblem[];

  constructor(message: string, problems: readonly ScenarioProblem[] = []) {
    super(message);
    this.name = 'BadFile';
    this.problems = problems;
  }
}
