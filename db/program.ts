// Which program this is: the package's version, and a hash over the source of everything that can
// change what a run does. Two programs with one hash replay each other's runs.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Folders of main/ in which a machine runs. */
const machineFolders = ['trace', 'sim', 'explore', 'detect', 'bus', 'prm', 'device', 'fabric']
  .concat(['kernel', 'driver', 'lab'])
  .sort();

interface Description {
  readonly version: string;
  /** A program that was built carries the hash of its sources. */
  readonly programHash?: string;
}

const description = (): Description =>
  JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Description;

/** `0.1.0`. */
export const programVersion = (): string => description().version;

/** SHA-256 over names and contents of the source files, in hex. */
export function programHash(): string {
  const { programHash: built } = description();
  if (built !== undefined) return built;
  const hash = createHash('sha256');
  for (const folder of machineFolders) {
    const files = readdirSync(`${root}main/${folder}`, { recursive: true, encoding: 'utf8' });
    for (const file of files.map((name) => name.replaceAll('\\', '/')).sort()) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(`${root}main/${folder}/${file}`);
      hash.update(`${folder}/${file} ${text.length}\n`).update(text);
    }
  }
  return hash.digest('hex');
}
