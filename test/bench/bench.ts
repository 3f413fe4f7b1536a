// `npm run bench`: how fast the lab is, each figure beside what it is expected to be and beside
// another that was measured in the same minute, because figures of two machines, or of one machine
// on two days, say nothing about each other. Nothing here is a test: a slow machine fails nobody.
// Words after it choose: `npm run bench window timeline`. Node has the options that the launcher
// gives it for a guest.

import { loadavg } from 'node:os';
import { hasGuest } from '#guest/files.ts';
import { bootsPerSecond } from './boot.ts';
import { bringUpsPerSecond, cardPacketsPerSecond, commandsPerSecond } from './card.ts';
import { cpuSeconds } from './clock.ts';
import {
  idleTaskRatio,
  pointsPerSecond,
  softirqRoundTripsPerSecond,
  workItemsPerSecond,
} from './engine.ts';
import { adapterCost, restoreToPing } from './guest/guest.ts';
import type { AdapterCost } from './guest/guest.ts';
import { longRun } from './long-run.ts';
import { loopbackPackets, wirePackets } from './packets.ts';
import { recordingRatio } from './recording.ts';
import {
  comparing,
  libraryMs,
  plainInserts,
  replays,
  seekMs,
  slowestExport,
  written,
} from './runs.ts';
import { timelineCost } from './timeline.ts';
import { windowCost } from './window/window.ts';

/** One figure of the report. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the house expects, in words that start with ≥ or ≤; empty when it expects nothing. */
  readonly expected: string;
  /** The same figure as a multiple of another. */
  readonly beside: string;
}

/** The best of several tries: what the code can do, not what else the machine did. */
function best(tries: number, measure: () => number): number {
  return Math.max(...Array.from({ length: tries }, measure));
}

/** Resumptions per second of a generator that does nothing: the floor under every point. */
function bareResumptions(count: number): number {
  function* nothing(): Generator<undefined, void, undefined> {
    for (;;) yield undefined;
  }
  const [a, b] = [nothing(), nothing()];
  const start = cpuSeconds();
  for (let i = 0; i < count; i += 2) {
    a.next();
    b.next();
  }
  return count / (cpuSeconds() - start);
}

const times = (value: number, other: number): string => `${(value / other).toFixed(2)} ×`;

function engineFigures(): Figure[] {
  const points = best(8, () => pointsPerSecond(10, 1_000_000));
  const bare = best(3, () => bareResumptions(5_000_000));
  const works = best(3, () => workItemsPerSecond(500_000));
  const softirqs = best(3, () => softirqRoundTripsPerSecond(500_000));
  const idle = idleTaskRatio(500_000, 8);
  return [
    {
      name: 'points, traced',
      value: points,
      unit: '/s',
      expected: '≥ 5,000,000',
      beside: `${times(bare, points)} the time of resuming a bare generator`,
    },
    {
      name: 'a point beside 1,000 idle tasks',
      value: idle,
      unit: '×',
      expected: '≤ 1.3',
      beside: 'of one beside 10; best of 8 each, in turn; margin 0.1',
    },
    {
      name: 'works queued, run, flushed',
      value: works,
      unit: '/s',
      expected: '',
      beside: `${(points / works).toFixed(1)} points each`,
    },
    {
      name: 'softirqs raised, run, awaited',
      value: softirqs,
      unit: '/s',
      expected: '',
      beside: `${times(softirqs, works)} the works`,
    },
  ];
}

function cardFigures(): Figure[] {
  const commands = commandsPerSecond();
  const packets = cardPacketsPerSecond();
  const recorded = cardPacketsPerSecond(true);
  return [
    {
      name: 'firmware commands',
      value: commands,
      unit: '/s',
      expected: '',
      beside: 'NOP and QUERY_PORT in turn, polled by a bare driver',
    },
    {
      name: 'packets: descriptors, card, switch',
      value: packets,
      unit: '/s',
      expected: '≥ 100,000',
      beside: `${times(packets, recorded)} those that the trace keeps`,
    },
  ];
}

