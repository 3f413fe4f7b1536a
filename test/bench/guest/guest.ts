// What the card costs the real driver: TCP and ping between two guests, beside the same kernels
// with the emulator's own adapters. Wall time, as all of a guest is.

import { guestFiles } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { quantile } from '../quantile.ts';
import { startPair } from './pairs.ts';
import type { Adapter, Runner } from './pairs.ts';

/** Bytes of a measured stream. */
const streamBytes = 8 * 1024 * 1024;
const pings = 200;
/** Rounds of each kind; the best counts: the emulator compiles what it runs often. */
const rounds = 5;

export interface AdapterCost {
  /** TCP, MB/s of payload. */
  readonly tcpMbPerSecond: number;
  /** Middle of the ping round trips of the best round, ms. */
  readonly pingMs: number;
}

/** Fetches the other's file: MB/s. Its server sends with sendfile(), in large pieces. */
async function stream(here: Runner): Promise<number> {
  const beginMs = performance.now();
  await here('wget -q -O /dev/null http://10.0.1.2:5000/stream');
  return streamBytes / 1e3 / (performance.now() - beginMs);
}

/** Round trips, one after another as fast as they come back: the middle, ms. */
async function roundTrip(here: Runner): Promise<number> {
  const said = await here(`ping -A -c ${pings} 10.0.1.2`);
  const times = [...said.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms));
  return quantile(times, 0.5);
}

/** What a measure gives, round by round. */
async function inRounds(measure: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure());
  return all;
}

/** Measures one kind. */
export async function adapterCost(adapter: Adapter): Promise<AdapterCost> {
  const pair = await startPair(adapter);
  try {
    const [here, there] = pair.runners;
    const pingMs = Math.min(...(await inRounds(() => roundTrip(here))));
    await there(`mkdir /tmp/www && head -c ${streamBytes} /dev/zero > /tmp/www/stream`);
    await there('httpd -p 5000 -h /tmp/www');
    return { tcpMbPerSecond: Math.max(...(await inRounds(() => stream(here)))), pingMs };
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
