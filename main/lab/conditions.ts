// Whether a condition holds now. Some run a command or read a file, which may block, so judging is
// task code; it runs in a task of its own beside the machine's.

import { deadlockSentence } from '#detect/sentence.ts';
import { errnoText } from '#kernel/errno.ts';
import { vfs_read, vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { detectorBoard } from './board.ts';
import { taskNamed } from './findings.ts';
import type { LabMachine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Condition, TextWanted } from './scenario/scenario.ts';
import { commands } from './shell/commands.ts';
import { Executor } from './shell/execute.ts';
import { ProcessGroup, ShellState } from './shell/state.ts';
import { TextSink, TextSource } from './shell/stream.ts';

/** The answer, and what was seen. */
export interface Verdict {
  readonly holds: boolean;
  readonly seen: string;
}

const verdict = (holds: boolean, seen: string): Verdict => ({ holds, seen });

/** Judges a condition; `outcome` is that of the run, or null while it goes on. */
export function* judge(
  machine: LabMachine,
  condition: Condition,
  outcome: Outcome | null,
): MaySleep<Verdict> {
  switch (condition.kind) {
    case 'file': {
      const text = yield* vfs_read(machine.k, condition.path);
      if (typeof text === 'number') return verdict(false, errnoText(text));
      return judgeText(text, condition.wanted);
    }
    case 'output':
      return yield* judgeOutput(machine, condition);
    case 'outcome':
      return verdict(outcome === condition.outcome, outcome ?? 'the run goes on');
    default:
      return judgeNow(machine, condition);
  }
}

function* judgeOutput(
  machine: LabMachine,
  condition: Extract<Condition, { kind: 'output' }>,
): MaySleep<Verdict> {
  const sink = new TextSink();
  const state = new ShellState(machine, commands, new ProcessGroup());
  const streams = { stdin: new TextSource(), stdout: sink, stderr: sink };
  const status = yield* new Executor(state).line(condition.line, streams);
  if (condition.status !== null && condition.status !== status) {
    return verdict(false, `exit status ${status}, ${JSON.stringify(sink.text.trimEnd())}`);
  }
  return judgeText(sink.text, condition.wanted);
}

function judgeText(text: string, wanted: TextWanted): Verdict {
  const contains = wanted.contains === null || text.includes(wanted.contains);
  const equals = wanted.equals === null || text.trimEnd() === wanted.equals.trimEnd();
  return verdict(contains && equals, JSON.stringify(text.trimEnd()));
}

/** Conditions that can be judged by looking: nothing runs for them. */
export type PlainCondition = Exclude<Condition, { kind: 'file' | 'output' | 'outcome' }>;

/** Judges a condition on state that is there to look at. */
export function judgeNow(machine: LabMachine, condition: PlainCondition): Verdict {
  const { k, card } = machine;
  switch (condition.kind) {
    case 'log':
    case 'noLog':
      return judgeLog(machine, condition);
    case 'exists':
    case 'missing': {
      const there = typeof vfs_stat(k, condition.path) !== 'number';
      return verdict(
        there === (condition.kind === 'exists'),
        there ? 'it is there' : 'no such file',
      );
    }
    case 'portMap': {
      const [first, second] = card.portMap;
      const same = first === condition.map[0] && second === condition.map[1];
      return verdict(same, `[${first}, ${second}]`);
    }
    case 'rxPortCheck':
      return verdict(card.rxPortCheck === condition.on, card.rxPortCheck ? 'on' : 'off');
    case 'finding':
    case 'noFinding':
      return judgeFinding(machine, condition);
    case 'detector': {
      const report = detectorBoard(k).find(({ name }) => name === condition.name);
      return verdict(report?.state === condition.state, `${report?.state}: ${report?.why}`);
    }
    case 'blocked': {
      const task = taskNamed(k, condition.task);
      const blocked = task?.runState === 'blocked' && task.sleepState === 'D';
      return verdict(
        blocked,
        task === undefined ? 'no such task' : `${task.runState} ${task.sleepState}`,
      );
    }
    case 'idle': {
      const { busy, line } = machine.terminal(condition.terminal);
      return verdict(!busy, busy ? `it runs ${line ?? 'a line'}` : 'idle');
    }
    case 'linkUp':
    case 'linkDown': {
      const { linkUp } = card.port(condition.port.endsWith('2') ? 2 : 1);
      return verdict(linkUp === (condition.kind === 'linkUp'), linkUp ? 'up' : 'down');
    }
  }
}

function judgeLog(
  { k }: LabMachine,
  condition: Extract<Condition, { kind: 'log' | 'noLog' }>,
): Verdict {
  const found = k.log.records.filter((record) => record.text.includes(condition.text));
  const [first] = found;
  const wanted = condition.kind === 'log' ? condition.count : 0;
  const holds = condition.kind === 'log' ? found.length >= wanted : found.length === 0;
  const seen = first === undefined ? 'no such line' : `${found.length} ×, first: ${first.text}`;
  return verdict(holds, seen);
}

function judgeFinding(
  { k }: LabMachine,
  condition: Extract<Condition, { kind: 'finding' | 'noFinding' }>,
): Verdict {
  const texts =
    condition.finding === 'deadlock'
      ? k.graph.deadlocks.map(deadlockSentence)
      : k.findings.filter(({ kind }) => kind === condition.finding).map(({ text }) => text);
  if (condition.kind === 'noFinding') return verdict(texts.length === 0, texts[0] ?? 'none');
  const holds = texts.some((text) => condition.mentions.every((word) => text.includes(word)));
  return verdict(holds, texts[0] ?? 'no such finding');
}
