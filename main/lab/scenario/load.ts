// A scenario from its text, with the variants that the driver really has.

import { variantMend, variantPresets } from '#driver/variant.ts';
import { parseScenario } from './parse.ts';
import type { Scenario } from './scenario.ts';

/** Parses and checks a scenario. Throws ScenarioError with every mistake. */
export const loadScenario = (file: string, text: string): Scenario =>
  parseScenario(file, text, variantMend);

/** Why a variant's name cannot be used and what to write instead; null for a good one. */
export const variantProblem = (name: string): string | null => variantMend(name);

/** The named variants. */
export const variantNames: readonly string[] = Object.keys(variantPresets);
