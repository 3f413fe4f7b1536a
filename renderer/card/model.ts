// What the view of the card draws, from what the lab says: bytes with the fields that they belong
// to, bits of the control word, rings. Pure functions.

import { hcr } from '#prm/registers.ts';
import type { AnswerOf } from '#contract/requests.ts';
import { hexText } from '../ui/numbers.ts';
import { cardTexts as texts } from './texts.ts';

export type Detail = NonNullable<AnswerOf<'card.command'>>;
export type Field = NonNullable<Detail['mailbox']>['fields'][number];
export type Maps = AnswerOf<'card.maps'>;
export type CardNow = NonNullable<AnswerOf<'card.now'>>;
export type Ring = CardNow['rings'][number];

/** A byte of a mailbox. */
export interface HexByte {
  readonly at: number;
  readonly text: string;
  /** Names of the fields that it belongs to. */
  readonly fields: readonly string[];
  /** First and last byte of its field in this row: where the box is closed. */
  readonly opens: boolean;
  readonly closes: boolean;
}

/** A row of sixteen bytes, or `null` for rows of zeros that are folded. */
export interface HexRow {
  readonly at: number;
  readonly bytes: readonly HexByte[];
}

const rowBytes = 16;

/** True for a field that touches a byte. */
const touches = ({ offset, bytes }: Field, at: number): boolean =>
  at >= offset && at < offset + bytes;

/** Rows of a mailbox up to the last one that says something, and one of zeros behind it. */
export function hexRows(data: readonly number[], fields: readonly Field[]): HexRow[] {
  let used = data.length;
  while (used > 0 && data[used - 1] === 0) used--;
  const shown = fields.filter(({ isZero, was }) => !isZero || was !== null);
  const fieldsEnd = Math.max(0, ...shown.map(({ offset, bytes }) => offset + bytes));
  const rows = Math.min(
    Math.ceil(data.length / rowBytes),
    Math.ceil(Math.max(used, fieldsEnd, 1) / rowBytes) + 1,
  );
  const start = (at: number): number | undefined =>
    fields.find((field) => touches(field, at))?.offset;
  return Array.from({ length: rows }, (_, row) => ({
    at: row * rowBytes,
    bytes: data.slice(row * rowBytes, (row + 1) * rowBytes).map((value, index): HexByte => {
      const at = row * rowBytes + index;
      const own = start(at);
      return {
        at,
        text: value.toString(16).padStart(2, '0'),
        fields: fields.filter((field) => touches(field, at)).map(({ name }) => name),
        opens: own !== undefined && (index === 0 || start(at - 1) !== own),
        closes: own !== undefined && (index === rowBytes - 1 || start(at + 1) !== own),
      };
    }),
  }));
}

/** Bytes up to the end of the last one that is not zero or in a field that counts. */
export function usedBytes({ mailbox }: Detail): number {
  if (mailbox === null) return 0;
  const ends = mailbox.fields.map(({ offset, bytes }) => offset + bytes);
  let used = mailbox.data.length;
  while (used > 0 && mailbox.data[used - 1] === 0) used--;
  return Math.max(used, ends.length === 0 ? 0 : Math.min(Math.max(...ends), mailbox.data.length));
}

/** Bits of a word, the highest first. */
export const bitsOf = (word: number): number[] =>
  Array.from({ length: 32 }, (_, at) => (word >>> (31 - at)) & 1);

/** Groups of bits that are named under the control word. */
export const controlGroups = [
  { name: 'status', ...span('status') },
  { name: 'GO', ...span('go') },
  { name: 'E', ...span('event') },
  { name: 'T', ...span('toggle') },
  { name: 'opmod', ...span('opcode_modifier') },
  { name: 'opcode', ...span('opcode') },
] as const;

function span(field: 'status' | 'go' | 'event' | 'toggle' | 'opcode_modifier' | 'opcode') {
  const { high, low } = hcr.fields[field];
  return { high, low };
}

