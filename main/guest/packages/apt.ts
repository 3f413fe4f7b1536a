// Debian's packages, fetched by apt itself, which checks their signatures and sums. It works in a
// folder of ours and changes nothing of the system: no root, no foreign architecture to enable.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The release whose kernel is 6.1. */
const source =
  'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ' +
  'http://deb.debian.org/debian bookworm main\n';

/** apt did not do it; the message is for the person. */
export class NoPackages extends Error {}

/** Options with which apt keeps to a folder. */
function configOf(folder: string): string {
  for (const part of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return file(
    'apt.conf',
    [
      'APT::Architecture "i386";',
      'APT::Architectures { "i386"; };',
      // Whoever runs this is who reads and writes the folder.
      'APT::Sandbox::User "root";',
      'Acquire::Retries "3";',
      `Dir::State "${join(folder, 'state')}";`,
      `Dir::State::status "${file('status', '')}";`,
      `Dir::Cache "${join(folder, 'cache')}";`,
      `Dir::Etc::sourcelist "${file('sources.list', source)}";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
    ].join('\n'),
  );
}

/** Runs a program of apt; gives what it printed. */
function apt(program: string, config: string, cwd: string, words: readonly string[]) {
  return new Promise<string>((resolve, reject) => {
    const env = { ...process.env, APT_CONFIG: config, LC_ALL: 'C' };
    const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes.toString()));
    child.on('error', () =>
      reject(new NoPackages(`There is no ${program} here: give a folder of packages with --debs.`)),
    );
    child.on('exit', (code) => {
      const last = err.join('').trim().split('\n').at(-1);
      if (code === 0) resolve(out.join(''));
      else reject(new NoPackages(`${program} ${words[0]}: ${last ?? `exit code ${code}`}`));
    });
  });
}

/** The newest of some names whose number counts. */
const newest = (names: readonly string[]): string | undefined =>
  names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);

/**
 * Fetches packages into a folder. `patterns`: for each package what its name looks like; the newest
 * is taken. Throws NoPackages.
 */
export async function fetchPackages(
  folder: string,
  patterns: readonly RegExp[],
  say: (line: string) => void,
): Promise<void> {
  const config = configOf(join(folder, 'apt'));
  say("reading Debian's list of packages");
  await apt('apt-get', config, folder, ['update', '-qq']);
  const known = (await apt('apt-cache', config, folder, ['pkgnames'])).split('\n');
  const names = patterns.map((pattern) => {
    const name = newest(known.filter((one) => pattern.test(one)));
    if (name === undefined) throw new NoPackages(`Debian has no package ${pattern.source}.`);
    return name;
  });
  say(`fetching ${names.join(', ')}`);
  await apt('apt-get', config, folder, ['download', '-qq', ...names]);
}
