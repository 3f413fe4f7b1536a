// What a process's descriptors are connected to: the terminal, a pipe, a file, nothing.

import type { Kernel } from '#kernel/kernel.ts';
import { errnoText } from '#kernel/errno.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '#kernel/wait.ts';
import { vfs_read, vfs_write } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';

/** Somewhere to write. Gives 0 or a negative error number. */
export interface Sink {
  write(text: string): MaySleep<number>;
  /** The last writer has gone. */
  close(): void;
}

/** Somewhere to read from. */
export interface Source {
  /** Everything up to the end, or a negative error number. */
  readAll(): MaySleep<string | number>;
}

/** Reads nothing. */
export const emptySource: Source = {
  *readAll(): MaySleep<string> {
    return '';
  },
};

/** A terminal's screen: text with the time at which it came. */
export class ScreenSink implements Sink {
  readonly chunks: { readonly timeNs: number; readonly text: string }[] = [];
  onText: (text: string) => void = () => undefined;
  private readonly k: Kernel;

  constructor(k: Kernel) {
    this.k = k;
  }

  get text(): string {
    return this.chunks.map((chunk) => chunk.text).join('');
  }

  /** Writes from outside any context (the console). */
  put(text: string): void {
    if (text === '') return;
    this.chunks.push({ timeNs: this.k.sim.now(), text });
    this.onText(text);
  }

  *write(text: string): MaySleep<number> {
    this.put(text);
    return 0;
  }

  close(): void {
    // A terminal stays open.
  }
}

/** Collects text; for checks that run a command. */
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

/** /dev/null. */
export class NullSink implements Sink {
  *write(): MaySleep<number> {
    return 0;
  }

  close(): void {
    // Nothing to release.
  }
}

/** A file opened for writing: each write is one write() call. */
export class FileSink implements Sink {
  private readonly k: Kernel;
  private readonly path: string;

  constructor(k: Kernel, path: string) {
    this.k = k;
    this.path = path;
  }

  *write(text: string): MaySleep<number> {
    const result = yield* vfs_write(this.k, this.path, text);
    return Math.min(result, 0);
  }

  close(): void {
    // Files of sysfs and procfs hold no state between writes.
  }
}

/** A file opened for reading. */
export class FileSource implements Source {
  private readonly k: Kernel;
  private readonly path: string;

  constructor(k: Kernel, path: string) {
    this.k = k;
    this.path = path;
  }

  *readAll(): MaySleep<string | number> {
    return yield* vfs_read(this.k, this.path);
  }
}

/** A pipe: readers sleep until the writer has gone. */
export class Pipe implements Sink, Source {
  private text = '';
  private closed = false;
  private readonly ready: WaitQueue;

  constructor(k: Kernel, name: string) {
    this.ready = new WaitQueue(k, name);
  }

  *write(text: string): MaySleep<number> {
    this.text += text;
    return 0;
  }

  close(): void {
    this.closed = true;
    wakeAll(this.ready);
  }

  *readAll(): MaySleep<string | number> {
    const result = yield* wait_event_interruptible(this.ready, () => this.closed);
    return result < 0 ? result : this.text;
  }
}

/** `sh: name: text of the error`, as programs print it. */
export const errorLine = (who: string, what: string, error: number): string =>
  `${who}: ${what}: ${errnoText(error)}\n`;
