// The window in an ordinary browser: a server on the loopback address only, at a port that nobody
// can guess, with a token that is traded for a cookie at the first page. Host and Origin must be
// our own, so neither another page nor a rebound name comes in.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { packetBytesMax } from '#contract/packet.ts';
import type { Desk } from '../desk.ts';
import { pageHeaders, Pages } from '../pages.ts';
import type { Window } from '../window.ts';

const cookieName = 'mlx4-lab';

/** Equal, in a time that does not tell how much of it was. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieOf({ headers }: IncomingMessage): string {
  const parts = (headers.cookie ?? '').split(/;\s*/);
  const found = parts.find((part) => part.startsWith(`${cookieName}=`));
  return found?.slice(cookieName.length + 1) ?? '';
}

/** The browser host. */
export class BrowserHost {
  private readonly desk: Desk | Promise<Desk>;
  private readonly pages: Pages;
  private readonly token = randomBytes(24).toString('base64url');
  private readonly server: Server;
  private readonly sockets: WebSocketServer;

  /**
   * `folder`: the built renderer. Pages are served at once; a socket is taken when the desk is
   * there.
   */
  constructor(desk: Desk | Promise<Desk>, folder: string) {
    this.desk = desk;
    this.pages = new Pages(folder);
    this.server = createServer((request, response) => {
      this.serve(request, response);
    });
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: packetBytesMax });
    this.server.on('upgrade', (request, socket, head) => {
      if (!this.isOurs(request, true) || request.url !== '/lab') {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
        return;
      }
      void this.upgrade(request, socket, head);
    });
  }

  /** Begins to serve; the address to open, with its token. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `${this.origin}/?token=${this.token}`;
  }

  private get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sockets that are open. */
  get socketCount(): number {
    return this.sockets.clients.size;
  }

  /** From our own page: host, origin and cookie are ours. */
  private isOurs(request: IncomingMessage, needsOrigin: boolean): boolean {
    const { host, origin } = request.headers;
    if (`http://${host ?? ''}` !== this.origin) return false;
    if (needsOrigin ? origin !== this.origin : origin !== undefined && origin !== this.origin) {
      return false;
    }
    return isSame(cookieOf(request), this.token);
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url = '/' } = request;
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405);
    if (`http://${headers.host ?? ''}` !== this.origin) return refuse(response, 403);
    const { pathname, searchParams } = new URL(url, this.origin);
    const token = searchParams.get('token');
    if (token !== null) {
      if (!isSame(token, this.token)) return refuse(response, 403);
      response.writeHead(303, {
        location: '/',
        'set-cookie': `${cookieName}=${this.token}; HttpOnly; SameSite=Strict; Path=/`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      response.end();
      return;
    }
    if (!this.isOurs(request, false)) return refuse(response, 403);
    const page = this.pages.get(pathname);
    if (page === null) return refuse(response, 404);
    response.writeHead(200, { ...pageHeaders, 'content-type': page.type });
    response.end(method === 'HEAD' ? undefined : page.bytes);
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Whoever asked may have gone by then.
    socket.on('error', () => {
      socket.destroy();
    });
    const desk = await this.desk;
    this.sockets.handleUpgrade(request, socket, head, (opened) => {
      connect(desk, opened);
    });
  }

  /** Stops serving. */
  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A window on the other side of a socket. */
function connect(desk: Desk, socket: WebSocket): void {
  const window: Window = {
    send: (packet) => {
      if (socket.readyState === socket.OPEN) socket.send(packet);
    },
  };
  socket.binaryType = 'nodebuffer';
  socket.on('message', (data: Buffer) => {
    void desk.take(window, data);
  });
  socket.on('close', () => {
    desk.leave(window);
  });
  socket.on('error', () => {
    socket.terminate();
  });
  desk.join(window);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(status === 404 ? 'Nothing is here.' : 'This address is the lab’s own.');
}
