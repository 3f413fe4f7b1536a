// What the card costs the real driver: TCP and ping between two guests, beside the same kernels
// with the emulator's own adapters. Wall time, as all of a guest is.

import { guestFiles } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { startPair } from './pairs.ts';
import type { Adapter, Runner } from './pairs.ts';

/** Bytes of a measured stream. */
const streamBytes = 8 * 1024 * 1024;
const pings = 200;

export interface AdapterCost {
  /** TCP, MB/s of payload. */
  readonly tcpMbPerSecond: number;
  /** Middle of the ping round trips, ms. */
  readonly pingMs: number;
}

/** From the first byte sent to the connection's end, at both ends: MB/s. */
async function stream(here: Runner, there: Runner): Promise<number> {
  // An input that never ends: nc hangs up when its input does.
  await there('[ -e /tmp/open ] || mkfifo /tmp/open');
  await there('(nc -l -p 5000 <> /tmp/open > /tmp/got 2> /tmp/err) & sleep 1');
  const beginMs = performance.now();
  await here(`head -c ${streamBytes} /dev/zero | nc 10.0.1.2 5000`);
  // It ends when the other end has read all, and has hung up.
  const seconds = (performance.now() - beginMs) / 1000;
  const got = Number(await there('wc -c < /tmp/got'));
  if (got !== streamBytes) throw new Error(`${got} of ${streamBytes} bytes arrived`);
  return streamBytes / 1e6 / seconds;
}

/** Measures one kind. */
export async function adapterCost(adapter: Adapter): Promise<AdapterCost> {
  const pair = await startPair(adapter);
  try {
    const [here, there] = pair.runners;
    const said = await here(`ping -A -c ${pings} 10.0.1.2`);
    const times = [...said.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms));
    times.sort((a, b) => a - b);
    await stream(here, there);
    const speeds = [await stream(here, there), await stream(here, there)];
    return { tcpMbPerSecond: Math.max(...speeds), pingMs: times[times.length >> 1]! };
  } finally {
    await pair.stop();
  }
}

/** From a snapshot to the answer of a host on the fabric, s. */
export async function restoreToPing(): Promise<number> {
  const beginMs = performance.now();
  const files = guestFiles('686');
  const guest = await Guest.start({ files, snapshot: files.snapshot });
  await guest.run('modprobe mlx4_core && modprobe mlx4_en');
  await guest.run('ip link set eth0 up && ip addr add 10.0.0.2/24 dev eth0');
  await guest.run('until ping -c 1 -W 1 10.0.0.1; do :; done');
  const seconds = (performance.now() - beginMs) / 1000;
  await guest.stop();
  return seconds;
}
