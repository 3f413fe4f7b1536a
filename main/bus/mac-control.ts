// MAC control frames, by which one end of a link stops the other for a while: PAUSE (IEEE 802.3,
// annex 31B), which stops all of it, and priority flow control (802.1Q, clause 36), which stops
// priorities. They never leave their link.

import { readBe16, writeBe16 } from './bytes.ts';
import { EtherType, ethHeaderBytes, minFrameBytes } from './frame.ts';
import { writeMac } from './mac.ts';

/** 01:80:c2:00:00:01, where they all go. */
const macControlMac = 0x0180_c200_0001;
const opcodes = { pause: 0x0001, priorities: 0x0101 } as const;
const opcodeAt = ethHeaderBytes;
const fieldsAt = opcodeAt + 2;

/** Priorities of a link. */
export const priorityCount = 8;
/** Time is given in units of this many bits of the link. */
export const quantumBits = 512;
/** Longest time, in such units. */
export const quantaMax = 0xffff;

/** What the other end is asked: for how long each priority shall stop; 0 lets it go on. */
export interface Stop {
  /** All of the link: PAUSE. False: priorities by themselves. */
  readonly whole: boolean;
  /** In units of quantumBits; null for a priority that the frame does not name. */
  readonly quanta: readonly (number | null)[];
}

/** What a MAC control frame asks; null for any other frame, and for opcodes that nobody knows. */
export function stopOf(frame: Uint8Array): Stop | null {
  if (!isMacControl(frame) || frame.length < minFrameBytes) return null;
  const opcode = readBe16(frame, opcodeAt);
  if (opcode === opcodes.pause) {
    const quanta = readBe16(frame, fieldsAt);
    return { whole: true, quanta: Array.from({ length: priorityCount }, () => quanta) };
  }
  if (opcode !== opcodes.priorities) return null;
  const named = readBe16(frame, fieldsAt);
  return {
    whole: false,
    quanta: Array.from({ length: priorityCount }, (_, priority) =>
      ((named >> priority) & 1) === 0 ? null : readBe16(frame, fieldsAt + 2 + 2 * priority),
    ),
  };
}

/** True for every MAC control frame: no MAC hands one on. */
export const isMacControl = (frame: Uint8Array): boolean =>
  frame.length >= ethHeaderBytes && readBe16(frame, opcodeAt - 2) === EtherType.macControl;

function macControl(source: number, opcode: number): Uint8Array {
  const frame = new Uint8Array(minFrameBytes);
  writeMac(frame, 0, macControlMac);
  writeMac(frame, 6, source);
  writeBe16(frame, opcodeAt - 2, EtherType.macControl);
  writeBe16(frame, opcodeAt, opcode);
  return frame;
}

/** A PAUSE frame; `quanta` from 0, which lets the other end go on, to quantaMax. */
export function pauseFrame(source: number, quanta: number): Uint8Array {
  const frame = macControl(source, opcodes.pause);
  writeBe16(frame, fieldsAt, quanta);
  return frame;
}

/** A priority flow control frame for the priorities that are given. */
export function priorityPauseFrame(
  source: number,
  quanta: ReadonlyMap<number, number>,
): Uint8Array {
  const frame = macControl(source, opcodes.priorities);
  let named = 0;
  for (const [priority, value] of quanta) {
    named |= 1 << priority;
    writeBe16(frame, fieldsAt + 2 + 2 * priority, value);
  }
  writeBe16(frame, fieldsAt, named);
  return frame;
}
