// Events in words: what somebody does, as a verb phrase for each kind of event. `{o}` stands for
// the object, `{v}` for the value. Reports, the window and replays say a step in the same words.

import { kindTable } from '#trace/kinds.ts';
import type { KindName, ValueMeaning } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import { pieces } from './piece.ts';
import { psName } from './ps-name.ts';
import { K } from '#trace/kinds.ts';

/** Verb phrases by kind. */
export const phrases: Readonly<Record<KindName, string>> = {
  none: 'does nothing',
  'task.create': 'makes the task {o}',
  'task.exit': 'ends',
  'task.switch': 'runs',
  'task.block': 'goes to sleep waiting for {o}',
  'task.wake': 'wakes {o}',
  'task.sleep': 'sleeps for {v}',
  'task.relax': 'pauses in a busy loop',
  preempt: 'computes',
  'irq.raise': 'raises the interrupt {o} on CPU {v}',
  'irq.enter': 'enters the interrupt {o}',
  'irq.exit': 'leaves the interrupt {o}',
  'softirq.enter': 'enters the softirq {o}',
  'softirq.exit': 'leaves the softirq {o}',
  'cell.read': 'reads {o}',
  'cell.write': 'writes {o}',
  'mutex.lock': 'wants {o}',
  'mutex.acquired': 'takes {o}',
  'mutex.unlock': 'gives {o} back',
  'mutex.trylock': 'tries to take {o}',
  'spin.lock': 'wants {o}',
  'spin.unlock': 'gives {o} back',
  'rwsem.read': 'wants {o} for reading',
  'rwsem.write': 'wants {o} for writing',
  'rwsem.release': 'gives {o} back',
  'sem.down': 'wants one of {o}',
  'sem.up': 'gives one of {o} back',
  'completion.wait': 'looks whether {o} is complete',
  'completion.complete': 'completes {o}',
  'ref.hold': 'takes a reference on {o}, which makes {v}',
  'ref.put': 'gives a reference on {o} back, which leaves {v}',
  'ref.wait': 'waits for the last reference on {o}, which has {v}',
  'rcu.synchronize': 'waits for RCU readers',
  'rcu.barrier': 'waits for RCU callbacks',
  'work.queue': 'queues {o} on {v}',
  'work.start': 'begins {o} of {v}',
  'work.end': 'ends {o} of {v}',
  'work.cancel': 'cancels {o}',
  'work.flush': 'waits until {o} is done',
  'timer.arm': 'arms a timer for {o}',
  'timer.fire': 'lets the timer {o} fire',
  'timer.cancel': 'disarms the timer {o}',
  printk: 'prints "{o}"',
  'notifier.call': 'calls {o} for {v}',
  'netdev.state': 'notes {o}: {v}',
  'device.bind': 'binds {o} to the driver {v}',
  'device.unbind': 'unbinds {o} from the driver {v}',
  'module.load': 'loads the module {o}',
  'module.unload': 'unloads the module {o}',
  syscall: 'calls the kernel: {o} {v}',
  oops: 'crashes: {o}',
  'mmio.read': 'reads {v} from {o}',
  'mmio.write': 'writes {v} to {o}',
  'fw.command': 'gives the command {o}',
  'fw.done': 'sees {o} end with status {v}',
  'card.port': 'sees {o}: {v}',
  'card.event': 'raises the event {o}: {v}',
  'card.refused': 'sees {o} refused: {v}',
  'card.error': 'sees an error of {o}: {v}',
  'card.reset': 'resets {o}',
  'card.map': 'sets {o} to {v}',
  'card.fault': 'meets the fault {o}: {v}',
  'packet.send': 'sends a packet from {o}',
  'packet.receive': 'brings a packet to {o}',
  'packet.drop': 'drops a packet at {o}: {v}',
  link: 'sets the link of {o} to {v} Mb/s',
  cable: 'changes {o}: {v}',
  input: 'gets the input {o}',
  step: 'goes on to the {o} {v}',
  check: 'judges "{o}": {v}',
  finding: 'finds a {o}: {v}',
  'bond.state': 'sets {o}: {v}',
  'switch.port': 'sets {o}: {v}',
  'task.spin': 'spins on {o}',
  'spin.acquired': 'takes {o}',
  'rwsem.acquired': 'takes {o}',
  'sem.acquired': 'takes one of {o}',
  'ref.rename': 'gives {o} the name {v}',
  resource: 'brings the {v} {o} into the wait graph',
  'work.actor': 'brings the work {o} into the wait graph',
  'hold.begin': 'makes {v} a holder of {o}',
  'hold.handed': 'hands {o} over to {v}',
  'hold.end': 'takes {o} from its holder {v}',
  'wait.begin': 'makes {v} wait for {o}',
  'wait.end': 'ends the wait of {v} for {o}',
  deadlock: 'closes a cycle of {v} waits: {o}',
  'deadlock.wait': 'closes a cycle in which {v} waits for {o}',
  'deadlock.hold': 'closes a cycle in which {v} holds {o}',
  'deadlock.end': 'opens a cycle again: {o}',
  report: 'reports ({o}): {v}',
  'ref.warning': 'warns that {o} has {v} references',
  'hung.look': 'looks for tasks that hang for {v} s',
  sysctl: 'sets {o} to {v}',
  'task.comm': 'gives {o} the comm {v}',
  'tty.open': 'opens the terminal {o} for {v}',
  'tty.typed': 'sees typed on {o}: {v}',
  'tty.text': 'writes to the terminal {o}: {v}',
  'tty.run': 'runs a line of the terminal {o}: {v}',
  'tty.done': 'ends the line of the terminal {o} with status {v}',
  'tty.close': 'leaves the terminal {o}',
  'netdev.going': 'notes that {o} goes or stays: {v}',
  'driver.state': 'believes {o} to be {v}',
  'driver.port': 'shows {o} as {v}',
  'driver.netdev': 'serves {o} by {v}',
  'card.type': 'sees {o} become {v}',
  'card.open': 'sees {o} opened or closed: {v}',
  'card.usable': 'sees {o} usable or not: {v}',
  'bond.mode': 'sets the mode of {o} to {v}',
  'bond.active': 'makes {v} the active slave of {o}',
  'bond.slave': 'makes {o} a slave of {v}',
  'cable.end': 'puts an end of {o} into {v}',
  fault: 'arms the fault {o}: {v}',
  'fault.held': 'holds commands by {o}: {v}',
};

