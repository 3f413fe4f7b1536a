// Which netdev serves a port of the card, told to the trace: no part of the real driver, but pictures
// put a netdev beside its port.

import { K } from '#trace/kinds.ts';
import { cardName } from '../../mlx4_core/mlx4.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';

/** It serves its port from now on, or no longer. */
export function tellNetdev({ k, mdev, port, dev }: mlx4_en_priv, serves: boolean): void {
  const name = `${cardName(mdev.dev)} port ${port}`;
  k.trace.emit(K['driver.netdev'], k.trace.intern(name), serves ? dev.refs.object : 0);
}
