// Where runs are kept when nobody says otherwise: the user's data folder, as each system has it
// (XDG base directories; Application Support; %LOCALAPPDATA%).

import { homedir } from 'node:os';
import { join } from 'node:path';

function dataFolder(): string {
  const { env, platform } = process;
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  const xdg = env['XDG_DATA_HOME'] ?? '';
  // A relative path there is to be ignored, says the XDG specification.
  return xdg.startsWith('/') ? xdg : join(homedir(), '.local', 'share');
}

/** The database of runs: MLX4_LAB_DB, or `mlx4-lab/runs.db` in the user's data folder. */
export function defaultDatabase(): string {
  const wanted = process.env['MLX4_LAB_DB'] ?? '';
  return wanted === '' ? join(dataFolder(), 'mlx4-lab', 'runs.db') : wanted;
}
