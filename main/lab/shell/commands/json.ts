// JSON as iproute2 prints it: on one line, or with -p indented in its own way (a space behind the
// bracket of an array of texts, objects of an array joined by `},{`).

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const isPlain = (value: Json): value is string | number | boolean | null =>
  value === null || typeof value !== 'object';

/** Text of a value. */
export function jsonText(value: Json, pretty: boolean): string {
  return pretty ? prettyText(value, 0) : JSON.stringify(value);
}

const indentText = (depth: number): string => ' '.repeat(depth * 4);

function prettyText(value: Json, depth: number): string {
  if (isPlain(value)) return JSON.stringify(value);
  if (isList(value)) return prettyList(value, depth);
  const inner = Object.entries(value)
    .map(([key, member]) => `\n${indentText(depth + 1)}"${key}": ${prettyText(member, depth + 1)}`)
    .join(',');
  return inner === '' ? '{}' : `{${inner}\n${indentText(depth)}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function prettyList(list: readonly Json[], depth: number): string {
  if (list.length === 0) return '[ ]';
  const items = list.map((item) => prettyText(item, depth + (isPlain(item) ? 0 : 1))).join(',');
  return `[ ${items} ]`;
}
