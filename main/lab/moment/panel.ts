// The front panel at a moment: the card's ports with their LEDs, the cables and what they are
// plugged into, the far ends, the bond, the faults. Every state is what the events said last.

import type { Trace } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import { bondOf, unseenBond } from './bond.ts';
import type { BondView } from './bond.ts';
import type { MachineFacts, PortChoice } from './facts.ts';
import { ledsOf } from './leds.ts';
import type { Leds } from './leds.ts';
import { PanelNotes } from './panel-notes.ts';

/** What a netdev is in the bond. */
export type PortRole = 'active' | 'backup' | 'going' | '';

/** A port of the card. */
export interface PortView {
  readonly number: number;
  /** `card0 port 1`. */
  readonly name: string;
  readonly netdev: string | null;
  readonly role: PortRole;
  /** What is asked of it; `auto` lets the driver sense. */
  readonly type: PortChoice;
  /** What it is on the card. */
  readonly cardType: 'eth' | 'ib';
  readonly choices: readonly PortChoice[];
  /** The driver has opened it (INIT_PORT). */
  readonly open: boolean;
  readonly link: 'up' | 'down';
  readonly speedMbps: number;
  /** Why there is no link, or empty. */
  readonly note: string;
  readonly leds: Leds;
}

/** A cable. Its ends hang free at null. */
export interface CableView {
  readonly name: string;
  readonly label: string;
  readonly ends: readonly [string | null, string | null];
  readonly kind: string;
  /** It comes from the card of another computer, which the panel does not show. */
  readonly fromAway?: boolean;
}

/** A port of a switch, or a host or InfiniBand peer, which has one. */
export interface FarPortView {
  readonly number: number;
  readonly name: string;
  readonly cable: string | null;
  readonly link: 'up' | 'down';
  readonly speedMbps: number;
  readonly leds: Leds;
}

export interface SwitchView {
  readonly name: string;
  readonly ports: readonly FarPortView[];
}

/** Something at the end of a cable that is no switch. */
export interface HostView extends FarPortView {
  readonly kind: 'host' | 'ibPeer';
}

/** A fault switch. */
export interface FaultView {
  readonly name: string;
  readonly title: string;
  readonly armed: boolean;
  /** How many of the name are armed. */
  readonly count: number;
  /** Firmware commands that are held by it. */
  readonly held: number;
  /** Cables that it is armed on; none for a fault of the card. */
  readonly cables: readonly string[];
}

/** The whole panel. */
export interface Panel {
  readonly card: MachineFacts['card'];
  readonly ports: readonly PortView[];
  readonly cables: readonly CableView[];
  readonly switches: readonly SwitchView[];
  readonly hosts: readonly HostView[];
  readonly bond: BondView | null;
  /** The module is loaded: it makes bond0 itself when it comes. */
  readonly bondingLoaded: boolean;
  readonly faults: readonly FaultView[];
}

const short = (netdev: string): string => netdev.replace(/^netdev /, '');

/** Makes the panel of one moment. */
class PanelMaker {
  private readonly facts: MachineFacts;
  private readonly notes: PanelNotes;
  private readonly nowNs: number;
  private readonly cables: readonly CableView[];

  constructor(trace: Trace, fold: Fold, facts: MachineFacts) {
    this.facts = facts;
    this.notes = new PanelNotes(trace, fold);
    this.nowNs = fold.timeNs;
    this.cables = facts.cables.map(({ name, kind, fromAway }, at) => ({
      name,
      label: `C${at + 1}`,
      ends: [this.notes.portOf(name, 'a'), this.notes.portOf(name, 'b')],
      kind,
      ...(fromAway && { fromAway }),
    }));
  }

  make(): Panel {
    const { facts, notes, cables } = this;
    const { card } = facts;
    return {
      card,
      ports: facts.portChoices.map((choices, at) => this.port(at + 1, choices)),
      cables,
      switches: facts.switches.map(({ name, ports }) => ({
        name,
        ports: Array.from({ length: ports }, (_, at) =>
          this.farPort(at + 1, `${name} port ${at + 1}`),
        ),
      })),
      hosts: [
        ...facts.hosts.map((name) => ({ ...this.farPort(1, name), kind: 'host' as const })),
        ...facts.ibPeers.map((name) => ({ ...this.farPort(1, name), kind: 'ibPeer' as const })),
      ],
      bond: facts.real ? unseenBond(notes, card.name) : bondOf(notes, card.name),
      bondingLoaded: notes.isLoaded('bonding'),
      faults: facts.faults.map(({ name, title }) => this.fault(name, title)),
    };
  }

