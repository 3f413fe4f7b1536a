// The packets of two runs: how many each port sent, got and dropped, and the first one that is not
// the same. The n-th of a port and direction is held against the n-th of the other run; times do
// not count.

import { K } from '#trace/kinds.ts';
import { describePacket } from '../lists/packet-words.ts';
import type { Readings } from './aligned.ts';
import { bothOf, byText } from './both.ts';
import type { Both } from './both.ts';
import { equalBytes } from './match.ts';
import type { Reading } from './reading.ts';

/** What happened to a packet at a port. */
export type PacketFate = 'sent' | 'received' | 'dropped';

/** Packets of one port and direction. */
export interface PortCount {
  readonly port: string;
  readonly fate: PacketFate;
  readonly times: Both<number>;
}

/** One packet. */
export interface PacketWords {
  readonly seq: number;
  readonly timeNs: number;
  readonly said: string;
}

/** The first packet that is not the same. */
export interface PacketDifference {
  readonly port: string;
  readonly fate: PacketFate;
  /** Its place among those of its port and direction, from 1. */
  readonly place: number;
  /** Null where that run has no such packet. */
  readonly packet: Both<PacketWords | null>;
}

/** All packets. */
export interface PacketComparison {
  /** Events of packets in each run. */
  readonly counts: Both<number>;
  /** Only where the numbers differ. */
  readonly ports: readonly PortCount[];
  readonly first: PacketDifference | null;
}

interface Lane {
  readonly port: string;
  readonly fate: PacketFate;
  readonly seqs: number[];
}

function fateOf(kind: number): PacketFate {
  if (kind === K['packet.send']) return 'sent';
  return kind === K['packet.receive'] ? 'received' : 'dropped';
}

/** Packets by port and direction. */
function lanesOf({ trace, packets }: Reading): Map<string, Lane> {
  const lanes = new Map<string, Lane>();
  for (const seq of packets.seqs) {
    const { kind, object } = trace.event(seq);
    const [port, fate] = [trace.text(object), fateOf(kind)];
    const key = `${port} ${fate}`;
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, { port, fate, seqs: [seq] });
    else lane.seqs.push(seq);
  }
  return lanes;
}

function samePacket({ a, b }: Readings, seqA: number, seqB: number): boolean {
  const [left, right] = [a.trace.event(seqA), b.trace.event(seqB)];
  return fateOf(left.kind) === 'dropped'
    ? a.trace.text(left.value) === b.trace.text(right.value)
    : equalBytes(a.trace.blobBytes(left.value), b.trace.blobBytes(right.value));
}

function packetWords({ trace }: Reading, seq: number | undefined): PacketWords | null {
  if (seq === undefined) return null;
  const { kind, timeNs, value } = trace.event(seq);
  if (fateOf(kind) === 'dropped') return { seq, timeNs, said: trace.text(value) };
  const bytes = trace.blobBytes(value);
  const said = describePacket(bytes);
  return { seq, timeNs, said };
}

/** Where two lanes part; null when they do not. */
function partingOf(readings: Readings, key: string, lanes: Both<Map<string, Lane>>) {
  const [a, b] = [lanes.a.get(key), lanes.b.get(key)];
  const { port, fate } = (a ?? b)!;
  const seqs = { a: a?.seqs ?? [], b: b?.seqs ?? [] };
  const length = Math.max(seqs.a.length, seqs.b.length);
  let at = 0;
  while (at < seqs.a.length && at < seqs.b.length) {
    if (!samePacket(readings, seqs.a[at]!, seqs.b[at]!)) break;
    at++;
  }
  if (at === length) return null;
  const packet = bothOf(seqs, (numbers, side) => packetWords(readings[side], numbers[at]));
  return { port, fate, place: at + 1, packet };
}

const timeOf = ({ packet }: PacketDifference): number =>
  Math.min(packet.a?.timeNs ?? Infinity, packet.b?.timeNs ?? Infinity);

/** Compares all packets. */
export function comparePackets(readings: Readings): PacketComparison {
  const lanes = { a: lanesOf(readings.a), b: lanesOf(readings.b) };
  const keys = [...new Set([...lanes.a.keys(), ...lanes.b.keys()])].sort(byText);
  const partings = keys.flatMap((key) => partingOf(readings, key, lanes) ?? []);
  const ports = keys.flatMap((key) => {
    const { port, fate } = (lanes.a.get(key) ?? lanes.b.get(key))!;
    const times = bothOf(lanes, (one) => one.get(key)?.seqs.length ?? 0);
    return times.a === times.b ? [] : [{ port, fate, times }];
  });
  partings.sort((one, other) => timeOf(one) - timeOf(other));
  return {
    counts: { a: readings.a.packets.seqs.length, b: readings.b.packets.seqs.length },
    ports,
    first: partings[0] ?? null,
  };
}
