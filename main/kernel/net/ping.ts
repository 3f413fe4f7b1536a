// Ping sockets (net/ipv4/ping.c): what /bin/ping needs. A socket has an identifier; echo replies
// and errors for it queue up and wake the one who waits. Waiting is that of poll(2): exact, ended
// by a signal. Left out: other socket calls, options, raw sockets.

import { buildEchoFrame, icmpEchoHeaderBytes, IcmpType } from '#bus/icmp.ts';
import type { IcmpEcho } from '#bus/icmp.ts';
import { ipv4HeaderBytes } from '#bus/ipv4.ts';
import type { Ipv4Header } from '#bus/ipv4.ts';
import type { MaySleep } from '#sim/task.ts';
import { ERESTARTSYS, ETIMEDOUT } from '../errno.ts';
import { entry_SYSCALL_64_after_hwframe } from '../fs/syscalls.ts';
import type { Kernel } from '../kernel.ts';
import { schedule } from '../sched.ts';
import { wakeAll, WaitQueue } from '../wait.ts';
import { ip_output } from './ipv4.ts';
import type { NetDevice } from './netdevice.ts';
import { ip_route_output_key } from './route.ts';

/** Something that came for a socket: a reply, or an error about a request. */
export interface PingEvent {
  readonly kind: 'reply' | 'unreachable';
  readonly sequence: number;
  /** Who says so. */
  readonly from: number;
  /** Virtual time of its arrival. */
  readonly timeNs: number;
  /** Of the reply. */
  readonly ttl: number;
  readonly data: Uint8Array;
  /** Of the error: 0 net, 1 host, 2 protocol, 3 port. */
  readonly code: number;
}

/** A socket of type ICMP echo. */
export class PingSocket {
  readonly k: Kernel;
  readonly id: number;
  /** SO_BINDTODEVICE. */
  dev: NetDevice | null = null;
  readonly queue: PingEvent[] = [];
  readonly arrived: WaitQueue;

  constructor(k: Kernel, id: number) {
    this.k = k;
    this.id = id;
    this.arrived = new WaitQueue(k, `ping socket ${id}`);
  }
}

/** The sockets of one machine, by identifier. */
export class PingSockets {
  readonly byId = new Map<number, PingSocket>();
  private readonly k: Kernel;
  private lastId = 0;

  constructor(k: Kernel) {
    this.k = k;
  }

  /** A new socket with the next identifier. */
  open(): PingSocket {
    do this.lastId = (this.lastId % 0xffff) + 1;
    while (this.byId.has(this.lastId));
    const socket = new PingSocket(this.k, this.lastId);
    this.byId.set(socket.id, socket);
    return socket;
  }
}

/** Opens a socket; packets leave through `dev` only, when given. */
export function ping_socket(k: Kernel, dev: NetDevice | null = null): PingSocket {
  const socket = k.net.pings.open();
  socket.dev = dev;
  return socket;
}

export function ping_close(socket: PingSocket): void {
  socket.k.net.pings.byId.delete(socket.id);
}

function arrive(socket: PingSocket, event: PingEvent): void {
  socket.queue.push(event);
  wakeAll(socket.arrived);
}

/** An echo reply came. */
export function ping_rcv(k: Kernel, header: Ipv4Header, echo: IcmpEcho): void {
  const socket = k.net.pings.byId.get(echo.id);
  if (socket === undefined) return;
  const { sequence, data } = echo;
  const { source: from, ttl } = header;
  arrive(socket, { kind: 'reply', sequence, from, timeNs: k.sim.now(), ttl, data, code: 0 });
}

/** An error about a request came. */
export function ping_err(
  k: Kernel,
  id: number,
  error: { sequence: number; from: number; code: number },
): void {
  const socket = k.net.pings.byId.get(id);
  if (socket === undefined) return;
  const data = new Uint8Array(0);
  arrive(socket, { kind: 'unreachable', ...error, timeNs: k.sim.now(), ttl: 0, data });
}

function* ping_v4_sendmsg(
  socket: PingSocket,
  destination: number,
  sequence: number,
  data: Uint8Array,
): MaySleep<number> {
  const { k, id, dev } = socket;
  const route = ip_route_output_key(k, { destination, ...(dev === null ? {} : { dev }) });
  if (typeof route === 'number') return route;
  const addresses = { sourceMac: 0, destinationMac: 0, source: route.source, destination };
  const frame = buildEchoFrame(addresses, IcmpType.echoRequest, id, sequence, data);
  const bytes = icmpEchoHeaderBytes + data.length;
  const result = yield* ip_output(route, frame, ipv4HeaderBytes + bytes);
  return result < 0 ? result : bytes;
}

function* __sys_sendto(
  socket: PingSocket,
  destination: number,
  sequence: number,
  data: Uint8Array,
): MaySleep<number> {
  return yield* ping_v4_sendmsg(socket, destination, sequence, data);
}

/** Sends an echo request. The bytes sent, or a negative error such as -ENETUNREACH. */
export const ping_send = (
  socket: PingSocket,
  destination: number,
  sequence: number,
  data: Uint8Array,
): MaySleep<number> =>
  entry_SYSCALL_64_after_hwframe(() => __sys_sendto(socket, destination, sequence, data));

function* poll_schedule_timeout(socket: PingSocket): MaySleep<void> {
  const task = socket.k.sim.current;
  socket.arrived.sleepers.push(task);
  yield* schedule(socket.k, 'S', socket.arrived.name);
  const at = socket.arrived.sleepers.indexOf(task);
  if (at >= 0) socket.arrived.sleepers.splice(at, 1);
}

function* do_sys_poll(socket: PingSocket, timeoutNs: number): MaySleep<number> {
  const { k } = socket;
  const task = k.sim.current;
  let over = false;
  if (timeoutNs !== Infinity) {
    k.sim.after(timeoutNs, () => {
      over = true;
      if (socket.arrived.sleepers.includes(task)) k.sim.wake(task);
    });
  }
  while (socket.queue.length === 0 && !over) {
    if (task.signalPending) return -ERESTARTSYS;
    yield* poll_schedule_timeout(socket);
  }
  return socket.queue.length > 0 ? 1 : -ETIMEDOUT;
}

function* pollAndTake(socket: PingSocket, timeoutNs: number): MaySleep<PingEvent | number> {
  const ready = yield* do_sys_poll(socket, timeoutNs);
  return ready < 0 ? ready : socket.queue.shift()!;
}

/**
 * Waits for the next reply or error, `timeoutNs` at most. -ETIMEDOUT when the time is over,
 * -ERESTARTSYS when a signal came.
 */
export const ping_receive = (socket: PingSocket, timeoutNs: number): MaySleep<PingEvent | number> =>
  entry_SYSCALL_64_after_hwframe<PingEvent | number>(() => pollAndTake(socket, timeoutNs));
