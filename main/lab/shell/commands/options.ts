// Options of small programs, read as getopt_long does: `-n 5`, `-n5`, `-rw`, `--lines=5`, `--`,
// options behind operands. Numbers with a sign are operands.

/** What was found on a command line. */
export interface Options {
  /** Letters given, and the value of those that take one; a long option counts as its letter. */
  readonly flags: ReadonlyMap<string, string>;
  /** Every value of the options that take one, in order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** What is wrong, in getopt's words; null when nothing is. */
  readonly error: string | null;
}

/** Reads options. `known` lists the letters; a colon after one says that it takes a value. */
export function readOptions(
  args: readonly string[],
  known: string,
  long: Readonly<Record<string, string>> = {},
): Options {
  const reader = new OptionReader(args, known, long);
  reader.read();
  const { flags, values, operands, error } = reader;
  return { flags, values, operands, error };
}

class OptionReader {
  readonly flags = new Map<string, string>();
  readonly values = new Map<string, string[]>();
  readonly operands: string[] = [];
  error: string | null = null;
  private readonly rest: string[];
  private readonly known: string;
  private readonly long: Readonly<Record<string, string>>;

  constructor(args: readonly string[], known: string, long: Readonly<Record<string, string>>) {
    this.rest = [...args];
    this.known = known;
    this.long = long;
  }

  read(): void {
    for (;;) {
      const word = this.rest.shift();
      if (word === undefined) return;
      if (word === '--') this.operands.push(...this.rest.splice(0));
      else if (word.startsWith('--')) this.longOption(word);
      else if (/^-[^-\d]/.test(word)) this.letters(word);
      else this.operands.push(word);
    }
  }

  private takesValue(letter: string): boolean {
    return this.known[this.known.indexOf(letter) + 1] === ':';
  }

  private letters(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (letter === ':' || !this.known.includes(letter)) {
        this.error ??= `invalid option -- '${letter}'`;
        return;
      }
      if (!this.takesValue(letter)) {
        this.flags.set(letter, '');
        continue;
      }
      this.value(letter, word.slice(at + 1), `option requires an argument -- '${letter}'`);
      return;
    }
  }

  private longOption(word: string): void {
    const [name = '', ...rest] = word.slice(2).split('=');
    const letter = Object.hasOwn(this.long, name) ? this.long[name] : undefined;
    if (letter === undefined) this.error ??= `unrecognized option '${word}'`;
    else if (this.takesValue(letter)) {
      this.value(letter, rest.join('='), `option '--${name}' requires an argument`);
    } else this.flags.set(letter, '');
  }

  private value(letter: string, inline: string, missing: string): void {
    const value = inline === '' ? this.rest.shift() : inline;
    if (value === undefined) this.error ??= missing;
    else {
      this.flags.set(letter, value);
      this.values.set(letter, [...(this.values.get(letter) ?? []), value]);
    }
  }
}
