// The opener is a script made up here, alone on the path.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openInBrowser } from '#desktop/browser/open.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-open-'));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('DISPLAY', ':0');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test.runIf(process.platform === 'linux')('the first opener that is there gets it', async () => {
  writeFileSync(join(folder, 'firefox'), `#!/bin/sh\necho "$1" >"${folder}/seen"\n`);
  chmodSync(join(folder, 'firefox'), 0o755);
  expect(openInBrowser('http://127.0.0.1:1/?token=x')).toBe('firefox');
  const seen = (): string => {
    try {
      return readFileSync(join(folder, 'seen'), 'utf8');
    } catch {
      return '';
    }
  };
  await expect.poll(seen).toBe('http://127.0.0.1:1/?token=x\n');
});

test('without an opener, or without a screen, nothing is opened', () => {
  expect(openInBrowser('http://127.0.0.1:1/')).toBeNull();
  vi.stubEnv('DISPLAY', undefined);
  vi.stubEnv('WAYLAND_DISPLAY', undefined);
  if (process.platform === 'linux') expect(openInBrowser('http://127.0.0.1:1/')).toBeNull();
});
