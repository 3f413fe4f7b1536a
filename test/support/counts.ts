// How often a property or an exploration is tried: small counts in `npm test`, the full ones that
// the issues name in `npm run test:long` (LAB_LONG=1).

/** True in a long run. */
export const longRun: boolean = process.env['LAB_LONG'] === '1';

/** The count for this run: `small` by default, `long` with LAB_LONG=1. */
export const count = (small: number, long: number): number => (longRun ? long : small);
