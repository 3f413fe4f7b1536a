// Looks over a page's shoulder: what the lab tells it, taken from the packets that reach it. The
// page itself does not notice.

import type { Page } from 'playwright-core';

/** Notes the bodies of an event from now on; gives a function that reads them. */
export async function countEvents(page: Page, name: string): Promise<() => Promise<unknown[]>> {
  await page.evaluate(`{
    const noted = (window.__noted = []);
    const deliver = window.__deliver;
    window.__deliver = (channel, text) => {
      const packet = Uint8Array.fromBase64(text);
      const jsonBytes = new DataView(packet.buffer).getUint32(4, true);
      const json = new TextDecoder().decode(packet.subarray(16, 16 + jsonBytes));
      const { name, body } = JSON.parse(json);
      if (name === ${JSON.stringify(name)}) noted.push(body);
      deliver(channel, text);
    };
  }`);
  return () => page.evaluate('window.__noted');
}
