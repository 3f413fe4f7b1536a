// Tests with the real Linux driver: `npm run test:guest`. Two files at a time, for a guest takes a
// processor; none of them in `npm test`, for they need what `mlx4-lab guest setup` gets. Node has
// the options that the launcher gives it for a guest.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const long = process.env['LAB_LONG'] === '1';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../', import.meta.url)),
    include: ['test/guest/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--liftoff-only'],
    maxWorkers: Math.min(2, availableParallelism()),
    testTimeout: long ? 3_600_000 : 240_000,
    hookTimeout: 240_000,
    passWithNoTests: false,
  },
});
