// READMEs: short, and with the four headings in order, each with something below it.

import { readmeHeadings, sizes } from './rules.ts';

/** Problems of one README; `text` is undefined where there is none. */
export function checkReadme(path: string, text: string | undefined): string[] {
  if (text === undefined) return [`${path}:1 is missing`];
  const lines = text.replace(/\n$/, '').split('\n');
  const problems: string[] = [];
  if (lines.length > sizes.readmeLines) {
    problems.push(`${path}:1 has ${lines.length} lines, ${sizes.readmeLines} allowed`);
  }
  const found = lines.flatMap((line, index) =>
    line.startsWith('## ') ? [{ title: line.slice(3).trim(), index }] : [],
  );
  if (found.map(({ title }) => title).join() !== readmeHeadings.join()) {
    problems.push(`${path}:1 wants the headings ${readmeHeadings.join(' / ')}`);
  }
  found.forEach(({ title, index }, at) => {
    const body = lines.slice(index + 1, found[at + 1]?.index);
    if (body.every((line) => line.trim() === ''))
      problems.push(`${path}:${index + 1} ${title} is empty`);
  });
  return problems;
}
