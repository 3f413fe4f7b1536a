// Two PCs with the same kernel and the same kind of network adapter, wired to each other: the lab's
// card under the real driver, or one of those that the emulator brings.

import { guestFiles } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { Pc } from '#guest/pc.ts';
import type { EmulatorNic } from '#guest/pc.ts';

/** What carries the packets. */
export type Adapter = 'mlx4' | EmulatorNic;

/** A PC that runs lines of shell. */
export type Runner = (line: string) => Promise<string>;

export interface Pair {
  readonly runners: readonly [Runner, Runner];
  stop(): Promise<void>;
}

/** Longest time that a line takes, ms. */
const lineMs = 60_000;

const modules: Readonly<Record<Adapter, readonly string[]>> = {
  mlx4: ['mlx4_core', 'mlx4_en'],
  virtio: ['virtio_pci', 'virtio_net'],
  ne2k: ['ne2k_pci'],
};

interface Runs {
  run(line: string, timeoutMs: number): Promise<{ readonly output: string; readonly code: number }>;
}

const runner =
  (console: Runs): Runner =>
  async (line) => {
    const { output, code } = await console.run(line, lineMs);
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${output}`);
    return output;
  };

async function guests(): Promise<Pair> {
  const files = guestFiles('686');
  const cables = [{ a: 'card0 port 1', b: 'card1 port 1' }];
  const spec = { files, snapshot: files.snapshot, topology: { cables } };
  const [a, b] = await Guest.startTogether(spec, 2);
  return {
    runners: [runner(a!), runner(b!)],
    async stop() {
      await Promise.all([a!.stop(), b!.stop()]);
    },
  };
}

/** Frames of one go to the other between two stretches of its code, as the emulator's own do. */
function wire(from: Pc, to: Pc): void {
  let frames: Uint8Array[] = [];
  from.onFrame = (frame) => {
    if (frames.length === 0) {
      setImmediate(() => {
        const all = frames;
        frames = [];
        for (const one of all) to.takeFrame(one);
      });
    }
    frames.push(frame.slice());
  };
}

async function emulators(nic: EmulatorNic): Promise<Pair> {
  const files = guestFiles('686');
  const a = await Pc.make(files, nic);
  const b = await Pc.make(files, nic);
  wire(a, b);
  wire(b, a);
  await a.boot();
  await b.boot();
  return {
    runners: [runner(a.console), runner(b.console)],
    async stop() {
      await Promise.all([a.stop(), b.stop()]);
    },
  };
}

/** Starts two of a kind; theirs are 10.0.1.1 and 10.0.1.2. */
export async function startPair(adapter: Adapter): Promise<Pair> {
  const pair = await (adapter === 'mlx4' ? guests() : emulators(adapter));
  for (const [at, run] of pair.runners.entries()) {
    for (const name of modules[adapter]) await run(`modprobe ${name}`);
    await run(`ip link set eth0 up && ip addr add 10.0.1.${at + 1}/24 dev eth0`);
  }
  await pair.runners[0]('for i in $(seq 50); do ping -c 1 -W 1 10.0.1.2 && break; done');
  return pair;
}
