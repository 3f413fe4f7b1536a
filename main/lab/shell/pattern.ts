// Shell patterns: `*`, `?`, `[…]` (XCU 2.13), for pathnames and for `${name%pattern}`. They become
// regular expressions; a pattern that cannot matches only itself.

/** Source of a regular expression for a pattern; a backslash takes away a character's meaning. */
function source(pattern: string): string {
  return pattern.replace(/\\(.)|\[!|[*?.+^${}()|\\]/gs, (match, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    if (match === '*') return '.*';
    if (match === '?') return '.';
    if (match === '[!') return '[^';
    return `\\${match}`;
  });
}

/** A regular expression that a whole text must match; a bad pattern matches itself. */
export function patternExpression(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${source(pattern)})$`, 's');
  } catch {
    return new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 's');
  }
}

/** Takes away the meaning of pattern characters. */
export const quotePattern = (text: string): string => text.replace(/[*?[\]\\]/g, '\\$&');

/** True for a text with pattern characters that mean something. */
export const hasPattern = (text: string): boolean => /[*?[]/.test(text.replace(/\\./gs, ''));

/** The text of a pattern in which nothing has a meaning. */
export const unquotePattern = (text: string): string => text.replace(/\\(.)/gs, '$1');

/** Removes the smallest or largest prefix or suffix that matches. */
export function trimPattern(
  text: string,
  pattern: string,
  operator: '%' | '%%' | '#' | '##',
): string {
  const expression = patternExpression(pattern);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths) {
    const atEnd = operator.startsWith('%');
    const part = atEnd ? text.slice(text.length - length) : text.slice(0, length);
    if (!expression.test(part)) continue;
    return atEnd ? text.slice(0, text.length - length) : text.slice(length);
  }
  return text;
}
