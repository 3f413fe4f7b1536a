// What a page can tell about itself: how long its frames are, how long it takes from a key to the
// paint that follows, until all views have changed, and what memory its process has.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

/** Lengths of frames, ms, while `act` goes on. */
export async function frames(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`{
    const lengths = [];
    globalThis.labFrames = lengths;
    let before = null;
    const frame = (now) => {
      if (before !== null) lengths.push(now - before);
      before = now;
      if (globalThis.labFrames === lengths) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }`);
  await act();
  return page.evaluate<number[]>(`{
    const lengths = globalThis.labFrames;
    globalThis.labFrames = null;
    lengths;
  }`);
}

/** Times from an input to the paint after it, ms, of what `act` presses; at least 16 are told. */
export async function inputs(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`{
    globalThis.labInputs = [];
    globalThis.labObserver = new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) {
        if (name === 'keydown' || name === 'pointerdown') globalThis.labInputs.push(duration);
      }
    });
    globalThis.labObserver.observe({ type: 'event', durationThreshold: 16 });
  }`);
  await act();
  await page.waitForTimeout(300);
  return page.evaluate<number[]>(`{
    globalThis.labObserver.disconnect();
    globalThis.labInputs;
  }`);
}

/** Time from each of these inputs until nothing on the page changes any more, ms. */
export async function settlings(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`{
    const times = [];
    globalThis.labSettlings = times;
    let start = null;
    let last = null;
    const end = () => {
      if (start !== null && last !== null) times.push(last - start);
      start = null;
      last = null;
    };
    const soon = (act) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = act;
      channel.port2.postMessage(0);
    };
    const seen = () => soon(() => { last = performance.now(); });
    // The first to be called in each frame, and told when the frame is painted.
    let isFrame = false;
    const frame = () => {
      isFrame = true;
      soon(() => { isFrame = false; });
      if (globalThis.labSettlings === times) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const observer = new MutationObserver((changes) => {
      // The bar of xterm.js fades away long after.
      if (changes.every(({ target }) => target.className?.includes?.('scrollbar'))) return;
      // What has changed is seen with this frame, or outside of one with the next.
      if (isFrame) seen();
      else requestAnimationFrame(seen);
    });
    const everything = { subtree: true, childList: true, characterData: true, attributes: true };
    observer.observe(document, everything);
    // On the way to the next place the pointer changes what it passes.
    addEventListener('pointermove', end, { capture: true });
    const begin = (event) => { end(); start = event.timeStamp; };
    addEventListener('pointerdown', begin, { capture: true });
    globalThis.labEnd = end;
  }`);
  await act();
  return page.evaluate<number[]>(`{
    globalThis.labEnd();
    const times = globalThis.labSettlings;
    globalThis.labSettlings = null;
    times;
  }`);
}

/** Memory of the page's process, MB: what is its own, and its part of what it shares. */
export async function memoryMb(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))!);
  return Math.max(...sizes.map((match) => Number(match[1]) / 1024));
}
