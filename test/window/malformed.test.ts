// Malformed messages on each carrier: none reaches a handler, each is counted or refused in words,
// and the session goes on. A window may send a burst of 1,000; so each window of a test sends as
// many, and one test floods.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { decodePacket, encodePacket } from '#contract/packet.ts';
import { BrowserHost } from '#desktop/browser/host.ts';
import { Desk } from '#desktop/desk.ts';
import { startElectron } from '#desktop/electron/start-electron.ts';
import type { RunningLab } from '#desktop/electron/start-electron.ts';
import { Pages } from '#desktop/pages.ts';
import { rendererFolder } from '#desktop/renderer-build.ts';
import { count } from '#test/support/counts.ts';
import { ElectronStandIn } from './support/electron-stand-in.ts';
import { malformed } from './support/malformed.ts';
import type { BadMessage } from './support/malformed.ts';
import { cookieFrom, openSocket } from './support/raw-socket.ts';

const messages = count(5_000, 100_000);
/** What one window may send at once. */
const burst = 1_000;

let folder: string;
let desk: Desk;
let host: BrowserHost;
let electron: ElectronStandIn;
let lab: RunningLab;
let url: string;
let headers: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-malformed-'));
  const renderer = await rendererFolder();
  desk = new Desk(null);
  host = new BrowserHost(desk, renderer);
  const address = await host.listen();
  const { origin } = new URL(address);
  headers = { origin, cookie: await cookieFrom(address) };
  url = `${origin.replace('http', 'ws')}/lab`;
  electron = new ElectronStandIn(folder);
  lab = (await startElectron(electron.parts, {
    makeDesk: () => desk,
    makePages: () => new Pages(renderer),
    preload: '',
    platform: 'linux',
  }))!;
});

afterAll(async () => {
  await host.close();
  electron.windows[0]!.close();
  await desk.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  desk.handled = 0;
  desk.malformed = 0;
  desk.overRate = 0;
});

/** Asks rightly, and waits for the answer. */
const rightly = encodePacket({ kind: 'request', id: 77, name: 'session.state', body: {} });

/** Kinds of answers, but for what the lab tells by itself. */
const answerOf = (packet: Uint8Array): string | null => {
  const { kind } = decodePacket(packet).message as { readonly kind: string };
  return kind === 'event' ? null : kind;
};

/** What a test sees of a window: what it sends goes to the lab, answers come to `answers`. */
interface Client {
  send(bytes: unknown): void;
  readonly answers: string[];
  close(): Promise<void>;
}

async function socketClient(): Promise<Client> {
  const socket: WebSocket = await openSocket(url, headers);
  const answers: string[] = [];
  socket.on('message', (data: Buffer) => {
    const answer = answerOf(data);
    if (answer !== null) answers.push(answer);
  });
  const send = (bytes: unknown): void => socket.send(bytes as Uint8Array);
  const close = async (): Promise<void> => {
    const left = desk.windowCount - 1;
    socket.close();
    await expect.poll(() => desk.windowCount).toBe(left);
  };
  return { send, answers, close };
}

function ipcClient(): Promise<Client> {
  const { webContents } = electron.windows[0]!;
  const answers: string[] = [];
  webContents.screen.send = (_channel, packet) => {
    const answer = answerOf(packet);
    if (answer !== null) answers.push(answer);
  };
  webContents.mainFrame = { url: 'app://lab/' };
  // A reload: a window of its own for the desk.
  electron.receive(webContents, 'open');
  const send = (bytes: unknown): void => electron.receive(webContents, 'packet', bytes);
  return Promise.resolve({ send, answers, close: () => Promise.resolve() });
}

const carriers = [
  ['a socket', socketClient],
  ["Electron's IPC", ipcClient],
] as const;

test.each(carriers)('over %s, none reaches a handler', async (_name, open) => {
  const seen = new Set<string>();
  let client = await open();
  let answered = 0;
  const send = ({ kind, bytes, isAnswered }: BadMessage): void => {
    seen.add(kind);
    if (isAnswered) answered++;
    client.send(bytes);
  };
  let refusals = 0;
  const change = async (): Promise<void> => {
    await expect.poll(() => client.answers.length + refusals, { timeout: 10_000 }).toBe(answered);
    refusals += client.answers.length;
    expect(new Set(client.answers)).toEqual(new Set(['refusal']));
    await client.close();
    client = await open();
  };
  let sent = 0;
  for (const message of malformed(messages, 20_230_807)) {
    send(message);
    if (++sent % burst === 0) await change();
  }
  expect(seen.size).toBe(10);
  expect(desk.overRate).toBe(0);
  expect(desk.malformed).toBe(messages - answered);
  expect(desk.handled).toBe(0);
  client.send(rightly);
  await expect.poll(() => client.answers).toEqual(['answer']);
  expect(desk.handled).toBe(1);
  await client.close();
});

test.each(carriers)(
  'over %s, a window that floods is dropped, and only that one',
  async (_, open) => {
    const loud = await open();
    const quiet = await socketClient();
    const flood = burst * 3;
    for (const { bytes } of malformed(flood, 7)) loud.send(bytes);
    quiet.send(rightly);
    await expect.poll(() => quiet.answers).toEqual(['answer']);
    await expect.poll(() => desk.overRate + desk.malformed + loud.answers.length).toBe(flood);
    expect(desk.overRate).toBeGreaterThan(burst);
    expect(desk.handled).toBe(1);
    await quiet.close();
    await loud.close();
  },
);

test('a text, an array and a thing with a length are no packets', async () => {
  const client = await ipcClient();
  const others: unknown[] = ['text', [1, 2], { length: 16 }, null, undefined, new ArrayBuffer(16)];
  for (const other of others) client.send(other);
  await expect.poll(() => desk.malformed).toBe(others.length);
  const socket = await socketClient();
  socket.send('a text frame');
  await expect.poll(() => desk.malformed).toBe(others.length + 1);
  await socket.close();
});

test('what comes from another frame, another page or unknown contents is a stranger', async () => {
  await ipcClient();
  const { webContents } = electron.windows[0]!;
  const before = lab.carrier.strangers;
  electron.receive(webContents, 'packet', rightly, null);
  electron.receive(webContents, 'packet', rightly, { url: 'app://lab/' });
  electron.receive(webContents, 'open', undefined, { url: 'app://lab/' });
  for (const address of ['https://example.org/', 'app://lab.example.org/', 'file:///etc/passwd']) {
    webContents.mainFrame = { url: address };
    electron.receive(webContents, 'packet', rightly);
  }
  expect(lab.carrier.strangers - before).toBe(6);
  expect(desk.handled + desk.malformed).toBe(0);
});
