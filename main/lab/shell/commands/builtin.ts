// Builtins of the shell: they run in its own task, so after `echo ib > mlx4_port1` it is the shell
// that hangs. Messages are dash's, but a failed write says why, as bash does.

import { ENOTDIR } from '#kernel/errno.ts';
import { errnoText } from '#kernel/errno.ts';
import { vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { ExitShell, LeaveLoop } from '../control.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';

/** A message of the shell about one of its builtins. */
export function* complain(process: Process, text: string, status = 1): MaySleep<number> {
  yield* process.err(process.state.message(`${process.name}: ${text}`));
  return status;
}

/** Writes a builtin's output; a write that fails is a failed command. */
export function* writeOut(process: Process, text: string): MaySleep<number> {
  const error = yield* process.out(text);
  return error < 0 ? yield* complain(process, `write error: ${errnoText(error)}`) : 0;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Works out `\n` and the like, and `\0101`. */
export const unescapeText = (text: string): string =>
  text.replace(/\\(?:0?([0-7]{1,3})|(.))/gs, (whole, octal?: string, letter?: string) =>
    octal === undefined
      ? (escapes[letter ?? ''] ?? whole)
      : String.fromCharCode(Number.parseInt(octal, 8)),
  );

const echo: Command = {
  name: 'echo',
  summary: 'print its words (-n: without a newline)',
  builtin: true,
  *run(process, args) {
    const bare = args[0] === '-n';
    const text = unescapeText(args.slice(bare ? 1 : 0).join(' '));
    return yield* writeOut(process, `${text}${bare ? '' : '\n'}`);
  },
};

const cd: Command = {
  name: 'cd',
  summary: 'change the working directory',
  builtin: true,
  *run(process, args) {
    const [to = '/'] = args;
    const path = process.path(to);
    const stat = vfs_stat(process.k, path);
    const error = typeof stat === 'number' ? stat : stat.kind === 'directory' ? 0 : -ENOTDIR;
    if (error < 0) return yield* complain(process, `can't cd to ${to}`, 2);
    process.state.cwd = path;
    return 0;
  },
};

const pwd: Command = {
  name: 'pwd',
  summary: 'print the working directory',
  builtin: true,
  run: (process) => writeOut(process, `${process.state.cwd}\n`),
};

const constant = (name: 'true' | 'false' | ':'): Command => ({
  name,
  summary: `exit status ${name === 'false' ? 1 : 0}`,
  builtin: true,
  *run(): MaySleep<number> {
    return name === 'false' ? 1 : 0;
  },
});

const exportVariable: Command = {
  name: 'export',
  summary: 'set variables',
  builtin: true,
  *run(process, args) {
    for (const arg of args) {
      const match = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(arg);
      if (match === null) return yield* complain(process, `${arg}: bad variable name`, 2);
      if (match[2] !== undefined) process.state.set(match[1]!, match[2]);
    }
    return 0;
  },
};

const unset: Command = {
  name: 'unset',
  summary: 'remove variables',
  builtin: true,
  *run(process, args): MaySleep<number> {
    for (const name of args) process.state.unset(name);
    return 0;
  },
};

const set: Command = {
  name: 'set',
  summary: 'list variables',
  builtin: true,
  run(process) {
    const lines = process.state.assignments.map(([name, value]) => `${name}='${value}'\n`);
    return writeOut(process, lines.join(''));
  },
};

const read: Command = {
  name: 'read',
  summary: 'read a line into variables',
  builtin: true,
  *run(process, args) {
    const names = args.filter((arg) => !arg.startsWith('-'));
    const line = yield* process.call(process.stdin.readLine());
    if (typeof line === 'number') return yield* complain(process, errnoText(line));
    let rest = (line ?? '').trim();
    for (const [index, name] of names.entries()) {
      const last = index === names.length - 1;
      const [word = ''] = rest.split(/\s+/);
      process.state.set(name, last ? rest : word);
      rest = rest.slice(word.length).trim();
    }
    return line === null ? 1 : 0;
  },
};

const exit: Command = {
  name: 'exit',
  summary: 'end the shell',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const [word] = args;
    if (word !== undefined && !/^\d+$/.test(word)) {
      return yield* complain(process, `Illegal number: ${word}`, 2);
    }
    throw new ExitShell(word === undefined ? process.state.lastStatus : Number(word) % 256);
  },
};

const leave = (name: 'break' | 'continue'): Command => ({
  name,
  summary: name === 'break' ? 'leave a loop' : 'begin the next turn of a loop',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const levels = Number(args[0] ?? '1');
    if (!Number.isInteger(levels) || levels < 1) {
      return yield* complain(process, `Illegal number: ${args[0] ?? ''}`, 2);
    }
    throw new LeaveLoop(name === 'continue', levels);
  },
});

const type: Command = {
  name: 'type',
  summary: 'say what a word stands for',
  builtin: true,
  *run(process, args) {
    let status = 0;
    for (const name of args) {
      const found = process.state.commands.get(name);
      if (found === undefined) {
        yield* process.err(`${name}: not found\n`);
        status = 127;
      } else {
        const what = found.builtin ? 'is a shell builtin' : `is /usr/bin/${name}`;
        yield* process.out(`${name} ${what}\n`);
      }
    }
    return status;
  },
};

const help: Command = {
  name: 'help',
  summary: 'list the programs of the lab',
  builtin: true,
  run(process) {
    const list = [...process.state.commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const lines = list.map(({ name, summary }) => `${name.padEnd(12)} ${summary}\n`);
    return writeOut(process, lines.join(''));
  },
};

export const builtinCommands: readonly Command[] = [
  echo,
  cd,
  pwd,
  constant('true'),
  constant('false'),
  constant(':'),
  exportVariable,
  unset,
  set,
  read,
  exit,
  leave('break'),
  leave('continue'),
  type,
  help,
];
