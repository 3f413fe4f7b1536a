// What crosses a carrier (a socket, Electron's IPC): a message as JSON, and behind it, for some, a
// payload of bytes. A frame of the carrier is one packet, or several one behind the other: what is
// asked at once travels at once. Packets come from outside: decoding checks magic, lengths and
// checksum before anything is parsed, and says in words what is wrong.
//
// Layout, little endian: u32 magic, u32 bytes of JSON, u32 bytes of payload, u32 CRC-32 of all that
// follows; then the JSON in UTF-8, then the payload.

import { crc32 } from './crc32.ts';

/** `MLX4` in little endian. */
const magic = 0x34584c4d;
const headBytes = 16;

/** Largest JSON part that is taken, bytes. */
const jsonBytesMax = 8 * 1024 * 1024;
/** Largest payload that is taken, bytes: a shared run. */
export const payloadBytesMax = 512 * 1024 * 1024;
/** Largest packet, bytes: what a carrier need not take. */
export const packetBytesMax = headBytes + jsonBytesMax + payloadBytesMax;

/** Most packets in a frame. */
const framePacketsMax = 64;

/** A packet that is none; the message says why. */
export class MalformedPacket extends Error {}

/** A message and its payload, or null for none. */
export interface Packet {
  readonly message: unknown;
  readonly payload: Uint8Array | null;
}

const noBytes = new Uint8Array(0);

/** A packet in one piece. */
export function encodePacket(message: unknown, payload: Uint8Array | null = null): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(message));
  const body = payload ?? noBytes;
  const packet = new Uint8Array(headBytes + json.length + body.length);
  packet.set(json, headBytes);
  packet.set(body, headBytes + json.length);
  const head = new DataView(packet.buffer);
  head.setUint32(0, magic, true);
  head.setUint32(4, json.length, true);
  head.setUint32(8, body.length, true);
  head.setUint32(12, crc32(packet.subarray(headBytes)), true);
  return packet;
}

/** Packets as one frame. */
export function encodeFrame(packets: readonly Uint8Array[]): Uint8Array {
  const [first] = packets;
  if (first !== undefined && packets.length === 1) return first;
  const frame = new Uint8Array(packets.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const packet of packets) {
    frame.set(packet, at);
    at += packet.length;
  }
  return frame;
}

/** The packets of a frame, not looked into yet; at least one. Throws MalformedPacket. */
export function packetsOf(frame: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let at = 0;
  do {
    const [jsonBytes, bodyBytes] = lengthsOf(frame.subarray(at));
    const end = at + headBytes + jsonBytes + bodyBytes;
    if (end > frame.length) throw new MalformedPacket(`${frame.length} bytes, not ${end}`);
    packets.push(frame.subarray(at, end));
    at = end;
  } while (at < frame.length && packets.length < framePacketsMax);
  if (at < frame.length) throw new MalformedPacket('too many packets in a frame');
  return packets;
}

/** The head of a packet. */
const headOf = (packet: Uint8Array): DataView =>
  new DataView(packet.buffer, packet.byteOffset, packet.byteLength);

/** Bytes of JSON and of payload that a packet says it has. */
function lengthsOf(packet: Uint8Array): [number, number] {
  if (packet.length < headBytes) throw new MalformedPacket(`${packet.length} bytes are too few`);
  const head = headOf(packet);
  if (head.getUint32(0, true) !== magic) throw new MalformedPacket('not a packet of the lab');
  return [head.getUint32(4, true), head.getUint32(8, true)];
}

/** Takes a packet apart. Throws MalformedPacket. */
export function decodePacket(packet: Uint8Array): Packet {
  const [jsonBytes, bodyBytes] = lengthsOf(packet);
  if (jsonBytes > jsonBytesMax || bodyBytes > payloadBytesMax) {
    throw new MalformedPacket(`${jsonBytes} + ${bodyBytes} bytes are too many`);
  }
  if (packet.length !== headBytes + jsonBytes + bodyBytes) {
    throw new MalformedPacket(`${packet.length} bytes, not ${headBytes + jsonBytes + bodyBytes}`);
  }
  if (headOf(packet).getUint32(12, true) !== crc32(packet.subarray(headBytes))) {
    throw new MalformedPacket('its checksum is wrong');
  }
  const json = packet.subarray(headBytes, headBytes + jsonBytes);
  const payload = bodyBytes === 0 ? null : packet.slice(headBytes + jsonBytes);
  return { message: parsed(json), payload };
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    throw new MalformedPacket('its JSON part is no JSON');
  }
}
