// Looks up what the events said last about ports, cables and netdevs, by name: the fold keeps
// numbers, and the machine's facts are names.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import type { NoteKind } from '../fold/panel.ts';
import { trafficNs } from './leds.ts';

/** The notes of one moment by the names of things. */
export class PanelNotes {
  readonly fold: Fold;
  private readonly trace: Trace;
  private readonly maps = new Map<NoteKind, ReadonlyMap<string, number>>();

  constructor(trace: Trace, fold: Fold) {
    this.trace = trace;
    this.fold = fold;
  }

  /** Last values of a kind, by name. */
  all(kind: NoteKind): ReadonlyMap<string, number> {
    const known = this.maps.get(kind);
    if (known !== undefined) return known;
    const values = this.fold.notes.get(K[kind]) ?? new Map<number, number>();
    const map = new Map([...values].map(([object, value]) => [this.trace.text(object), value]));
    this.maps.set(kind, map);
    return map;
  }

  number(kind: NoteKind, name: string): number | undefined {
    return this.all(kind).get(name);
  }

  /** The value as a text; empty for nothing said. */
  text(kind: NoteKind, name: string): string {
    return this.trace.text(this.number(kind, name) ?? 0);
  }

  /** A module is loaded. */
  isLoaded(module: string): boolean {
    return [...this.fold.modules].some((name) => this.trace.text(name) === module);
  }

  /** Port that an end of a cable is in, or null. */
  portOf(cable: string, end: 'a' | 'b'): string | null {
    for (const [object, ports] of this.fold.cableEnds) {
      if (this.trace.text(object) !== cable) continue;
      for (const [place, port] of ports) {
        if (this.trace.text(place) === end) return port === 0 ? null : this.trace.text(port);
      }
    }
    return null;
  }

  /** Faults of one name: how many are armed, by the cable that they are on (empty: the card). */
  faults(name: string): ReadonlyMap<string, number> {
    const armed = new Map<string, number>();
    for (const [object, places] of this.fold.faults) {
      if (this.trace.text(object) !== name) continue;
      for (const [place, count] of places) armed.set(this.trace.text(place), count);
    }
    return armed;
  }

  /** Packets passed the port a moment ago. */
  hasTraffic(port: string, nowNs: number): boolean {
    for (const [object, timeNs] of this.fold.traffic) {
      if (this.trace.text(object) === port) return nowNs - timeNs <= trafficNs;
    }
    return false;
  }

  /** Event by which card and driver parted over a thing, or null. */
  partedAt(what: string): number | null {
    for (const [object, seq] of this.fold.parted) {
      if (this.trace.text(object) === what) return seq;
    }
    return null;
  }
}
