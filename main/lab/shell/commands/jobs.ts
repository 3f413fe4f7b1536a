// Builtins about processes: kill, wait, jobs, fg; and the program sleep. A signal that a task does
// not notice is not lost: it strikes on the task's way back to user space.

import { ESRCH, errnoText } from '#kernel/errno.ts';
import { sys_wait4 } from '#kernel/exit.ts';
import { entry_SYSCALL_64_after_hwframe } from '#kernel/fs/syscalls.ts';
import { dequeue_signal, send_sig, signalNumbers, SIGINT, SIGTERM } from '#kernel/signal.ts';
import { hrtimer_nanosleep } from '#kernel/time/delay.ts';
import type { MaySleep, Task } from '#sim/task.ts';
import { Killed } from '../control.ts';
import { waitFor } from '../execute.ts';
import type { Process } from '../process.ts';
import type { Command, Job, ShellState } from '../state.ts';
import { complain, writeOut } from './builtin.ts';

/** The task with a process id. */
export const taskOfPid = (state: ShellState, pid: number): Task | undefined =>
  [...state.k.sim.tasks.values()].find((task) => task.kind === 'task' && task.pid === pid);

/** A signal by number or name, with or without SIG. */
function signalOf(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word) <= 64 ? Number(word) : undefined;
  return signalNumbers.get(word.toUpperCase().replace(/^SIG/, ''));
}

/** Sends a signal to `%1` or a process id; a negative error. */
function sendTo(state: ShellState, word: string, signal: number): number {
  if (word.startsWith('%')) {
    const job = state.findJob(word);
    if (job === undefined) return -ESRCH;
    job.group.signal(state.k, signal);
    return 0;
  }
  const task = taskOfPid(state, Number(word));
  if (task === undefined) return -ESRCH;
  send_sig(state.k, signal, task);
  return 0;
}

const killUsage =
  'Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]';

/** The signal of the options, and what it is for. */
function readKill(args: readonly string[]): { signal: number | undefined; targets: string[] } {
  const [first = '', second = ''] = args;
  if (first === '-s') return { signal: signalOf(second), targets: args.slice(2) };
  if (first === '--') return { signal: SIGTERM, targets: args.slice(1) };
  if (/^-\w/.test(first)) return { signal: signalOf(first.slice(1)), targets: args.slice(1) };
  return { signal: SIGTERM, targets: [...args] };
}

const kill: Command = {
  name: 'kill',
  summary: 'send a signal to processes or jobs (-9, -s NAME, -l)',
  builtin: true,
  *run(process, args): MaySleep<number> {
    if (args[0] === '-l') {
      return yield* writeOut(process, `${[...signalNumbers.keys()].join('\n')}\n`);
    }
    const { signal, targets } = readKill(args);
    if (signal === undefined) return yield* complain(process, `invalid signal: ${args[0] ?? ''}`);
    if (targets.length === 0) return yield* complain(process, killUsage, 2);
    let status = 0;
    for (const word of targets) {
      if (!/^%|^\d+$/.test(word)) {
        status = yield* complain(process, `Illegal number: ${word}`);
        continue;
      }
      const error = sendTo(process.state, word, signal);
      if (error === 0) continue;
      const text = word.startsWith('%') ? `No such job: ${word}` : errnoText(error);
      status = yield* complain(process, text);
    }
    // A shell that kills itself does not come back from the call.
    yield* process.call(nothing());
    return status;
  },
};

function* nothing(): MaySleep<void> {
  // Only the way back to user space matters.
}

/** Waits for a job; a Ctrl-C ends the waiting, not the job. */
function* waitForJob(process: Process, job: Job): MaySleep<number> {
  const { child } = job;
  const task = process.k.sim.current;
  while (child.status === null) {
    if ((yield* process.call(sys_wait4(child))) === 0) break;
    while (task.signalPending) {
      if (dequeue_signal(task) === SIGINT) throw new Killed(SIGINT);
    }
  }
  return child.status ?? 0;
}

const wait: Command = {
  name: 'wait',
  summary: 'wait for background jobs',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const { state } = process;
    if (args.length === 0) {
      for (const job of [...state.jobs]) yield* waitForJob(process, job);
      state.takeEndedJobs();
      return 0;
    }
    let status = 0;
    for (const word of args) {
      const job = state.findJob(word);
      if (job === undefined) {
        status = 127;
        if (word.startsWith('%')) status = yield* complain(process, `No such job: ${word}`, 2);
      } else {
        status = yield* waitForJob(process, job);
        state.jobs.splice(state.jobs.indexOf(job), 1);
      }
    }
    return status;
  },
};

/** One line of `jobs`. */
function jobLine(state: ShellState, job: Job, withPid: boolean): string {
  const at = state.jobs.indexOf(job);
  const mark = at === state.jobs.length - 1 ? '+' : at === state.jobs.length - 2 ? '-' : ' ';
  const { status, task } = job.child;
  const how = status === null ? 'Running' : status === 0 ? 'Done' : `Done(${status})`;
  const pid = withPid ? `${task.pid} ` : '';
  return `${`[${job.number}] ${mark} ${pid}${how}`.padEnd(33)}${job.source}\n`;
}

const jobs: Command = {
  name: 'jobs',
  summary: 'list background jobs (-l: with process ids)',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const { state } = process;
    const lines = state.jobs.map((job) => jobLine(state, job, args[0] === '-l'));
    state.takeEndedJobs();
    return yield* writeOut(process, lines.join(''));
  },
};

const fg: Command = {
  name: 'fg',
  summary: 'bring a background job to the foreground',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const { state } = process;
    const job = state.findJob(args[0] ?? '%%');
    if (job === undefined) return yield* complain(process, `No such job: ${args[0] ?? '%%'}`, 2);
    yield* process.out(`${job.source}\n`);
    state.foregroundJob = job;
    try {
      return yield* waitFor(state, job.child);
    } finally {
      state.foregroundJob = null;
      if (job.child.status !== null) state.jobs.splice(state.jobs.indexOf(job), 1);
    }
  },
};

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const sleep: Command = {
  name: 'sleep',
  summary: 'wait for some time (1, 0.5, 2m)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    if (args.length === 0) return yield* process.usage('missing operand', 1);
    let seconds = 0;
    for (const word of args) {
      const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(word);
      if (match === null) return yield* process.usage(`invalid time interval '${word}'`, 1);
      seconds += Number(match[1]) * (unitSeconds[match[2] ?? ''] ?? 1);
    }
    const { k } = process;
    yield* process.call(entry_SYSCALL_64_after_hwframe(() => hrtimer_nanosleep(k, seconds * 1e9)));
    return 0;
  },
};

export const jobCommands: readonly Command[] = [kill, wait, jobs, fg, sleep];
