// A scenario from its text, with the variants that the driver really has. The parser itself knows
// no driver variant: it asks.

import { variantMend } from '#driver/variant.ts';
import { parseScenario } from './parse.ts';
import type { Scenario } from './scenario.ts';

/** Parses and checks a scenario. Throws ScenarioError with every mistake. */
export const loadScenario = (file: string, text: string): Scenario =>
  parseScenario(file, text, variantMend);
