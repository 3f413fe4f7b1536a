// Where ports are and how cables lie between them, wherever their ends are.

import { expect, test } from 'vitest';
import {
  anchorAt,
  curveOf,
  pathOf,
  placesOf,
  placeUnder,
  pointAt,
} from '#renderer/panel/layout.ts';
import { posesOf } from '#renderer/panel/pose.ts';
import type { Scene } from '#renderer/panel/pose.ts';
import { restPanel } from './fixture.ts';

const places = placesOf(restPanel);
const named = (name: string) => places.find((place) => place.name === name)!;

const scene: Scene = { places, cables: restPanel.cables, before: {}, hand: null };

const hanging: Scene = {
  ...scene,
  cables: restPanel.cables.map((cable) =>
    cable.name === 'cable1' ? { ...cable, ends: [null, 'tor1 port 2'] } : cable,
  ),
  before: { 'cable1 0': 'card0 port 1' },
};

test('ports stand in reading order: cages, then the ports of the switch from left to right', () => {
  expect(places.map(({ name }) => name)).toEqual([
    'card0 port 1',
    'card0 port 2',
    ...[1, 2, 3, 4, 5, 6].map((number) => `tor1 port ${number}`),
  ]);
  const far = places.filter(({ kind }) => kind === 'switchPort').map(({ x }) => x);
  expect(far).toEqual([...far].sort((a, b) => a - b));
});

test('ports of a switch never overlap, with few of them or many', () => {
  for (const count of [1, 4, 6, 8, 12, 16]) {
    const box = { ...restPanel.switches[0]!, ports: Array.from({ length: count }, portOf) };
    const row = placesOf({ ...restPanel, switches: [box] }).slice(2);
    const edges = row.flatMap(({ x, width }) => [x - width / 2, x + width / 2]);
    expect(edges).toEqual([...edges].sort((a, b) => a - b));
    expect(edges.at(-1)).toBeLessThan(476);
  }
});

const portOf = (_: unknown, index: number) => ({
  ...restPanel.switches[0]!.ports[0]!,
  number: index + 1,
  name: `tor1 port ${index + 1}`,
});

test('a cable leaves both boots straight', () => {
  const a = anchorAt(named('card0 port 1'), false);
  const b = anchorAt(named('tor1 port 2'), false);
  const curve = curveOf(a, b);
  expect(pointAt(curve, 0)).toEqual({ x: a.x, y: a.y });
  expect(pointAt(curve, 1)).toEqual({ x: b.x, y: b.y });
  expect(curve[1].x).toBe(a.x);
  expect(curve[2].x).toBe(b.x);
  expect(pathOf(curve)).toMatch(/^M138\.2 126\.8C138\.2 /);
});

test('a plug that was pulled hangs before its port, and its cable with it', () => {
  const [seated] = posesOf(scene);
  const [pose] = posesOf(hanging);
  expect(pose!.plugs[0]).toMatchObject({ out: true, home: 'card0 port 1', inHand: false });
  expect(pose!.curve[0].y).toBeGreaterThan(seated!.curve[0].y);
  expect(pose!.curve[3]).toEqual(seated!.curve[3]);
});

test('a plug in the hand is where the mouse has moved it', () => {
  const hand = { cable: hanging.cables[0]!, end: 0 as const, moved: { x: 40, y: -7 }, at: null };
  const [still] = posesOf(hanging);
  const [moved] = posesOf({ ...hanging, hand });
  expect(moved!.plugs[0].inHand).toBe(true);
  expect(moved!.curve[0].x - still!.curve[0].x).toBeCloseTo(40);
  expect(moved!.curve[0].y - still!.curve[0].y).toBeCloseTo(-7);
});

test('a plug that is carried by keys stands before the port that it would go into', () => {
  const hand = {
    cable: hanging.cables[0]!,
    end: 0 as const,
    moved: { x: 0, y: 0 },
    at: 'tor1 port 3',
  };
  const [pose] = posesOf({ ...hanging, hand });
  expect(pose!.plugs[0].home).toBe('tor1 port 3');
});

test('an end that has always hung is drawn somewhere', () => {
  const [pose] = posesOf({ ...hanging, before: {} });
  expect(pose!.plugs[0].home).toBe('card0 port 1');
});

test('the port under the hand is found, and none where none is', () => {
  const { x, y, height } = named('tor1 port 4');
  expect(placeUnder(places, { x, y: y + height / 2 })?.name).toBe('tor1 port 4');
  expect(placeUnder(places, { x: 20, y: 180 })).toBeNull();
});
