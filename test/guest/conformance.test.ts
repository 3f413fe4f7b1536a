// Goal: our driver sends the card what Linux's own driver sends it; every difference has a reason.
// Method: both go through the same chapters; their firmware commands are laid side by side.

import { expect } from 'vitest';
import { realCommands } from '#cli/guest-compare.ts';
import { periodic } from '#lab/conformance/command.ts';
import { compareChapters } from '#lab/conformance/compare.ts';
import { ourCommands } from '#lab/conformance/ours.ts';
import { guestTest, startGuest } from './support/guests.ts';

guestTest()('the commands of both drivers, from probe to unload', async () => {
  const guest = await startGuest();
  const [real, ours] = [await realCommands(guest), ourCommands('v6.1')];
  const compared = compareChapters(real, ours);
  const unexplained = compared.flatMap(({ name, rows, fields }) => [
    ...rows.filter(({ kind }) => kind === 'unexplained').map((row) => ({ name, ...row })),
    ...fields.filter(({ reason }) => reason === null).map((field) => ({ name, ...field })),
  ]);
  expect(unexplained).toEqual([]);
  const same = compared.reduce((sum, { counts }) => sum + counts.same, 0);
  expect(same).toBeGreaterThan(800);
  // How often these come is a matter of time, but what one driver sends the other sends too.
  const namesOf = (all: typeof real): string[] =>
    [...periodic].filter((name) => all.flat().some((command) => command.name === name));
  expect(namesOf(ours)).toEqual(namesOf(real));
});