function machineFigures(): Figure[] {
  bootsPerSecond(120);
  const boots = best(5, () => bootsPerSecond(20));
  const bringUps = bringUpsPerSecond();
  wirePackets(100_000);
  const wire = best(2, () => wirePackets(150_000));
  const lo = best(2, () => loopbackPackets(100_000));
  return [
    {
      name: 'boots: modules to both ports up',
      value: boots,
      unit: '/s',
      expected: '≥ 50',
      beside: `${(bringUps / boots).toFixed(1)} bring-ups of the bare card each`,
    },
    {
      name: 'packets: socket to host and back',
      value: wire,
      unit: '/s',
      expected: '≥ 100,000',
      beside: `${times(wire, lo)} those through lo`,
    },
  ];
}

async function runFigures(): Promise<Figure[]> {
  const record = longRun();
  written(record);
  const kept = written(record);
  const plain = plainInserts(record);
  const ratio = await recordingRatio(10);
  replays();
  const { replayed, run } = replays();
  const { open, list } = libraryMs(10_000);
  const slowest = slowestExport(record);
  return [
    {
      name: 'events kept, with their chain',
      value: kept.eventsPerSecond,
      unit: '/s',
      expected: '≥ 2,000,000',
      beside: `${times(kept.eventsPerSecond, plain.eventsPerSecond)} plain inserts`,
    },
    {
      name: 'an event on the disk',
      value: kept.bytesPerEvent,
      unit: 'bytes',
      expected: '≤ 10',
      beside: `${times(kept.bytesPerEvent, plain.bytesPerEvent)} a row of a plain table`,
    },
    {
      name: 'a run while it is recorded',
      value: ratio,
      unit: '×',
      expected: '≤ 1.1',
      beside: 'of one that is not; the middle of 50 turns of both, side by side',
    },
    {
      name: 'events run again and compared',
      value: replayed,
      unit: '/s',
      expected: '',
      beside: `${times(replayed, run)} those of the run alone`,
    },
    {
      name: 'a seek among a million events',
      value: seekMs(record, 2000),
      unit: 'ms',
      expected: '≤ 2',
      beside: '99 in 100 are faster',
    },
    {
      name: 'comparing two runs of a million',
      value: comparing(record, longRun(10, 3)),
      unit: 's',
      expected: '≤ 2',
      beside: `${comparing(record, record).toFixed(2)} s when they are equal`,
    },
    {
      name: 'a million events in another form',
      value: slowest.took,
      unit: 's',
      expected: '≤ 5',
      beside: `${slowest.name}, the slowest of the forms`,
    },
    {
      name: 'opening a library of 10,000 runs',
      value: open,
      unit: 'ms',
      expected: '≤ 100',
      beside: `listing them all takes ${list.toFixed(0)} ms`,
    },
  ];
}

function timelineFigures(): Figure[] {
  const run = longRun();
  timelineCost(run);
  const million = timelineCost(run);
  const five = timelineCost(longRun(46));
  return [
    {
      name: 'a million events as lanes',
      value: million.buildSeconds,
      unit: 's',
      expected: '≤ 1',
      beside: `${five.buildSeconds.toFixed(2)} s for each of five million`,
    },
    {
      name: 'an event in the timeline',
      value: million.bytesPerEvent,
      unit: 'bytes',
      expected: '≤ 24',
      beside: `${five.bytesPerEvent.toFixed(1)} among five million`,
    },
    {
      name: 'a tile among a million events',
      value: million.tileMs,
      unit: 'ms',
      expected: '≤ 8',
      beside: `19 in 20 are faster; ${million.wholeMs.toFixed(1)} ms for the whole run`,
    },
    {
      name: 'a tile among five million',
      value: five.tileMs,
      unit: 'ms',
      expected: '≤ 8',
      beside: `19 in 20 are faster; ${five.wholeMs.toFixed(1)} ms for the whole run`,
    },
  ];
}

