// ps in the forms of procps that people type: plain, -e, -ef, ax, aux, -L, -p, -C, -o. Columns have
// procps' names and widths. CPU time and memory are not modelled: their columns are zero.

import { procStackFrames } from '#kernel/stack.ts';
import { isKernelThread } from '#kernel/signal.ts';
import type { Task } from '#sim/task.ts';
import type { MaySleep } from '#sim/task.ts';
import { momentAt, twoDigits } from '../../calendar.ts';
import type { LabMachine } from '../../machine.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';

/** A task with what a column may need to know of its machine. */
interface Row {
  readonly task: Task;
  readonly machine: LabMachine;
  /** `pts/0`, or `?` for a task without terminal. */
  readonly tty: string;
}

interface Column {
  readonly header: string;
  readonly width: number;
  readonly right: boolean;
  text(row: Row): string;
}

/** The letter of a task's state. */
function stateLetter(task: Task): string {
  if (task.runState !== 'blocked') return 'R';
  return task.sleepState === 'K' ? 'D' : task.sleepState;
}

/** State with session leader and foreground marks. */
function statText({ task, machine, tty }: Row): string {
  const shell = [...machine.terminals.values()].find((terminal) => terminal.task === task);
  const leader = shell === undefined ? '' : 's';
  const group = [...machine.terminals.values()].some(({ state }) => state.group.tasks.has(task));
  const foreground =
    tty !== '?' && (group || (shell?.busy === true && shell.state.group.tasks.size === 0));
  return `${stateLetter(task)}${leader}${foreground ? '+' : ''}`;
}

/** Function in which the task sleeps. */
function wchanText(task: Task): string {
  if (task.runState !== 'blocked') return '-';
  return procStackFrames(task.stack)[0]?.split(' ')[0] ?? '-';
}

/** The name, for a worker with the queue that it works for (wq_worker_comm()). */
function nameText({ task, machine }: Row): string {
  const work = machine.k.workqueues.executedBy(task);
  return work === null ? task.comm : `${task.comm}+${work.queueName}`;
}

/** Kernel threads are in brackets; a program's arguments are not kept. */
const commandText = (row: Row): string =>
  isKernelThread(row.task) ? `[${nameText(row)}]` : nameText(row);

const startText = (): string => {
  const { hour, minute } = momentAt(0);
  return `${twoDigits(hour)}:${twoDigits(minute)}`;
};

const left = (header: string, width: number, text: Column['text']): Column => ({
  header,
  width,
  right: false,
  text,
});
const right = (header: string, width: number, text: Column['text']): Column => ({
  header,
  width,
  right: true,
  text,
});

/** Columns by the names that -o takes. */
const columns: Readonly<Record<string, Column>> = {
  pid: right('PID', 5, ({ task }) => String(task.pid)),
  tid: right('TID', 5, ({ task }) => String(task.pid)),
  lwp: right('LWP', 5, ({ task }) => String(task.pid)),
  ppid: right('PPID', 5, ({ task }) => String(task.parentPid)),
  nlwp: right('NLWP', 4, () => '1'),
  psr: right('PSR', 3, ({ task }) => String(task.cpu)),
  stat: left('STAT', 4, statText),
  s: left('S', 1, ({ task }) => stateLetter(task)),
  wchan: left('WCHAN', 6, ({ task }) => wchanText(task)),
  comm: left('COMMAND', 15, nameText),
  ucmd: left('CMD', 15, nameText),
  args: left('COMMAND', 27, commandText),
  cmd: left('CMD', 27, commandText),
  tty: left('TTY', 8, ({ tty }) => tty),
  tt: left('TT', 8, ({ tty }) => tty),
  user: left('USER', 8, () => 'root'),
  uid: left('UID', 8, () => 'root'),
  time: right('TIME', 8, () => '00:00:00'),
  bsdtime: right('TIME', 6, () => '0:00'),
  '%cpu': right('%CPU', 4, () => '0.0'),
  '%mem': right('%MEM', 4, () => '0.0'),
  vsz: right('VSZ', 6, () => '0'),
  rss: right('RSS', 5, () => '0'),
  c: right('C', 2, () => '0'),
  start: left('START', 5, startText),
  stime: left('STIME', 5, startText),
};

const synonyms: Readonly<Record<string, string>> = {
  state: 's',
  command: 'args',
  tname: 'tty',
  euser: 'user',
  spid: 'tid',
  cputime: 'time',
  pcpu: '%cpu',
  pmem: '%mem',
  start_time: 'stime',
  ucomm: 'comm',
};

const plainForm = ['pid', 'tty', 'time', 'ucmd'];
const fullForm = ['uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd'];
const bsdForm = ['pid', 'tty', 'stat', 'bsdtime', 'args'];
const userForm = [
  'user',
  'pid',
  '%cpu',
  '%mem',
  'vsz',
  'rss',
  'tty',
  'stat',
  'start',
  'bsdtime',
  'args',
];

/** What a command line asks for. */
class Request {
  all = false;
  headers = true;
  pids: number[] | null = null;
  commands: string[] | null = null;
  error: string | null = null;
  private form: readonly string[] = plainForm;
  private threads = false;
  private chosen: Column[] | null = null;

