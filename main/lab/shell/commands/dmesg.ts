// dmesg over the kernel log: -r raw, -T and -t times, -x levels in words, -l only some levels, -c
// print and clear, -C clear, -n what the console shows. Left out: -w (the live console does that),
// facilities other than kern.

import type { LogRecord } from '#kernel/printk.ts';
import type { MaySleep } from '#sim/task.ts';
import { ctimeText, momentAt } from '../../calendar.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

const levelNames = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;

/** `[   12.345678]`. */
export const stampText = (timeNs: number): string =>
  `[${(Math.floor(timeNs / 1000) / 1e6).toFixed(6).padStart(12)}]`;

/** One line of the log, as dmesg prints it. */
export function recordText(
  record: LogRecord,
  flags: ReadonlyMap<string, string> = new Map(),
): string {
  const { timeNs, level, text } = record;
  if (flags.has('r')) return `<${level}>${stampText(timeNs)} ${text}`;
  const names = flags.has('x') ? `kern  :${(levelNames[level] ?? '').padEnd(6)}: ` : '';
  if (flags.has('t')) return `${names}${text}`;
  if (flags.has('T')) return `${names}[${ctimeText(momentAt(timeNs))}] ${text}`;
  return `${names}${stampText(timeNs)} ${text}`;
}

/** Numbers of levels by number or name; `err+` means that one and the graver ones. */
function levelsOf(list: string): number[] | string {
  const levels: number[] = [];
  for (const word of list.split(',')) {
    const name = word.replace(/\+$/, '');
    const level = levelNames.findIndex((known) => known === name);
    if (level < 0) return `unknown level '${word}'`;
    if (word.endsWith('+')) levels.push(...Array.from({ length: level + 1 }, (_, each) => each));
    else levels.push(level);
  }
  return levels;
}

function* setConsole(process: Process, word: string): MaySleep<number> {
  const byName = levelNames.findIndex((name) => name === word);
  const level = byName >= 0 ? byName + 1 : Number(word);
  if (!Number.isInteger(level) || level < 1 || level > 8) {
    return yield* process.usage(`unknown level '${word}'`, 1);
  }
  process.state.machine.consoleLevel = level;
  return 0;
}

export const dmesg: Command = {
  name: 'dmesg',
  summary: 'print the kernel log (-T -t -r -x -l LEVELS -c -C -n LEVEL)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { log } = process.k;
    const { flags, error } = readOptions(args, 'rtTxcCkl:n:', {
      raw: 'r',
      ctime: 'T',
      notime: 't',
      decode: 'x',
      level: 'l',
      'console-level': 'n',
      clear: 'C',
      'read-clear': 'c',
      kernel: 'k',
    });
    if (error !== null) return yield* process.usage(error, 1);
    const console = flags.get('n');
    if (console !== undefined) return yield* setConsole(process, console);
    const levels = flags.has('l') ? levelsOf(flags.get('l')!) : null;
    if (typeof levels === 'string') return yield* process.usage(levels, 1);
    const records = log.records.slice(log.clearedTo);
    if (flags.has('c') || flags.has('C')) log.clearedTo = log.records.length;
    if (flags.has('C')) return 0;
    const shown = records.filter(({ level }) => levels === null || levels.includes(level));
    yield* process.out(shown.map((record) => `${recordText(record, flags)}\n`).join(''));
    return 0;
  },
};
