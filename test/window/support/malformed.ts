// Messages that no handler may see, by the kinds of harm that can be done to one: noise, a cut, a
// flipped byte, wrong lengths, wrong envelopes, and whole packets that ask wrongly. Same seed, same
// messages.

import { crc32 } from '#contract/crc32.ts';
import { encodePacket } from '#contract/packet.ts';

/** A message, and whether the lab answers it with a refusal instead of throwing it away. */
export interface BadMessage {
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly isAnswered: boolean;
}

/** Numbers below `end`, by xorshift. */
export function chance(seed: number): (end: number) => number {
  let state = seed | 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
}

type Below = (end: number) => number;

const pick = <T>(below: Below, from: readonly T[]): T => from[below(from.length)]!;

/** A request as it should be; the bodies of those below are wrong. */
const good = { kind: 'request', id: 1, name: 'session.run', body: { speed: 1 } };

/** What stands in the place of an object or a number. */
const strange: readonly unknown[] = [
  null,
  true,
  '',
  'x'.repeat(5000),
  -1,
  1e300,
  0.5,
  [],
  [[]],
  {},
  { kind: 'answer' },
  JSON.parse('{"__proto__": {"kind": "request"}}'),
];

const wrongEnvelopes = (below: Below): unknown =>
  pick<() => unknown>(below, [
    () => pick(below, strange),
    () => ({ ...good, kind: pick(below, strange) }),
    () => ({ ...good, id: pick(below, [0, -1, 1.5, 2 ** 53, '1', null]) }),
    () => ({ ...good, name: pick(below, ['x'.repeat(65), 7, null, {}]) }),
    () => ({ ...good, more: 1 }),
    () => [good],
  ])();

const wrongRequests = (below: Below): unknown =>
  pick<() => unknown>(below, [
    () => ({ ...good, name: pick(below, ['', 'toString', '__proto__', 'session.none']) }),
    () => ({ ...good, body: pick(below, strange) }),
    () => ({ ...good, body: { speed: pick(below, ['1', -1, 0, 1e7, {}, []]) } }),
    () => ({ ...good, name: 'moment', body: { at: 'event', seq: pick(below, [-1, 0.5, '1']) } }),
    () => ({ ...good, name: 'session.type', body: { terminal: 'main', line: 'x'.repeat(4097) } }),
    () => ({ ...good, name: 'host.save', body: { name: pick(below, ['../x', 'a\\b', '', '\0']) } }),
  ])();

const packet = (): Uint8Array => encodePacket(good, Uint8Array.of(1, 2, 3));

/** A packet whose head says what it is told to say, with the right checksum. */
function withHead(jsonBytes: number, bodyBytes: number): Uint8Array {
  const bytes = packet();
  const head = new DataView(bytes.buffer);
  head.setUint32(4, jsonBytes, true);
  head.setUint32(8, bodyBytes, true);
  head.setUint32(12, crc32(bytes.subarray(16)), true);
  return bytes;
}

/** JSON that is none, in a packet that is one. */
function withJson(json: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + json.length);
  bytes.set(json, 16);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, 0x34584c4d, true);
  head.setUint32(4, json.length, true);
  head.setUint32(12, crc32(json), true);
  return bytes;
}

const noise = (below: Below, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => below(256));

const makers: readonly (readonly [string, boolean, (below: Below) => Uint8Array])[] = [
  ['noise', false, (below) => noise(below, below(200))],
  ['nothing', false, () => new Uint8Array(0)],
  ['cut', false, (below) => packet().subarray(0, below(packet().length))],
  ['too long', false, (below) => Buffer.concat([packet(), noise(below, 1 + below(40))])],
  [
    'flipped byte',
    false,
    (below) => {
      const bytes = packet();
      bytes[below(bytes.length)]! ^= 1 + below(255);
      return bytes;
    },
  ],
  [
    'huge length',
    false,
    (below) =>
      pick(below, [
        () => withHead(0xffffffff, 3),
        () => withHead(3, 0xffffffff),
        () => withHead(0xffffffff, 0xffffffff),
        () => withHead(9 * 1024 * 1024, 0),
      ])(),
  ],
  ['no JSON', false, (below) => withJson(noise(below, 1 + below(60)).fill(0xff, 0, 1))],
  ['deep JSON', false, (below) => withJson(Buffer.from('['.repeat(1 + below(20_000))))],
  ['wrong envelope', false, (below) => encodePacket(wrongEnvelopes(below))],
  ['wrong request', true, (below) => encodePacket(wrongRequests(below))],
];

/** So many of them, every kind in turn. */
export function* malformed(count: number, seed: number): Generator<BadMessage> {
  const below = chance(seed);
  for (let index = 0; index < count; index++) {
    const [kind, isAnswered, make] = makers[index % makers.length]!;
    yield { kind, isAnswered, bytes: make(below) };
  }
}
