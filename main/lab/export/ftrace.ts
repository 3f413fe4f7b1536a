// A run as the text of the kernel's trace file (Documentation/trace/ftrace.rst, formats of 6.1):
// sched, irq, workqueue and lock events, which Perfetto and others turn into tracks, the log as
// printk:console, and as tracing_mark_write what atrace's letters can say: reference counts (C),
// findings and steps (I). In virtual seconds, rounded down to the microsecond as in the log.
//
// A process id is the number of the task in the trace, a comm is its name, longer than Linux has
// them. Addresses are numbers of names; the head lists those of locks. Left out: need-resched and
// preemption depth. workqueue_queue_work is the attempt: the work may have been pending already.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import type { RunRecord } from '../record/run-record.ts';
import { address, FtraceLines } from './ftrace-lines.ts';
import { FtraceLocks, locksOf } from './ftrace-locks.ts';
import { surveyOf } from './survey.ts';
import type { Survey } from './survey.ts';
import { pieceChars } from './text.ts';

type Handler = (event: TraceEvent) => void;
type Handlers = Partial<Record<KindName, Handler>>;

/** Numbers and names of the softirqs that the lab has (include/linux/interrupt.h). */
const softirqs: Readonly<Record<string, string>> = {
  timer: 'vec=1 [action=TIMER]',
  NET_TX: 'vec=2 [action=NET_TX]',
  NET_RX: 'vec=3 [action=NET_RX]',
  rcu: 'vec=9 [action=RCU]',
};

/** The process whose counters the reference counts are: init. */
const counterPid = 1;

/** The lines before the first event. The entries counted are the events of the run. */
function headOf(trace: Trace, survey: Survey): string {
  const locks = [...locksOf(trace)].map((lock) => `# lock ${address(lock)} ${trace.text(lock)}\n`);
  return `# tracer: nop
#
# entries-in-buffer/entries-written: ${trace.count}/${trace.count}   #P:${survey.cpus.at(-1)! + 1}
#
${locks.join('')}#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
}

/** The run as ftrace text, in pieces. */
export function* ftraceText({ trace }: RunRecord): Generator<string, void, void> {
  const survey = surveyOf(trace);
  const out = new FtraceLines(trace, survey);
  const handlers = handlersFor(out, trace);
  out.text = headOf(trace, survey);
  for (const event of trace.events()) {
    out.follow(event);
    handlers[event.kind]?.(event);
    if (out.text.length < pieceChars) continue;
    yield out.text;
    out.text = '';
  }
  out.sched.finish();
  yield out.text;
}

/** What to write for each kind of event, by kind. */
function handlersFor(out: FtraceLines, trace: Trace): readonly (Handler | undefined)[] {
  const byKind: Handlers = {
    ...taskHandlers(out, new FtraceLocks()),
    ...frameHandlers(out),
    ...workHandlers(out),
    ...markHandlers(out, trace),
  };
  return kindTable.map(({ name }) => byKind[name]);
}

/** Scheduling, and waits for locks. */
function taskHandlers(out: FtraceLines, locks: FtraceLocks): Handlers {
  const { sched } = out;
  const asks: Handler = (event) => {
    locks.asks(event);
  };
  const waits: Handler = (event) => {
    const flags = locks.begins(event);
    if (flags === undefined) return;
    out.write(event, `contention_begin: ${address(event.object)} (flags=${flags})`);
  };
  const gets: Handler = (event) => {
    if (locks.ends(event)) out.write(event, `contention_end: ${address(event.object)} (ret=0)`);
  };
  const target = (event: TraceEvent): string => {
    const cpu = sched.cpuOf(event.object, event.cpu);
    return `${out.ids(event.object, cpu)} target_cpu=${String(cpu).padStart(3, '0')}`;
  };
  return {
    'task.create': (event) => {
      if (out.isTask(event.object)) out.write(event, `sched_wakeup_new: ${target(event)}`);
    },
    'task.block': (event) => {
      waits(event);
      sched.leaves(event);
    },
    'task.spin': waits,
    'task.wake': (event) => {
      const woken = target(event);
      out.write(event, `sched_waking: ${woken}`);
      out.write(event, `sched_wakeup: ${woken}`);
    },
    'task.exit': (event) => {
      out.write(event, `sched_process_exit: ${out.ids(event.object, event.cpu)}`);
      sched.leaves(event);
    },
    'mutex.lock': asks,
    'rwsem.read': asks,
    'rwsem.write': asks,
    'spin.lock': asks,
    'sem.down': asks,
    'mutex.acquired': gets,
    'rwsem.acquired': gets,
    'spin.acquired': gets,
    'sem.acquired': gets,
  };
}

/** Interrupts, numbered in the order in which they first come, and softirqs. */
function frameHandlers(out: FtraceLines): Handlers {
  const irqs = new Map<number, number>();
  const irqOf = (name: number): number => {
    if (!irqs.has(name)) irqs.set(name, irqs.size + 1);
    return irqs.get(name)!;
  };
  const softirqOf = (name: number): string =>
    softirqs[out.word(name)] ?? `vec=6 [action=${out.word(name)}]`;
  return {
    'irq.enter': (event) => {
      const { object } = event;
      out.write(event, `irq_handler_entry: irq=${irqOf(object)} name=${out.word(object)}`);
    },
    'irq.exit': (event) => {
      out.write(event, `irq_handler_exit: irq=${irqOf(event.object)} ret=handled`);
    },
    'softirq.enter': (event) => {
      out.write(event, `softirq_entry: ${softirqOf(event.object)}`);
    },
    'softirq.exit': (event) => {
      out.write(event, `softirq_exit: ${softirqOf(event.object)}`);
    },
  };
}

function workHandlers(out: FtraceLines): Handlers {
  const work = ({ object }: TraceEvent, is: string): string =>
    `work struct${is}${address(object)}${is === '=' ? ' function=' : ': function '}`;
  return {
    'work.queue': (event) => {
      const { object, value, cpu } = event;
      const queue = `workqueue=${out.word(value)} req_cpu=${cpu} cpu=${cpu}`;
      out.write(event, `workqueue_queue_work: ${work(event, '=')}${out.word(object)} ${queue}`);
    },
    'work.start': (event) => {
      out.write(event, `workqueue_execute_start: ${work(event, ' ')}${out.word(event.object)}`);
    },
    'work.end': (event) => {
      out.write(event, `workqueue_execute_end: ${work(event, ' ')}${out.word(event.object)}`);
    },
  };
}

/** The log, and marks: counters, findings, what a person or the script did. */
function markHandlers(out: FtraceLines, trace: Trace): Handlers {
  const counts: Handler = (event) => {
    const { object, value } = event;
    out.write(event, `tracing_mark_write: C|${counterPid}|${out.word(object)}|${value}`);
  };
  const marks = (event: TraceEvent, text: number): void => {
    const oneLine = trace.text(text).replaceAll('\n', ' ');
    out.write(event, `tracing_mark_write: I|${event.task}|${oneLine}`);
  };
  const marksObject: Handler = (event) => {
    marks(event, event.object);
  };
  const marksValue: Handler = (event) => {
    marks(event, event.value);
  };
  return {
    printk: (event) => {
      out.write(event, `console: ${trace.text(event.object)}`);
    },
    'ref.hold': counts,
    'ref.put': counts,
    finding: marksValue,
    step: marksValue,
    oops: marksObject,
    input: marksObject,
    check: marksObject,
  };
}
