// The entry itself, where Electron begins, with the stand-in for the module that it imports.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-entry-'));
vi.stubEnv('MLX4_LAB_STAND_IN', folder);
vi.stubEnv('MLX4_LAB_DB', join(folder, 'runs.db'));
vi.mock('electron', () => import('./support/electron-module.ts'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('it starts the lab, with the library of the person and the preload beside it', async () => {
  const { standIn } = await import('./support/electron-module.ts');
  const { running } = await import('#desktop/electron/entry.ts');
  const lab = (await running)!;
  expect(lab.desk.bench.state.record.kind).toBe('recording');
  const [window] = standIn.windows;
  expect(window!.options['webPreferences']).toMatchObject({
    preload: expect.stringMatching(/main\/desktop\/electron\/preload\.cjs$/) as string,
  });
  const page = await standIn.serve(new Request('app://lab/'));
  expect(await page.text()).toContain('<title>mlx4 lab</title>');
  const ended = new Promise((resolve) => standIn.app.once('quit', resolve));
  window!.close();
  await ended;
});