/** Longest object or value in a sentence. */
const partCharactersMax = 120;

/** `3.120 s`, with as many more digits as it takes to be exact. */
export function secondsText(timeNs: number): string {
  const [whole = '', part = ''] = (timeNs / 1e9).toFixed(9).split('.');
  return `${whole}.${part.replace(/0{1,6}$/, '')} s`;
}

/** `3.120 s`, rounded. */
export const roundSeconds = (timeNs: number): string => `${(timeNs / 1e9).toFixed(3)} s`;

/**
 * How to read a value. The table calls that of timer.arm a count; it is the number of the queue
 * that a delayed work goes to, or 0 for a bare timer.
 */
export const valueMeaning = (kind: number): ValueMeaning =>
  kind === K['timer.arm'] ? 'text' : (kindTable[kind]?.value ?? 'none');

/** Names of a run's tasks by number: texts' numbers, as task.create gives them. */
export class TaskNames {
  private readonly trace: Trace;
  private readonly numbers: number[] = [];
  private readonly shown: string[] = [];
  private readonly pids: string[] = [];
  private seen = 0;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Looks at what has been added to the trace. */
  refresh(): void {
    const { trace, numbers, shown, pids } = this;
    const create = K['task.create'];
    const comm = K['task.comm'];
    for (const { count, u8, u32 } of pieces(trace, this.seen, trace.count)) {
      for (let at = 0; at < count; at++) {
        const kind = u8[at * 24 + 22];
        if (kind !== create && kind !== comm) continue;
        const [task, value, place] = [u32[at * 6 + 2]!, u32[at * 6 + 3]!, u32[at * 6 + 4]!];
        if (kind === create) numbers[task] = place;
        else {
          pids[task] = trace.text(place);
          shown[task] = psName(trace.text(value), pids[task]);
        }
      }
    }
    this.seen = trace.count;
  }

  /** The number of the text that is its name; 0 when no event has told it. */
  textOf(task: number): number {
    return this.numbers[task] ?? 0;
  }

  /** The name; 0 is the machine itself: the card, the wire, the clock. */
  of(task: number): string {
    if (task === 0) return 'the machine';
    const text = this.textOf(task);
    return text === 0 ? `task ${task}` : this.trace.text(text);
  }

  /** The process id; empty for what no process is. */
  pidOf(task: number): string {
    return this.pids[task] ?? '';
  }

  /** What the window calls it. */
  shownOf(task: number): string {
    return this.shown[task] ?? this.of(task);
  }
}

/** A text as a sentence takes it: one line, not too long. */
export function shortText(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > partCharactersMax ? `${line.slice(0, partCharactersMax)} …` : line;
}

/** What the object of an event is called. */
export function objectText(trace: Trace, names: TaskNames, event: TraceEvent): string {
  switch (kindTable[event.kind]?.object) {
    case 'task':
      return names.of(event.object);
    case 'resource':
    case 'text':
      return trace.text(event.object);
    default:
      return '';
  }
}

/** What the value of an event says. */
export function valueText(trace: Trace, names: TaskNames, event: TraceEvent): string {
  const { kind, value } = event;
  switch (valueMeaning(kind)) {
    case 'none':
      return '';
    case 'text':
      return trace.text(value);
    case 'task':
      return names.of(value);
    case 'ns':
      return `${value} ns`;
    case 'hex':
      return `0x${value.toString(16)}`;
    case 'blob':
      return `${trace.blobBytes(value).length} bytes`;
    default:
      return `${value}`;
  }
}

/** Phrases that depend on more than the kind. */
function phraseOf(event: TraceEvent, object: string, value: string): string {
  const { kind } = event;
  if (kind === K['task.block'] && object === '') {
    return value === 'sleep' || value === '' ? 'goes to sleep' : 'goes to sleep ({v})';
  }
  if (kind === K['timer.fire'] && object === '') return 'lets the timer wheel turn';
  if (kind === K['rwsem.acquired'])
    return `takes {o} for ${event.value === 1 ? 'writing' : 'reading'}`;
  if (kind === K.link && event.value === 0) return 'takes the link of {o} down';
  if (kind === K.check) return `judges "{o}": ${event.value === 1 ? 'holds' : 'does not hold'}`;
  return phrases[kindTable[kind]?.name ?? 'none'];
}

/** What an event does, in words without its doer: `takes intf_mutex (mutex.acquired)`. */
export function deedWords(trace: Trace, names: TaskNames, event: TraceEvent): string {
  const object = shortText(objectText(trace, names, event));
  const value = shortText(valueText(trace, names, event));
  const phrase = phraseOf(event, object, value);
  const words = phrase.replace(/\{([ov])\}/g, (_all, part) => (part === 'o' ? object : value));
  return `${words.trim()} (${kindTable[event.kind]?.name ?? `kind ${event.kind}`})`;
}

/** An event in words: `sh takes intf_mutex (mutex.acquired)`. */
export const eventWords = (trace: Trace, names: TaskNames, event: TraceEvent): string =>
  `${names.of(event.task)} ${deedWords(trace, names, event)}`;
