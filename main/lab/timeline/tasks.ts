// The lanes of tasks and of interrupt contexts: who runs (and what: a work, a system call, a line
// of a shell, an interrupt), who can run, who waits for what. A task that looks again and again (it
// polls for the last reference) waits between its looks. Who sleeps for a time, or is idle, has no
// span; an end is a mark without length.
//
// One context executes at a time (main/sim), so a run ends where another context is switched in.

import type { Trace } from '#trace/trace.ts';
import { psName } from '../record/ps-name.ts';
import { NumberColumn, TimeColumn } from './columns.ts';
import type { LaneEvent, Takes } from './event.ts';
import type { Labels } from './labels.ts';
import type { Lanes, LaneTrack } from './lanes.ts';
import type { Spans } from './spans.ts';
import { spanStyle } from './styles.ts';

const slot = { run: 0, ready: 1, wait: 2, stuck: 3 } as const;

/** What a task waits for, as its lane says it. */
export interface WaitWords {
  readonly label: number;
  /** Number of the lane of what is waited for and 1, or 0. */
  readonly value: number;
  /** It cannot end. */
  readonly stuck: boolean;
}

/** What the tasks must know of the wait graph. */
export interface WaitsOf {
  /** Of an actor, by the text of its name; undefined for one that does not wait. */
  of(actor: number): WaitWords | undefined;
  /** As of(), of one that spins on this lock. */
  on(resource: number): WaitWords;
}

/** A task under way. */
interface TaskTrack {
  readonly name: number;
  readonly lane: LaneTrack;
  readonly spans: Spans;
  state: 'idle' | 'run' | 'ready' | 'blocked';
  /** Text or label of what it runs: the innermost first. */
  interrupt: number;
  readonly works: number[];
  call: number;
  line: number;
  /** Command of the firmware that it has given and not seen answered. */
  command: number;
  /** Lock that it spins on. */
  spinsOn: number;
}

/** Draws tasks. */
export class TaskTracks {
  /** Wake-ups: when, who (lane), whom (lane). */
  readonly wakes = {
    count: 0,
    time: new TimeColumn(),
    from: new NumberColumn(),
    to: new NumberColumn(),
  };
  readonly takes: Takes;
  private readonly lanes: Lanes;
  private readonly labels: Labels;
  private readonly trace: Trace;
  private readonly waits: WaitsOf;
  private readonly tasks: (TaskTrack | undefined)[] = [];
  private readonly byName = new Map<number, number>();
  private running: TaskTrack | undefined;

  constructor(trace: Trace, labels: Labels, lanes: Lanes, waits: WaitsOf) {
    this.trace = trace;
    this.labels = labels;
    this.lanes = lanes;
    this.waits = waits;
    this.takes = this.table();
  }

  private table(): Takes {
    const runsNow = (set: (task: TaskTrack, event: LaneEvent) => void) => (event: LaneEvent) => {
      // Number 0 is no task: the shell of Linux itself is told of from outside.
      if (event.task === 0) return;
      const task = this.of(event);
      set(task, event);
      if (task.state === 'run') this.draw(task, event);
    };
    return {
      'task.create': (event) => void this.born(event.object, event.place, event),
      'task.comm': (event) => {
        const name = psName(this.trace.text(event.value), this.trace.text(event.place));
        this.tasks[event.object]!.lane.psName = name;
      },
      'task.switch': (event) => this.switched(event),
      'task.block': (event) => this.stops(event, 'blocked'),
      'task.spin': (event) => {
        this.of(event).spinsOn = event.object;
        this.stops(event, 'blocked');
      },
      'task.wake': (event) => this.woken(event),
      'task.exit': (event) => this.exits(event),
      'work.start': runsNow((task, { object }) => task.works.push(object)),
      'work.end': runsNow((task) => task.works.pop()),
      syscall: runsNow((task, { object }) => (task.call = object)),
      'tty.run': runsNow((task, { value }) => {
        task.line = value;
        task.call = 0;
      }),
      'tty.done': runsNow((task) => {
        task.line = 0;
        task.call = 0;
      }),
      'irq.enter': (event) => this.entersFrame(event),
      'softirq.enter': (event) => this.entersFrame(event),
      'irq.exit': (event) => this.stops(event, 'idle'),
      'softirq.exit': (event) => this.stops(event, 'idle'),
    };
  }

