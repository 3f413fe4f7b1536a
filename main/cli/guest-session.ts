// Guests that are driven line by line, and kept like every other run: what was typed and done by
// hand, and all that their cards, their wires and their kernels' logs have told. Where there are
// several, everything that they print has a name: that of the guest at whose prompt it stands, or
// its own in front.

import { GuestSilent } from '#guest/console.ts';
import type { Answer } from '#guest/console.ts';
import { guestFiles, NoGuest } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { NoPackages } from '#guest/packages/apt.ts';
import { BadPackage } from '#guest/packages/deb.ts';
import type { Flavour } from '#guest/packages/wanted.ts';
import { cardNameAt, terminalAt } from '#guest/names.ts';
import { networkOf } from '#guest/network.ts';
import { guestCardSlot } from '#guest/pci-slot.ts';
import { parseHand } from '#lab/hands.ts';
import type { WithinReach } from '#lab/hands.ts';
import { RealInputs, realRunEnd, realRunHead } from '#lab/real-run.ts';
import { BadFile } from './bad-file.ts';
import type { GuestLine } from './guest-lines.ts';
import { keptText, Recording } from './recording.ts';
import type { RecordingArguments } from './recording.ts';

/** Options of every command with a guest. */
export interface GuestArguments {
  readonly flavour: Flavour;
  readonly json?: boolean;
}

/** Options of those that are kept. */
export interface GuestSessionArguments extends GuestArguments, RecordingArguments {
  /** False: without packets, doorbells and interrupts. */
  readonly packets?: boolean;
  /** How many, on one fabric; one unless given. */
  readonly guests?: number;
}

/** A line and what came of it. */
export interface RanLine extends Answer {
  /** Its guest, where there are several. */
  readonly guest?: string;
  readonly line: string;
}

/** Gives what needs a guest's files the command line's words. Throws BadFile. */
export async function withGuestFiles<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const isSaid =
      error instanceof NoGuest || error instanceof NoPackages || error instanceof BadPackage;
    throw isSaid ? new BadFile(error.message) : error;
  }
}

/** Guests from their snapshot, on one fabric. Throws BadFile when there is none. */
const openGuests = (flavour: Flavour, count: number, traffic: boolean): Promise<readonly Guest[]> =>
  withGuestFiles(() => {
    const files = guestFiles(flavour);
    return Guest.startTogether({ files, snapshot: files.snapshot, traffic }, count);
  });

/** One that is alone. Throws BadFile when there is none. */
export async function openGuest(flavour: Flavour): Promise<Guest> {
  const [guest] = await openGuests(flavour, 1, false);
  return guest!;
}

const stopAll = (guests: readonly Guest[]): Promise<unknown> =>
  Promise.all(guests.map((guest) => guest.stop()));

/** One session. */
export class GuestSession {
  /** Position of the guest whose line runs, or at whose prompt a person is. */
  front = 0;
  private readonly guests: readonly Guest[];
  private readonly reach: WithinReach;
  private readonly inputs: RealInputs;
  private readonly recording: Recording;
  /** What a guest did not answer. */
  private silence: GuestSilent | null = null;

  private constructor(guests: readonly Guest[], reach: WithinReach, recording: Recording) {
    const [{ trace, fabric }] = guests as readonly [Guest, ...Guest[]];
    const cards = guests.map(({ card }) => card);
    this.guests = guests;
    this.reach = reach;
    this.inputs = new RealInputs({ trace, fabric, cards, now: () => this.now() });
    this.recording = recording;
    recording.watch(this.inputs);
  }

  /** Throws BadFile when there is no guest, StoreError for a named database that is none. */
  static async open(settings: GuestSessionArguments): Promise<GuestSession> {
    const { flavour, packets, guests: count = 1 } = settings;
    const guests = await openGuests(flavour, count, packets !== false);
    try {
      const topology = networkOf(count);
      const machine = { release: guestFiles(flavour).release, slot: guestCardSlot };
      const head = realRunHead({ ...machine, ...(count > 1 && { topology }) });
      const cards = guests.map(({ card }) => card.name);
      return new GuestSession(guests, { topology, cards }, new Recording(head, settings));
    } catch (error) {
      await stopAll(guests);
      throw error;
    }
  }

  /** Guests that there are. */
  get count(): number {
    return this.guests.length;
  }

  /** Name of a guest, or nothing when there is one alone. */
  nameOf(at: number): string {
    return this.count === 1 ? '' : cardNameAt(at);
  }

  /** `# `, or `card1# ` where there are several. */
  promptOf(at: number): string {
    return `${this.nameOf(at)}# `;
  }

  /** Tells of every line that a guest prints; one that is not in front has its name before it. */
  listen(say: (text: string) => void): void {
    this.guests.forEach(({ console: line }, at) => {
      line.listen({
        printed: (text) => {
          say(at === this.front ? text : `${cardNameAt(at)}: ${text}`);
        },
      });
    });
  }

  /** Control-C for the guest in front. */
  interrupt(): void {
    this.guests[this.front]!.console.interrupt();
  }

  /** A line of shell, or of hands when it begins with a colon. Throws GuestSilent. */
  async line(given: GuestLine, timeoutMs?: number): Promise<RanLine> {
    const { guest, line } = given;
    this.front = guest;
    const ran = this.count === 1 ? { line } : { guest: cardNameAt(guest), line };
    if (line.startsWith(':')) {
      const why = this.hand({ guest, line: line.slice(1) });
      return { ...ran, output: why ?? '', code: why === null ? 0 : 1 };
    }
    this.inputs.typed(terminalAt(guest), line);
    try {
      return { ...ran, ...(await this.guests[guest]!.run(line, timeoutMs)) };
    } catch (error) {
      if (!(error instanceof GuestSilent)) throw error;
      const name = this.nameOf(guest);
      this.silence = name === '' ? error : new GuestSilent(`${name}: ${error.message}`);
      throw this.silence;
    } finally {
      this.recording.flush();
    }
  }

  /** Does what hands do, faults at the card of the guest: null, or why it was not done. */
  private hand({ guest, line }: GuestLine): string | null {
    const input = parseHand(line, this.reach, cardNameAt(guest));
    return typeof input === 'string' ? input : this.inputs.hand(input);
  }

  /** Switches them off; where it is kept, in words, or null. Throws StoreError. */
  async finish(): Promise<string | null> {
    const endNs = this.now();
    await stopAll(this.guests);
    const end = realRunEnd(endNs, this.silence?.message ?? null);
    const run = await this.recording.finish(end);
    return run === null ? null : keptText(run, this.recording);
  }

  /** They have one clock. */
  private now(): number {
    return this.guests[0]!.now();
  }
}
