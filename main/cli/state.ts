// `mlx4-lab state`: a kept run at a moment, without running it: tasks and what they wait for,
// locks, works, references, ports and bond.

import { Seeker } from '#lab/fold/seeker.ts';
import { Snapshots } from '#lab/fold/snapshot.ts';
import type { LockSnapshot, Snapshot } from '#lab/fold/snapshot.ts';
import { seqOf } from '#lab/replay/moment.ts';
import { exitPassed, exitUsage } from './exit.ts';
import { print, printError, secondsText } from './print.ts';
import { loadKept } from './runs.ts';
import type { DatabaseArguments } from './runs.ts';
import { styleFor, wrap } from './style.ts';

/** Columns of a name. */
const nameColumns = 40;

const row = (name: string, text: string): string => `  ${name.padEnd(nameColumns)} ${text}`;

function lockText({ holders, waiters }: LockSnapshot): string {
  const held = holders.map(
    ({ task, sinceNs, exclusive }) =>
      `${exclusive ? '' : 'for reading '}by ${task} since ${secondsText(sinceNs)}`,
  );
  const wanted = waiters.length === 0 ? '' : `; wanted by ${waiters.join(', ')}`;
  return `held ${[...new Set(held)].join(', ')}${wanted}`;
}

/** Sections with their lines; one without lines is left out. */
function sections(state: Snapshot): readonly (readonly [title: string, lines: string[]])[] {
  const { tasks, locks, references, works, notes, findings } = state;
  return [
    [
      'tasks',
      tasks.map(({ name, state: now, waitsFor, sinceNs }) =>
        row(name, waitsFor === '' ? now : `${now} on ${waitsFor} since ${secondsText(sinceNs)}`),
      ),
    ],
    ['locks', locks.map((lock) => row(lock.name, lockText(lock)))],
    [
      'works',
      works.map(({ name, queuedOn, executedBy }) => {
        const queued = queuedOn === null ? [] : [`queued on ${queuedOn}`];
        const executed = executedBy === null ? [] : [`executed by ${executedBy}`];
        return row(name, [...queued, ...executed].join(', '));
      }),
    ],
    ['references', references.map(({ name, count }) => row(name, String(count)))],
    ['modules', state.modules.length === 0 ? [] : [wrap(state.modules.join(' '), '  ')]],
    ['drivers', state.drivers.map(({ device, driver }) => row(device, driver))],
    [
      'ports, wires, bond',
      notes.map(({ kind, object, value }) =>
        row(object, typeof value === 'string' ? value : noteText(kind, value)),
      ),
    ],
    ['found', findings.map(({ timeNs, text }) => wrap(`${secondsText(timeNs)}: ${text}`, '  '))],
  ];
}

const noteText = (kind: string, value: number): string => {
  if (kind !== 'link') return `0x${value.toString(16)}`;
  return value === 0 ? 'link down' : `link up at ${value} Mb/s`;
};

function stateText(state: Snapshot): string {
  const style = styleFor(process.stdout);
  const head = style.bold(`before event ${state.seq}, at ${secondsText(state.timeNs)}`);
  const parts = sections(state).filter(([, lines]) => lines.length > 0);
  return [head, ...parts.flatMap(([title, lines]) => ['', style.bold(title), ...lines])].join('\n');
}

/** Shows a moment; gives the exit status. Throws StoreError. */
export function stateCommand(
  run: number,
  settings: DatabaseArguments & { readonly at: string },
): number {
  const { trace } = loadKept(run, settings).record;
  const seq = seqOf(trace, settings.at);
  if (seq === null) {
    printError(`--at: give an event from 0 to ${trace.count}, or a time with a unit: 6.1s`);
    return exitUsage;
  }
  const state = new Snapshots(trace).of(new Seeker(trace).at(seq));
  print(settings.json === true ? JSON.stringify(state, null, 2) : stateText(state));
  return exitPassed;
}