  private cableAt(port: string): CableView | undefined {
    return this.cables.find(({ ends }) => ends.includes(port));
  }

  private speedOf(port: string): number {
    return this.notes.number('link', port) ?? 0;
  }

  /** Something makes the link bad: a flap, or damaged frames. */
  private isFaulty(port: string): boolean {
    const { notes } = this;
    const cable = this.cableAt(port)?.name ?? '';
    return ['frameDamage', 'cableFlap'].some((name) => (notes.faults(name).get(cable) ?? 0) > 0);
  }

  private leds(port: string, usable: boolean): Leds {
    return ledsOf({
      signal: this.speedOf(port) > 0,
      usable,
      traffic: this.notes.hasTraffic(port, this.nowNs),
      faulty: this.isFaulty(port),
      locate: false,
    });
  }

  private port(number: number, choices: readonly PortChoice[]): PortView {
    const { notes, facts } = this;
    const name = `${facts.card.name} port ${number}`;
    const cardType = notes.text('card.type', name) === 'ib' ? 'ib' : 'eth';
    const asked = notes.text('driver.port', name);
    const netdev = notes.text('driver.netdev', name);
    const open = notes.number('card.open', name) === 1;
    const usable = notes.number('card.usable', name) === 1;
    const speedMbps = this.speedOf(name);
    return {
      number,
      name,
      netdev: netdev === '' ? null : short(netdev),
      role: this.role(netdev),
      type: asked === '' ? cardType : asked.startsWith('auto') ? 'auto' : cardTypeOf(asked),
      cardType,
      choices,
      open,
      link: usable ? 'up' : 'down',
      speedMbps,
      note: usable ? '' : this.whyDown(name, cardType, open, speedMbps > 0),
      leds: this.leds(name, usable),
    };
  }

  private role(netdev: string): PortRole {
    const { notes } = this;
    if (netdev === '') return '';
    if (notes.number('netdev.going', netdev) === 1) return 'going';
    const bond = notes.text('bond.slave', netdev);
    if (bond === '') return '';
    return notes.text('bond.active', bond) === netdev ? 'active' : 'backup';
  }

  /** Why a port has no link, in few words. */
  private whyDown(name: string, type: 'eth' | 'ib', open: boolean, signal: boolean): string {
    const cable = this.cableAt(name);
    if (cable === undefined) return 'no cable';
    if (!open) return 'closed by driver';
    if (signal) return 'no subnet manager';
    const far = cable.ends.find((end) => end !== name) ?? null;
    if (far === null) return `the other end of ${cable.label} hangs free`;
    const isIb = this.facts.ibPeers.includes(far);
    if (type === 'ib' && !isIb) return `ib, no link: ${far} is Ethernet`;
    if (type === 'eth' && isIb) return `eth, no link: ${far} is InfiniBand`;
    return this.isFaulty(name) ? 'no signal' : 'no link';
  }

  private farPort(number: number, name: string): FarPortView {
    const speedMbps = this.speedOf(name);
    return {
      number,
      name,
      cable: this.cableAt(name)?.name ?? null,
      link: speedMbps > 0 ? 'up' : 'down',
      speedMbps,
      leds: this.leds(name, speedMbps > 0),
    };
  }

  private fault(name: string, title: string): FaultView {
    const { notes } = this;
    const armed = [...notes.faults(name)].filter(([, count]) => count > 0);
    const count = armed.reduce((sum, [, each]) => sum + each, 0);
    const held = notes.number('fault.held', name) ?? 0;
    const cables = armed.map(([cable]) => cable).filter((cable) => cable !== '');
    return { name, title, armed: count > 0, count, held, cables };
  }
}

const cardTypeOf = (text: string): 'eth' | 'ib' => (text === 'ib' ? 'ib' : 'eth');

/** The front panel at a moment. */
export const panelOf = (trace: Trace, fold: Fold, facts: MachineFacts): Panel =>
  new PanelMaker(trace, fold, facts).make();
