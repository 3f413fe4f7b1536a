// `mlx4-lab guest compare`: the firmware commands of the real driver beside those of ours, while
// both do the same things. Exit status 1 when a difference has no reason.

import { setTimeout } from 'node:timers/promises';
import { cardFolder, chapters } from '#lab/conformance/chapters.ts';
import type { ChapterStep } from '#lab/conformance/chapters.ts';
import { periodic } from '#lab/conformance/command.ts';
import { compareChapters } from '#lab/conformance/compare.ts';
import type { ComparedChapter, RowKind } from '#lab/conformance/compare.ts';
import type { OtherField } from '#lab/conformance/fields.ts';
import { ourCommands } from '#lab/conformance/ours.ts';
import type { CommandsByChapter } from '#lab/conformance/ours.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { parseHand } from '#lab/hands.ts';
import { applyHand } from '#lab/input.ts';
import type { Guest } from '#guest/guest.ts';
import { guestCardSlot } from '#guest/pci-slot.ts';
import { exitCheckFailed, exitPassed } from './exit.ts';
import { openGuest } from './guest-session.ts';
import type { GuestArguments } from './guest-session.ts';
import { print } from './print.ts';
import { wrap } from './style.ts';

type Command = CommandsByChapter[number][number];

/** Options of the command. */
export interface GuestCompareArguments extends GuestArguments {
  readonly variant?: string;
  /** Also what both have. */
  readonly all?: boolean;
}

const guestFolder = `/sys/bus/pci/devices/${guestCardSlot}`;

/** Longest time that the real driver may take to come to rest, s. */
const restlessMax = 120;

/** What the real driver's card is asked, by chapter, and when it was asked last. */
class Listener {
  readonly chapters: Command[][] = [];
  private lastMs = 0;

  constructor({ card }: Guest) {
    card.onCommand = (command) => {
      this.chapters.at(-1)?.push(command);
      if (!periodic.has(command.name)) this.lastMs = performance.now();
    };
  }

  /** Waits until nothing was asked for some seconds: a busy machine takes its time. */
  async rest(seconds: number): Promise<void> {
    const beginMs = performance.now();
    const quietMs = (): number => performance.now() - Math.max(this.lastMs, beginMs);
    while (quietMs() < 1000 * seconds) {
      if (performance.now() - beginMs > 1000 * restlessMax) return;
      await setTimeout(100);
    }
  }
}

async function take(guest: Guest, listener: Listener, step: ChapterStep): Promise<void> {
  if ('rest' in step) {
    await listener.rest(step.rest);
    return;
  }
  if ('hand' in step) {
    const input = parseHand(step.hand, defaultMachineSpec);
    const why = typeof input === 'string' ? input : applyHand(guest, input);
    if (why !== null) throw new Error(`${step.hand}: ${why}`);
    return;
  }
  const line = step.run.replaceAll(cardFolder, guestFolder);
  const { code, output } = await guest.run(line);
  if (code !== 0) throw new Error(`${line}: exit code ${code}\n${output}`);
}

/** The real driver going through the chapters. Throws Error when a step fails. */
export async function realCommands(
  guest: Guest,
  onChapter: (title: string) => void = () => undefined,
): Promise<CommandsByChapter> {
  const listener = new Listener(guest);
  for (const { title, steps } of chapters) {
    onChapter(title);
    listener.chapters.push([]);
    for (const step of steps) await take(guest, listener, step);
  }
  return listener.chapters;
}

const width = 58;

const marks: Readonly<Record<RowKind, string>> = {
  same: ' ',
  moved: '\u2195',
  explained: '~',
  unexplained: '!',
};

/** A field, first as the real driver has written it, then ours; why, or nothing. */
function printField({ command, field, real, ours, times, reason }: OtherField): void {
  const often = times === 1 ? '' : `, ${times} times`;
  const words = `${command} ${field}: ${real}, ours ${ours}${often}`;
  print(`${reason === null ? marks.unexplained : marks.explained} ${wrap(words, '      ').trim()}`);
  if (reason !== null) print(wrap(reason, '      '));
}

function printChapter({ title, rows, fields, counts }: ComparedChapter, all: boolean): void {
  const { same, moved, explained, unexplained } = counts;
  print(
    `\n${title}: ${same} the same, ${moved} in another order, ${explained} explained, ` +
      `${unexplained} unexplained`,
  );
  const shown = rows.filter(({ kind }) => all || (kind !== 'same' && kind !== 'moved'));
  shown.forEach(({ real, ours, kind, reason }, at) => {
    print(`${marks[kind]} ${(real ?? '').padEnd(width)} ${ours ?? ''}`.trimEnd());
    // One reason of several rows is said behind the last of them.
    if (reason === null || shown[at + 1]?.reason === reason) return;
    print(wrap(reason, '      '));
  });
  fields.forEach(printField);
}

/** Compares. Throws BadFile when there is no guest. */
export async function guestCompareCommand(settings: GuestCompareArguments): Promise<number> {
  const { flavour, json, variant = 'v6.1', all = false } = settings;
  const guest = await openGuest(flavour);
  try {
    const real = await realCommands(guest, (title) => {
      if (json !== true) print(`the real driver: ${title}`);
    });
    const compared = compareChapters(real, ourCommands(variant));
    if (json === true) print(JSON.stringify(compared, null, 2));
    else {
      print(`\n  ${'the real driver'.padEnd(width)} ours, ${variant}`);
      for (const chapter of compared) printChapter(chapter, all);
    }
    return compared.some(({ counts }) => counts.unexplained > 0) ? exitCheckFailed : exitPassed;
  } finally {
    await guest.stop();
  }
}
