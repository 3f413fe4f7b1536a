// Waits until a page has come to rest: what was asked of the lab has come and is drawn.

import type { Page } from 'playwright-core';

/** Nothing has changed on the page for this long, ms; and what never rests is not waited for. */
const [quietMs, mostMs] = [250, 3000];

/** Gives when nothing on the page changes any more. */
export const still = (page: Page): Promise<void> =>
  page.evaluate<undefined>(`new Promise((resolve) => {
    const done = () => {
      observer.disconnect();
      resolve();
    };
    let timer = setTimeout(done, ${quietMs});
    const observer = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, ${quietMs});
    });
    const everything = { subtree: true, childList: true, characterData: true, attributes: true };
    observer.observe(document, everything);
    setTimeout(done, ${mostMs});
  })`);
