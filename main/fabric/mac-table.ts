// Forwarding table of a switch: where a MAC address was last seen. One table for all VLANs, that
// is, the switch is VLAN-unaware. An aged entry is removed when it is next looked at, so no timer
// runs.

/** One learned address. */
export interface MacEntry {
  /** 48-bit number. */
  readonly mac: number;
  /** Port number, or LAG as the switch numbers it. */
  readonly place: number;
  readonly seenNs: number;
}

interface MutableEntry {
  place: number;
  seenNs: number;
}

/** Learned addresses of one switch. */
export class MacTable {
  private readonly entries = new Map<number, MutableEntry>();
  private readonly ageingNs: number;

  constructor(ageingNs: number) {
    this.ageingNs = ageingNs;
  }

  /** Notes that `mac` sent something from `place`. */
  learn(mac: number, place: number, nowNs: number): void {
    const entry = this.entries.get(mac);
    if (entry === undefined) {
      this.entries.set(mac, { place, seenNs: nowNs });
      return;
    }
    entry.place = place;
    entry.seenNs = nowNs;
  }

  /** Where `mac` is, or null when it is unknown or has aged out. */
  lookup(mac: number, nowNs: number): number | null {
    const entry = this.entries.get(mac);
    if (entry === undefined) return null;
    if (nowNs - entry.seenNs <= this.ageingNs) return entry.place;
    this.entries.delete(mac);
    return null;
  }

  /** Forgets everything seen at `place`. */
  forget(place: number): void {
    for (const [mac, entry] of this.entries) {
      if (entry.place === place) this.entries.delete(mac);
    }
  }

  /** All entries that have not aged out, by address. */
  list(nowNs: number): MacEntry[] {
    return [...this.entries]
      .filter(([, entry]) => nowNs - entry.seenNs <= this.ageingNs)
      .map(([mac, entry]) => ({ mac, ...entry }))
      .sort((x, y) => x.mac - y.mac);
  }
}
