// The lab as the window sees it: ask and await, and be told what has changed. What is asked before
// the way opens for the first time waits for it. When the way is lost it is opened again, and what
// was asked meanwhile is refused in words.

import type { LabEnvelope } from '#contract/envelope.ts';
import { decodePacket, encodeFrame, encodePacket, packetsOf } from '#contract/packet.ts';
import type { AnswerOf, BodyOf, LabEvents, RequestName } from '#contract/requests.ts';
import type { Carrier } from './carrier.ts';

/** The lab did not do it; the message is for the person. */
export class Refusal extends Error {}

const away = (): Refusal => new Refusal('The lab is away.');

/** An answer with the bytes behind it, if any. */
export interface Answered<N extends RequestName> {
  readonly body: AnswerOf<N>;
  readonly payload: Uint8Array | null;
}

interface Asked {
  resolve(answer: { body: unknown; payload: Uint8Array | null }): void;
  reject(error: Error): void;
}

/** Time before the way is tried again, ms. */
const againMs = 500;

/** The way to the lab. */
export class Lab {
  /** Told when the way opens (true) or is lost. */
  onWay: (isOpen: boolean) => void = () => undefined;
  private readonly open: () => Carrier;
  private carrier: Carrier | null = null;
  /** What was asked before the way has opened; null when it has. */
  private early: Uint8Array[] | null = [];
  /** What was asked just now: it goes out together. */
  private together: Uint8Array[] = [];
  private nextId = 1;
  private readonly asked = new Map<number, Asked>();
  private readonly hearers = new Map<string, (body: never) => void>();

  constructor(open: () => Carrier) {
    this.open = open;
    this.connect();
  }

  private connect(): void {
    const carrier = this.open();
    carrier.onOpen = () => {
      this.carrier = carrier;
      for (const packet of this.early ?? []) carrier.send(packet);
      this.early = null;
      this.onWay(true);
    };
    carrier.onPacket = (frame) => {
      for (const packet of packetsOf(frame)) this.take(packet);
    };
    carrier.onClose = () => {
      this.carrier = null;
      this.early = null;
      this.onWay(false);
      for (const { reject } of this.asked.values()) reject(away());
      this.asked.clear();
      setTimeout(() => {
        this.connect();
      }, againMs);
    };
  }

  /** Who is told of an event of this name; one for each. */
  on<N extends keyof LabEvents>(name: N, hear: (body: LabEvents[N]) => void): void {
    this.hearers.set(name, hear);
  }

  /** Asks for something. Rejects with Refusal when it is not done. */
  async ask<N extends RequestName>(name: N, body: BodyOf<N>): Promise<AnswerOf<N>> {
    return (await this.askWithPayload(name, body)).body;
  }

  /** The same, with bytes there or back. */
  askWithPayload<N extends RequestName>(
    name: N,
    body: BodyOf<N>,
    payload: Uint8Array | null = null,
  ): Promise<Answered<N>> {
    const { carrier, early } = this;
    if (carrier === null && early === null) {
      return Promise.reject(away());
    }
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve: resolve as Asked['resolve'], reject });
      const packet = encodePacket({ kind: 'request', id, name, body }, payload);
      if (carrier === null) early?.push(packet);
      else this.sendSoon(packet);
    });
  }

  /** Sends with all that is asked before the page does something else. */
  private sendSoon(packet: Uint8Array): void {
    this.together.push(packet);
    if (this.together.length > 1) return;
    queueMicrotask(() => {
      const packets = this.together.splice(0);
      // When the way was lost meanwhile, whoever asked knows.
      this.carrier?.send(encodeFrame(packets));
    });
  }

  private take(packet: Uint8Array): void {
    const { message, payload } = decodePacket(packet);
    const envelope = message as LabEnvelope;
    if (envelope.kind === 'event') {
      this.hearers.get(envelope.name)?.(envelope.body as never);
      return;
    }
    const asked = this.asked.get(envelope.id);
    this.asked.delete(envelope.id);
    if (envelope.kind === 'answer') asked?.resolve({ body: envelope.body, payload });
    else asked?.reject(new Refusal(envelope.said));
  }
}
