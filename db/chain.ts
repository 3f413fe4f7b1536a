// The hash chain of a run: SHA-256 over the hash before and the bytes of what was added, each part
// with its length in front, so that no two contents give the same bytes. The first link is the
// run's head, the last one its end: a run has one seal over everything that is not a person's note.

import { createHash } from 'node:crypto';
import type { RunEnd, RunHead } from '#lab/record/run-record.ts';
import type { Segment } from '#lab/record/segment.ts';

/** A segment as it is hashed: the JSON parts as the very texts that are stored. */
export interface SealedSegment extends Pick<
  Segment,
  'number' | 'firstSeq' | 'records' | 'texts' | 'blobs'
> {
  readonly inputs: readonly string[];
  readonly choices: string;
}

class Link {
  private readonly hash = createHash('sha256');

  add(part: string | Uint8Array): this {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    this.hash.update(`${bytes.length}\n`).update(bytes);
    return this;
  }

  addAll(parts: readonly (string | Uint8Array)[]): this {
    this.add(String(parts.length));
    for (const part of parts) this.add(part);
    return this;
  }

  get digest(): Buffer {
    return this.hash.digest();
  }
}

/** JSON with its keys in order: one text for one value, whoever made it. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** First link: what the run was made from. */
export const headHash = (head: RunHead): Buffer =>
  new Link().add('mlx4-lab run').add(canonicalJson(head)).digest;

/** The link after `previous`. */
export const segmentHash = (previous: Uint8Array, segment: SealedSegment): Buffer =>
  new Link()
    .add(previous)
    .add(`${segment.number} ${segment.firstSeq}`)
    .add(segment.records)
    .addAll(segment.texts)
    .addAll(segment.blobs)
    .addAll(segment.inputs)
    .add(segment.choices).digest;

/** Last link: what the run came to. */
export const sealHash = (previous: Uint8Array, end: RunEnd): Buffer =>
  new Link().add(previous).add(canonicalJson(end)).digest;

/** Hash of some values of a row outside the chain. */
export const rowHash = (...values: readonly (string | number | null)[]): Buffer =>
  new Link().add(JSON.stringify(values)).digest;

export const hashText = (text: string): string => createHash('sha256').update(text).digest('hex');

export const equalHashes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
