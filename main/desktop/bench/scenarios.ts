// Scenarios that come with the lab, and the bench without a script, as texts. A run keeps the text,
// so that it can be run again where this file is not.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadScenario } from '#lab/scenario/load.ts';
import type { Scenario } from '#lab/scenario/scenario.ts';
import { Refused } from './refused.ts';

const folder = fileURLToPath(new URL('../../lab/scenarios/', import.meta.url));

/** A machine with two cables and no script; its modules are loaded when the card is found. */
const benchText = `version: 1
name: bench
title: A live bench
machine:
  rename: false
steps: []
`;

/** A scenario with the text that it was made from. */
export interface ScenarioSource {
  readonly file: string;
  readonly text: string;
  readonly scenario: Scenario;
}

/** Names of the scenarios of the lab, without suffix, sorted. */
export const scenarioNames = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();

/** A scenario by name; null is the bench without a script. Throws Refused for an unknown one. */
export function scenarioSource(name: string | null): ScenarioSource {
  if (name === null) return { file: '', text: benchText, scenario: loadScenario('', benchText) };
  if (!scenarioNames().includes(name)) {
    throw new Refused(`There is no scenario ${name}; there are ${scenarioNames().join(', ')}.`);
  }
  const file = `${name}.yaml`;
  const text = readFileSync(`${folder}${file}`, 'utf8');
  return { file, text, scenario: loadScenario(file, text) };
}
