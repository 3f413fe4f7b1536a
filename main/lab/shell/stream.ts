// What a process's descriptors are connected to: the terminal, a pipe, a file, a text. Writers give
// 0 or a negative error number; readers give text, '' at the end, or a negative error number.

import { vfs_read, vfs_write } from '#kernel/fs/vfs.ts';
import type { Pipe } from '#kernel/fs/pipe.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';

/** Somewhere to write. */
export interface Sink {
  write(text: string): MaySleep<number>;
  /** The writer that it was made for has gone. */
  close(): void;
}

/** Somewhere to read from, by lines or to the end. */
export abstract class Source {
  private buffer = '';
  private ended = false;

  /** The next piece. */
  protected abstract fill(): MaySleep<string | number>;

  /** The reader has gone. */
  close(): void {
    // Most sources do not mind.
  }

  /** A line without its newline, null at the end, or a negative error number. */
  *readLine(): MaySleep<string | null | number> {
    for (;;) {
      const end = this.buffer.indexOf('\n');
      if (end >= 0) {
        const line = this.buffer.slice(0, end);
        this.buffer = this.buffer.slice(end + 1);
        return line;
      }
      if (this.ended) {
        const rest = this.buffer;
        this.buffer = '';
        return rest === '' ? null : rest;
      }
      const error = yield* this.more();
      if (error < 0) return error;
    }
  }

  /** Everything up to the end. */
  *readAll(): MaySleep<string | number> {
    while (!this.ended) {
      const error = yield* this.more();
      if (error < 0) return error;
    }
    const text = this.buffer;
    this.buffer = '';
    return text;
  }

  /** What there is next, '' at the end, or a negative error number. */
  *readSome(): MaySleep<string | number> {
    if (this.buffer === '' && !this.ended) {
      const error = yield* this.more();
      if (error < 0) return error;
    }
    const text = this.buffer;
    this.buffer = '';
    return text;
  }

  private *more(): MaySleep<number> {
    const piece = yield* this.fill();
    if (typeof piece === 'number') return piece;
    if (piece === '') this.ended = true;
    this.buffer += piece;
    return 0;
  }
}

/** A text that is there already; empty for a terminal, on which nobody types into programs. */
export class TextSource extends Source {
  private rest: string;

  constructor(text = '') {
    super();
    this.rest = text;
  }

  protected override *fill(): MaySleep<string> {
    const text = this.rest;
    this.rest = '';
    return text;
  }
}

/** A file opened for reading. */
export class FileSource extends Source {
  private readonly k: Kernel;
  private readonly path: string;
  private done = false;

  constructor(k: Kernel, path: string) {
    super();
    this.k = k;
    this.path = path;
  }

  protected override *fill(): MaySleep<string | number> {
    if (this.done) return '';
    this.done = true;
    return yield* vfs_read(this.k, this.path);
  }
}

/** The reading end of a pipe. */
export class PipeSource extends Source {
  private readonly pipe: Pipe;

  constructor(pipe: Pipe) {
    super();
    this.pipe = pipe;
  }

  protected override fill(): MaySleep<string | number> {
    return this.pipe.read();
  }

  override close(): void {
    this.pipe.closeReader();
  }
}

/** The writing end of a pipe. */
export class PipeSink implements Sink {
  private readonly pipe: Pipe;

  constructor(pipe: Pipe) {
    this.pipe = pipe;
  }

  write(text: string): MaySleep<number> {
    return this.pipe.write(text);
  }

  close(): void {
    this.pipe.closeWriter();
  }
}

/** A file opened for writing: each text is one write() call. */
export class FileSink implements Sink {
  private readonly k: Kernel;
  private readonly path: string;

  constructor(k: Kernel, path: string) {
    this.k = k;
    this.path = path;
  }

  *write(text: string): MaySleep<number> {
    return Math.min(yield* vfs_write(this.k, this.path, text), 0);
  }

  close(): void {
    // Files hold no state between writes.
  }
}

/** Collects text: command substitutions, and checks that run a command. */
export class TextSink implements Sink {
  text = '';

  *write(text: string): MaySleep<number> {
    this.text += text;
    return 0;
  }

  close(): void {
    // Nothing to release.
  }
}

/** A text with the time at which it came. */
export interface ScreenText {
  readonly timeNs: number;
  readonly text: string;
  /** What was typed, and not what a program wrote. */
  readonly typed: boolean;
}

/** A terminal's screen. */
export class Screen implements Sink {
  readonly texts: ScreenText[] = [];
  /** Told of each text as it comes. */
  onText: (text: ScreenText) => void = () => undefined;
  private readonly k: Kernel;
  private readonly object: number;

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.object = k.trace.intern(name);
  }

  /** All that was written. */
  get text(): string {
    return this.texts.map(({ text }) => text).join('');
  }

  /** Writes from outside any context: what the terminal itself shows. */
  put(text: string, typed = false): void {
    if (text === '') return;
    const { sim, trace } = this.k;
    const entry = { timeNs: sim.now(), text, typed };
    trace.emit(typed ? K['tty.typed'] : K['tty.text'], this.object, trace.intern(text));
    this.texts.push(entry);
    this.onText(entry);
  }

  *write(text: string): MaySleep<number> {
    this.put(text);
    return 0;
  }

  close(): void {
    // A terminal stays open.
  }
}