  private born(task: number, name: number, { seq }: LaneEvent): TaskTrack {
    const lane = this.lanes.add('task', this.trace.text(name), seq);
    const { run, ready, wait, stuck, ended } = spanStyle;
    const spans = lane.addRow(run, ready, wait, stuck);
    lane.addRow(ended);
    const rest = { interrupt: 0, works: [], call: 0, line: 0, command: 0, spinsOn: 0 };
    const track: TaskTrack = { name, lane, spans, state: 'idle', ...rest };
    this.tasks[task] = track;
    if (name !== 0) this.byName.set(name, task);
    return track;
  }

  /** The task of an event; one whose birth is not in the trace gets a lane all the same. */
  private of(event: LaneEvent): TaskTrack {
    const known = this.tasks[event.task];
    if (known !== undefined) return known;
    return this.born(event.task, this.trace.intern(`task ${event.task}`), event);
  }

  /** Number of a task's lane and 1, by the text of its name; 0 for none. */
  laneOf(name: number): number {
    const task = this.byName.get(name);
    return task === undefined ? 0 : this.tasks[task]!.lane.id + 1;
  }

  /** Text of a task's name, by its number. */
  nameOf = (task: number): number => this.tasks[task]?.name ?? 0;

  /** What a task runs. */
  private doing({ interrupt, works, call, line }: TaskTrack): number {
    return interrupt || works.at(-1) || call || line;
  }

  /** Says in its lane how a task stands. */
  private draw(task: TaskTrack, { timeNs, seq }: LaneEvent): void {
    const { spans, state } = task;
    if (state === 'run' || state === 'ready') {
      return spans.change(timeNs, slot[state], state === 'run' ? this.doing(task) : 0, 0, seq);
    }
    const wait = state === 'idle' ? undefined : this.waitOf(task);
    if (wait === undefined) return spans.close(timeNs);
    const { label, value, stuck } = wait;
    const shown = task.command !== 0 && value === 0 ? task.command : label;
    spans.change(timeNs, stuck ? slot.stuck : slot.wait, shown, value, seq);
  }

  private waitOf(task: TaskTrack): WaitWords | undefined {
    return task.spinsOn === 0 ? this.waits.of(task.name) : this.waits.on(task.spinsOn);
  }

  private switched(event: LaneEvent): void {
    const before = this.running;
    const task = this.of(event);
    if (before !== undefined && before !== task && before.state === 'run') {
      before.state = 'ready';
      this.draw(before, event);
    }
    this.running = task;
    task.state = 'run';
    task.spinsOn = 0;
    this.draw(task, event);
  }

  private stops(event: LaneEvent, state: 'blocked' | 'idle'): void {
    const task = this.of(event);
    if (state === 'idle') task.interrupt = 0;
    task.state = state;
    this.draw(task, event);
  }

  private entersFrame(event: LaneEvent): void {
    const task = this.of(event);
    task.lane.kind = 'interrupt';
    task.interrupt = event.object;
    task.state = 'run';
    this.draw(task, event);
  }

  private woken(event: LaneEvent): void {
    const task = this.tasks[event.object];
    if (task === undefined || task.state === 'run' || task.state === 'ready') return;
    task.state = 'ready';
    task.spinsOn = 0;
    this.draw(task, event);
    const waker = this.tasks[event.task];
    if (waker === undefined) return;
    const { wakes } = this;
    const at = wakes.count++;
    wakes.time.set(at, event.timeNs);
    wakes.from.set(at, waker.lane.id);
    wakes.to.set(at, task.lane.id);
  }

  private exits(event: LaneEvent): void {
    const task = this.of(event);
    this.stops(event, 'idle');
    task.lane.rows[1]!.point(event.timeNs, 0, 0, 0, event.seq);
  }

  /** A command goes to the firmware, or (label 0) its answer is seen. */
  commands(task: number, name: string): void {
    const track = this.tasks[task];
    if (track !== undefined) track.command = name === '' ? 0 : this.labels.of(`fw ${name}`);
  }

  /** What an actor waits for has changed; it may be none of ours. */
  waitChanged(actor: number, event: LaneEvent): void {
    const task = this.byName.get(actor);
    const track = task === undefined ? undefined : this.tasks[task];
    if (track?.state !== 'blocked') return;
    // The end of a wait is seen when its task is woken.
    if (this.waitOf(track) !== undefined) this.draw(track, event);
  }
}
