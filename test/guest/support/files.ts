// Files that one guest serves and another fetches over TCP. The server sends in large pieces, so
// that the card has large sends to cut.

import type { Guest } from '#guest/guest.ts';
import { must } from './guests.ts';

/** Longest time that a file may take, ms. */
const fileMs = 900_000;

/** Serves so many random bytes at port 80; gives their MD5 sum. */
export async function serve(guest: Guest, bytes: number): Promise<string> {
  await must(guest, 'mkdir -p /tmp/www');
  await must(guest, `head -c ${bytes} /dev/urandom > /tmp/www/file`, fileMs);
  await must(guest, 'httpd -h /tmp/www');
  return (await must(guest, 'md5sum < /tmp/www/file', fileMs)).split(' ')[0]!;
}

/** Fetches what the guest at an address serves; gives the MD5 sum of what has come. */
export async function fetched(guest: Guest, address: string): Promise<string> {
  // The exit code of a pipeline is md5sum's, so wget leaves a mark when it has failed.
  const line = `(wget -q -O - http://${address}/file || echo failed) | md5sum`;
  return (await must(guest, line, fileMs)).split(' ')[0]!;
}
