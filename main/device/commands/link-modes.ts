// Link modes of PTYS that a QSFP copper cable can run (facts/device 5.23, enum mlx4_link_mode).
// Left out: backplane and optical modes, which no port of the lab has.

import { MLX4_LINK_MODE } from '#prm/mad.ts';

/** Bit of each speed's copper mode, by Mb/s. */
const copperModes: ReadonlyMap<number, number> = new Map([
  [10_000, MLX4_LINK_MODE['10GBASE_CR']],
  [40_000, MLX4_LINK_MODE['40GBASE_CR4']],
  [56_000, MLX4_LINK_MODE['56GBASE_CR4']],
]);

const bitOf = (speedMbps: number): number => {
  const mode = copperModes.get(speedMbps);
  return mode === undefined ? 0 : 1 << mode;
};

/** The bit mask for these speeds, Mb/s; a speed without a mode adds nothing. */
export const linkModeBits = (speedsMbps: readonly number[]): number =>
  speedsMbps.reduce((mask, speed) => mask | bitOf(speed), 0) >>> 0;

/** Those of the speeds whose mode is in the mask. */
export const speedsOfBits = (mask: number, speedsMbps: readonly number[]): readonly number[] =>
  speedsMbps.filter((speed) => (mask & bitOf(speed)) !== 0);
