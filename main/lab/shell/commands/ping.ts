// ping of iputils: -c -i -s -w -W -I -q -O. A request a second, replies and errors as they come,
// and the summary at the end, at the deadline, or at Ctrl-C. Left out: names, flood, IPv6, record
// route.

import { formatIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import { errnoText } from '#kernel/errno.ts';
import { ping_close, ping_receive, ping_send, ping_socket } from '#kernel/net/ping.ts';
import type { PingEvent, PingSocket } from '#kernel/net/ping.ts';
import { ip_route_output_key } from '#kernel/net/route.ts';
import { SIGINT } from '#kernel/signal.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

/** ICMP and IP headers around the data. */
const icmpBytes = 8;
const ipBytes = 20;
/** How long the last reply is waited for when none has come. */
const defaultLingerNs = 10e9;

const unreachableTexts: ReadonlyMap<number, string> = new Map([
  [0, 'Destination Net Unreachable'],
  [1, 'Destination Host Unreachable'],
  [2, 'Destination Protocol Unreachable'],
  [3, 'Destination Port Unreachable'],
]);

interface Settings {
  readonly target: string;
  readonly address: number;
  readonly count: number;
  readonly intervalNs: number;
  readonly size: number;
  readonly deadlineNs: number;
  readonly lingerNs: number;
  readonly device: string | null;
  readonly quiet: boolean;
  readonly saysMissing: boolean;
}

/** A time as ping prints it: three digits at most behind the point, fewer for long ones. */
function timeText(ns: number): string {
  const ms = Math.floor(ns / 1000) / 1000;
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

/** Six significant digits without zeros at the end, as printf's %g. */
const percentText = (part: number, whole: number): string =>
  String(Number(((100 * part) / whole).toPrecision(6)));

/** One call of ping. */
class Pinger {
  private readonly process: Process;
  private readonly settings: Settings;
  private readonly socket: PingSocket;
  private readonly startNs: number;
  private readonly sentNs = new Map<number, number>();
  private readonly answered = new Set<number>();
  private readonly rtts: number[] = [];
  private sent = 0;
  private received = 0;
  private duplicates = 0;
  private errors = 0;
  private pipe = 0;

  constructor(process: Process, settings: Settings, socket: PingSocket) {
    this.process = process;
    this.settings = settings;
    this.socket = socket;
    this.startNs = this.now;
  }

  private get now(): number {
    return this.process.k.sim.now();
  }

  private get interrupted(): boolean {
    return this.process.k.sim.current.signals.has(SIGINT);
  }

  private get over(): boolean {
    const late = this.now >= this.startNs + this.settings.deadlineNs;
    return this.interrupted || late || this.received + this.errors >= this.settings.count;
  }

  *run(): MaySleep<number> {
    while (!this.over && this.sent < this.settings.count) {
      yield* this.send();
      const nextNs = this.startNs + this.sent * this.settings.intervalNs;
      yield* this.receiveUntil(this.sent < this.settings.count ? nextNs : this.now);
    }
    const until = this.now + this.linger;
    while (!this.over && this.now < until) {
      yield* this.receiveUntil(until);
    }
    yield* this.summary();
    return this.received > 0 ? 0 : 1;
  }

  /** How long the last replies are waited for. */
  private get linger(): number {
    const { lingerNs, intervalNs } = this.settings;
    if (this.rtts.length === 0) return lingerNs;
    return Math.min(lingerNs, Math.max(2 * Math.max(...this.rtts), intervalNs));
  }

  private *send(): MaySleep<void> {
    const { address, size, saysMissing } = this.settings;
    if (saysMissing && this.sent > 0 && !this.answered.has(this.sent)) {
      yield* this.say(`no answer yet for icmp_seq=${this.sent}`);
    }
    const sequence = ++this.sent;
    this.sentNs.set(sequence, this.now);
    const data = Uint8Array.from({ length: size }, (_, at) => at & 0xff);
    const result = yield* this.process.call(
      ping_send(this.socket, address, sequence & 0xffff, data),
    );
    if (result >= 0) return;
    this.errors++;
    yield* this.process.err(`ping: sendmsg: ${errnoText(result)}\n`);
  }

  /** Takes what comes until then. */
  private *receiveUntil(untilNs: number): MaySleep<void> {
    const endNs = Math.min(untilNs, this.startNs + this.settings.deadlineNs);
    while (!this.over) {
      const left = Math.max(0, endNs - this.now);
      const event = yield* this.process.call(ping_receive(this.socket, left));
      if (typeof event === 'number') return;
      yield* this.take(event);
      if (this.now >= endNs) return;
    }
  }

  private *take(event: PingEvent): MaySleep<void> {
    const { from, sequence } = event;
    this.pipe = Math.max(this.pipe, this.sent - sequence + 1);
    if (event.kind === 'unreachable') {
      this.errors++;
      const text = unreachableTexts.get(event.code) ?? `Dest Unreachable, Bad Code: ${event.code}`;
      yield* this.say(`From ${formatIpv4(from)} icmp_seq=${sequence} ${text}`);
      return;
    }
    const rtt = event.timeNs - (this.sentNs.get(sequence) ?? event.timeNs);
    const again = this.answered.has(sequence);
    if (again) this.duplicates++;
    else this.received++;
    this.answered.add(sequence);
    this.rtts.push(rtt);
    yield* this.say(
      `${event.data.length + icmpBytes} bytes from ${formatIpv4(from)}: icmp_seq=${sequence} ` +
        `ttl=${event.ttl} time=${timeText(rtt)} ms${again ? ' (DUP!)' : ''}`,
    );
  }

  private *say(line: string): MaySleep<void> {
    if (!this.settings.quiet) yield* this.process.out(`${line}\n`);
  }

  private *summary(): MaySleep<void> {
    const { sent, received, errors, duplicates } = this;
    const time = Math.floor((this.now - this.startNs) / 1e6);
    const parts = [
      `${sent} packets transmitted`,
      `${received} received`,
      ...(duplicates > 0 ? [`+${duplicates} duplicates`] : []),
      ...(errors > 0 ? [`+${errors} errors`] : []),
      `${percentText(sent - received, Math.max(sent, 1))}% packet loss`,
      `time ${time}ms`,
    ];
    yield* this.process.out(
      `\n--- ${this.settings.target} ping statistics ---\n${parts.join(', ')}\n${this.rttLine()}\n`,
    );
  }

  private rttLine(): string {
    const pipe = this.pipe > 1 ? `pipe ${this.pipe}` : '';
    if (this.rtts.length === 0) return pipe;
    const ms = this.rtts.map((ns) => Math.floor(ns / 1000) / 1000);
    const average = ms.reduce((sum, value) => sum + value, 0) / ms.length;
    const squares = ms.reduce((sum, value) => sum + value * value, 0) / ms.length;
    const deviation = Math.sqrt(Math.max(0, squares - average * average));
    const values = [Math.min(...ms), average, Math.max(...ms), deviation];
    const shown = values.map((value) => value.toFixed(3)).join('/');
    return `rtt min/avg/max/mdev = ${shown} ms${pipe === '' ? '' : `, ${pipe}`}`;
  }
}

/** A time option in seconds; null for no number. */
function secondsOf(word: string | undefined, otherwiseNs: number): number | null {
  if (word === undefined) return otherwiseNs;
  return /^\d*\.?\d+$/.test(word) ? Math.round(Number(word) * 1e9) : null;
}

/** The settings of a command line, or what is wrong with it. */
function readSettings(args: readonly string[]): Settings | string {
  const { flags, operands, error } = readOptions(args, 'c:i:s:w:W:I:qnODv4');
  if (error !== null) return error;
  const [target] = operands;
  if (target === undefined) return 'usage error: Destination address required';
  let address: number;
  try {
    address = parseIpv4Address(target);
  } catch {
    return `${target}: Name or service not known`;
  }
  const count = Number(flags.get('c') ?? 'Infinity');
  const size = Number(flags.get('s') ?? '56');
  const intervalNs = secondsOf(flags.get('i'), 1e9);
  const deadlineNs = secondsOf(flags.get('w'), Infinity);
  const lingerNs = secondsOf(flags.get('W'), defaultLingerNs);
  if (!(count >= 1)) return `invalid argument: '${flags.get('c') ?? ''}'`;
  if (!Number.isInteger(size) || size < 0 || size > 65_507) {
    return `invalid argument: '${flags.get('s') ?? ''}': out of range: 0 <= value <= 65507`;
  }
  if (intervalNs === null) return `bad timing interval: ${flags.get('i') ?? ''}`;
  if (deadlineNs === null) return `invalid argument: '${flags.get('w') ?? ''}'`;
  if (lingerNs === null) return `bad linger time: ${flags.get('W') ?? ''}`;
  return {
    target,
    address,
    count,
    intervalNs,
    size,
    deadlineNs,
    lingerNs,
    device: flags.get('I') ?? null,
    quiet: flags.has('q'),
    saysMissing: flags.has('O'),
  };
}

function* start(process: Process, settings: Settings): MaySleep<number> {
  const { k } = process;
  const { target, address, size, device } = settings;
  const dev = device === null ? null : k.net.devices.find(({ name }) => name === device);
  if (dev === undefined) {
    return yield* process.usage(`unknown iface: ${device ?? ''}`);
  }
  const route = ip_route_output_key(k, { destination: address, ...(dev === null ? {} : { dev }) });
  if (typeof route === 'number') {
    return yield* process.usage(`connect: ${errnoText(route)}`);
  }
  k.sim.current.signalHandlers.add(SIGINT);
  const socket = ping_socket(k, dev);
  const from = dev === null ? '' : ` from ${formatIpv4(route.source)} ${dev.name}:`;
  const whole = size + icmpBytes + ipBytes;
  yield* process.out(`PING ${target} (${target})${from} ${size}(${whole}) bytes of data.\n`);
  const status = yield* new Pinger(process, settings, socket).run();
  ping_close(socket);
  return status;
}

export const ping: Command = {
  name: 'ping',
  summary: 'ask a host for echoes (-c -i -s -w -W -I -q -O)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const settings = readSettings(args);
    if (typeof settings === 'string') return yield* process.usage(settings);
    return yield* start(process, settings);
  },
};
