// Global set-up of vitest: the commands that tests run keep their runs in a database of this test
// run, never in the one of the person who runs the tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const name = 'MLX4_LAB_DB';

/** Names the database to every process of the tests. */
export function setup(): void {
  process.env[name] = join(mkdtempSync(join(tmpdir(), 'mlx4-lab-runs-')), 'runs.db');
}

/** Takes it away again. */
export function teardown(): void {
  rmSync(dirname(process.env[name]!), { recursive: true, force: true });
}
