// Tests run on Node itself: no bundling, no browser, no globals. Two workers, because a CI machine
// has two cores. The lab has no state in its modules, so a worker loads them once and keeps them
// from file to file; a file that drives windows has a process of its own. LAB_LONG=1 (npm run
// test:long) selects the full counts of test/support/counts.ts.

import { defineConfig } from 'vitest/config';

const long = process.env['LAB_LONG'] === '1';
const windows = 'test/window/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/support/database-of-runs.ts', 'test/support/built-window.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: long ? 900_000 : 60_000,
    hookTimeout: 60_000,
    // Two workers and a browser share two cores: what is waited for may take its time.
    expect: { poll: { timeout: 20_000 } },
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/**/*.test.ts'],
          exclude: ['test/guest/**', windows, 'node_modules/**'],
          // What the long ones need of memory goes with their process.
          isolate: long,
        },
      },
      { extends: true, test: { name: 'window', include: [windows] } },
    ],
  },
});
