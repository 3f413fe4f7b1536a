// Every English text of the tour: six stops on the recorded story. Names in the notes come from the
// recording itself.

import type { AnswerOf } from '#contract/requests.ts';
import type { PaneName } from '../frame/views.ts';

export type Stop = AnswerOf<'runs.stops'>[number];

/** What a stop is called in the list, and what its note says. */
export interface StopText {
  readonly title: string;
  readonly about: string;
  /** When it comes, for whoever does nothing but read. */
  readonly time: string;
  readonly note: (names: readonly string[]) => string;
  /** What it speaks of: the note stands beside it. */
  readonly pane: PaneName;
}

/** Without `netdev` or `device` in front, and a work without its number. */
const plain = (name = ''): string => name.replace(/^(netdev|device) /, '').replace(/#\d+ /, ' ');

export const stopTexts: Readonly<Record<Stop['stop'], StopText>> = {
  card: {
    pane: 'panel',
    title: 'The card and its bond',
    about: 'two ports, one link',
    time: '0:00',
    note: () =>
      'One card with two ports, and a bond over both. While one is quiet the other carries on.',
  },
  written: {
    pane: 'terminals',
    title: 'One word is written',
    about: 'ib to mlx4_port1',
    time: '0:15',
    note: ([writer]) =>
      `${plain(writer)} writes ib to mlx4_port1: port 1 is to speak InfiniBand from now on.`,
  },
  lock: {
    pane: 'waits',
    title: 'The writer takes a lock',
    about: 'intf_mutex',
    time: '0:35',
    note: ([writer, lock]) =>
      `${plain(writer)} takes ${plain(lock)}. While it unloads the port, nobody else may change ` +
      'which drivers the card has.',
  },
  reference: {
    pane: 'waits',
    title: 'A work takes a reference',
    about: 'it holds the netdev',
    time: '0:55',
    note: ([work, reference]) =>
      `Leaving the bond queues ${plain(work)}. So that ${plain(reference)} stays while the work ` +
      'is queued, the work holds a reference on it.',
  },
  cycle: {
    pane: 'waits',
    title: 'Each waits for the other',
    about: 'four detectors, each half right',
    time: '1:15',
    note: ([writer, reference, , worker, lock]) =>
      `${plain(writer)} holds ${plain(lock)} and waits until nobody refers to ` +
      `${plain(reference)}. The work does, and the ${plain(worker)} that runs it waits for ` +
      `${plain(lock)}. Each can only be released by the next.`,
  },
  fixed: {
    pane: 'timeline',
    title: 'The same order, fixed',
    about: 'v6.6 beside naive',
    time: '1:35',
    note: () =>
      'As merged, the work holds the PCI device instead. Nothing waits for that, so the same ' +
      'choices settle. Next shows both side by side.',
  },
};

export const tourTexts = {
  label: 'Tour',
  place: (at: number, of: number): string => `${at} of ${of}`,
  next: 'Next',
  back: 'Back',
  leave: 'Leave',
  stopped: 'The tour has stopped here.',
  goOn: 'Go on from here',
} as const;
