// The driver's variants by name, for command lines and windows, which may not look into the driver
// themselves.

import { variantMend, variantPresets } from '#driver/variant.ts';

/** Why a variant's name cannot be used and what to write instead; null for a good one. */
export const variantProblem = (name: string): string | null => variantMend(name);

/** The named variants. */
export const variantNames: readonly string[] = Object.keys(variantPresets);
