// What a person does at a live machine: words become inputs, inputs are recorded and enter the run.

import { expect, test } from 'vitest';
import { networkOf } from '#guest/network.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { parseHand } from '#lab/hands.ts';
import { inputText } from '#lab/input.ts';
import { K } from '#trace/kinds.ts';
import { bootedLab } from '#test/support/lab.ts';

const hand = (line: string) => parseHand(line, defaultMachineSpec);

test.each([
  ['pull card0 port 1', { kind: 'cable', action: 'pull', port: 'card0 port 1', other: null }],
  ['plug card0 port 1', { kind: 'cable', action: 'plug', port: 'card0 port 1', other: null }],
  [
    'plug card0 port 1 cable2',
    { kind: 'cable', action: 'plug', port: 'card0 port 1', other: 'cable2' },
  ],
  [
    'swap switch0 port 1 with switch0 port 2',
    { kind: 'cable', action: 'swap', port: 'switch0 port 1', other: 'switch0 port 2' },
  ],
  ['disable switch0 port 1', { kind: 'farPort', port: 'switch0 port 1', enabled: false }],
  ['enable host0', { kind: 'farPort', port: 'host0', enabled: true }],
  [
    'fault slowCommand command=SET_PORT extra=1s',
    {
      kind: 'fault',
      fault: {
        on: 'card',
        fault: { name: 'slowCommand', command: 'MLX4_CMD_SET_PORT', extraNs: 1e9 },
      },
    },
  ],
  [
    'fault frameLoss port=card0 port 1 everyNth=3',
    {
      kind: 'fault',
      fault: {
        on: 'cable',
        name: 'frameLoss',
        port: 'card0 port 1',
        settings: { dropEveryNth: 3, direction: 'both' },
      },
    },
  ],
  ['fault catastrophic', { kind: 'fault', fault: { on: 'card', fault: { name: 'catastrophic' } } }],
  ['clear slowCommand', { kind: 'clearFault', name: 'slowCommand' }],
  ['release SET_PORT', { kind: 'release', command: 'MLX4_CMD_SET_PORT' }],
])('%s', (line, input) => {
  expect(hand(line)).toEqual(input);
});

test.each([
  ['jump', 'jump: unknown; :help lists what there is'],
  ['pull card0 port 9', 'pull names no port: "card0 port 9" (did you mean card0 port 1?)'],
  ['swap switch0 port 1', 'swap says not with which port (add with: card0 port 2)'],
  ['fault slowCommand command=SET_PORT extra=5', /^fault\.extra wants a time with a unit, not "5"/],
  ['fault', /does not know ""|names no fault/],
])('%s is refused', (line, message) => {
  const problem = hand(line);
  if (typeof message === 'string') expect(problem).toBe(message);
  else expect(problem).toMatch(message);
});

test('inputs are recorded with their point, leave an event, and take effect', () => {
  const lab = bootedLab();
  const { machine } = lab;
  const point = machine.k.sim.pointCount;
  expect(
    machine.enter({ kind: 'cable', action: 'pull', port: 'card0 port 1', other: null }),
  ).toBeNull();
  expect(
    machine.enter({ kind: 'cable', action: 'pull', port: 'card0 port 1', other: null }),
  ).toMatch(/nothing is plugged/);
  machine.enter({ kind: 'type', terminal: 'main', line: 'echo hi' });
  lab.run(1);
  machine.enter({ kind: 'interrupt', terminal: 'main' });
  expect(machine.card.port(1).linkUp).toBe(false);
  expect(machine.terminal('main').screen.text).toBe('$ echo hi\nhi\n');
  expect(machine.inputs.map(({ input }) => inputText(input))).toEqual([
    'pull card0 port 1',
    'pull card0 port 1',
    'main$ echo hi',
    'main Ctrl-C',
  ]);
  expect(machine.inputs[0]!.point).toBe(point);
  const { trace } = machine.k;
  const texts = [...trace.events()]
    .filter(({ kind }) => kind === K.input)
    .map(({ object }) => trace.text(object));
  expect(texts).toEqual(machine.inputs.map(({ input }) => inputText(input)));
});

test('cable faults are switched on by port and off everywhere', () => {
  const { machine } = bootedLab();
  const fault = hand('fault frameLoss port=host0 everyNth=2');
  if (typeof fault === 'string') throw new Error(fault);
  machine.enter(fault);
  expect(machine.fabric.cable('cable3').faults.dropEveryNth).toBe(2);
  machine.enter({ kind: 'clearFault', name: 'frameLoss' });
  expect(machine.fabric.cable('cable3').faults.dropEveryNth).toBe(0);
  machine.enter({ kind: 'cable', action: 'pull', port: 'host0', other: null });
  expect(machine.enter(fault)).toBe('nothing is plugged into host0');
  expect(machine.enter({ kind: 'release', command: 'any' })).toBe('no command any is held');
});

test('with several cards: every port has its name, and a fault is at the card of who asks', () => {
  const reach = { topology: networkOf(2), cards: ['card0', 'card1'] };
  const at = (line: string, card?: string) => parseHand(line, reach, card);
  const pull = { kind: 'cable', action: 'pull', port: 'card1 port 2', other: null };
  expect(at('pull card1 port 2')).toEqual(pull);
  expect(at('pull card1 port 2', 'card1')).toEqual(pull);
  expect(at('plug card1 port 2 cable5')).toMatchObject({ other: 'cable5' });
  expect(at('pull card2 port 1')).toContain('names no port: "card2 port 1"');
  expect(hand('pull card1 port 1')).toContain('names no port: "card1 port 1"');
  expect(at('fault catastrophic', 'card1')).toMatchObject({ fault: { card: 'card1' } });
  expect(at('fault catastrophic', 'card0')).toEqual(hand('fault catastrophic'));
  expect(at('clear slowCommand', 'card1')).toMatchObject({ card: 'card1' });
  expect(at('release any', 'card1')).toMatchObject({ card: 'card1' });
  // A port says whose flap it is, whoever asks.
  const flap = (port: string) => `fault portFlap port=${port} down=200ms`;
  expect(at(flap('card1 port 2'), 'card0')).toMatchObject({
    fault: { card: 'card1', fault: { portNumber: 2 } },
  });
  expect(at(flap('card0 port 2'), 'card1')).toEqual(hand(flap('card0 port 2')));
});
