// What a screen reader says of the panel, and what hands find at a port.

import { expect, test } from 'vitest';
import { endAt, freePorts, nextFree, withEndAt } from '#renderer/panel/cables.ts';
import { placesOf } from '#renderer/panel/layout.ts';
import { bondRowSentence, ledSentence, placeSentence } from '#renderer/panel/sentences.ts';
import { isBusy, busyPorts } from '#renderer/panel/traffic.ts';
import type { Panel } from '#contract/panel.ts';
import { partedPanel, restPanel } from './fixture.ts';

const say = (panel: Panel, name: string, before: Record<string, string> = {}) =>
  placeSentence(
    panel,
    placesOf(panel).find((place) => place.name === name)!,
    before,
  );

test('a port says its interface, type, link, traffic and cable', () => {
  expect(say(restPanel, 'card0 port 1')).toBe(
    'Port 1, p1, active, Ethernet, link up, traffic, cable C1 to tor1 port 2.',
  );
  expect(say(partedPanel, 'card0 port 1')).toBe(
    'Port 1, p1, going, Ethernet, no link, cable C1 to tor1 port 2.',
  );
  expect(say(restPanel, 'tor1 port 5')).toBe('tor1 port 5, link up, cable C2 to port 2.');
  expect(say(restPanel, 'tor1 port 6')).toBe('tor1 port 6, no link, empty.');
});

test('a port without its cable says what hangs before it', () => {
  const cables = withEndAt(restPanel.cables, 'cable1', 0, null);
  const pulled = { ...restPanel, cables };
  const before = { 'cable1 0': 'card0 port 1' };
  expect(say(pulled, 'card0 port 1', before)).toMatch(/empty\. Cable C1 hangs before it\.$/);
  expect(say(pulled, 'tor1 port 2', before)).toMatch(/cable C1, its other end hangs\.$/);
});

test('a port says why it has no link', () => {
  const note = 'ib, no link: tor1 port 2 is Ethernet';
  const ports = restPanel.ports.map((port) => ({ ...port, cardType: 'ib' as const, note }));
  expect(say({ ...restPanel, ports }, 'card0 port 1')).toContain(`InfiniBand`);
  expect(say({ ...restPanel, ports }, 'card0 port 1')).toContain(`. ${note}.`);
});

test('an LED and a row of the bond say how they stand', () => {
  expect(ledSentence('Port 1', 'link', restPanel.ports[0]!.leds)).toBe('Port 1 link LED, steady.');
  expect(bondRowSentence(partedPanel.bond!.rows[0]!)).toBe(
    'Port map. Card: 1 to 1, 2 to 2. Driver: 1 to 1, 2 to 1. They differ.',
  );
  expect(bondRowSentence(restPanel.bond!.rows[1]!)).toBe(
    'RX port check. Card: off. Driver: off. Equal.',
  );
});

test('free ports are walked round in both directions', () => {
  const names = placesOf(restPanel).map(({ name }) => name);
  const free = freePorts(restPanel.cables, names);
  expect(free).toEqual([1, 3, 4, 6].map((number) => `tor1 port ${number}`));
  expect(nextFree(free, 'tor1 port 6', 1)).toBe('tor1 port 1');
  expect(nextFree(free, 'tor1 port 1', -1)).toBe('tor1 port 6');
  expect(nextFree(free, 'card0 port 1', 1)).toBe('tor1 port 1');
  expect(nextFree([], null, 1)).toBeNull();
});

test('an end is found in its port, and moved without touching the other', () => {
  expect(endAt(restPanel.cables, 'tor1 port 5')).toMatchObject({ cable: { label: 'C2' }, end: 1 });
  const moved = withEndAt(restPanel.cables, 'cable2', 1, 'tor1 port 6');
  expect(moved[1]!.ends).toEqual(['card0 port 2', 'tor1 port 6']);
  expect(moved[0]).toBe(restPanel.cables[0]);
});

test('frames travel on the cable of a busy port, when both its ends are in', () => {
  const busy = busyPorts(restPanel);
  expect(restPanel.cables.map((cable) => isBusy(cable, busy))).toEqual([true, false]);
  const [pulled] = withEndAt(restPanel.cables, 'cable1', 1, null);
  expect(isBusy(pulled!, busy)).toBe(false);
});
