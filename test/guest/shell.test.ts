// Goal: lines of shell are answered, whatever they are; the shell outlives them.
// Method: a mistake, a job that ends while nobody types, and Control-C; a variable tells whether it
// is still the same shell.

import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { guestTest, must, startGuest } from './support/guests.ts';

guestTest()('the shell outlives a mistake, a job and Control-C', async () => {
  const guest = await startGuest();
  await must(guest, 'kept=1');
  const { code, output } = await guest.run('if then fi )');
  expect(code).not.toBe(0);
  expect(output).toContain('syntax error');

  await must(guest, 'sleep 1 &');
  await setTimeout(2000);
  expect(await must(guest, 'echo $kept')).toBe('1');

  const stopped = guest.run('sleep 1000');
  await setTimeout(500);
  guest.console.interrupt();
  await expect(stopped).resolves.toMatchObject({ code: 130 });
  expect(await must(guest, 'echo $kept')).toBe('1');
});
