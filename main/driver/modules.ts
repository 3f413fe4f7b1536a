// The modules of this folder, as a machine's module table takes them. A machine defines all of
// them; which ones are loaded is its user's business.

import type { ModuleDefinition } from '#kernel/module.ts';
import { moduleDefinition as bonding } from './bonding/bond_main.ts';
import { moduleDefinition as mlx4_core } from './mlx4_core/main.ts';
import { moduleDefinition as mlx4_en } from './mlx4_en/en_main.ts';
import { moduleDefinition as mlx4_ib } from './mlx4_ib/main.ts';
import type { DriverVariant } from './variant.ts';

/** Every module that there is. */
export const moduleDefinitions: readonly ModuleDefinition<DriverVariant>[] = [
  mlx4_core,
  mlx4_en,
  mlx4_ib,
  bonding,
];
