// A host's ARP cache: addresses known, and packets that wait for an address. Entries age out after
// 60 s and are asked for again (Linux would first probe quietly); three requests, one second apart.

import type { Clock } from '#bus/clock.ts';

const retryNs = 1_000_000_000;
const triesMax = 3;
const entryLifeNs = 60_000_000_000;

/** A known address. */
export interface ArpEntry {
  readonly ip: number;
  readonly mac: number;
  readonly seenNs: number;
}

/** Called with the MAC when it is known, or null when nobody answered. */
export type Resolved = (mac: number | null) => void;

/** The ARP cache of one host. */
export class ArpCache {
  private readonly clock: Clock;
  private readonly ask: (ip: number) => void;
  private readonly entries = new Map<number, ArpEntry>();
  private readonly waiting = new Map<number, Resolved[]>();

  /** `ask` sends one ARP request. */
  constructor(clock: Clock, ask: (ip: number) => void) {
    this.clock = clock;
    this.ask = ask;
  }

  /** The MAC for an address, or null when unknown or aged out. */
  lookup(ip: number): number | null {
    const entry = this.entries.get(ip);
    if (entry === undefined || this.clock.now() - entry.seenNs > entryLifeNs) return null;
    return entry.mac;
  }

  /** Notes an address and lets go of what waited for it. */
  learn(ip: number, mac: number): void {
    this.entries.set(ip, { ip, mac, seenNs: this.clock.now() });
    this.settle(ip, mac);
  }

  /** Forgets an address, as `ip neigh del` does. */
  forget(ip: number): void {
    this.entries.delete(ip);
  }

  /** Calls `resolved` at once for a known address, else when it is known or given up. */
  resolve(ip: number, resolved: Resolved): void {
    const mac = this.lookup(ip);
    if (mac !== null) return resolved(mac);
    const waiting = this.waiting.get(ip);
    if (waiting !== undefined) {
      waiting.push(resolved);
      return;
    }
    const fresh = [resolved];
    this.waiting.set(ip, fresh);
    this.tryOnce(ip, fresh, triesMax);
  }

  /** Entries that have not aged out, by address. */
  list(): ArpEntry[] {
    const now = this.clock.now();
    return [...this.entries.values()]
      .filter((entry) => now - entry.seenNs <= entryLifeNs)
      .sort((x, y) => x.ip - y.ip);
  }

  private tryOnce(ip: number, round: readonly Resolved[], left: number): void {
    this.ask(ip);
    this.clock.after(retryNs, () => {
      if (this.waiting.get(ip) !== round) return;
      if (left > 1) this.tryOnce(ip, round, left - 1);
      else this.settle(ip, null);
    });
  }

  private settle(ip: number, mac: number | null): void {
    const waiting = this.waiting.get(ip);
    if (waiting === undefined) return;
    this.waiting.delete(ip);
    for (const resolved of waiting) resolved(mac);
  }
}
