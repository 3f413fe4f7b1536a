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

/** Codes of SQLite and of the file system that have a sentence of their own, by their beginning. */
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
  ['ENOSPC', 'full', 'the disk is full; make room and try again'],
  ['EROFS', 'readOnly', 'its disk cannot be written'],
  ['EACCES', 'unreadable', 'it cannot be opened; check its permissions and its folder’s'],
  ['EPERM', 'unreadable', 'it cannot be opened; check its permissions and its folder’s'],
  ['ENOENT', 'unreadable', 'it cannot be opened; check the path'],
  ['ENOTDIR', 'unreadable', 'a folder of its path is a file; check the path'],
  ['EEXIST', 'unreadable', 'a folder of its path is a file; check the path'],
  ['ELOOP', 'unreadable', 'its path is a link that leads to itself'],
];

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** The error of SQLite or the file system as ours; other errors are bugs and stay what they are. */
export function storeErrorOf(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
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
