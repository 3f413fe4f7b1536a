// Tests run on Node itself: no bundling, no browser, no globals. Two workers, because a CI machine
// has two cores. LAB_LONG=1 (npm run test:long) selects the full counts of test/support/counts.ts.

import { defineConfig } from 'vitest/config';

const long = process.env['LAB_LONG'] === '1';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/guest/**', 'node_modules/**'],
    globalSetup: ['test/support/database-of-runs.ts', 'test/support/built-window.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: long ? 900_000 : 60_000,
    hookTimeout: 60_000,
    // Two workers and a browser share two cores: what is waited for may take its time.
    expect: { poll: { timeout: 20_000 } },
    passWithNoTests: false,
  },
});
