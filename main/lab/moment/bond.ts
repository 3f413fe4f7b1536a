// The bond table of the front panel: what the card would answer beside what the driver's variables
// say. The card knows no bonds: one whose RX port check is off is a bonded one.

import type { PanelNotes } from './panel-notes.ts';

/** A row of the table. */
export interface BondRow {
  readonly what: 'portMap' | 'rxPortCheck' | 'hardware';
  /** In words, as the card has it and as the driver believes. */
  readonly card: string;
  readonly driver: string;
  readonly equal: boolean;
  /** Port maps: physical port of virtual ports 1 and 2. */
  readonly cardMap?: readonly [number, number];
  readonly driverMap?: readonly [number, number];
  /** The event that made them part, where it is known. */
  readonly partedSeq?: number;
}

/** A bond. */
export interface BondView {
  readonly name: string;
  /** As /sys has it: active-backup. */
  readonly mode: string;
  /** The active slave, or null. */
  readonly active: string | null;
  readonly slaves: readonly string[];
  /** False: the driver is Linux's own, of which only what it has told the card is seen. */
  readonly seen: boolean;
  readonly rows: readonly BondRow[];
}

const short = (netdev: string): string => netdev.replace(/^netdev /, '');

const mapOf = (value: number): [number, number] => [value >> 4, value & 15];

const mapText = ([first, second]: readonly [number, number]): string => `1→${first} 2→${second}`;

function partedOf(notes: PanelNotes, what: string, equal: boolean): { partedSeq?: number } {
  const seq = equal ? null : notes.partedAt(what);
  return seq === null ? {} : { partedSeq: seq };
}

function portMapRow(notes: PanelNotes, card: string): BondRow {
  const what = `${card} port map`;
  const cardMap = mapOf(notes.number('card.map', what) ?? 0x12);
  const believed = notes.number('driver.state', what) ?? 0;
  const driverMap = mapOf(believed);
  const isLoaded = believed !== 0;
  const equal = !isLoaded || mapText(cardMap) === mapText(driverMap);
  return {
    what: 'portMap',
    card: mapText(cardMap),
    driver: isLoaded ? mapText(driverMap) : 'not loaded',
    equal,
    cardMap,
    ...(isLoaded ? { driverMap } : {}),
    ...partedOf(notes, what, equal),
  };
}

function rxPortCheckRow(notes: PanelNotes, card: string): BondRow {
  const what = `${card} rx port check`;
  const onCard = notes.number('card.map', what) !== 0;
  const inDriver = notes.number('driver.state', what) !== 0;
  const equal = onCard === inDriver;
  const word = (on: boolean): string => (on ? 'on' : 'off');
  return {
    what: 'rxPortCheck',
    card: word(onCard),
    driver: word(inDriver),
    equal,
    ...partedOf(notes, what, equal),
  };
}

function hardwareRow(notes: PanelNotes, card: string): BondRow {
  const onCard = notes.number('card.map', `${card} rx port check`) === 0;
  const inDriver = notes.number('driver.state', `${card} bonded`) === 1;
  return {
    what: 'hardware',
    card: onCard ? 'yes' : 'no',
    driver: inDriver ? 'yes, BONDED' : 'no, cleared',
    equal: onCard === inDriver,
  };
}

/** The first bond that is there, or null. */
export function bondOf(notes: PanelNotes, card: string): BondView | null {
  const bonds = [...notes.all('bond.mode').keys()].filter(
    (name) => notes.number('netdev.going', name) !== 1,
  );
  const slavesOf = (bond: string): string[] =>
    [...notes.all('bond.slave').keys()].filter((slave) => notes.text('bond.slave', slave) === bond);
  const bond = bonds.find((name) => slavesOf(name).length > 0) ?? bonds[0];
  if (bond === undefined) return null;
  const active = notes.text('bond.active', bond);
  return {
    name: short(bond),
    mode: notes.text('bond.mode', bond),
    active: active === '' ? null : short(active),
    slaves: slavesOf(bond).map(short),
    seen: true,
    rows: [portMapRow(notes, card), rxPortCheckRow(notes, card), hardwareRow(notes, card)],
  };
}

/** What the card has been told of a bond by a driver that nobody sees into. */
export function unseenBond(notes: PanelNotes, card: string): BondView {
  const rows = [portMapRow(notes, card), rxPortCheckRow(notes, card), hardwareRow(notes, card)];
  return {
    name: card,
    mode: '',
    active: null,
    slaves: [],
    seen: false,
    rows: rows.map(({ what, card: onCard, cardMap }) => ({
      what,
      card: onCard,
      driver: '',
      equal: true,
      ...(cardMap === undefined ? {} : { cardMap }),
    })),
  };
}
