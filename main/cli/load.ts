// Reads scenario files and makes policies from command line words.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { variantMend } from '#driver/variant.ts';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Policy } from '#sim/policy.ts';
import { parseScenario } from '#lab/scenario/parse.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import type { Scenario } from '#lab/scenario/scenario.ts';
import type { Trace } from '#trace/trace.ts';

/** A file that cannot be used, in one sentence. */
export class BadFile extends Error {}

/** Reads and checks a scenario. Throws BadFile, its message naming every mistake. */
export function loadScenario(file: string): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadFile(`${file}: cannot be read (${(error as Error).message})`);
  }
  try {
    return parseScenario(file, text, variantMend);
  } catch (error) {
    if (error instanceof ScenarioError) throw new BadFile(error.message);
    throw error;
  }
}

/** The policy that the command line names. */
export function makePolicy(name: string | undefined, seed: number | undefined): Policy {
  if (name === 'random' || (name === undefined && seed !== undefined)) return randomPolicy(seed ?? 0);
  return untilBlocked();
}

/** SHA-256 over every byte of a run, in hex. */
export function traceHash(trace: Trace): string {
  const hash = createHash('sha256');
  trace.digest((bytes) => hash.update(bytes));
  return hash.digest('hex');
}
