// What a window gets from the desk: answers, refusals in words, and, when a handler of ours is
// wrong, a refusal too, while the place of the mistake goes to whoever can mend it.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodePacket, encodeFrame, encodePacket, packetsOf } from '#contract/packet.ts';
import { Desk } from '#desktop/desk.ts';
import type { Window } from '#desktop/window.ts';

let desk: Desk;
let told: unknown[];
let window: Window;

beforeEach(() => {
  desk = new Desk(null);
  told = [];
  window = { send: (packet) => told.push(decodePacket(packet).message) };
  desk.join(window);
  told.length = 0;
});

afterEach(() => desk.close());

const ask = (name: string, body: unknown = {}, payload: Uint8Array | null = null): Promise<void> =>
  desk.take(window, encodePacket({ kind: 'request', id: 1, name, body }, payload));

test('a mistake in a handler is refused in one sentence, printed, and nothing else', async () => {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const broken = vi.spyOn(desk.bench, 'moment').mockImplementation(() => {
    throw new TypeError('no such thing');
  });
  await ask('moment', { at: 'end' });
  const text = printed.mock.calls.map(([line]) => line).join('');
  printed.mockRestore();
  broken.mockRestore();
  const said = 'moment went wrong inside the lab. The session goes on.';
  expect(told).toEqual([{ kind: 'refusal', id: 1, said }]);
  expect(text).toMatch(/^moment: TypeError: no such thing\n {4}at .*desk\.test\.ts/);
  await ask('moment', { at: 'end' });
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ kind: 'answer' });
});

test('an answer that cannot be carried is a mistake, too', async () => {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(desk.bench, 'moment').mockReturnValue(1n as never);
  await ask('moment', { at: 'end' });
  printed.mockRestore();
  expect(told).toMatchObject([{ kind: 'refusal' }]);
});

test('what is asked together is answered together, but for what is malformed in it', async () => {
  const frames: Uint8Array[] = [];
  const other: Window = { send: (frame) => frames.push(frame) };
  desk.join(other);
  frames.length = 0;
  const asked = [1, 2, 3].map((id) =>
    encodePacket({ kind: 'request', id, name: 'session.state', body: {} }),
  );
  const damaged = asked[1]!.slice();
  damaged[damaged.length - 1]! ^= 1;
  await desk.take(other, encodeFrame([asked[0]!, damaged, asked[2]!]));
  expect(frames).toHaveLength(1);
  const answers = packetsOf(frames[0]!).map((packet) => decodePacket(packet).message);
  expect(answers).toMatchObject([
    { kind: 'answer', id: 1 },
    { kind: 'answer', id: 3 },
  ]);
  expect(desk.malformed).toBe(1);
  await desk.take(other, Uint8Array.of(...asked[0]!, 1));
  expect([frames.length, desk.malformed]).toEqual([1, 2]);
});

test('a window that has left gets no answer', async () => {
  const asked = ask('session.state');
  desk.leave(window);
  await asked;
  desk.tellOne(window, 'menu', 'import');
  expect(told).toEqual([]);
});

test('in a browser, the page chooses files by itself', async () => {
  await ask('host.state');
  await ask('host.open');
  await ask('host.save', { name: 'run.mlx4run' }, Uint8Array.of(1));
  await ask('host.save', { name: 'run.mlx4run' });
  const said = 'In a browser, the page chooses files itself.';
  expect(told).toEqual([
    { kind: 'answer', id: 1, body: { kind: 'browser', dialogs: false } },
    { kind: 'refusal', id: 1, said },
    { kind: 'refusal', id: 1, said },
    { kind: 'refusal', id: 1, said: 'There is nothing to save.' },
  ]);
});

test('a host with dialogs gets the bytes, and its file comes as a payload', async () => {
  const saved: unknown[] = [];
  const packets: Uint8Array[] = [];
  const other: Window = {
    send: (packet) => packets.push(packet),
    host: {
      state: { kind: 'electron', dialogs: true },
      save: (name, bytes) => {
        saved.push([name, ...bytes]);
        return Promise.resolve(`/home/${name}`);
      },
      open: () => Promise.resolve({ name: 'a.mlx4run', bytes: Uint8Array.of(7, 8) }),
    },
  };
  desk.join(other);
  packets.length = 0;
  const request = { kind: 'request', id: 1, name: 'host.save', body: { name: 'b' } };
  await desk.take(other, encodePacket(request, Uint8Array.of(1, 2)));
  await desk.take(other, encodePacket({ ...request, name: 'host.open', body: {} }));
  expect(saved).toEqual([['b', 1, 2]]);
  expect(packets.map(decodePacket)).toEqual([
    { message: { kind: 'answer', id: 1, body: '/home/b' }, payload: null },
    {
      message: { kind: 'answer', id: 1, body: { name: 'a.mlx4run' } },
      payload: Uint8Array.of(7, 8),
    },
  ]);
});