async function windowFigures(): Promise<Figure[]> {
  const { startSeconds, inputMs, million, fiveMillion } = await windowCost();
  return [
    {
      name: 'from npm start to a window in use',
      value: startSeconds,
      unit: 's',
      expected: '≤ 2',
      beside: 'wall time, as all that follow; Chromium runs already, without a GPU',
    },
    {
      name: 'a frame of a million events',
      value: million.frameMs,
      unit: 'ms',
      expected: '≤ 33',
      beside: `19 in 20 of pan and zoom; an idle page has ${million.idleMs.toFixed(1)} ms`,
    },
    {
      name: 'a frame of five million',
      value: fiveMillion.frameMs,
      unit: 'ms',
      expected: '≤ 50',
      beside: times(fiveMillion.frameMs, fiveMillion.idleMs) + ' an idle page',
    },
    {
      name: 'another moment in all views',
      value: million.scrubMs,
      unit: 'ms',
      expected: '≤ 50',
      beside: `19 in 20; ${fiveMillion.scrubMs.toFixed(0)} ms among five million`,
    },
    {
      name: 'a key, at full speed',
      value: inputMs,
      unit: 'ms',
      expected: '≤ 100',
      beside: 'from the press to the paint, 19 in 20',
    },
    {
      name: 'memory of the page, a million events',
      value: million.memoryMb,
      unit: 'MB',
      expected: '≤ 300',
      beside: `${fiveMillion.memoryMb.toFixed(0)} MB with five million`,
    },
  ];
}

async function guestFigures(): Promise<Figure[]> {
  if (!hasGuest('686')) {
    console.log('guest: left out; there is no Linux for a guest yet: npx mlx4-lab guest setup');
    return [];
  }
  const restores = [await restoreToPing(), await restoreToPing(), await restoreToPing()];
  const restoreSeconds = Math.min(...restores);
  const card = await adapterCost('mlx4');
  const virtio = await adapterCost('virtio');
  const ne2k = await adapterCost('ne2k');
  const beside = (of: (cost: AdapterCost) => number, digits: number): string =>
    `virtio-net ${of(virtio).toFixed(digits)}, NE2000 ${of(ne2k).toFixed(digits)}`;
  const tcp = (cost: AdapterCost): number => cost.tcpMbPerSecond;
  const ping = (cost: AdapterCost): number => cost.pingMs;
  return [
    {
      name: 'from a snapshot to a ping',
      value: restoreSeconds,
      unit: 's',
      expected: '≤ 5',
      beside: 'wall time, as all that follow; one second of it mlx4_reset() sleeps',
    },
    {
      name: 'TCP between two guests',
      value: tcp(card),
      unit: 'MB/s',
      expected: `≥ ${Math.max(tcp(virtio), tcp(ne2k)).toFixed(1)}`,
      beside: beside(tcp, 1),
    },
    {
      name: 'a ping from guest to guest',
      value: ping(card),
      unit: 'ms',
      expected: `≤ ${Math.min(ping(virtio), ping(ne2k)).toFixed(2)}`,
      beside: beside(ping, 2),
    },
  ];
}

/** Whether a figure is as expected; empty when nothing is. */
function verdict({ expected, value }: Figure): string {
  if (expected === '') return '';
  const bound = Number(expected.slice(2).replaceAll(',', ''));
  return (expected.startsWith('≥') ? value >= bound : value <= bound) ? 'yes' : 'NO';
}

function print(figure: Figure): void {
  const { name, value, unit, expected, beside } = figure;
  const digits = value < 100 ? 2 : 0;
  const shown = value.toLocaleString('en', { maximumFractionDigits: digits });
  const columns = [
    name.padEnd(36),
    `${shown} ${unit}`.padStart(14),
    expected.padStart(12),
    verdict(figure).padEnd(4),
    beside,
  ];
  console.log(columns.join('  ').trimEnd());
}

const groups: Readonly<Record<string, () => readonly Figure[] | Promise<readonly Figure[]>>> = {
  engine: engineFigures,
  card: cardFigures,
  machine: machineFigures,
  runs: runFigures,
  timeline: timelineFigures,
  window: windowFigures,
  guest: guestFigures,
};
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in groups));
if (unknown !== undefined) {
  console.error(`There is no bench ${unknown}: ${Object.keys(groups).join(', ')}.`);
  process.exit(2);
}

console.log(`Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}; seconds are CPU seconds\n`);
for (const [name, figures] of Object.entries(groups)) {
  if (wanted.length === 0 || wanted.includes(name)) (await figures()).forEach(print);
}
