// Acts of hands and their opposites.

import { expect, test } from 'vitest';
import { faultAct, faultSwitches, isArmed } from '#renderer/panel/faults.ts';
import { plugAct, pullAct, swapAct, typeAct, Undo } from '#renderer/panel/undo.ts';
import type { Panel } from '#contract/panel.ts';
import { restPanel } from './fixture.ts';

const pull = pullAct('card0 port 1', 'cable1');
const plug = plugAct('tor1 port 4', 'cable1');

test('undo turns acts round from the last to the first, and redo goes the other way', () => {
  const undo = new Undo();
  undo.note(pull);
  undo.note(plug);
  expect(undo.last?.opposite).toEqual(['pull tor1 port 4']);
  undo.undid(true);
  expect(undo.last?.opposite).toEqual(['plug card0 port 1 cable1']);
  undo.undid(true);
  expect(undo.last).toBeNull();
  expect(undo.next).toBe(pull);
  undo.redid(true);
  expect(undo.next).toBe(plug);
  expect(undo.last).toBe(pull);
});

test('a new act forgets what could be made again', () => {
  const undo = new Undo();
  undo.note(pull);
  undo.undid(true);
  undo.note(plug);
  expect(undo.next).toBeNull();
  expect(undo.last).toBe(plug);
});

test('an act that cannot be turned round is forgotten', () => {
  const undo = new Undo();
  undo.note(pull);
  undo.undid(false);
  expect(undo.last).toBeNull();
  expect(undo.next).toBeNull();
});

test('a swap is its own opposite, and a type is written back as it was', () => {
  const swap = swapAct('card0 port 1', 'card0 port 2');
  expect(swap.opposite).toEqual(swap.lines);
  const type = typeAct('0000:06:00.0', 1, 'ib', 'eth');
  expect(type.lines).toEqual(['echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1']);
  expect(type.opposite).toEqual(['echo eth > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1']);
});

/** The panel with flaps on these cables. */
const flapping = (...cables: string[]): Panel => ({
  ...restPanel,
  faults: [
    {
      name: 'cableFlap',
      title: '',
      armed: cables.length > 0,
      count: cables.length,
      held: 0,
      cables,
    },
  ],
});
const [flap1, flap2] = ['flap1', 'flap2'].map((id) => faultSwitches.find((one) => one.id === id)!);

test('a fault of a cable is on at the port that the cable is in, and nowhere else', () => {
  expect(isArmed(flapping('cable2'), flap2!)).toBe(true);
  expect(isArmed(flapping('cable2'), flap1!)).toBe(false);
  expect(isArmed(restPanel, flap1!)).toBe(false);
});

test('clearing a fault on one cable arms it again on the other', () => {
  expect(faultAct(flapping('cable1'), flap1!, false).lines).toEqual(['clear cableFlap']);
  const [clear, again] = faultAct(flapping('cable1', 'cable2'), flap1!, false).lines;
  expect(clear).toBe('clear cableFlap');
  expect(again).toMatch(/^fault cableFlap port=card0 port 2 /);
});
