// Short options of small programs: `-n 5`, `-n5`, `-rw`, `--`. Unknown ones are reported by the caller.

/** What was found on a command line. */
export interface Options {
  /** Letters given, and the value of those that take one. */
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** First unknown option, as typed. */
  readonly unknown: string | null;
}

/** Reads options. `known` lists the letters; a colon after one says that it takes a value. */
export function readOptions(args: readonly string[], known: string): Options {
  const flags = new Map<string, string>();
  const rest = [...args];
  let unknown: string | null = null;
  while (rest.length > 0 && /^-[^-\d]|^--$/.test(rest[0]!)) {
    const word = rest.shift()!;
    if (word === '--') break;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const place = known.indexOf(letter);
      if (place < 0 || letter === ':') {
        unknown ??= `-${letter}`;
        continue;
      }
      if (known[place + 1] !== ':') {
        flags.set(letter, '');
        continue;
      }
      const inline = word.slice(at + 1);
      flags.set(letter, inline === '' ? (rest.shift() ?? '') : inline);
      break;
    }
  }
  return { flags, operands: rest, unknown };
}
