// Whether what a page shows is inside of it: nothing of the frame is beyond the window's edges, no
// key is cut off by the bar or the header that it stands in.

import type { Page } from 'playwright-core';

/** A sentence for each thing that is not where it can be seen. */
export const misfits = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`{
    const { innerWidth, innerHeight } = globalThis;
    const found = [];
    const nameOf = (at) => at.getAttribute('aria-label') ?? at.dataset.pane ?? at.innerText.trim();
    const isIn = (inner, outer) =>
      inner.left >= outer.left - 1 && inner.right <= outer.right + 1 &&
      inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
    const whole = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
    const check = (at, box, where) => {
      const rect = at.getBoundingClientRect();
      if (rect.width > 0 && !isIn(rect, box)) found.push(nameOf(at) + ' is cut by ' + where);
    };
    const { scrollWidth, scrollHeight } = document.documentElement;
    if (scrollWidth > innerWidth || scrollHeight > innerHeight) found.push('the page scrolls');
    for (const pane of document.querySelectorAll('[data-pane], nav, footer')) {
      check(pane, whole, 'the window');
    }
    for (const bar of document.querySelectorAll('header, footer, [role=toolbar]')) {
      const box = bar.getBoundingClientRect();
      for (const key of bar.querySelectorAll('button')) {
        if (key.closest('[role=tablist]') === null) check(key, box, nameOf(bar) || bar.nodeName);
      }
    }
    found;
  }`);
