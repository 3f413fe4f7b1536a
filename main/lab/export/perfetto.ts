// A run as trace JSON for Perfetto and chrome://tracing: a track for every task with what it does
// and waits for, tracks of the CPUs with their interrupts, lock holds as async spans, wake-ups as
// flows, reference counts as counters, the log and the findings as instants. Times are virtual, in
// microseconds with the nanoseconds behind the point; whatever has no end in the run has none here.
//
// Left out: cells, registers, firmware commands, packets (see the other formats).

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import type { RunHead, RunRecord } from '../record/run-record.ts';
import { holdBegins, holdEnds, LockSpans } from './perfetto-locks.ts';
import { TaskTracks } from './perfetto-tasks.ts';
import { surveyOf, taskNameIn } from './survey.ts';
import type { Survey } from './survey.ts';
import { pieceChars, remembered } from './text.ts';
import { cpuTrack, machineTrack, processes, processTrack } from './trace-json.ts';
import { taskTrack, TraceJson } from './trace-json.ts';

type Handler = (event: TraceEvent) => void;

/** Kinds that are instants: named by their object, or by their value; g is for the whole file. */
const instants = {
  printk: { name: 'object', scope: 't' },
  input: { name: 'object', scope: 't' },
  step: { name: 'value', scope: 't' },
  check: { name: 'object', scope: 't' },
  finding: { name: 'value', scope: 'g' },
  oops: { name: 'object', scope: 'g' },
} as const satisfies Partial<
  Record<KindName, { readonly name: 'object' | 'value'; readonly scope: 't' | 'g' }>
>;

/** The run as trace JSON, in pieces. */
export function* perfettoJson(record: RunRecord): Generator<string, void, void> {
  const { trace, head } = record;
  const survey = surveyOf(trace);
  const out = new TraceJson();
  const tasks = new TaskTracks(out, trace, survey);
  const handlers = handlersFor(out, trace, survey, tasks);
  out.text = '{"traceEvents":[\n';
  nameTracks(out, survey);
  for (const event of trace.events()) {
    handlers[event.kind]?.(event);
    if (out.text.length >= pieceChars) yield out.take();
  }
  tasks.finish(survey.endNs);
  yield `${out.take()}\n],\n"displayTimeUnit":"ns",\n"otherData":${aboutRun(head)}}\n`;
}

function aboutRun({ scenarioName, variant, policy, seed, engineVersion }: RunHead): string {
  const about = { scenario: scenarioName, variant, policy, seed, engineVersion };
  return JSON.stringify(about);
}

/** Names every track, in a fixed order. */
function nameTracks(out: TraceJson, survey: Survey): void {
  for (const { pid, name } of Object.values(processes)) {
    out.nameIt('process_name', processTrack(pid), JSON.stringify(name));
  }
  out.nameIt('thread_name', machineTrack, '"time and hardware"');
  for (const cpu of survey.cpus) out.nameIt('thread_name', cpuTrack(cpu), `"CPU ${cpu}"`);
  survey.taskNames.forEach((name, task) => {
    if (name === undefined || survey.frames.has(task)) return;
    out.nameIt('thread_name', taskTrack(task), JSON.stringify(name));
  });
}

/** What to do with each kind of event, by kind. */
function handlersFor(
  out: TraceJson,
  trace: Trace,
  survey: Survey,
  tasks: TaskTracks,
): readonly (Handler | undefined)[] {
  const quoted = remembered((number) => JSON.stringify(trace.text(number)));
  const named = remembered((task) => JSON.stringify(taskNameIn(survey, task)));
  const locks = new LockSpans(out, quoted, named);
  const byKind: Partial<Record<KindName, Handler>> = {
    ...taskHandlers(trace, tasks),
    ...instantHandlers(out, quoted, tasks),
    'ref.hold': (event) => {
      out.counter(event.timeNs, quoted(event.object), event.value);
    },
    'ref.put': (event) => {
      out.counter(event.timeNs, quoted(event.object), event.value);
    },
  };
  return kindTable.map(({ name }, kind) => {
    if (holdBegins.has(kind)) return locks.begins.bind(locks);
    return holdEnds.has(kind) ? locks.ends.bind(locks) : byKind[name];
  });
}

function taskHandlers(trace: Trace, tasks: TaskTracks): Partial<Record<KindName, Handler>> {
  const waitFor = remembered((text) => JSON.stringify(`waits: ${trace.text(text)}`));
  const spinOn = remembered((text) => JSON.stringify(`spins: ${trace.text(text)}`));
  const entersFrame = tasks.entersFrame.bind(tasks);
  const leavesFrame = tasks.leavesFrame.bind(tasks);
  return {
    'task.switch': tasks.switched.bind(tasks),
    'task.block': (event) => {
      tasks.waits(event, waitFor(event.value));
    },
    'task.spin': (event) => {
      tasks.waits(event, spinOn(event.object));
    },
    'task.relax': (event) => {
      tasks.waits(event, '"cpu_relax"');
    },
    'task.wake': tasks.woken.bind(tasks),
    'task.exit': tasks.exits.bind(tasks),
    'work.start': tasks.startsWork.bind(tasks),
    'work.end': tasks.endsWork.bind(tasks),
    'irq.enter': entersFrame,
    'irq.exit': leavesFrame,
    'softirq.enter': entersFrame,
    'softirq.exit': leavesFrame,
  };
}

function instantHandlers(
  out: TraceJson,
  quoted: (text: number) => string,
  tasks: TaskTracks,
): Partial<Record<KindName, Handler>> {
  const handlers = Object.entries(instants).map(([kind, { name, scope }]): [string, Handler] => [
    kind,
    (event) => {
      out.instant(tasks.trackOf(event), event.timeNs, kind, quoted(event[name]), scope);
    },
  ]);
  return Object.fromEntries(handlers);
}
