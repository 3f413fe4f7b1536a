// Pipes (fs/pipe.c): 64 KiB between a writer and a reader. A full one makes the writer sleep, an
// empty one the reader; a writer without reader gets SIGPIPE and -EPIPE, a reader without writer
// the end of the file.

import type { MaySleep } from '#sim/task.ts';
import { EPIPE, ERESTARTSYS } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { send_sig, SIGPIPE } from '../signal.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '../wait.ts';
import { entry_SYSCALL_64_after_hwframe } from './syscalls.ts';

/** Characters that a pipe holds. */
const capacity = 65_536;

export class Pipe {
  private readonly k: Kernel;
  private text = '';
  private writers = 1;
  private readers = 1;
  private readonly readable: WaitQueue;
  private readonly writable: WaitQueue;

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.readable = new WaitQueue(k, `${name} (to read)`);
    this.writable = new WaitQueue(k, `${name} (to write)`);
  }

  /** write(2): 0 when all is in, or a negative error. */
  write(text: string): MaySleep<number> {
    return entry_SYSCALL_64_after_hwframe(() => this.pipe_write(text));
  }

  private *pipe_write(text: string): MaySleep<number> {
    let rest = text;
    while (rest !== '') {
      if (this.readers === 0) {
        send_sig(this.k, SIGPIPE, this.k.sim.current);
        return -EPIPE;
      }
      const room = capacity - this.text.length;
      this.text += rest.slice(0, room);
      rest = rest.slice(room);
      wakeAll(this.readable);
      if (rest === '') break;
      const ready = (): boolean => this.text.length < capacity || this.readers === 0;
      if ((yield* wait_event_interruptible(this.writable, ready)) < 0) return -ERESTARTSYS;
    }
    return 0;
  }

  /** read(2): what is there, '' at the end, or a negative error. */
  read(): MaySleep<string | number> {
    return entry_SYSCALL_64_after_hwframe(() => this.pipe_read());
  }

  private *pipe_read(): MaySleep<string | number> {
    const ready = (): boolean => this.text !== '' || this.writers === 0;
    if ((yield* wait_event_interruptible(this.readable, ready)) < 0) return -ERESTARTSYS;
    const { text } = this;
    this.text = '';
    wakeAll(this.writable);
    return text;
  }

  /** One more descriptor of the writing end. */
  addWriter(): void {
    this.writers++;
  }

  closeWriter(): void {
    if (--this.writers === 0) wakeAll(this.readable);
  }

  closeReader(): void {
    if (--this.readers === 0) wakeAll(this.writable);
  }
}
