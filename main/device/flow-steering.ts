// Device-managed flow steering: the rules of a card, and which queue pairs get a frame
// (facts/device 5.28, 11.1). Rules are tried by priority, in one priority first come first, unless
// a rule asks to be put before the others. A unicast frame goes to the first rule that matches, a
// multicast frame to every one. Default rules take what no other rule took. Rules that differ only
// in their queue pair share an entry of the table that INIT_HCA names; what is in the table's pages
// is the hardware's own business: this card keeps nothing there, but it wants them mapped.
// Left out: static high-rate (A0) mode, a hash that finds rules faster than one by one.

import { qpsPerMgm } from '#prm/steering.ts';
import { demand } from './command.ts';
import { matchesRule } from './flow-rule.ts';
import type { FlowRule } from './flow-rule.ts';
import type { IcmSpace } from './icm.ts';
import type { Packet } from './packet.ts';

/** Where the table is: from INIT_HCA. */
export interface FlowTable {
  readonly base: number;
  readonly entryBytes: number;
  readonly entries: number;
}

/** A place in the table. */
interface Entry {
  readonly index: number;
  /** Rules that share it. */
  rules: number;
}

/** The rules of one card. */
export class FlowSteering {
  /** Null while flow steering is off. */
  table: FlowTable | null = null;
  private readonly icm: IcmSpace;
  /** Queue pairs of one entry, as QUERY_DEV_CAP tells. */
  private readonly qpsMax: number;
  private readonly byId = new Map<number, FlowRule>();
  private readonly entries = new Map<string, Entry>();
  /** Entries that were in use and are free again; above `nextEntry` none ever was. */
  private readonly freed: number[] = [];
  private nextEntry = 0;
  /** Ids are never used again, and 0 is none: the driver stores 0 for "no rule" (5.28). */
  private nextId = 1;
  /** By port, in the order in which they are tried. */
  private readonly regular: readonly [FlowRule[], FlowRule[]] = [[], []];
  private readonly defaults: readonly [FlowRule[], FlowRule[]] = [[], []];
  /** The answer of find(), used again for every frame. */
  private readonly found: number[] = [];

  constructor(icm: IcmSpace, qpsMax: number) {
    this.icm = icm;
    this.qpsMax = qpsMax;
  }

  /** INIT_HCA asked for it. */
  get enabled(): boolean {
    return this.table !== null;
  }

  /** The table. Throws a Refusal (BAD_SYS_STATE) while flow steering is off. */
  demandTable(): FlowTable {
    demand(this.table !== null, 'BAD_SYS_STATE', 'flow steering is off');
    return this.table;
  }

  /** Forgets every rule; flow steering is off. */
  clear(): void {
    this.table = null;
    this.byId.clear();
    this.entries.clear();
    this.freed.length = 0;
    this.nextEntry = 0;
    for (const lists of [this.regular, this.defaults]) for (const list of lists) list.length = 0;
  }

  /**
   * Takes a rule. Gives its id. Throws a Refusal: BAD_SYS_STATE when flow steering is off,
   * EXCEED_LIM when table or entry are full (facts/device 3.6), ICM_ERROR without a page.
   */
  attach(rule: FlowRule): number {
    const table = this.demandTable();
    const entry = this.entries.get(rule.key) ?? this.freeEntry(table);
    const most = Math.min(this.qpsMax, qpsPerMgm(table.entryBytes));
    demand(entry.rules < most, 'EXCEED_LIM', `${most} queue pairs have this rule`);
    entry.rules++;
    this.entries.set(rule.key, entry);
    const id = this.nextId++;
    this.byId.set(id, rule);
    const list = this.listOf(rule);
    const before = (other: FlowRule) =>
      rule.lifo ? other.priority >= rule.priority : other.priority > rule.priority;
    const at = list.findIndex(before);
    list.splice(at < 0 ? list.length : at, 0, rule);
    return id;
  }

  /** Takes a rule away. Throws a Refusal: BAD_SYS_STATE when it is off, BAD_RES_STATE for no id. */
  detach(id: number): void {
    this.demandTable();
    const rule = this.byId.get(id);
    demand(rule !== undefined, 'BAD_RES_STATE', `there is no rule ${id}`);
    this.byId.delete(id);
    const list = this.listOf(rule);
    list.splice(list.indexOf(rule), 1);
    const entry = this.entries.get(rule.key)!;
    if (--entry.rules > 0) return;
    this.entries.delete(rule.key);
    this.freed.push(entry.index);
  }

  /**
   * Queue pairs for a parsed frame on a physical port, each once, or null when nobody wants it.
   * `looped`: the card itself sent the frame. The answer is good until the next call.
   */
  find(
    portNumber: 1 | 2,
    packet: Packet,
    multicast: boolean,
    looped: boolean,
  ): readonly number[] | null {
    const { found } = this;
    found.length = 0;
    for (const rule of this.regular[portNumber - 1]!) {
      if ((looped && !rule.loopback) || !matchesRule(rule, packet)) continue;
      if (!found.includes(rule.qpn)) found.push(rule.qpn);
      if (!multicast || rule.exclusive) return found;
    }
    if (found.length > 0) return found;
    for (const rule of this.defaults[portNumber - 1]!) {
      if ((looped && !rule.loopback) || (rule.type === 'MC_DEFAULT' && !multicast)) continue;
      if (!found.includes(rule.qpn)) found.push(rule.qpn);
      if (!multicast) return found;
    }
    return found.length > 0 ? found : null;
  }

  /** Rules of a port in the order in which they are tried. */
  rulesOf(portNumber: 1 | 2): readonly FlowRule[] {
    return [...this.regular[portNumber - 1]!, ...this.defaults[portNumber - 1]!];
  }

  private listOf({ type, portNumber }: FlowRule): FlowRule[] {
    const lists = type === 'REGULAR' ? this.regular : this.defaults;
    return lists[portNumber - 1]!;
  }

  /** The entry that is next; it is taken by being put into `entries`. */
  private freeEntry(table: FlowTable): Entry {
    const index = this.freed.at(-1) ?? this.nextEntry;
    demand(index < table.entries, 'EXCEED_LIM', `all ${table.entries} steering entries are used`);
    const mapped = this.icm.translate(table.base + index * table.entryBytes) >= 0;
    demand(mapped, 'ICM_ERROR', 'the steering table is not mapped');
    if (this.freed.pop() === undefined) this.nextEntry++;
    return { index, rules: 0 };
  }
}
