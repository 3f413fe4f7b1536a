// Serves windows: takes their packets, checks them, has them answered, and tells every window what
// has changed. Carriers (a socket, Electron's IPC) only move packets; nothing that is malformed
// comes further than here.

import { inspect } from 'node:util';
import * as v from 'valibot';
import { StoreError } from '#db/store-error.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import { requestEnvelope } from '#contract/envelope.ts';
import type { LabEnvelope, RequestEnvelope } from '#contract/envelope.ts';
import {
  decodePacket,
  encodeFrame,
  encodePacket,
  MalformedPacket,
  packetsOf,
} from '#contract/packet.ts';
import { requests } from '#contract/requests.ts';
import type { LabEvents, RequestName } from '#contract/requests.ts';
import { Bench } from './bench/bench.ts';
import { Refused } from './bench/refused.ts';
import { handlers } from './handlers/handlers.ts';
import type { WithPayload } from './handlers/handlers.ts';
import { RateLimit } from './rate-limit.ts';
import type { Window } from './window.ts';

/** Time between two words about the session, ms: a frame of the window. */
const tellMs = 16;

/** Time that the first window has for opening before anything is done in the background, ms. */
const openingMs = 2000;

const isRequest = (name: string): name is RequestName => Object.hasOwn(requests, name);

/** Errors that are sentences for the person. */
const isSaid = (error: unknown): error is Error =>
  error instanceof Refused || error instanceof StoreError || error instanceof ScenarioError;

/** The lab's side of every window. */
export class Desk {
  readonly bench: Bench;
  /** Packets that were thrown away: for what they are, and for being too many. */
  malformed = 0;
  overRate = 0;
  /** Requests that a handler has seen. */
  handled = 0;
  private readonly windows = new Map<Window, RateLimit>();
  private telling: NodeJS.Timeout | undefined;
  private beginning: NodeJS.Timeout | undefined;
  private isToBegin = false;

  /** `file`: database of runs, or null. */
  constructor(file: string | null) {
    this.bench = new Bench({
      file,
      onChange: () => {
        this.tellSoon();
      },
      onLibrary: () => {
        this.tell('library', this.bench.library.state);
      },
    });
  }

  /** What is done once in a lab's life begins when its first window has opened. */
  beginWithFirstWindow(): void {
    this.isToBegin = true;
  }

  /** Windows that are there. */
  get windowCount(): number {
    return this.windows.size;
  }

  join(window: Window): void {
    this.windows.set(window, new RateLimit());
    window.send(encodePacket(this.word('session', this.bench.state)));
    window.send(encodePacket(this.word('library', this.bench.library.state)));
    if (!this.isToBegin) return;
    this.isToBegin = false;
    this.beginning = setTimeout(() => void this.bench.begin(), openingMs);
  }

  leave(window: Window): void {
    this.windows.delete(window);
  }

  /** Something has come from a window, whatever it is. Never throws for what is in it. */
  async take(window: Window, frame: unknown): Promise<void> {
    if (!this.passes(window)) return;
    const [first, ...others] = this.packetsOf(frame);
    if (first === undefined) return;
    const packets = [first, ...others.filter(() => this.passes(window))];
    let together: Uint8Array[] | null = [];
    const answered = packets.map(async (packet) => {
      const answer = await this.answerTo(window, packet);
      if (answer === null || !this.windows.has(window)) return;
      if (packets.length === 1 || together === null) window.send(answer);
      else together.push(answer);
    });
    // What was asked together and is known at once goes back together; the rest when it is known.
    if (packets.length > 1) {
      await new Promise(setImmediate);
      if (together.length > 0 && this.windows.has(window)) window.send(encodeFrame(together));
      together = null;
    }
    await Promise.all(answered);
  }

  /** The window has not asked too much. */
  private passes(window: Window): boolean {
    const passes = this.windows.get(window)?.passes(performance.now()) === true;
    if (!passes) this.overRate++;
    return passes;
  }

  /** The packets of what came; none when it is malformed. */
  private packetsOf(frame: unknown): Uint8Array[] {
    try {
      if (frame instanceof Uint8Array) return packetsOf(frame);
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
    }
    this.malformed++;
    return [];
  }

  /** The answer to a packet, or null for what is none. */
  private async answerTo(window: Window, packet: Uint8Array): Promise<Uint8Array | null> {
    const asked = this.opened(packet);
    if (asked !== null) return this.answer(window, asked.envelope, asked.payload);
    this.malformed++;
    return null;
  }

  /** The envelope of a packet, or null when it is none. */
  private opened(
    packet: Uint8Array,
  ): { envelope: RequestEnvelope; payload: Uint8Array | null } | null {
    try {
      const { message, payload } = decodePacket(packet);
      const checked = v.safeParse(requestEnvelope, message);
      return checked.success ? { envelope: checked.output, payload } : null;
    } catch (error) {
      if (error instanceof MalformedPacket) return null;
      throw error;
    }
  }

  private async answer(
    window: Window,
    { id, name, body }: RequestEnvelope,
    payload: Uint8Array | null,
  ): Promise<Uint8Array> {
    const refuse = (said: string): Uint8Array =>
      encodePacket({ kind: 'refusal', id, said } satisfies LabEnvelope);
    if (!isRequest(name)) return refuse(`This lab knows no request ${name}.`);
    const checked = v.safeParse(requests[name].schema, body);
    if (!checked.success) return refuse(`${name}: ${checked.issues[0].message}.`);
    try {
      // The table says which body goes to which handler; the types of both were checked there.
      const handle = handlers[name] as (...given: readonly unknown[]) => unknown;
      this.handled++;
      const said = await handle(this.bench, checked.output, payload, window);
      const isLong = isWithPayload(said);
      const answer: LabEnvelope = { kind: 'answer', id, body: isLong ? said.body : said };
      return encodePacket(answer, isLong ? said.payload : null);
    } catch (error) {
      if (isSaid(error)) return refuse(error.message);
      // A mistake of ours: the session goes on, and whoever can mend it finds where it was.
      process.stderr.write(`${name}: ${inspect(error)}\n`);
      return refuse(`${name} went wrong inside the lab. The session goes on.`);
    }
  }

  private word<N extends keyof LabEvents>(name: N, body: LabEvents[N]): LabEnvelope {
    return { kind: 'event', name, body };
  }

  /** The session has changed: every window hears the latest word, once a frame. */
  private tellSoon(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      this.tell('session', this.bench.state);
    }, tellMs);
  }

  /** Tells one window. */
  tellOne<N extends keyof LabEvents>(window: Window, name: N, body: LabEvents[N]): void {
    if (this.windows.has(window)) window.send(encodePacket(this.word(name, body)));
  }

  private tell<N extends keyof LabEvents>(name: N, body: LabEvents[N]): void {
    const packet = encodePacket(this.word(name, body));
    for (const window of this.windows.keys()) window.send(packet);
  }

  /** Ends the session and keeps it. */
  async close(): Promise<void> {
    clearTimeout(this.telling);
    clearTimeout(this.beginning);
    await this.bench.close();
  }
}

const isWithPayload = (said: unknown): said is WithPayload<unknown> =>
  typeof said === 'object' &&
  said !== null &&
  'payload' in said &&
  said.payload instanceof Uint8Array;
