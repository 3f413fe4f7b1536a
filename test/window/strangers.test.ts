// Who may not come in: a page of another origin, a wrong or missing token or cookie, a name that
// was rebound to the loopback address, other paths; and what a page of our own may not do even if
// it wanted to. Loopback, real Chromium, nothing else.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page, Request } from 'playwright-core';
import { standInOrigin } from './support/electron-page.ts';
import { openElectronWindow } from './support/electron-window.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { cookieFrom, openSocket } from './support/raw-socket.ts';

let lab: LabWindow;
let origin: string;
let cookie: string;

beforeAll(async () => {
  lab = await openLabWindow();
  ({ origin } = new URL(lab.address));
  cookie = await cookieFrom(lab.address);
});

afterAll(() => lab.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Asks as no browser would: every header is the test's. */
const ask = (path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const asked = request({ hostname, port, path, headers, method }, (response) => {
      response.resume();
      resolve({ status: response.statusCode!, headers: response.headers });
    });
    asked.on('error', reject);
    asked.end();
  });

test('the page is given for the right cookie only, and the cookie for the right token', async () => {
  const statuses: number[] = [];
  for (const headers of [
    {},
    { cookie: 'mlx4-lab=' },
    { cookie: `${cookie}x` },
    { cookie: 'a=b' },
  ]) {
    statuses.push((await ask('/', headers as Record<string, string>)).status);
  }
  statuses.push((await ask('/?token=', {})).status);
  statuses.push((await ask('/?token=wrong', { cookie })).status);
  expect(statuses).toEqual([403, 403, 403, 403, 403, 403]);
  const { status, headers } = await ask('/', { cookie });
  expect(status).toBe(200);
  expect(headers['content-security-policy']).toContain("script-src 'self'");
  const traded = await ask(new URL(lab.address).pathname + new URL(lab.address).search, {});
  expect(traded.status).toBe(303);
  expect(traded.headers['set-cookie']![0]).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
});

test('a rebound name, another origin and another method are refused', async () => {
  const { host } = new URL(origin);
  const evil = { cookie, host: 'lab.example.org' };
  expect((await ask('/', evil)).status).toBe(403);
  expect((await ask(`/${new URL(lab.address).search}`, { host: evil.host })).status).toBe(403);
  expect((await ask('/', { cookie, host, origin: 'http://example.org' })).status).toBe(403);
  expect((await ask('/', { cookie }, 'POST')).status).toBe(405);
  expect((await ask('/../package.json', { cookie })).status).toBe(404);
  expect((await ask('/%2e%2e/package.json', { cookie })).status).toBe(404);
  expect((await ask('/', { cookie }, 'HEAD')).status).toBe(200);
});

test('a socket opens for our page only', async () => {
  const before = lab.desk.windowCount;
  const url = `${origin.replace('http', 'ws')}/lab`;
  const refused = [
    { headers: { cookie } },
    { headers: { origin } },
    { headers: { origin, cookie: `${cookie}x` } },
    { headers: { origin: 'http://example.org', cookie } },
    { headers: { origin: 'null', cookie } },
    { headers: { origin, cookie, host: 'lab.example.org' } },
    { headers: { origin: 'http://lab.example.org', host: 'lab.example.org', cookie } },
    { url: `${url}/`, headers: { origin, cookie } },
    { url: url.replace('/lab', '/'), headers: { origin, cookie } },
    { url: `${url}?token=x`, headers: { origin, cookie } },
  ];
  for (const { url: other = url, headers } of refused) {
    await expect(openSocket(other, headers), JSON.stringify(headers)).rejects.toThrow('403');
  }
  expect(lab.desk.windowCount).toBe(before);
  const socket = await openSocket(url, { origin, cookie });
  expect(lab.desk.windowCount).toBe(before + 1);
  socket.terminate();
});

test('a page of another origin in the same browser reaches nothing', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const page = await lab.page.context().newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const socket = await page.evaluate<string>(`new Promise((resolve) => {
    const socket = new WebSocket('${origin.replace('http', 'ws')}/lab');
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  })`);
  const fetched = await page.evaluate<string>(
    `fetch('${origin}/', { credentials: 'include' }).then(() => 'read', () => 'refused')`,
  );
  const framed = await page.evaluate<string>(`new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.src = '${origin}/';
    frame.onload = () => {
      try { resolve(frame.contentDocument.title); } catch { resolve('refused'); }
    };
    document.body.append(frame);
  })`);
  expect([socket, fetched, framed]).toEqual(['refused', 'refused', 'refused']);
  await page.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/**
 * What a script that got into the page could try. The policy does not judge what a test evaluates
 * by itself, only what runs later: so eval is tried after a wait.
 */
async function triedInPage(page: Page): Promise<Record<string, string>> {
  return page.evaluate(`(async () => {
    const tried = {};
    const violated = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      violated.push(event.effectiveDirective);
    });
    const inline = document.createElement('script');
    inline.textContent = 'window.__inline = true';
    document.head.append(inline);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.__inline = true');
    button.click();
    tried.inline = String(window.__inline ?? 'refused');
    const remote = document.createElement('script');
    remote.src = 'https://example.org/x.js';
    document.head.append(remote);
    const image = new Image();
    image.src = 'https://example.org/x.png';
    tried.fetch = await fetch('https://example.org/').then(() => 'read', () => 'refused');
    try { new WebSocket('wss://example.org/'); } catch (error) { tried.socket = error.name; }
    navigator.sendBeacon('https://example.org/');
    const frame = document.createElement('iframe');
    frame.src = 'https://example.org/';
    document.body.append(frame);
    await new Promise((resolve) => setTimeout(resolve, 200));
    try { tried.eval = String((0, eval)('1 + 1')); } catch (error) { tried.eval = error.name; }
    try { tried.Function = String(new Function('return 1')()); } catch (error) {
      tried.Function = error.name;
    }
    await new Promise((resolve) => setTimeout(resolve));
    for (const added of [inline, remote, frame]) added.remove();
    tried.violated = [...new Set(violated)].sort().join(' ');
    return tried;
  })()`);
}

const nothing = {
  eval: 'EvalError',
  Function: 'EvalError',
  inline: 'refused',
  fetch: 'refused',
  violated: 'connect-src frame-src img-src script-src script-src-attr script-src-elem',
};

/** Requests of the page to elsewhere while something is done, and how each of them ended. */
async function goneElsewhere(page: Page, own: string, act: () => Promise<void>): Promise<string[]> {
  const gone = new Map<Request, string>();
  page.on('request', (asked) => {
    if (!asked.url().startsWith(`${own}/`)) gone.set(asked, `${asked.url()} left`);
  });
  page.on('requestfailed', (failed) => {
    if (gone.has(failed)) gone.set(failed, failed.failure()!.errorText);
  });
  await act();
  return [...new Set(gone.values())];
}

describe('a script in the page can do nothing', () => {
  test('in a browser', async () => {
    const { page } = lab;
    const gone = await goneElsewhere(page, origin, async () => {
      expect(await triedInPage(page)).toMatchObject(nothing);
    });
    // Noted, and stopped by the policy before they were made.
    expect(gone).toEqual(['csp']);
  });

  test('in Electron', async () => {
    const opened = await openElectronWindow();
    const page = opened.page();
    const gone = await goneElsewhere(page, standInOrigin, async () => {
      expect(await triedInPage(page)).toMatchObject(nothing);
    });
    await opened.close();
    expect(gone).toEqual(['csp']);
  });
});
