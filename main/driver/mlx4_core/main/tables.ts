// The resource tables of a card in the state that kzalloc() and memset() leave them in.

import type { mlx4_priv } from '../mlx4.ts';

/** Every table of the firmware half, zeroed. */
export function zeroTables(_priv: mlx4_priv): void {
  // Filled in with the tables.
}
