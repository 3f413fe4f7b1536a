// What axe-core finds on a page: rules of WCAG 2.2 up to AA, and those of good practice for views
// that keep them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const wcag = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

/** axe's own rules beyond WCAG. */
type More = 'best-practice';

/** A sentence for each element that breaks a rule; a part is a CSS selector. */
export async function violations(page: Page, part = 'html', more?: More): Promise<string[]> {
  // Not as a script element: the page's policy forbids those.
  await page.evaluate(axe);
  const tags = more === undefined ? wcag : [...wcag, more];
  return page.evaluate<string[]>(`
    axe.run(${JSON.stringify(part)}, { runOnly: ${JSON.stringify(tags)} }).then((found) =>
      found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`);
}
