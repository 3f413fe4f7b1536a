// MSI-X with its masks and pending bits, INTx as a level, and the contract of bus/pci-function.ts:
// the card never asks for an interrupt from inside a register access.

import { describe, expect, test } from 'vitest';
import type { MsixMessage } from '#bus/pci-function.ts';
import { PCI_COMMAND, PCI_STATUS, msixOffset } from '#prm/pci-config.ts';
import { msixPbaOffset, msixTableOffset } from '#prm/registers.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';

const clearInterrupt = 0xf00dc;
const pinBit = 1 << 5;
const memory = 2;
const master = 4;
const intxDisable = 0x400;
const enable = 0x8000;
const maskAll = 0x4000;

/** Fills the table: vector n sends 0x40 + n to the local APIC. */
function msix(net: Network, control = enable): void {
  for (let vector = 0; vector < 128; vector++) {
    const at = msixTableOffset + 16 * vector;
    net.rig.write(0, at, 4, 0xfee0_0000);
    net.rig.write(0, at + 8, 4, 0x40 + vector);
    net.rig.write(0, at + 12, 4, 0);
  }
  net.rig.configWrite(msixOffset + 2, 2, control);
}

/** Posts one event to the asynchronous queue, which has vector 0, and arms it. */
function fire(net: Network): void {
  net.driver.commands.post('MLX4_CMD_NOP', { inMod: 0x1f }, 1, true);
  net.rig.clock.runFor(1_000_000);
}

const mask = (net: Network, vector: number, on: boolean) => {
  net.rig.write(0, msixTableOffset + 16 * vector + 12, 4, on ? 1 : 0);
};
const pending = (net: Network) => net.rig.read(0, msixPbaOffset, 4);

describe('MSI-X', () => {
  test('a queue that fires sends the message of its vector', () => {
    const net = new Network();
    msix(net);
    fire(net);
    expect(net.rig.host.messages).toEqual([{ address: 0xfee0_0000, data: 0x40 }]);
    const cq = net.cq();
    const { qp } = net.pair({ logReceives: 3, context: { cqn_recv: cq.cqn } });
    qp.receive(8, [256]);
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    cq.arm();
    net.arrive(1, udpTo(portMacs[0]));
    expect(net.rig.host.messages.at(-1)?.data).toBe(0x41);
    expect(net.rig.host.pulls).toBe(0);
  });

  test('the address has 64 bits', () => {
    const net = new Network();
    msix(net);
    net.rig.write(0, msixTableOffset + 4, 4, 0x12);
    fire(net);
    expect(net.rig.host.messages[0]?.address).toBe(0x12_fee0_0000);
  });

  test('a masked vector is pending until it is unmasked, and then sent once', () => {
    const net = new Network();
    msix(net);
    mask(net, 0, true);
    fire(net);
    expect([net.rig.host.messages, pending(net)]).toEqual([[], 1]);
    mask(net, 0, false);
    net.rig.clock.runFor(1);
    expect([net.rig.host.messages.length, pending(net)]).toEqual([1, 0]);
    mask(net, 0, true);
    mask(net, 0, false);
    net.rig.clock.runFor(1);
    expect(net.rig.host.messages).toHaveLength(1);
  });

  test('the function mask holds every vector back', () => {
    const net = new Network();
    msix(net, enable | maskAll);
    fire(net);
    expect(pending(net)).toBe(1);
    net.rig.configWrite(msixOffset + 2, 2, enable);
    net.rig.clock.runFor(1);
    expect([net.rig.host.messages.length, pending(net)]).toEqual([1, 0]);
  });

  test('vectors are masked after power-on and after a reset', () => {
    const net = new Network();
    const controls = () =>
      [0, 1, 127].map((vector) => net.rig.read(0, msixTableOffset + 16 * vector + 12, 4));
    expect(controls()).toEqual([1, 1, 1]);
    msix(net);
    mask(net, 0, true);
    fire(net);
    net.rig.writeBe32(0, 0xf0010, 1);
    net.rig.clock.runFor(1e9);
    net.rig.enable();
    expect(controls()).toEqual([1, 1, 1]);
    expect(net.rig.read(0, msixTableOffset + 8, 4)).toBe(0);
    expect(pending(net)).toBe(0);
  });

  test('only the mask bit of a control word can be written, and no vector behind the last', () => {
    const net = new Network({ card: { msixVectors: 4 } });
    net.rig.write(0, msixTableOffset + 12, 4, 0xffff_ffff);
    expect(net.rig.read(0, msixTableOffset + 12, 4)).toBe(1);
    net.rig.write(0, msixTableOffset + 64, 4, 5);
    expect(net.rig.read(0, msixTableOffset + 64, 4)).toBe(0);
  });

  test('without bus mastering a message is lost, which the trace shows', () => {
    const net = new Network();
    msix(net);
    mask(net, 0, true);
    fire(net);
    net.rig.configWrite(PCI_COMMAND, 2, memory);
    mask(net, 0, false);
    net.rig.clock.runFor(1);
    expect(net.rig.host.messages).toEqual([]);
    expect(net.rig.events('card.error').at(-1)).toMatch(/MSI-X vector 0 without bus mastering/);
  });

  test('dropInterrupt loses the next ones, count times', () => {
    const net = new Network();
    msix(net);
    net.rig.card.faults.set({ name: 'dropInterrupt', count: 2 });
    for (let i = 0; i < 3; i++) {
      fire(net);
      net.events.poll();
      net.events.ring(true);
    }
    expect(net.rig.host.messages).toHaveLength(1);
    const dropped = net.rig.events('card.fault').filter((text) => text.includes('dropped'));
    expect(dropped).toHaveLength(2);
  });
});

