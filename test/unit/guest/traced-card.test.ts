// What the trace tells of a guest's accesses: each of them, but for a poll's repetitions, and
// without what every packet brings unless it is asked for.

import { expect, test } from 'vitest';
import type { PciFunction, PciHost } from '#bus/pci-function.ts';
import { TracedCard } from '#guest/traced-card.ts';
import { kindTable } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';

function stand(traffic: boolean) {
  const trace = new Trace();
  let host: PciHost | null = null;
  let answer = 7;
  const card: PciFunction = {
    name: 'card0',
    bars: [],
    attach: (given) => {
      host = given;
    },
    configRead: () => 0,
    configWrite: () => undefined,
    barRead: () => answer,
    barWrite: () => undefined,
  };
  const traced = new TracedCard(card, trace, traffic);
  const raised: unknown[] = [];
  traced.attach({ raise: (message: unknown) => raised.push(message) } as unknown as PciHost);
  const told = (): string[] =>
    [...trace.events()].map(
      ({ kind, object, value }) => `${kindTable[kind]!.name} ${trace.text(object)} ${value}`,
    );
  const give = (value: number): void => {
    answer = value;
  };
  return { traced, told, give, raised, host: host! };
}

test('a poll is told once, until what it reads changes or something is written', () => {
  const { traced, told, give } = stand(false);
  for (let times = 0; times < 1000; times++) traced.barRead(0, 0x8069c, 4);
  give(8);
  expect(traced.barRead(0, 0x8069c, 4)).toBe(8);
  traced.barRead(0, 0x80698, 4);
  traced.barWrite(0, 0x80680, 4, 0xffff_ffff);
  traced.barRead(0, 0x80698, 4);
  expect(told()).toEqual([
    'mmio.read card0 BAR0+0x8069c 7',
    'mmio.read card0 BAR0+0x8069c 8',
    'mmio.read card0 BAR0+0x80698 8',
    `mmio.write card0 BAR0+0x80680 4294967295`,
    'mmio.read card0 BAR0+0x80698 8',
  ]);
});

test('doorbells and interrupts are told with the traffic only; the guest gets them anyway', () => {
  for (const traffic of [true, false]) {
    const { traced, told, host, raised } = stand(traffic);
    traced.barWrite(2, 0x18, 4, 1);
    host.raise({ address: 0xfee0_0000, data: 0x4031 });
    host.raise(null);
    const all = ['mmio.write card0 BAR2+0x18 1', 'irq.raise MSI-X 0x4031 0', 'irq.raise INTA# 0'];
    expect(told()).toEqual(traffic ? all : []);
    expect(raised).toHaveLength(2);
  }
});
