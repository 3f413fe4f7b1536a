// What can be wrong with a database of runs, as one sentence that names the file and the mend. The
// kind is for programs and tests.

/** What is wrong. */
export type StoreProblem =
  /** Not there, not readable, or no database at all. */
  | 'missing'
  | 'unreadable'
  | 'notADatabase'
  /** SQLite, but somebody else's. */
  | 'foreign'
  | 'newer'
  | 'schema'
  /** Shorter than it says, or altered. */
  | 'cut'
  | 'damaged'
  /** Cannot be written now. */
  | 'readOnly'
  | 'locked'
  | 'full'
  /** No such run, or not of the kind that was asked for. */
  | 'noRun';

/** A database, or a run in it, that cannot be used. */
export class StoreError extends Error {
  readonly problem: StoreProblem;

  constructor(problem: StoreProblem, message: string) {
    super(message);
    this.name = 'StoreError';
    this.problem = problem;
  }
}

/** SQLite's result codes that have a sentence of their own, by their beginning. */
const causes: readonly (readonly [code: string, problem: StoreProblem, said: string])[] = [
  ['SQLITE_BUSY', 'locked', 'another program is writing to it; try again when it is done'],
  ['SQLITE_LOCKED', 'locked', 'another program is writing to it; try again when it is done'],
  ['SQLITE_READONLY', 'readOnly', 'it cannot be written; check its permissions and its folder’s'],
  ['SQLITE_FULL', 'full', 'the disk is full; make room and try again'],
  ['SQLITE_CANTOPEN', 'unreadable', 'it cannot be opened; check the path and its permissions'],
  ['SQLITE_PERM', 'unreadable', 'it cannot be opened; check its permissions'],
  ['SQLITE_NOTADB', 'notADatabase', 'it is no database'],
  ['SQLITE_CORRUPT', 'damaged', 'it is damaged; `mlx4-lab runs verify` says where'],
  ['SQLITE_IOERR', 'unreadable', 'the disk reported an error'],
];

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** The error of SQLite or the file system as ours; other errors are bugs and stay what they are. */
export function storeErrorOf(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC') return new StoreError('full', `${file}: the disk is full`);
  const cause = causes.find(([begin]) => code.startsWith(begin));
  if (cause !== undefined) return new StoreError(cause[1], `${file}: ${cause[2]}`);
  if (!code.startsWith('SQLITE_')) return error;
  return new StoreError('damaged', `${file}: ${(error as Error).message} (${code})`);
}

/** Does it, with errors in our words. */
export function guarded<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw storeErrorOf(file, error);
  }
}
