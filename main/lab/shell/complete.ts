// Completing a word at the prompt: names of programs where one can stand, paths, and network
// devices for the programs that take them. A function of the machine as it is: nothing happens in
// it, and nothing is recorded.

import { vfs_readdir, vfs_stat } from '#kernel/fs/vfs.ts';
import { resolvePath } from './paths.ts';
import type { ShellState } from './state.ts';

/** What can stand in the place of a word. */
export interface Completion {
  /** Characters before the word. */
  readonly from: number;
  /** Whole words, sorted; a directory ends with `/`. */
  readonly words: readonly string[];
  /** What all of them begin with: at least what was typed. */
  readonly common: string;
  /** How many there are, also those that are not among the words. */
  readonly count: number;
}

/** Most words that are told. */
const wordsMax = 200;

/** Programs whose arguments are network devices. */
const deviceCommands: ReadonlySet<string> = new Set(['ip', 'ethtool', 'ping', 'devlink']);

/** Words after which a command begins again. */
const openers: ReadonlySet<string> = new Set(
  ['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{', 'time'].concat(['exec']),
);

/** The word before the cursor, and what it is. */
interface Word {
  readonly text: string;
  readonly from: number;
  /** Program of the simple command that it belongs to; null where a program can stand. */
  readonly command: string | null;
  /** It is what a redirection goes to. */
  readonly isTarget: boolean;
}

/** The word at the end of a text; null inside of quotes, where a word can be anything. */
function wordAtEnd(before: string): Word | null {
  if (/["'`\\]/.test(before.replace(/"[^"]*"|'[^']*'/g, ''))) return null;
  const simple = /[^;|&()\n]*$/.exec(before)?.[0] ?? '';
  const text = /[^\s<>]*$/.exec(simple)?.[0] ?? '';
  const head = simple.slice(0, simple.length - text.length);
  const isTarget = /[<>]\s*$/.test(head);
  const words = head
    .replace(/\d?[<>]+\s*\S*/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !openers.has(word) && !/^\w+=/.test(word));
  const from = before.length - text.length;
  return { text, from, command: words[0] ?? null, isTarget };
}

/** Entries of a directory that a path's last part can be. */
function paths(state: ShellState, typed: string): string[] {
  const base = typed.slice(0, typed.lastIndexOf('/') + 1);
  const part = typed.slice(base.length);
  const folder = resolvePath(state.cwd, base === '' ? '.' : base);
  const entries = vfs_readdir(state.k, folder);
  if (typeof entries === 'number') return [];
  return entries
    .filter(({ name }) => name.startsWith(part) && (!name.startsWith('.') || part.startsWith('.')))
    .map(({ name }) => {
      const stat = vfs_stat(state.k, resolvePath(folder, name));
      const isFolder = typeof stat !== 'number' && stat.kind === 'directory';
      return `${base}${name}${isFolder ? '/' : ''}`;
    });
}

/** Network devices, as /sys/class/net has them. */
function devices(state: ShellState): string[] {
  const entries = vfs_readdir(state.k, '/sys/class/net');
  if (typeof entries === 'number') return [];
  return entries.filter(({ kind }) => kind !== 'file').map(({ name }) => name);
}

function wordsFor(state: ShellState, { text, command, isTarget }: Word): string[] {
  if (text.includes('/') || isTarget) return paths(state, text);
  if (command === null) return [...state.commands.keys()].filter((name) => name.startsWith(text));
  // A slave is written as +eth0 or -eth0.
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const isDevice = deviceCommands.has(command) || (command === 'echo' && sign !== '');
  const named = isDevice ? devices(state).map((name) => `${sign}${name}`) : [];
  const fitting = named.filter((name) => name.startsWith(text));
  return fitting.length > 0 ? fitting : paths(state, text);
}

function commonBegin(words: readonly string[]): string {
  const [first = '', ...others] = words;
  let length = first.length;
  for (const word of others) {
    while (!word.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

/** What the word that ends at the cursor can become. */
export function complete(state: ShellState, line: string, cursor: number): Completion {
  const before = line.slice(0, cursor);
  const word = wordAtEnd(before);
  if (word === null) return { from: before.length, words: [], common: '', count: 0 };
  const words = [...new Set(wordsFor(state, word))].sort();
  const common = words.length === 0 ? word.text : commonBegin(words);
  return { from: word.from, words: words.slice(0, wordsMax), common, count: words.length };
}
