// Scenario files from the disk, and the hash of a run: the two things for which the lab needs Node.
// The lab itself takes a text and hands out bytes.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadScenario } from '#lab/scenario/load.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import type { Scenario } from '#lab/scenario/scenario.ts';
import type { Trace } from '#trace/trace.ts';
import { BadFile } from './bad-file.ts';

/** A scenario with the text that it was made from. */
export interface ScenarioFile {
  readonly scenario: Scenario;
  readonly text: string;
}

/** Reads and checks a scenario. Throws BadFile, its message naming every mistake. */
export function readScenario(file: string): ScenarioFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadFile(`${file}: cannot be read (${(error as Error).message})`);
  }
  try {
    return { scenario: loadScenario(file, text), text };
  } catch (error) {
    if (error instanceof ScenarioError) throw new BadFile(error.message, error.problems);
    throw error;
  }
}

/** SHA-256 over every byte of a run, in hex. */
export function traceHash(trace: Trace): string {
  const hash = createHash('sha256');
  trace.digest((bytes) => {
    hash.update(bytes);
  });
  return hash.digest('hex');
}
