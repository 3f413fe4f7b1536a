// What the two LEDs of a port show (ui.md section 5), in one table: the first row that fits. The
// table of the ConnectX-3 manual itself could not be read; the sources are listed in ui.md.

/** How an LED stands. */
export type LedState = 'off' | 'steady' | 'traffic' | 'error' | 'locate';

/** L (green, physical link) and A (amber, logical link and traffic). */
export interface Leds {
  readonly link: LedState;
  readonly activity: LedState;
}

/** What the LEDs depend on. */
export interface LedFacts {
  /** The port is open and has a cable with a signal. */
  readonly signal: boolean;
  /** The link can be used: of InfiniBand, a subnet manager made it active. */
  readonly usable: boolean;
  /** Packets passed a moment ago. */
  readonly traffic: boolean;
  /** A cable or port that is made to flap, or damages frames. */
  readonly faulty: boolean;
  /** Somebody asks where the port is (SET_PORT beacon); not modelled, so never. */
  readonly locate: boolean;
}

/** Packets count as traffic for so long, ns. */
export const trafficNs = 100e6;

const table: readonly (readonly [when: (facts: LedFacts) => boolean, leds: Leds])[] = [
  [({ locate }) => locate, { link: 'locate', activity: 'locate' }],
  [({ faulty }) => faulty, { link: 'error', activity: 'off' }],
  [({ signal }) => !signal, { link: 'off', activity: 'off' }],
  [({ usable }) => !usable, { link: 'steady', activity: 'off' }],
  [({ traffic }) => traffic, { link: 'steady', activity: 'traffic' }],
  [() => true, { link: 'steady', activity: 'steady' }],
];

/** What they show. */
export const ledsOf = (facts: LedFacts): Leds => table.find(([when]) => when(facts))![1];