describe('INTx', () => {
  const status = (net: Network) => net.rig.configRead(PCI_STATUS, 2) & 8;

  test('the pin is a level: high from the event until software clears it', () => {
    const net = new Network();
    fire(net);
    expect([net.rig.host.line, status(net)]).toEqual([true, 8]);
    net.rig.clock.runFor(1e9);
    expect(net.rig.host.line).toBe(true);
    net.rig.writeBe32(0, clearInterrupt, pinBit);
    expect([net.rig.host.line, status(net)]).toEqual([false, 0]);
    expect(net.rig.host.pulls).toBe(1);
  });

  test('other bits, and the other word, clear nothing', () => {
    const net = new Network();
    fire(net);
    net.rig.writeBe32(0, clearInterrupt, ~pinBit >>> 0);
    net.rig.writeBe32(0, clearInterrupt - 4, 0xffff_ffff);
    expect(net.rig.host.line).toBe(true);
  });

  test('an event that comes while the pin is high needs an armed queue to pull it again', () => {
    const net = new Network();
    fire(net);
    net.rig.writeBe32(0, clearInterrupt, pinBit);
    fire(net);
    expect(net.rig.host.line).toBe(false);
    net.events.ring(true);
    net.rig.clock.runFor(1);
    expect(net.rig.host.line).toBe(true);
  });

  test('the disable bit holds the pin down, and the status shows that it is wanted', () => {
    const net = new Network();
    net.rig.configWrite(PCI_COMMAND, 2, memory | master | intxDisable);
    fire(net);
    expect([net.rig.host.line, status(net)]).toEqual([false, 8]);
    net.rig.configWrite(PCI_COMMAND, 2, memory | master);
    net.rig.clock.runFor(1);
    expect(net.rig.host.line).toBe(true);
    net.rig.configWrite(PCI_COMMAND, 2, memory | master | intxDisable);
    expect(net.rig.host.line).toBe(false);
  });

  test('switching MSI-X on releases the pin', () => {
    const net = new Network();
    fire(net);
    msix(net);
    expect([net.rig.host.line, status(net)]).toEqual([false, 0]);
  });

  test('a reset releases the pin', () => {
    const net = new Network();
    fire(net);
    net.rig.writeBe32(0, 0xf0010, 1);
    expect(net.rig.host.line).toBe(false);
  });

  test('a pin that is cleared in the same access that would pull it stays low', () => {
    const net = new Network();
    net.rig.configWrite(PCI_COMMAND, 2, memory | master | intxDisable);
    fire(net);
    net.rig.configWrite(PCI_COMMAND, 2, memory | master);
    net.rig.writeBe32(0, clearInterrupt, pinBit);
    net.rig.clock.runFor(1);
    expect(net.rig.host.line).toBe(false);
  });
});

