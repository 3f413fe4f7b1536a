// How many packets pass per second of CPU time: `net` only (two ends of the stack, no card), and
// through everything: stack, mlx4_en, card, cable, switch, host, and back.

import { untilBlocked } from '#explore/until-blocked.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { net_dev_init } from '#kernel/net/loopback.ts';
import { ping_receive, ping_send, ping_socket } from '#kernel/net/ping.ts';
import { ipAddrAdd } from '#kernel/net/rtnl-addr.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { msleep } from '#kernel/time/delay.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { LabMachine } from '#lab/machine.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask } from '#test/unit/kernel/net/rig.ts';
import { Trace } from '#trace/trace.ts';

/** Requests on their way at a time: what fits a ring with room to spare. */
const windowSize = 256;
const host = 0x0a00_0001;
const own = 0x0a00_0002;

/** Sends `count` echo requests and takes the replies. The CPU time that it took, in seconds. */
function* pingFlood(k: Kernel, to: number, count: number): MaySleep<number> {
  const socket = ping_socket(k);
  const data = new Uint8Array(56);
  const start = process.cpuUsage();
  for (let sent = 0, got = 0; sent < count;) {
    for (const end = Math.min(sent + windowSize, count); sent < end; sent++) {
      yield* ping_send(socket, to, sent & 0xffff, data);
    }
    while (got < sent) {
      if (typeof (yield* ping_receive(socket, 1e8)) === 'number') break;
      got++;
    }
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Packets per CPU second through the stack and `lo`: each request and each reply is one. */
export function loopbackPackets(count: number): number {
  const k = bareKernel({ pointsMax: 1e9 });
  const seconds = runTask(k, function* () {
    yield* net_dev_init(k);
    yield* ipLinkSet(k, 'lo', { up: true });
    yield* pingFlood(k, 0x7f00_0001, count / 10);
    return yield* pingFlood(k, 0x7f00_0001, count);
  });
  return (2 * count) / seconds;
}

/** Packets per CPU second from the stack through card and switch to a host, and back. */
export function wirePackets(count: number): number {
  const topology = { ...defaultMachineSpec.topology, recordPackets: false };
  const spec = { ...defaultMachineSpec, rename: false, topology };
  const machine = new LabMachine(spec, new Trace(), untilBlocked());
  const { k } = machine;
  let seconds = NaN;
  machine.spawn('ping flood', function* flood() {
    yield* machine.waitForBoot();
    yield* msleep(k, 2000);
    yield* ipLinkSet(k, 'eth0', { up: true });
    yield* msleep(k, 1000);
    yield* ipAddrAdd(k, 'eth0', own, 24);
    yield* pingFlood(k, host, count / 10);
    seconds = yield* pingFlood(k, host, count);
    k.sim.stop();
  });
  k.sim.run(1e12);
  return (2 * count) / seconds;
}

if (import.meta.main) {
  const show = (what: string, rate: number): void => {
    console.log(`${what}: ${Math.round(rate)} packets per CPU second`);
  };
  show('through lo', loopbackPackets(50_000));
  show('through card and switch', wirePackets(50_000));
}
