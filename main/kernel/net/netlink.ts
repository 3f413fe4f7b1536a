// The way of a request from a program such as `ip` to the kernel's answer
// (net/netlink/af_netlink.c, net/core/rtnetlink.c): the frames that a real stack shows, RTNL taken
// where it is taken. Requests are plain values here, not messages of attributes.

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { entry_SYSCALL_64_after_hwframe } from '../fs/syscalls.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { rtnl_lock, rtnl_unlock } from './rtnetlink.ts';

/** struct netlink_ext_ack: what `ip` prints after `Error: `. */
export interface NetlinkExtack {
  message: string;
}

/** NL_SET_ERR_MSG(): says why, and gives the error back. */
export function NL_SET_ERR_MSG(extack: NetlinkExtack, message: string, error: number): number {
  extack.message = message;
  return error;
}

type Handler<T> = () => MaySleep<T>;

/** A change: under RTNL; rtnl_unlock() may wait for devices that the change unregistered. */
function* rtnetlink_rcv_msg<T>(k: Kernel, handler: Handler<T>): MaySleep<T> {
  yield* rtnl_lock(k);
  const result = yield* handler();
  yield* rtnl_unlock(k);
  return result;
}

function* netlink_rcv_skb<T>(handler: Handler<T>): MaySleep<T> {
  return yield* handler();
}

function* rtnetlink_rcv<T>(handler: Handler<T>): MaySleep<T> {
  return yield* netlink_rcv_skb(handler);
}

function* netlink_unicast<T>(handler: Handler<T>): MaySleep<T> {
  return yield* rtnetlink_rcv(handler);
}

function* netlink_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* netlink_unicast(handler);
}

function* sock_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* netlink_sendmsg(handler);
}

function* ____sys_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* sock_sendmsg(handler);
}

function* ___sys_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* ____sys_sendmsg(handler);
}

function* __sys_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* ___sys_sendmsg(handler);
}

function* __x64_sys_sendmsg<T>(handler: Handler<T>): MaySleep<T> {
  return yield* __sys_sendmsg(handler);
}

function record(k: Kernel, what: string): void {
  k.trace.emit(K.syscall, k.trace.intern(`rtnetlink ${what}`), 0);
}

/** Sends a change; `what` is for the trace. The handler carries the name that stacks show. */
export function rtnetlinkChange<T>(k: Kernel, what: string, handler: Handler<T>): MaySleep<T> {
  record(k, what);
  return entry_SYSCALL_64_after_hwframe(() =>
    __x64_sys_sendmsg(() => rtnetlink_rcv_msg(k, handler)),
  );
}

function* netlink_dump<T>(handler: Handler<T>): MaySleep<T> {
  return yield* handler();
}

/**
 * A dump: the socket's callback mutex is RTNL; giving it back does not look at the list of the
 * dying.
 */
function* __netlink_dump_start<T>(k: Kernel, handler: Handler<T>): MaySleep<T> {
  yield* mutex_lock(k.net.rtnl_mutex);
  const result = yield* netlink_dump(handler);
  yield* mutex_unlock(k.net.rtnl_mutex);
  return result;
}

/** Asks for a list. The handler carries the name that stacks show. */
export function rtnetlinkDump<T>(k: Kernel, what: string, handler: Handler<T>): MaySleep<T> {
  record(k, what);
  return entry_SYSCALL_64_after_hwframe(() =>
    __x64_sys_sendmsg(function* rtnetlink_rcv_msg() {
      return yield* __netlink_dump_start(k, handler);
    }),
  );
}