describe('the contract', () => {
  /**
   * A host that takes an interrupt for a call of its handler, as a naive emulator would: the
   * handler looks at registers, so an interrupt from inside an access would be a nested access.
   */
  function nested(net: Network): string[] {
    const { host } = net.rig;
    const seen: string[] = [];
    const raise = host.raise.bind(host);
    host.raise = (message: MsixMessage | null) => {
      raise(message);
      seen.push(host.depth === 0 ? 'clean' : 'inside an access');
      net.rig.read(0, 0x80698, 4);
      if (message === null) net.rig.writeBe32(0, clearInterrupt, pinBit);
    };
    return seen;
  }

  test('doorbells, unmasking and COMMAND cause no interrupt before they return', () => {
    for (const useMsix of [true, false]) {
      const net = new Network();
      const { receives } = net.receiver(1);
      if (useMsix) msix(net);
      net.open(1);
      net.rig.writeBe32(0, clearInterrupt, pinBit);
      const seen = nested(net);
      net.arrive(1, udpTo(portMacs[0]));
      receives.arm();
      net.rig.clock.runFor(1);
      net.events.ring(true);
      net.rig.clock.runFor(1);
      mask(net, 0, true);
      fire(net);
      mask(net, 0, false);
      net.rig.configWrite(PCI_COMMAND, 2, memory | master | intxDisable);
      fire(net);
      net.events.ring(true);
      net.rig.configWrite(PCI_COMMAND, 2, memory | master);
      net.rig.configWrite(msixOffset + 2, 2, useMsix ? enable | maskAll : 0);
      net.rig.configWrite(msixOffset + 2, 2, useMsix ? enable : 0);
      net.rig.clock.runFor(1e6);
      expect(seen.length).toBeGreaterThanOrEqual(3);
      expect(new Set(seen)).toEqual(new Set(['clean']));
      expect(net.rig.host.violations).toEqual([]);
    }
  });

  test('the checking host does catch a card that interrupts from inside an access', () => {
    const net = new Network();
    net.rig.host.depth = 1;
    fire(net);
    expect(net.rig.host.violations).toEqual(['interrupt from inside a register access']);
  });

  test('a card whose clock stands still does nothing: it acts in callbacks only', () => {
    const net = new Network();
    const { qp, sends } = net.pair();
    const before = net.rig.trace.count;
    qp.send(udpTo(portMacs[1]));
    net.driver.commands.post('MLX4_CMD_NOP', { inMod: 0x1f }, 1, true);
    expect(sends.poll()).toEqual([]);
    expect(net.events.poll()).toEqual([]);
    expect(net.rig.trace.count - before).toBe(1);
    net.rig.clock.runFor(1e6);
    expect(sends.poll()).toHaveLength(1);
    expect(net.events.poll()).toHaveLength(1);
  });

  test('an interrupt that waits for the end of an access is dropped by a reset in between', () => {
    const net = new Network();
    msix(net);
    fire(net);
    net.events.ring(true);
    net.rig.writeBe32(0, 0xf0010, 1);
    net.rig.clock.runFor(1e9);
    expect(net.rig.host.messages).toHaveLength(1);
  });
});
