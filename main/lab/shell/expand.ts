// Word expansion: variables, field splitting, pathname expansion (XCU 2.6), in that order.

import { vfs_readdir } from '#kernel/fs/vfs.ts';
import { resolvePath } from './process.ts';
import type { ShellState } from './state.ts';
import type { Word } from './lex.ts';

/** One piece of an expanded field, with what may still be special in it. */
interface Piece {
  text: string;
  glob: boolean;
}

/** Expands a word to the fields it stands for. */
export function expandWord(state: ShellState, word: Word): string[] {
  const fields: Piece[][] = [[]];
  let any = false;
  for (const part of word) {
    const text = part.kind === 'variable' ? state.value(part.text) : part.text;
    if (part.quoted) {
      any = true;
      fields.at(-1)!.push({ text, glob: false });
    } else if (part.kind === 'text') {
      any = true;
      fields.at(-1)!.push({ text, glob: true });
    } else {
      text.split(/\s+/).forEach((piece, index) => {
        if (index > 0) fields.push([]);
        if (piece !== '') fields.at(-1)!.push({ text: piece, glob: true });
      });
    }
  }
  return fields
    .filter((field) => field.length > 0 || (any && fields.length === 1))
    .flatMap((field) => expandField(state, field));
}

/** Expands a word to one string, without splitting or globbing: assignments and redirections. */
export const expandText = (state: ShellState, word: Word): string =>
  word.map((part) => (part.kind === 'variable' ? state.value(part.text) : part.text)).join('');

function expandField(state: ShellState, field: readonly Piece[]): string[] {
  const text = field.map((piece) => piece.text).join('');
  if (!field.some((piece) => piece.glob && /[*?[]/.test(piece.text))) return [text];
  const pattern = field
    .map((piece) => (piece.glob ? piece.text : piece.text.replace(/[*?[\\]/g, '\\$&')))
    .join('');
  const found = globPaths(state, pattern);
  return found.length > 0 ? found : [text];
}

/** Paths that match a pattern, sorted; relative patterns give relative paths. */
function globPaths(state: ShellState, pattern: string): string[] {
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter((piece) => piece !== '')) {
    paths = paths.flatMap((base) => matchIn(state, base, part));
  }
  return paths.sort();
}

function matchIn(state: ShellState, base: string, part: string): string[] {
  const join = (name: string): string =>
    base === '' || base.endsWith('/') ? `${base}${name}` : `${base}/${name}`;
  if (!/[*?[]/.test(part.replace(/\\./g, ''))) return [join(part.replace(/\\(.)/g, '$1'))];
  const entries = vfs_readdir(state.k, resolvePath(state.cwd, base === '' ? '.' : base));
  if (typeof entries === 'number') return [];
  const expression = globExpression(part);
  return entries
    .filter((entry) => expression.test(entry.name))
    .filter((entry) => part.startsWith('.') || !entry.name.startsWith('.'))
    .map((entry) => join(entry.name));
}

/** A regular expression for a shell pattern of one path component. */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\[!|[*?.+^${}()|\\]/g, (match, escaped: string) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (match === '*') return '.*';
    if (match === '?') return '.';
    if (match === '[!') return '[^';
    return `\\${match}`;
  });
  return new RegExp(`^${source}$`);
}
