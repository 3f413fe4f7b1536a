// What the front panel shows at a moment. Provisional: the lab's own declaration takes its place.

import type { LedLook } from '../ui/glyphs/looks.ts';

/** The two LEDs of a port. */
export interface Leds {
  readonly link: LedLook;
  readonly activity: LedLook;
}

/** A port of the card. */
export interface CardPort {
  readonly number: number;
  /** `p1`, or null while the driver has made none. */
  readonly netdev: string | null;
  readonly role: 'active' | 'backup' | 'going' | '';
  readonly type: string;
  /** What mlx4_port1 takes. */
  readonly choices: readonly string[];
  readonly link: 'up' | 'down';
  readonly speedMbps: number;
  /** Why it has no link, where that is worth a word. */
  readonly note: string;
  readonly leds: Leds;
}

/** A cable and the ports that its ends are in; null hangs free. */
export interface PanelCable {
  readonly name: string;
  /** Printed on its sleeves: `C1`. */
  readonly label: string;
  readonly ends: readonly [string | null, string | null];
  readonly kind: string;
}

/** A port of a switch. */
export interface FarPort {
  readonly number: number;
  readonly name: string;
  readonly cable: string | null;
  readonly link: 'up' | 'down';
  readonly leds: Leds;
}

/** A row of the bond table: what the card has, what the driver believes. */
export interface BondRow {
  readonly what: 'portMap' | 'rxPortCheck' | 'hardware';
  readonly card: string;
  readonly driver: string;
  readonly equal: boolean;
  /** Physical port of virtual ports 1 and 2. */
  readonly cardMap?: readonly number[];
  readonly driverMap?: readonly number[];
  /** The event that made them part. */
  readonly partedSeq?: number;
}

export interface PanelFault {
  readonly name: string;
  readonly title: string;
  readonly armed: boolean;
  readonly count: number;
  readonly held: number;
}

export interface Panel {
  readonly card: {
    readonly name: string;
    readonly slot: string;
    readonly firmware: string;
    readonly temperatureC: number;
    readonly variant: string;
  };
  readonly ports: readonly CardPort[];
  readonly cables: readonly PanelCable[];
  readonly switches: readonly { readonly name: string; readonly ports: readonly FarPort[] }[];
  readonly hosts: readonly { readonly name: string; readonly ip: string }[];
  readonly bond: {
    readonly name: string;
    readonly mode: string;
    readonly active: string;
    readonly rows: readonly BondRow[];
  } | null;
  readonly faults: readonly PanelFault[];
}
