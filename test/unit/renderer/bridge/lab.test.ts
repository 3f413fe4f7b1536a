// The way to the lab: what is asked before it opens waits; what is asked while it is lost is
// refused in words.

import { expect, test } from 'vitest';
import { decodePacket, packetsOf } from '#contract/packet.ts';
import type { Carrier } from '#renderer/bridge/carrier.ts';
import { Lab } from '#renderer/bridge/lab.ts';

class Wire implements Carrier {
  readonly sent: string[] = [];
  onPacket: Carrier['onPacket'] = () => undefined;
  onOpen: Carrier['onOpen'] = () => undefined;
  onClose: Carrier['onClose'] = () => undefined;
  send(packet: Uint8Array): void {
    const names = packetsOf(packet).map((each) => decodePacket(each).message as { name: string });
    this.sent.push(names.map(({ name }) => name).join(', '));
  }
}

test('what is asked before the way opens is sent when it does, in order', () => {
  const wire = new Wire();
  const lab = new Lab(() => wire);
  void lab.ask('session.state', {});
  void lab.ask('library.state', {});
  expect(wire.sent).toEqual([]);
  wire.onOpen();
  expect(wire.sent).toEqual(['session.state', 'library.state']);
});

test('what waits for an answer, or is asked, while the way is lost is refused', async () => {
  const wire = new Wire();
  const lab = new Lab(() => wire);
  wire.onOpen();
  const asked = lab.ask('session.state', {});
  wire.onClose();
  await expect(asked).rejects.toThrow('The lab is away.');
  await expect(lab.ask('session.state', {})).rejects.toThrow('The lab is away.');
});

test('a way that never opens refuses what waited for it', async () => {
  const wire = new Wire();
  const lab = new Lab(() => wire);
  const asked = lab.ask('session.state', {});
  wire.onClose();
  await expect(asked).rejects.toThrow('The lab is away.');
});

test('what is asked at once travels as one frame', async () => {
  const wire = new Wire();
  const lab = new Lab(() => wire);
  wire.onOpen();
  void lab.ask('session.state', {});
  void lab.ask('library.state', {});
  await Promise.resolve();
  void lab.ask('session.state', {});
  await Promise.resolve();
  expect(wire.sent).toEqual(['session.state, library.state', 'session.state']);
});
