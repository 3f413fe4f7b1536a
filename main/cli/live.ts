// A run as it happens: the kernel log as dmesg prints it, what stands on the terminals, and each
// deadlock as it closes, in the order of virtual time. Lines of a terminal carry its name as soon
// as there are several.

import { findingsOf } from '#lab/findings.ts';
import type { LabMachine } from '#lab/machine.ts';
import { recordText } from '#lab/shell/commands/dmesg.ts';
import type { Terminal } from '#lab/terminal.ts';
import { secondsText } from './print.ts';
import { wrap } from './style.ts';
import type { Style } from './style.ts';

/** The records of a kernel log, as the machine gives them. */
type LogRecord = Parameters<LabMachine['k']['log']['onRecord']>[0];

/** How often a kind of kernel line is shown before more of it are only counted. */
const shownMax = 3;
/** Levels of the kernel log that are marked. */
const errorLevel = 3;
const warningLevel = 4;
const debugLevel = 7;

export interface LiveOptions {
  readonly style: Style;
  /** Kernel lines that differ only in numbers are counted after a while. */
  readonly fold: boolean;
  /** Show what was typed; a person who types sees it already. */
  readonly echo: boolean;
  write(text: string): void;
}

/** Prints a machine's log, terminals and deadlocks. */
export class LiveView {
  private readonly options: LiveOptions;
  /** Lines of level debug are shown. */
  showDebug = true;
  private machine: LabMachine | null = null;
  private readonly partial = new Map<string, string>();
  private readonly seen = new Map<string, number>();
  private folded: { readonly record: LogRecord; count: number } | null = null;

  constructor(options: LiveOptions) {
    this.options = options;
  }

  /** Listens to a machine from now on. */
  watch(machine: LabMachine): void {
    this.machine = machine;
    machine.k.log.onRecord = (record) => {
      if (record.level < machine.consoleLevel) this.record(record);
    };
    machine.onTerminal = (terminal) => {
      this.watchTerminal(terminal);
    };
    for (const terminal of machine.terminals.values()) this.watchTerminal(terminal);
    const { graph } = machine.k;
    const { onDeadlock } = graph;
    graph.onDeadlock = (deadlock) => {
      onDeadlock(deadlock);
      this.deadlock(machine);
    };
  }

  private watchTerminal(terminal: Terminal): void {
    terminal.screen.onText = ({ text, typed }) => {
      if (!typed || this.options.echo) this.terminal(terminal, text);
    };
  }

  /** Prints what is still held back. */
  flush(): void {
    this.endFold();
    for (const [name, text] of this.partial) {
      if (text !== '') this.line(name, text);
    }
    this.partial.clear();
  }

  private deadlock({ k }: LabMachine): void {
    const found = findingsOf(k).findLast(({ kind }) => kind === 'deadlock');
    if (found === undefined) return;
    this.flush();
    const { style, write } = this.options;
    const head = style.bold(style.red(`*** deadlock at ${secondsText(found.timeNs)}`));
    write(`\n${head}\n${wrap(found.text, '    ')}\n\n`);
  }

  private record(record: LogRecord): void {
    if (record.level === debugLevel && !this.showDebug) return;
    if (this.options.fold && this.isFolded(record)) return;
    this.endFold();
    const { style } = this.options;
    const text = recordText(record);
    const mark =
      record.level <= errorLevel
        ? style.red
        : record.level <= warningLevel
          ? style.yellow
          : style.dim;
    this.options.write(`${mark(text)}\n`);
  }

  private isFolded(record: LogRecord): boolean {
    const kind = record.text.replace(/\d+/g, '#');
    const count = (this.seen.get(kind) ?? 0) + 1;
    this.seen.set(kind, count);
    if (count <= shownMax) return false;
    if (this.folded?.record.text.replace(/\d+/g, '#') !== kind) this.endFold();
    this.folded = { record, count: (this.folded?.count ?? 0) + 1 };
    return true;
  }

  /** Says how many lines were held back, and shows the last one. */
  private endFold(): void {
    const { folded } = this;
    if (folded === null) return;
    this.folded = null;
    const { style } = this.options;
    const rest = folded.count - 1;
    if (rest > 0) {
      const more = rest === 1 ? 'one more line' : `${rest} more lines`;
      this.options.write(`${style.dim(`                … ${more} like this, then:`)}\n`);
    }
    const mark = folded.record.level <= errorLevel ? style.red : style.dim;
    this.options.write(`${mark(recordText(folded.record))}\n`);
  }

  private terminal({ name }: Terminal, text: string): void {
    this.endFold();
    const whole = (this.partial.get(name) ?? '') + text;
    const lines = whole.split('\n');
    this.partial.set(name, lines.pop() ?? '');
    for (const line of lines) this.line(name, line);
  }

  private line(name: string, line: string): void {
    const { style } = this.options;
    const several = (this.machine?.terminals.size ?? 0) > 1;
    const prefix = several ? style.cyan(`${name.padEnd(6)} | `) : '';
    this.options.write(`${prefix}${line.startsWith('$ ') ? style.bold(line) : line}\n`);
  }
}
