// Whether a condition holds now. Text conditions that run a command need a task, so this is a generator.

import { executeLine } from './shell/execute.ts';
import { emptySource, TextSink } from './shell/stream.ts';
import { ShellState } from './shell/state.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import type { LabMachine } from './machine.ts';
import type { Condition } from './scenario/scenario.ts';

/** The answer, and what was seen instead when it is no. */
export interface Verdict {
  readonly holds: boolean;
  readonly seen: string;
}

const verdict = (holds: boolean, seen: string): Verdict => ({ holds, seen });

/** Judges a condition; `outcome` is what the run would end with if it ended now. */
export function* judge(
  machine: LabMachine,
  condition: Condition,
  outcome: string,
): MaySleep<Verdict> {
  switch (condition.kind) {
    case 'file': {
      const text = yield* vfs_read(machine.k, condition.path);
      if (typeof text === 'number') return verdict(false, `cannot read it: error ${text}`);
      return judgeText(text, condition);
    }
    case 'output': {
      const sink = new TextSink();
      const state = new ShellState(machine, machine.terminal('main').state.commands);
      const streams = { stdin: emptySource, stdout: sink, stderr: sink };
      const status = yield* executeLine(state, condition.line, streams);
      if (condition.status !== null && condition.status !== status) {
        return verdict(false, `exit status ${status}: ${sink.text.trimEnd()}`);
      }
      return judgeText(sink.text, condition);
    }
    case 'outcome':
      return verdict(outcome === condition.outcome, outcome);
    default:
      return judgePlain(machine, condition);
  }
}

function judgeText(
  text: string,
  wanted: { readonly contains: string | null; readonly equals: string | null },
): Verdict {
  const contains = wanted.contains === null || text.includes(wanted.contains);
  const equals = wanted.equals === null || text.trimEnd() === wanted.equals.trimEnd();
  return verdict(contains && equals, JSON.stringify(text.trimEnd()));
}

type Plain = Exclude<Condition, { kind: 'file' | 'output' | 'outcome' }>;

/** Conditions on state that is there to look at. */
export function judgePlain(machine: LabMachine, condition: Plain): Verdict {
  const { k, card } = machine;
  switch (condition.kind) {
    case 'log':
    case 'noLog': {
      const found = k.log.records.find((record) => record.text.includes(condition.text));
      const wanted = condition.kind === 'log';
      return verdict((found !== undefined) === wanted, found?.text ?? 'no such line in the log');
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
    case 'blocked': {
      const task = [...k.sim.tasks.values()].find((one) => one.name === condition.task);
      const blocked = task?.runState === 'blocked' && task.sleepState === 'D';
      return verdict(blocked, task === undefined ? 'no such task' : task.runState);
    }
    case 'linkUp': {
      const number = Number(/(\d+)$/.exec(condition.port)?.[1] ?? 0);
      const up = card.port(number).linkUp;
      return verdict(up, up ? 'up' : 'down');
    }
  }
}

function judgeFinding(
  machine: LabMachine,
  condition: Extract<Condition, { kind: 'finding' | 'noFinding' }>,
): Verdict {
  const { k } = machine;
  const texts =
    condition.finding === 'deadlock'
      ? k.graph.deadlocks.map(deadlockSentence)
      : k.findings.filter((one) => one.kind === condition.finding).map((one) => one.text);
  if (condition.kind === 'noFinding') return verdict(texts.length === 0, texts[0] ?? 'none');
  const found = texts.some((text) => condition.mentions.every((word) => text.includes(word)));
  return verdict(found, texts[0] ?? 'no such finding');
}
