// Builtins run in the shell's own task: after `echo ib > mlx4_port1` it is the shell that hangs.

import { vfs_stat } from '#kernel/fs/vfs.ts';
import { ENOENT, ENOTDIR } from '#kernel/errno.ts';
import type { MaySleep } from '#sim/task.ts';
import { resolvePath } from '../process.ts';
import type { Command } from '../state.ts';

const echo: Command = {
  name: 'echo',
  summary: 'print its words (-n: without newline)',
  builtin: true,
  *run(process, args) {
    const bare = args[0] === '-n';
    const error = yield* process.out(`${args.slice(bare ? 1 : 0).join(' ')}${bare ? '' : '\n'}`);
    if (error === 0) return 0;
    return yield* process.fail('write error', error);
  },
};

const cd: Command = {
  name: 'cd',
  summary: 'change the working directory',
  builtin: true,
  *run(process, args) {
    const path = resolvePath(process.state.cwd, args[0] ?? '/');
    const stat = vfs_stat(process.k, path);
    const error = typeof stat === 'number' ? -ENOENT : stat.kind === 'directory' ? 0 : -ENOTDIR;
    if (error < 0) return yield* process.fail(args[0] ?? '/', error);
    process.state.cwd = path;
    return 0;
  },
};

const pwd: Command = {
  name: 'pwd',
  summary: 'print the working directory',
  builtin: true,
  *run(process) {
    yield* process.out(`${process.state.cwd}\n`);
    return 0;
  },
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
      if (match === null) return yield* process.usage(`${arg}: bad variable name`);
      if (match[2] !== undefined) process.state.variables.set(match[1]!, match[2]);
    }
    return 0;
  },
};

const help: Command = {
  name: 'help',
  summary: 'list the programs of the lab',
  builtin: true,
  *run(process) {
    const list = [...process.state.commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const command of list) {
      yield* process.out(`${command.name.padEnd(10)} ${command.summary}\n`);
    }
    return 0;
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
  help,
];
