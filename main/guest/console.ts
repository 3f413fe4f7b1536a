// The guest's serial line, with a shell on it: a line goes in, its output and exit code come out.
// The end of an answer is a word that no output has by chance.

/** What a line of shell did. */
export interface Answer {
  /** What it printed, without the last line end. */
  readonly output: string;
  readonly code: number;
}

/** A guest that does not answer; the message says what was asked. */
export class GuestSilent extends Error {}

/** Who follows what is typed and printed. */
export interface ConsoleListener {
  /** A line goes to the shell. */
  asked?(line: string): void;
  /** The guest has printed a line. */
  printed?(line: string): void;
  /** The line has ended. */
  answered?(code: number): void;
}

/** A line that was waited for. */
interface Found {
  readonly match: RegExpExecArray;
  /** The lines before it. */
  readonly before: readonly string[];
}

interface Waiting {
  readonly pattern: RegExp;
  readonly found: (found: Found) => void;
}

/** The end of an answer, on a line of its own or behind what did not end its line. */
const endMark = /@@\d+ \d+$/;

/** Prints the mark. It is put together by the shell: the terminal's echo of the line is none. */
const markOf = (count: number, code: string): string => `echo "@""@${count} ${code}"`;

const controlC = '\x03';
/** Exit code of a line that Control-C ends: 128 + SIGINT. */
const interrupted = '130';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export class GuestConsole {
  private readonly send: (text: string) => void;
  /** Lines since a line was asked. */
  private lines: string[] = [];
  private waiting: Waiting | null = null;
  private count = 0;
  private busy: Promise<unknown> = Promise.resolve();
  /** What the guest has printed of a line that has not ended. */
  private line = '';
  /** Of that, what was there before a line was asked. */
  private stale = 0;
  private readonly listeners: ConsoleListener[] = [];

  constructor(send: (text: string) => void) {
    this.send = send;
  }

  /** Tells somebody of everything from now on. */
  listen(listener: ConsoleListener): void {
    this.listeners.push(listener);
  }

  /** The guest has printed something. */
  take(text: string): void {
    this.line += text.replaceAll('\r', '');
    // Nearly every byte comes alone.
    if (!text.includes('\n')) return;
    const lines = this.line.split('\n');
    this.line = lines.pop()!;
    for (const line of lines) {
      this.tell(line);
      this.answer(line.slice(this.stale));
      this.stale = 0;
    }
  }

  private tell(line: string): void {
    const own = line.replace(endMark, '');
    if (own === '' && own !== line) return;
    for (const listener of this.listeners) listener.printed?.(own);
  }

  private answer(line: string): void {
    const match = this.waiting?.pattern.exec(line) ?? null;
    if (match === null) {
      this.lines.push(line);
      return;
    }
    const { found } = this.waiting!;
    const before = this.lines;
    this.waiting = null;
    this.lines = [];
    found({ match, before });
  }

  /** Control-C: ends the line that runs. It is answered with the code that a shell gives for it. */
  interrupt(): void {
    this.send(controlC);
    // What stood behind the line is forgotten with it, so its mark is asked for again.
    if (this.waiting !== null) this.send(`${markOf(this.count, interrupted)}\n`);
  }

  /** Waits for a line. Throws GuestSilent after `timeoutMs`. */
  waitFor(pattern: RegExp, timeoutMs: number, what: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = null;
        const last = [...this.lines, this.line].slice(-12).join('\n');
        reject(
          new GuestSilent(`The guest did not answer in ${timeoutMs / 1000} s: ${what}\n${last}`),
        );
      }, timeoutMs);
      this.waiting = {
        pattern,
        found: (found) => {
          clearTimeout(timer);
          resolve(found);
        },
      };
    });
  }

  /** Runs a line, after those before it. Throws GuestSilent. */
  run(line: string, timeoutMs: number): Promise<Answer> {
    const next = this.busy.then(
      () => this.ask(line, timeoutMs),
      () => this.ask(line, timeoutMs),
    );
    this.busy = next;
    return next;
  }

  private async ask(line: string, timeoutMs: number): Promise<Answer> {
    const mark = `@@${++this.count}`;
    this.lines = [];
    this.stale = this.line.length;
    for (const listener of this.listeners) listener.asked?.(line);
    // A mistake in it is the line's, and not the end of what stands behind it.
    this.send(`command eval ${quoted(line)}; ${markOf(this.count, '$?')}\n`);
    const end = new RegExp(`^(.*?)${mark} (\\d+)$`);
    const { match, before } = await this.waitFor(end, timeoutMs, line);
    const [, last = '', code] = match;
    for (const listener of this.listeners) listener.answered?.(Number(code));
    const output = (last === '' ? before : [...before, last]).join('\n');
    return { output: output.replace(/^\n/, ''), code: Number(code) };
  }
}