  constructor(args: readonly string[]) {
    const rest = [...args];
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word === '--no-headers' || word === '--noheaders') this.headers = false;
      else if (/^\d+$/.test(word)) this.pids = [...(this.pids ?? []), Number(word)];
      else this.letters(word, rest);
    }
  }

  /** The columns to print. */
  get columns(): readonly Column[] {
    if (this.chosen !== null) return this.chosen;
    const names = [...this.form];
    if (this.threads)
      names.splice(names.indexOf('pid') + (this.form === fullForm ? 2 : 1), 0, 'lwp');
    if (this.threads && this.form === fullForm) names.splice(names.indexOf('c') + 1, 0, 'nlwp');
    return names.map((name) => columns[name]!);
  }

  private letters(word: string, rest: string[]): void {
    const bsd = !word.startsWith('-');
    const letters = word.replace(/^-/, '');
    for (let at = 0; at < letters.length; at++) {
      const letter = letters[at]!;
      if (['o', 'O', 'p', 'C', 'q'].includes(letter)) {
        const value = letters.slice(at + 1).replace(/^=/, '') || (rest.shift() ?? '');
        this.value(letter, value);
        return;
      }
      if (!this.letter(letter, bsd)) {
        this.error ??= 'error: unsupported SysV option';
        return;
      }
    }
  }

  private letter(letter: string, bsd: boolean): boolean {
    if (letter === 'e' || letter === 'A' || (bsd && (letter === 'a' || letter === 'x'))) {
      this.all = true;
      if (bsd && this.form === plainForm) this.form = bsdForm;
    } else if (letter === 'f') this.form = fullForm;
    else if (letter === 'u' && bsd) this.form = userForm;
    else if (letter === 'L' || letter === 'T') this.threads = true;
    else if (letter === 'h') this.headers = false;
    else return ['a', 'w', 'd', 'H'].includes(letter);
    return true;
  }

  private value(letter: string, value: string): void {
    const words = value.split(/[ ,]+/).filter((word) => word !== '');
    if (letter === 'p' || letter === 'q') this.pids = [...(this.pids ?? []), ...words.map(Number)];
    else if (letter === 'C') this.commands = [...(this.commands ?? []), ...words];
    else {
      for (const word of words) this.column(word);
    }
  }

  /** `pid`, `comm:20`, `pid=`, `pid=NUMBER`. */
  private column(word: string): void {
    const match = /^(%?\w+)(?::(\d+))?(?:=(.*))?$/.exec(word);
    const name = (match?.[1] ?? word).toLowerCase();
    const column = columns[synonyms[name] ?? name];
    if (column === undefined || match === null) {
      this.error ??= `error: unknown user-defined format specifier "${word}"`;
      return;
    }
    const header = match[3] ?? column.header;
    const width = match[2] === undefined ? column.width : Number(match[2]);
    this.chosen ??= [];
    this.chosen.push({ ...column, header, width: Math.max(width, header.length) });
  }
}

/** Cells side by side; the last column takes the room it needs. */
function lineOf(cells: readonly string[], wanted: readonly Column[]): string {
  return cells
    .map((cell, index) => {
      const { width, right: isRight } = wanted[index]!;
      const last = index === cells.length - 1;
      if (isRight) return cell.padStart(width);
      return last ? cell : cell.slice(0, width).padEnd(width);
    })
    .join(' ');
}

/** The terminal that a task belongs to: that of the shell that it descends from. */
function ttyOf(machine: LabMachine, task: Task): string {
  const parents = new Map(
    [...machine.k.sim.tasks.values()].map((each) => [each.pid, each.parentPid]),
  );
  const shells = [...machine.terminals.values()].map((terminal) => terminal.task.pid);
  for (
    let pid: number | undefined = task.pid;
    pid !== undefined && pid > 2;
    pid = parents.get(pid)
  ) {
    const index = shells.indexOf(pid);
    if (index >= 0) return `pts/${index}`;
  }
  return '?';
}

function rowsOf(process: Process, request: Request): Row[] {
  const { machine, k } = process.state;
  const own = ttyOf(machine, k.sim.current);
  return [...k.sim.tasks.values()]
    .filter((task) => task.kind === 'task' && task.pid > 0)
    .sort((a, b) => a.pid - b.pid)
    .map((task) => ({ task, machine, tty: ttyOf(machine, task) }))
    .filter(({ task, tty }) => {
      if (request.pids !== null) return request.pids.includes(task.pid);
      if (request.commands !== null) return request.commands.includes(task.comm);
      return request.all || (tty === own && tty !== '?');
    });
}

export const ps: Command = {
  name: 'ps',
  summary: 'list processes (-e -ef ax aux -L -p PID -C NAME -o COLUMNS)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const request = new Request(args);
    if (request.error !== null) {
      yield* process.err(`${request.error}\n`);
      return 1;
    }
    const wanted = request.columns;
    const rows = rowsOf(process, request);
    const lines = rows.map((row) =>
      lineOf(
        wanted.map((column) => column.text(row)),
        wanted,
      ),
    );
    const headers = lineOf(
      wanted.map((column) => column.header),
      wanted,
    );
    const shown = request.headers && headers.trim() !== '' ? [headers, ...lines] : lines;
    yield* process.out(shown.map((line) => `${line.trimEnd()}\n`).join(''));
    return rows.length > 0 ? 0 : 1;
  },
};
