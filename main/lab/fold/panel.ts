// The part of the fold that is the front panel: the last word about every port, link and bond,
// which end of a cable is where, when packets passed, which faults are armed, and where card and
// driver parted.

import { K, kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Applies, Apply, FoldedEvent } from './event.ts';
import type { Fold } from './fold.ts';

/** Kinds of which the last word about each object is kept. */
export const noteKinds = [
  'link',
  'cable',
  'card.port',
  'card.map',
  'card.type',
  'card.open',
  'card.usable',
  'switch.port',
  'netdev.state',
  'netdev.going',
  'bond.state',
  'bond.mode',
  'bond.active',
  'bond.slave',
  'driver.state',
  'driver.port',
  'driver.netdev',
  'fault.held',
  'sysctl',
] as const satisfies readonly KindName[];

export type NoteKind = (typeof noteKinds)[number];

/** Kinds of notes whose values are names that may change. */
const namedValues: readonly KindName[] = ['driver.netdev', 'bond.active', 'bond.slave'];

/** Values by a second text: the end of a cable, the cable that a fault is on. */
export type ByPlace = ReadonlyMap<number, number>;

function note(fold: Fold, { kind, object, value }: FoldedEvent): void {
  const values = fold.notes.get(kind) ?? new Map<number, number>();
  fold.notes.set(kind, values.set(object, value));
}

/** What card and driver both say of a thing; the event is remembered that made them differ. */
function compared(fold: Fold, event: FoldedEvent): void {
  note(fold, event);
  const { object } = event;
  const card = fold.notes.get(K['card.map'])?.get(object);
  const driver = fold.notes.get(K['driver.state'])?.get(object);
  if (card === undefined || driver === undefined || card === driver) fold.parted.delete(object);
  else if (!fold.parted.has(object)) fold.parted.set(object, fold.seq);
}

const byPlace =
  (which: 'cableEnds' | 'faults'): Apply =>
  (fold, { object, value, place }) => {
    const map = fold[which];
    map.set(object, new Map(map.get(object) ?? []).set(place, value));
  };

function packet({ traffic }: Fold, { object, timeNs }: FoldedEvent): void {
  traffic.set(object, timeNs);
}

function move<T>(map: Map<number, T>, from: number, to: number): void {
  const known = map.get(from);
  if (known === undefined) return;
  map.delete(from);
  map.set(to, known);
}

/** What is known of it goes with it. */
function rename(fold: Fold, { object, value }: FoldedEvent): void {
  const { references, holds, waits, resources, notes } = fold;
  for (const map of [references, holds, waits, ...notes.values()]) {
    move<unknown>(map as Map<number, unknown>, object, value);
  }
  const resource = resources.get(object);
  if (resource !== undefined) {
    resources.delete(object);
    resources.set(value, { ...resource, name: value });
  }
  for (const name of namedValues) {
    const values = notes.get(K[name]);
    for (const [key, named] of values ?? []) if (named === object) values?.set(key, value);
  }
}

export const panelApplies: Applies = {
  ...Object.fromEntries(noteKinds.map((kind) => [kind, note])),
  'card.map': compared,
  'driver.state': compared,
  'cable.end': byPlace('cableEnds'),
  fault: byPlace('faults'),
  'packet.send': packet,
  'packet.receive': packet,
  'ref.rename': rename,
};

/** True for a kind of note whose values are texts. */
export const isTextNote = (kind: NoteKind): boolean => kindTable[K[kind]]?.value === 'text';
