// Events of the Chrome trace event format, as Perfetto reads them: slices on threads (B, E), async
// spans (b, e), flows (s, f), counters (C), instants (i), metadata (M). Written in the order of
// time, slices by begin and end and never by length: so a flow always finds the slice that it binds
// to already open. Numbers of processes and threads share one space, as on Linux.

import { microseconds } from './text.ts';

/** A process and a thread of the file, as they stand in an event. */
export type Track = string;

/** The processes of the file. Task numbers end at 65535, so their threads collide with none. */
export const processes = {
  tasks: { pid: 100_000, name: 'tasks' },
  cpus: { pid: 200_000, name: 'interrupts' },
  locks: { pid: 300_000, name: 'locks' },
  references: { pid: 400_000, name: 'references' },
} as const;

/** Number of the first CPU's thread. */
const firstCpu = 200_010;

const trackOf = (pid: number, tid: number): Track => `"pid":${pid},"tid":${tid}`;

/** What time and hardware do, outside every task and interrupt. */
export const machineTrack = trackOf(processes.cpus.pid, 200_001);
export const lockTrack = trackOf(processes.locks.pid, processes.locks.pid);
export const referenceTrack = trackOf(processes.references.pid, processes.references.pid);
/** The thread of a task. */
export const taskTrack = (task: number): Track => trackOf(processes.tasks.pid, task);
/** The thread of a CPU's interrupts. */
export const cpuTrack = (cpu: number): Track => trackOf(processes.cpus.pid, firstCpu + cpu);

/** Collects the events of one file. Names and arguments come as JSON. */
export class TraceJson {
  /** What was not taken yet. */
  text = '';
  private isFirst = true;

  /** Hands out what was written. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  private put(phase: string, track: Track, rest: string): void {
    this.text += `${this.isFirst ? '' : ',\n'}{"ph":"${phase}",${track},${rest}}`;
    this.isFirst = false;
  }

  private event(phase: string, track: Track, timeNs: number, rest: string): void {
    this.put(phase, track, `"ts":${microseconds(timeNs)}${rest}`);
  }

  /** Begins a slice inside those of its track that are open. */
  begin(track: Track, timeNs: number, category: string, name: string): void {
    this.event('B', track, timeNs, `,"cat":"${category}","name":${name}`);
  }

  /** Ends the slice of a track that began last. */
  end(track: Track, timeNs: number): void {
    this.event('E', track, timeNs, '');
  }

  /** `scope`: t for the track, g for the whole file. */
  instant(track: Track, timeNs: number, category: string, name: string, scope: 't' | 'g'): void {
    this.event('i', track, timeNs, `,"cat":"${category}","name":${name},"s":"${scope}"`);
  }

  /** A wake-up leaves the slice that is open on the track. */
  flowStart(track: Track, timeNs: number, id: number): void {
    this.event('s', track, timeNs, `,"cat":"wake","name":"wake","id":${id}`);
  }

  /** A wake-up arrives in the slice that is open on the track. */
  flowEnd(track: Track, timeNs: number, id: number): void {
    this.event('f', track, timeNs, `,"cat":"wake","name":"wake","id":${id},"bp":"e"`);
  }

  /** Begins an async span. Spans with one id and category nest, so they must not overlap. */
  spanBegin(id: string, timeNs: number, category: string, name: string, args: string): void {
    const rest = `,"cat":"${category}","name":${name},"id":"${id}","args":{${args}}`;
    this.event('b', lockTrack, timeNs, rest);
  }

  /** Category, name and id are those of the beginning. */
  spanEnd(id: string, timeNs: number, category: string, name: string): void {
    this.event('e', lockTrack, timeNs, `,"cat":"${category}","name":${name},"id":"${id}"`);
  }

  /** A reference count has a new value. */
  counter(timeNs: number, name: string, count: number): void {
    this.event('C', referenceTrack, timeNs, `,"name":${name},"args":{"count":${count}}`);
  }

  /** Names a process or a thread. */
  nameIt(what: 'process_name' | 'thread_name', track: Track, name: string): void {
    this.put('M', track, `"name":"${what}","args":{"name":${name}}`);
  }
}

/** The track of a process as a whole. */
export const processTrack = (pid: number): Track => trackOf(pid, pid);
