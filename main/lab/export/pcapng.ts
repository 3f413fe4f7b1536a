// The packets of a run as a pcapng file (draft-ietf-opsawg-pcapng): one interface for each port
// where packets are seen, outbound where the port sends and inbound where a frame arrives, in
// virtual time of ns since boot. A frame that a cable loses at once carries the reason as comment;
// frames without FCS, as the lab's wires carry them. On InfiniBand wires the lab sends bare
// management datagrams: those are on an interface of their own (infiniband.ts).
//
// Left out: frames that arrive damaged (the trace keeps only that they did), and what a device
// drops before the wire.

import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import type { RunRecord } from '../record/run-record.ts';
import { ByteWriter } from './bytes.ts';
import { erfFrame, isDatagram, linktypeErf } from './infiniband.ts';

const linktypeEthernet = 1;
/** Powers of ten of if_tsresol: nanoseconds. */
const timeResolution = 9;

const block = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const option = {
  end: 0,
  comment: 1,
  hardware: 2,
  application: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  timeResolution: 9,
  packetFlags: 2,
} as const;
/** epb_flags: the direction in bits 0 and 1. */
const direction = { inbound: 1, outbound: 2 } as const;

/** Bytes after which a piece of the file is handed out. */
const pieceBytes = 1 << 16;

/** Where packets are seen. */
interface Interface {
  readonly number: number;
  readonly linktype: number;
  readonly name: string;
  readonly description: string;
}

/** Interfaces by port (a text number), one map for each kind of link. */
interface Interfaces {
  readonly ethernet: ReadonlyMap<number, Interface>;
  readonly infiniband: ReadonlyMap<number, Interface>;
  readonly all: readonly Interface[];
}

const encoder = new TextEncoder();

/** The packets of a run, as bytes of a pcapng file. */
export function* pcapng(record: RunRecord): Generator<Uint8Array, void, void> {
  const { trace } = record;
  const out = new ByteWriter();
  const interfaces = interfacesOf(trace);
  writeSection(out, record);
  for (const each of interfaces.all) writeInterface(out, each);
  for (const event of trace.events()) {
    if (!isPacket(event)) continue;
    writePacket(out, trace, event, interfaces);
    if (out.length >= pieceBytes) yield out.take();
  }
  if (out.length > 0) yield out.take();
}

/** A packet whose bytes were kept. */
const isPacket = ({ kind, value }: TraceEvent): boolean =>
  (kind === K['packet.send'] || kind === K['packet.receive']) && value !== 0;

/** Every port with its kind of link, in the order of their first packets. */
function interfacesOf(trace: Trace): Interfaces {
  const ethernet = new Map<number, Interface>();
  const infiniband = new Map<number, Interface>();
  const all: Interface[] = [];
  for (const event of trace.events()) {
    if (!isPacket(event)) continue;
    const isMad = isDatagram(trace.blobBytes(event.value));
    const map = isMad ? infiniband : ethernet;
    if (map.has(event.object)) continue;
    const port = trace.text(event.object);
    const made: Interface = {
      number: all.length,
      linktype: isMad ? linktypeErf : linktypeEthernet,
      name: isMad ? `${port} (InfiniBand)` : port,
      description: isMad ? 'bare management datagrams, headers added' : 'Ethernet, without FCS',
    };
    map.set(event.object, made);
    all.push(made);
  }
  return { ethernet, infiniband, all };
}

/** Writes a block: its length is known when `body` has been written. */
function writeBlock(out: ByteWriter, type: number, body: () => void): void {
  const start = out.length;
  out.u32(type);
  out.u32(0);
  body();
  const length = out.length - start + 4;
  out.u32(length);
  out.patchU32(start + 4, length);
}

function writeOption(out: ByteWriter, code: number, bytes: Uint8Array): void {
  out.u16(code);
  out.u16(bytes.length);
  out.raw(bytes);
  out.align();
}

const writeText = (out: ByteWriter, code: number, text: string): void =>
  writeOption(out, code, encoder.encode(text));

function writeSection(out: ByteWriter, { head }: RunRecord): void {
  const { scenarioName, variant, policy, seed, engineVersion } = head;
  const chance = seed === null ? '' : `, seed ${seed}`;
  writeBlock(out, block.section, () => {
    out.u32(0x1a2b3c4d);
    out.u16(1);
    out.u16(0);
    // Length of the section: not told.
    out.u32(0xffff_ffff);
    out.u32(0xffff_ffff);
    writeText(out, option.comment, `${scenarioName}, driver ${variant}, ${policy}${chance}`);
    writeText(out, option.hardware, 'emulated ConnectX-3');
    writeText(out, option.application, `mlx4-lab ${engineVersion}`);
    out.u32(option.end);
  });
}

function writeInterface(out: ByteWriter, { linktype, name, description }: Interface): void {
  writeBlock(out, block.interface, () => {
    out.u16(linktype);
    out.u16(0);
    // Longest packet that is kept whole: no limit.
    out.u32(0);
    writeText(out, option.interfaceName, name);
    writeText(out, option.interfaceDescription, description);
    writeOption(out, option.timeResolution, Uint8Array.of(timeResolution));
    out.u32(option.end);
  });
}

function writePacket(
  out: ByteWriter,
  trace: Trace,
  event: TraceEvent,
  { ethernet, infiniband }: Interfaces,
): void {
  const bytes = trace.blobBytes(event.value);
  const isMad = isDatagram(bytes);
  const { number } = (isMad ? infiniband : ethernet).get(event.object)!;
  const timeNs = Math.round(event.timeNs);
  const frame = isMad ? erfFrame(bytes, timeNs) : bytes;
  const lost = event.kind === K['packet.send'] ? lossOf(trace, event) : '';
  writeBlock(out, block.packet, () => {
    out.u32(number);
    out.u32(Math.floor(timeNs / 2 ** 32));
    out.u32(timeNs % 2 ** 32);
    out.u32(frame.length);
    out.u32(frame.length);
    out.raw(frame);
    out.align();
    if (lost !== '') writeText(out, option.comment, `lost: ${lost}`);
    out.u16(option.packetFlags);
    out.u16(4);
    out.u32(event.kind === K['packet.send'] ? direction.outbound : direction.inbound);
    out.u32(option.end);
  });
}

/** Why the cable lost a frame in the moment of sending, or nothing: the drop is the next event. */
function lossOf(trace: Trace, { seq, object }: TraceEvent): string {
  if (seq + 1 >= trace.count || !trace.matches(seq + 1, K['packet.drop'], object)) return '';
  return trace.text(trace.event(seq + 1).value);
}
