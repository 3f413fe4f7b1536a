// `app://lab/`: where Electron's window gets its page from. The built window, under the headers of
// every host; nothing is read that is not in its list.

import type { Protocol } from 'electron';
import { pageHeaders } from '../pages.ts';
import type { Pages } from '../pages.ts';

const scheme = 'app';
const host = 'lab';

/** Address of the page. */
export const pageAddress = `${scheme}://${host}/`;

/** True for an address of our own. */
export const isOurAddress = (address: string): boolean => address.startsWith(pageAddress);

/** Makes it a scheme like https, with an origin of its own; before Electron is ready. */
export function declareScheme(protocol: Protocol): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true };
  protocol.registerSchemesAsPrivileged([{ scheme, privileges }]);
}

/** Serves it. */
export function serveScheme(protocol: Protocol, pages: Pages): void {
  protocol.handle(scheme, (request) => answer(pages, request));
}

function answer(pages: Pages, { method, url }: Request): Response {
  const asked = new URL(url);
  if (asked.host !== host) return refusal(403);
  if (method !== 'GET' && method !== 'HEAD') return refusal(405);
  const page = pages.get(asked.pathname);
  if (page === null) return refusal(404);
  const headers = { ...pageHeaders, 'content-type': page.type };
  return new Response(method === 'HEAD' ? null : new Uint8Array(page.bytes), { headers });
}

const refusal = (status: number): Response => new Response(null, { status, headers: pageHeaders });
