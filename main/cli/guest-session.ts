// A guest that is driven line by line, and kept like every other run: what was typed and done by
// hand, and all that its card, its wires and its kernel's log have told.

import { GuestSilent } from '#guest/console.ts';
import type { Answer } from '#guest/console.ts';
import { guestFiles, NoGuest } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { NoPackages } from '#guest/packages/apt.ts';
import { BadPackage } from '#guest/packages/deb.ts';
import type { Flavour } from '#guest/packages/wanted.ts';
import { guestCardSlot } from '#guest/pci-slot.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { parseHand } from '#lab/hands.ts';
import { RealInputs, realRunEnd, realRunHead } from '#lab/real-run.ts';
import { BadFile } from './bad-file.ts';
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
}

/** A line and what came of it. */
export interface RanLine extends Answer {
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

/** A guest from its snapshot. Throws BadFile when there is none. */
export const openGuest = (flavour: Flavour, traffic = false): Promise<Guest> =>
  withGuestFiles(() => {
    const files = guestFiles(flavour);
    return Guest.start({ files, snapshot: files.snapshot, traffic });
  });

/** The name of the guest's terminal, and of ours when our driver does the same. */
const terminal = 'main';

/** One session. */
export class GuestSession {
  readonly guest: Guest;
  private readonly inputs: RealInputs;
  private readonly recording: Recording;
  /** What it did not answer. */
  private silence: GuestSilent | null = null;

  private constructor(guest: Guest, recording: Recording) {
    this.guest = guest;
    this.inputs = new RealInputs(guest);
    this.recording = recording;
    recording.watch(this.inputs);
  }

  /** Throws BadFile when there is no guest, StoreError for a named database that is none. */
  static async open(settings: GuestSessionArguments): Promise<GuestSession> {
    const { flavour, packets } = settings;
    const guest = await openGuest(flavour, packets !== false);
    try {
      const { release } = guestFiles(flavour);
      const head = realRunHead({ release, slot: guestCardSlot });
      return new GuestSession(guest, new Recording(head, settings));
    } catch (error) {
      await guest.stop();
      throw error;
    }
  }

  /** A line of shell, or of hands when it begins with a colon. Throws GuestSilent. */
  async line(line: string, timeoutMs?: number): Promise<RanLine> {
    if (line.startsWith(':')) {
      const why = this.hand(line.slice(1));
      return { line, output: why ?? '', code: why === null ? 0 : 1 };
    }
    this.inputs.typed(terminal, line);
    try {
      return { line, ...(await this.guest.run(line, timeoutMs)) };
    } catch (error) {
      if (error instanceof GuestSilent) this.silence = error;
      throw error;
    } finally {
      this.recording.flush();
    }
  }

  /** Does what hands do: null, or why it was not done. */
  hand(words: string): string | null {
    const input = parseHand(words, defaultMachineSpec);
    return typeof input === 'string' ? input : this.inputs.hand(input);
  }

  /** Switches it off; where it is kept, in words, or null. Throws StoreError. */
  async finish(): Promise<string | null> {
    const endNs = this.guest.now();
    await this.guest.stop();
    const end = realRunEnd(endNs, this.silence?.message ?? null);
    const run = await this.recording.finish(end);
    return run === null ? null : keptText(run, this.recording);
  }
}
