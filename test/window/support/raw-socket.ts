// A client of the browser host that is no page: it says of itself what a test wants.

import { once } from 'node:events';
import { WebSocket } from 'ws';

/** The cookie that the address with the token is traded for. */
export async function cookieFrom(address: string): Promise<string> {
  const response = await fetch(address, { redirect: 'manual' });
  return response.headers.get('set-cookie')!.split(';')[0]!;
}

/** Opens a socket with these headers; rejects with the status that refused it. */
export async function openSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<WebSocket> {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => undefined);
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    throw new Error(`refused with ${(response as { readonly statusCode: number }).statusCode}`);
  });
  await Promise.race([once(socket, 'open'), refused]);
  refused.catch(() => undefined);
  return socket;
}
