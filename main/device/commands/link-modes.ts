// Link modes of PTYS that a QSFP copper cable can run (facts/device 5.23, enum mlx4_link_mode).

/** Bit of each speed's copper mode: 10GBASE-CR, 40GBASE-CR4, 56GBASE-CR4. */
const copperModes: ReadonlyMap<number, number> = new Map([
  [10_000, 12],
  [40_000, 6],
  [56_000, 17],
]);

/** The bit mask for these speeds, Mb/s; a speed without a mode adds nothing. */
export function linkModeBits(speedsMbps: readonly number[]): number {
  let mask = 0;
  for (const speed of speedsMbps) {
    const mode = copperModes.get(speed);
    if (mode !== undefined) mask |= 1 << mode;
  }
  return mask >>> 0;
}
