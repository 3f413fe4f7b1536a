// `mlx4-lab state`: a kept run at a moment, without running it: tasks and what they wait for,
// locks, works, references with their holders, terminals, ports and bond, and what the driver
// believes beside what the card has.

import { Seeker } from '#lab/fold/seeker.ts';
import { Snapshots } from '#lab/fold/snapshot.ts';
import type {
  BeliefSnapshot,
  LockSnapshot,
  ReferenceSnapshot,
  Snapshot,
} from '#lab/fold/snapshot.ts';
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

/** Holders of one reference that are named. */
const holdersNamed = 4;

function referenceText({ count, holders, waiters }: ReferenceSnapshot): string {
  const named = holders
    .slice(0, holdersNamed)
    .map(({ owner, count: own }) => (own === 1 ? owner : `${owner} (${own})`));
  const more = holders.length - named.length;
  const held = named.length === 0 ? '' : `, held by ${named.join(', ')}`;
  const rest = more === 0 ? '' : ` and ${more} more`;
  const wanted = waiters.length === 0 ? '' : `; the last one wanted by ${waiters.join(', ')}`;
  return `${count}${held}${rest}${wanted}`;
}

const numberText = (value: number | null): string =>
  value === null ? 'unknown' : `0x${value.toString(16)}`;

function beliefText({ card, driver }: BeliefSnapshot): string {
  const sign = card === null || driver === null || card === driver ? '' : ', they differ';
  return `card ${numberText(card)}, driver ${numberText(driver)}${sign}`;
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
    ['references', references.map((each) => row(each.name, referenceText(each)))],
    [
      'terminals',
      state.terminals.map(({ name, line, sinceNs, alive }) => {
        const busy = line === null ? 'prompt' : `runs ${line} since ${secondsText(sinceNs)}`;
        return row(name, alive ? busy : 'closed');
      }),
    ],
    ['card and driver', state.beliefs.map((belief) => row(belief.what, beliefText(belief)))],
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
