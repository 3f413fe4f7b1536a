// Every program of the lab's shell, by name. A program that is not here is `not found`, as on a
// machine on which it is not installed.

import { builtinCommands } from './commands/builtin.ts';
import { devlink } from './commands/devlink.ts';
import { dmesg } from './commands/dmesg.ts';
import { ethtool } from './commands/ethtool.ts';
import { grep } from './commands/grep.ts';
import { ibCommands } from './commands/ib.ts';
import { ip } from './commands/ip/ip.ts';
import { jobCommands } from './commands/jobs.ts';
import { moduleCommands } from './commands/kmod.ts';
import { ls } from './commands/ls.ts';
import { lspci } from './commands/lspci.ts';
import { ping } from './commands/ping.ts';
import { printf } from './commands/printf.ts';
import { ps } from './commands/ps.ts';
import { systemCommands } from './commands/system.ts';
import { testCommands } from './commands/test.ts';
import { textCommands } from './commands/text.ts';
import type { Command } from './state.ts';

const list: readonly Command[] = [
  ...builtinCommands,
  ...testCommands,
  ...jobCommands,
  ...textCommands,
  ...moduleCommands,
  ...systemCommands,
  ...ibCommands,
  printf,
  grep,
  ls,
  ps,
  dmesg,
  lspci,
  devlink,
  ip,
  ethtool,
  ping,
];

/** Programs by name. */
export const commands: ReadonlyMap<string, Command> = new Map(
  list.map((command) => [command.name, command]),
);
