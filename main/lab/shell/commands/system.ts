// uname, date, uptime, sysctl, reboot. Left out: load averages; a service manager, so that only the
// forced reboot is here.

import { errnoText } from '#kernel/errno.ts';
import { vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import { sys_reboot } from '#kernel/reboot.ts';
import type { MaySleep } from '#sim/task.ts';
import { clockText, momentAt, twoDigits } from '../../calendar.ts';
import type { Moment } from '../../calendar.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

/** `Mon Aug 21 08:00:00 UTC 2023`. */
const dateText = (moment: Moment): string =>
  `${moment.weekday} ${moment.monthName} ${String(moment.day).padStart(2)} ` +
  `${clockText(moment)} UTC ${moment.year}`;

const uname: Command = {
  name: 'uname',
  summary: 'print system information (-a -s -n -r -v -m -o)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, error } = readOptions(args, 'asnrvmpio');
    if (error !== null) return yield* process.usage(error, 1);
    const parts: readonly (readonly [string, string])[] = [
      ['s', 'Linux'],
      ['n', 'mlx4-lab'],
      ['r', process.k.options.release],
      ['v', `#1 SMP PREEMPT ${dateText(momentAt(0))}`],
      ['m', 'x86_64'],
      ['o', 'GNU/Linux'],
    ];
    const wanted = flags.size === 0 ? new Map([['s', '']]) : flags;
    const shown = parts.filter(([letter]) => wanted.has('a') || wanted.has(letter));
    yield* process.out(`${shown.map(([, text]) => text).join(' ')}\n`);
    return 0;
  },
};

/** Works out `%H:%M:%S` and the like. */
function formatDate(format: string, moment: Moment): string {
  const parts: Readonly<Record<string, string>> = {
    Y: String(moment.year),
    m: twoDigits(moment.month),
    d: twoDigits(moment.day),
    e: String(moment.day).padStart(2),
    H: twoDigits(moment.hour),
    M: twoDigits(moment.minute),
    S: twoDigits(moment.second),
    N: String(moment.nanosecond).padStart(9, '0'),
    s: String(moment.unix),
    a: moment.weekday,
    b: moment.monthName,
    F: `${moment.year}-${twoDigits(moment.month)}-${twoDigits(moment.day)}`,
    T: clockText(moment),
    Z: 'UTC',
    n: '\n',
    t: '\t',
    '%': '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => parts[letter] ?? whole);
}

const date: Command = {
  name: 'date',
  summary: "print the machine's time (+FORMAT)",
  builtin: false,
  *run(process, args): MaySleep<number> {
    const format = args.find((arg) => arg.startsWith('+'));
    const wrong = args.find((arg) => !arg.startsWith('+') && arg !== '-u');
    if (wrong !== undefined) return yield* process.usage(`invalid date '${wrong}'`, 1);
    const moment = momentAt(process.k.sim.now());
    const text = format === undefined ? dateText(moment) : formatDate(format.slice(1), moment);
    yield* process.out(`${text}\n`);
    return 0;
  },
};

const uptime: Command = {
  name: 'uptime',
  summary: 'say how long the machine runs',
  builtin: false,
  *run(process): MaySleep<number> {
    const now = process.k.sim.now();
    const minutes = Math.floor(now / 60e9);
    const up =
      minutes < 60
        ? `${minutes} min`
        : `${String(Math.floor(minutes / 60)).padStart(2)}:${twoDigits(minutes % 60)}`;
    const users = process.state.machine.terminals.size;
    const noun = users === 1 ? 'user' : 'users';
    yield* process.out(` ${clockText(momentAt(now))} up ${up},  ${users} ${noun}\n`);
    return 0;
  },
};

const pathOfKey = (key: string): string =>
  `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`;

function* showKey(process: Process, key: string, bare: boolean): MaySleep<number> {
  const text = yield* process.read(pathOfKey(key));
  if (typeof text === 'number') {
    yield* process.err(`sysctl: cannot stat ${pathOfKey(key)}: ${errnoText(text)}\n`);
    return 1;
  }
  const value = text.trimEnd();
  yield* process.out(bare ? `${value}\n` : `${key.replaceAll('/', '.')} = ${value}\n`);
  return 0;
}

function* setKey(process: Process, word: string): MaySleep<number> {
  const [key = '', ...rest] = word.split('=');
  const value = rest.join('=').trim();
  const path = pathOfKey(key.trim());
  const error = yield* process.call(vfs_write(process.k, path, `${value}\n`));
  if (error >= 0) {
    yield* process.out(`${key.trim()} = ${value}\n`);
    return 0;
  }
  const known = process.k.vfs.resolve(path) !== undefined;
  const what = known ? `setting key "${key.trim()}"` : `cannot stat ${path}`;
  yield* process.err(`sysctl: ${what}: ${errnoText(error)}\n`);
  return 1;
}

/** Every key below a directory of /proc/sys. */
function keysBelow(process: Process, path: string): string[] {
  const entries = vfs_readdir(process.k, path);
  if (typeof entries === 'number') return [];
  return entries.flatMap(({ name, kind }) =>
    kind === 'directory'
      ? keysBelow(process, `${path}/${name}`)
      : [`${path}/${name}`.replace('/proc/sys/', '').replaceAll('/', '.')],
  );
}

const sysctl: Command = {
  name: 'sysctl',
  summary: 'read and write kernel settings (-a -n -w)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'anwqe');
    if (error !== null) return yield* process.usage(error, 1);
    const keys = flags.has('a') ? keysBelow(process, '/proc/sys') : operands;
    if (keys.length === 0) return yield* process.usage('no variables specified', 1);
    let status = 0;
    for (const key of keys) {
      const failed = key.includes('=')
        ? yield* setKey(process, key)
        : yield* showKey(process, key, flags.has('n'));
      if (failed !== 0) status = failed;
    }
    return status;
  },
};

const reboot: Command = {
  name: 'reboot',
  summary: 'restart the machine (-f)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    if (!args.includes('-f')) {
      return yield* process.usage('there is no service manager here: use -f', 1);
    }
    yield* process.call(sys_reboot(process.k));
    process.state.machine.halt();
    return 0;
  },
};

export const systemCommands: readonly Command[] = [uname, date, uptime, sysctl, reboot];
