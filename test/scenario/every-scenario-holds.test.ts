// Goal: what the scenario files of the lab claim is true, in every driver variant.
// Method: each file is run under each preset (and under the variant that it names itself); its
// checks are the claims. A file must have checks for every variant, so that none can pass by saying
// nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { variantMend, variantPresets } from '#driver/variant.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { runScenario } from '#lab/run.ts';
import { parseScenario } from '#lab/scenario/parse.ts';

const folder = new URL('../../main/lab/scenarios/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** Variants beside the presets that a file is about. */
const more: Readonly<Record<string, readonly string[]>> = {
  'half-fixes.yaml': [
    'naive+hold-none',
    'naive+queue-system_unbound',
    'v6.1+bond-locks-intf',
    'naive+hold-none+queue-system_unbound',
  ],
  'rmmod-deadlock.yaml': ['v6.1+bond-locks-intf'],
};

describe.each(files)('%s', (file) => {
  const scenario = parseScenario(file, readFileSync(new URL(file, folder), 'utf8'), variantMend);
  const presets = file === 'half-fixes.yaml' ? [] : Object.keys(variantPresets);

  it.each([...presets, ...(more[file] ?? [])])('%s', (variant) => {
    const result = runScenario(scenario, { policy: untilBlocked(), variant });
    expect(result.checks.length).toBeGreaterThan(0);
    const failed = result.checks.filter((check) => !check.holds);
    expect(failed).toEqual([]);
    expect(['settled', 'deadlock', 'oops']).toContain(result.outcome);
  });
});
