// The firmware commands of two runs in order, without the tokens that drivers hand out, and how
// often each opcode was given. Of commands that both gave, the mailboxes are compared too.

import { difference, quoted } from './aligned.ts';
import type { Alignment, Readings } from './aligned.ts';
import { byText } from './both.ts';
import type { Both } from './both.ts';
import { plainName } from './deeds.ts';
import { equalBytes } from './match.ts';
import type { Reading } from './reading.ts';
import { countsOf } from './sequence.ts';
import type { SequenceDiff } from './sequence-diff.ts';

/** How often an opcode was given. */
export interface OpcodeCount {
  readonly opcode: string;
  readonly times: Both<number>;
}

/** Both gave the command, with other data. */
export interface MailboxDifference {
  readonly command: string;
  /** Its number in each run. */
  readonly seq: Both<number>;
  /** First byte that is not the same. */
  readonly byte: number;
}

/** All firmware commands. */
export interface CommandComparison extends Alignment {
  /** Only opcodes whose counts differ. */
  readonly opcodes: readonly OpcodeCount[];
  /** Commands of both that had other data, and the first one. 0 when nothing was aligned. */
  readonly mailboxes: { readonly count: number; readonly first: MailboxDifference | null };
}

const commandAt = ({ trace }: Reading, seq: number): string =>
  plainName(trace.text(trace.event(seq).object));

function opcodesOf({ trace, commands }: Reading): Map<string, number> {
  const counts = new Map<string, number>();
  const { deeds, seqs } = commands;
  const times = countsOf(deeds, 0);
  deeds.forEach((deed, at) => {
    if (times[deed] === 0) return;
    const [opcode = ''] = trace.text(trace.event(seqs[at]!).object).split(' ');
    counts.set(opcode, (counts.get(opcode) ?? 0) + times[deed]!);
    times[deed] = 0;
  });
  return counts;
}

function compareOpcodes({ a, b }: Readings): OpcodeCount[] {
  const [countsA, countsB] = [opcodesOf(a), opcodesOf(b)];
  return [...new Set([...countsA.keys(), ...countsB.keys()])]
    .sort(byText)
    .map((opcode) => ({
      opcode,
      times: { a: countsA.get(opcode) ?? 0, b: countsB.get(opcode) ?? 0 },
    }))
    .filter(({ times }) => times.a !== times.b);
}

/** Numbers of the events that stayed when those of one side were taken away. */
function kept(seqs: Uint32Array, only: readonly number[]): Uint32Array {
  const gone = new Set(only);
  return seqs.filter((_seq, at) => !gone.has(at));
}

function compareMailboxes({ a, b }: Readings, diff: SequenceDiff): CommandComparison['mailboxes'] {
  if (!diff.aligned) return { count: 0, first: null };
  const seqsB = kept(b.commands.seqs, diff.onlyB);
  let [count, first]: [number, MailboxDifference | null] = [0, null];
  kept(a.commands.seqs, diff.onlyA).forEach((seqA, at) => {
    const seqB = seqsB[at]!;
    const left = a.trace.blobBytes(a.trace.event(seqA).value);
    const right = b.trace.blobBytes(b.trace.event(seqB).value);
    if (equalBytes(left, right)) return;
    count++;
    let byte = 0;
    while (left[byte] === right[byte]) byte++;
    first ??= { command: commandAt(a, seqA), seq: { a: seqA, b: seqB }, byte };
  });
  return { count, first };
}

/** Compares all that was given to the card's firmware. */
export function compareCommands(readings: Readings): CommandComparison {
  const pair = { a: readings.a.commands, b: readings.b.commands };
  const diff = difference(readings, pair);
  return {
    ...quoted(readings, pair, diff, commandAt),
    opcodes: compareOpcodes(readings),
    mailboxes: compareMailboxes(readings, diff),
  };
}