/** `1→1 2→2`. */
export const mapText = ([one, two]: readonly [number, number]): string => `1→${one} 2→${two}`;

/** `…3b:51:71`, the last three bytes of a MAC. */
export function macTail(mac: number): string {
  const hex = mac.toString(16).padStart(12, '0');
  return `…${hex.slice(6).replace(/(..)(?=.)/g, '$1:')}`;
}

/** A ring as it is drawn: segments, some filled from one index on. */
export interface DrawnRing {
  readonly segments: number;
  /** Filled segments: the first, and how many. */
  readonly first: number;
  readonly filled: number;
  /** Angles of the producer and the consumer, turns from the top. */
  readonly producer: number | null;
  readonly consumer: number;
  /** Entries between consumer and producer. */
  readonly between: number;
}

/** Most segments that are drawn. */
const segmentsMax = 48;

/** How a ring is drawn; `turn`: what lies between C and P is the card's. */
export function drawnRing({ entries, producer, consumer }: Ring): DrawnRing {
  const segments = Math.min(segmentsMax, Math.max(4, entries));
  const place = (index: number): number => (index % entries) / entries;
  const between = producer === null ? 0 : (((producer - consumer) % entries) + entries) % entries;
  // Indices of a queue pair are modulo 2^16: full and empty look the same only when it is empty.
  const filled = between === 0 ? 0 : Math.max(1, Math.round((between / entries) * segments));
  return {
    segments,
    first: Math.floor(place(consumer) * segments),
    filled,
    producer: producer === null ? null : place(producer),
    consumer: place(consumer),
    between,
  };
}

/** In place of a ring that the card does not own. */
const deadRing = (kind: 'TX' | 'RX', portNumber: 1 | 2): Ring => ({
  kind,
  number: -1,
  entries: segmentsMax,
  producer: null,
  consumer: 0,
  portNumber,
  state: 'RST',
});

/** One ring of each kind: the one of the port that was used most, or a dead one. */
export function ringsOf(rings: readonly Ring[], portNumber: number): Ring[] {
  if (rings.length === 0) return [];
  const wanted = rings.filter((ring) => ring.portNumber === portNumber || ring.portNumber === 0);
  return (['TX', 'RX', 'CQ', 'EQ'] as const).flatMap((kind) => {
    const ofKind = wanted.filter((ring) => ring.kind === kind);
    const busiest = ofKind.toSorted((a, b) => b.consumer - a.consumer)[0];
    if (busiest !== undefined) return [busiest];
    const isOfPort = kind === 'TX' || kind === 'RX';
    return isOfPort ? [deadRing(kind, portNumber === 2 ? 2 : 1)] : [];
  });
}

/** A word of the card in a table: where it stands, its name, what it has. */
export interface CardWord {
  readonly place: string;
  readonly name: string;
  readonly value: string;
  readonly look: 'plain' | 'selected' | 'unknown';
}

/** The command register, with its control word, which says what is to be done. */
export const registerWords = (register: readonly number[]): CardWord[] =>
  register.map((word, at) => ({
    place: `+${(at * 4).toString(16).padStart(2, '0')}`,
    name: texts.words[at] ?? '',
    value: hexText(word, 8),
    look: at === register.length - 1 ? 'selected' : 'plain',
  }));

/** The answer as it came: by an event, or in the register itself. */
export function answerWords(
  { byEvent, token, row }: Detail,
  { statusByte }: NonNullable<Detail['answer']>,
): CardWord[] {
  const status = `${hexText(statusByte, 2)} ${row.status}`;
  const unknown = { name: texts.outParam, value: texts.notInTrace, look: 'unknown' } as const;
  const plain = 'plain' as const;
  const statusWord = { name: texts.status, value: status, look: plain };
  if (!byEvent)
    return [
      { place: '+18', ...statusWord },
      { place: '+0c', ...unknown },
    ];
  return [
    { place: '0x06', name: texts.token, value: hexText(token, 4), look: plain },
    { place: '0x0f', ...statusWord },
    { place: '0x10', ...unknown },
  ];
}
