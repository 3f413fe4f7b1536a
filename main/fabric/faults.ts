// Faults of a cable: named, typed switches, all off by default. Everything is counted, never
// random, so that a scenario with a fault runs the same every time.

/** Which way a frame fault works; `fromA` hits only what end a sends. */
export type FaultDirection = 'both' | 'fromA' | 'fromB';

/** Brings the link down and up again, a fixed number of times. */
export interface FlapFault {
  /** From when the fault is set, and between two flaps. */
  readonly upNs: number;
  /** How long the signal is gone each time; training comes on top. */
  readonly downNs: number;
  readonly times: number;
}

/** The faults that a cable can have. */
export interface CableFaults {
  /** Every nth frame of a direction is lost; 1 loses all, 0 is off. */
  readonly dropEveryNth: number;
  /** Every nth frame of a direction arrives with a wrong FCS and one flipped bit; 0 is off. */
  readonly corruptEveryNth: number;
  /** Direction of the two faults above. */
  readonly direction: FaultDirection;
  readonly flap: FlapFault | null;
}

/** A cable without faults. */
export const noCableFaults: CableFaults = Object.freeze({
  dropEveryNth: 0,
  corruptEveryNth: 0,
  direction: 'both',
  flap: null,
});

/** The switches of a cable by the names that people use, each 1 when it is on. */
export const armedCableFaults = (faults: CableFaults): readonly (readonly [string, 0 | 1])[] => [
  ['frameLoss', faults.dropEveryNth > 0 ? 1 : 0],
  ['frameDamage', faults.corruptEveryNth > 0 ? 1 : 0],
  ['cableFlap', (faults.flap?.times ?? 0) > 0 ? 1 : 0],
];

/** Throws RangeError for counts or times that make no sense. */
export function checkCableFaults(faults: CableFaults): void {
  const counts = [faults.dropEveryNth, faults.corruptEveryNth];
  if (faults.flap !== null) counts.push(faults.flap.upNs, faults.flap.downNs, faults.flap.times);
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 0)) {
    throw new RangeError(`cable faults: counts and times are whole numbers from 0`);
  }
}

/** True when the `index`th frame (from 1) is one of every `nth`. */
export function isNth(index: number, nth: number): boolean {
  return nth > 0 && index % nth === 0;
}
