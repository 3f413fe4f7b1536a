// Wraps comment lines of more than 100 columns, which Prettier leaves alone: words that do not fit
// move to the next line of the same paragraph, or to a new line. Everything else stays as it is.
// Run by hand:
// `npx node test/tidy/wrap-comments.ts [path…]`; without paths, over main/ and test/.

import { readFileSync, writeFileSync } from 'node:fs';
import { sizes } from './rules.ts';
import { root, sources } from './source.ts';

const commentLine = /^(\s*(?:\/\/|\*) )(\S.*)$/;
const listMark = /^([-*|+#] |@|\d+[.)] )/;

/** `/** text *\/` on one long line, as three lines. */
function openedDoc(line: string): string[] {
  const match = /^(\s*)\/\*\* (.*) \*\/$/.exec(line);
  if (match === null || line.length <= sizes.columns) return [line];
  const [, indent = '', text = ''] = match;
  return [`${indent}/**`, `${indent} * ${text}`, `${indent} */`];
}

/** The text with every long comment line wrapped. */
export function wrapComments(text: string): string {
  const lines = text.split('\n').flatMap(openedDoc);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const match = commentLine.exec(line);
    if (match === null || line.length <= sizes.columns) continue;
    const [, lead = ''] = match;
    const cut = line.lastIndexOf(' ', sizes.columns);
    if (cut <= lead.length) continue;
    lines[at] = line.slice(0, cut);
    const rest = line.slice(cut + 1);
    const next = commentLine.exec(lines[at + 1] ?? '');
    const continues = next?.[1] === lead && !listMark.test(next[2] ?? '');
    if (continues) lines[at + 1] = `${lead}${rest} ${next[2] ?? ''}`;
    else lines.splice(at + 1, 0, lead + rest);
  }
  return lines.join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const only = process.argv.slice(2);
  for (const { path } of sources()) {
    if (only.length > 0 && !only.some((start) => path.startsWith(start))) continue;
    const before = readFileSync(root + path, 'utf8');
    const after = wrapComments(before);
    if (after !== before) writeFileSync(root + path, after);
  }
}
