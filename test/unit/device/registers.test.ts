// BAR0 and configuration space as software sees them: read-to-set words, the software reset, the
// clock, capabilities, BAR sizes, accesses that are out of place.

import { expect, test } from 'vitest';
import { configDev } from '#prm/firmware.ts';
import {
  MLX4_HCR_BASE,
  MLX4_OWNER_BASE,
  MLX4_RESET_BASE,
  MLX4_RESET_OFFSET,
  MLX4_SEM_OFFSET,
  errorBufferOffset,
  internalClockOffset,
} from '#prm/registers.ts';
import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_2,
  PCI_CAPABILITY_LIST,
  PCI_COMMAND,
  PCI_VENDOR_ID,
  capabilities,
  connectX3DeviceId,
  mellanoxVendorId,
  msixOffset,
  pcieOffset,
} from '#prm/pci-config.ts';
import { ConnectX3 } from '#device/connectx3.ts';
import { Trace } from '#trace/trace.ts';
import { BareDriver } from '#test/support/card/driver.ts';
import { Network } from '#test/support/card/network.ts';
import { Rig } from '#test/support/card/rig.ts';

const semaphore = MLX4_RESET_BASE + MLX4_SEM_OFFSET;
const resetRegister = MLX4_RESET_BASE + MLX4_RESET_OFFSET;
const secondNs = 1_000_000_000;

function enabled(): Rig {
  const rig = new Rig();
  rig.enable();
  return rig;
}

function reset(rig: Rig): void {
  rig.writeBe32(0, resetRegister, 1);
  rig.clock.runFor(secondNs);
  rig.enable();
}

test('read-to-set: the ownership word and the semaphore are taken by the read that finds 0', () => {
  const rig = enabled();
  for (const at of [MLX4_OWNER_BASE, semaphore]) {
    expect([rig.readBe32(0, at), rig.readBe32(0, at)]).toEqual([0, 1]);
    rig.writeBe32(0, at, 7);
    expect(rig.readBe32(0, at)).toBe(1);
    rig.writeBe32(0, at, 0);
    expect(rig.readBe32(0, at)).toBe(0);
  }
});

test('software reset: frees the semaphore, keeps the ownership, clears the error buffer', () => {
  const rig = enabled();
  rig.readBe32(0, MLX4_OWNER_BASE);
  rig.readBe32(0, semaphore);
  rig.card.faults.set({ name: 'catastrophic' });
  expect(rig.readBe32(0, errorBufferOffset)).not.toBe(0);
  reset(rig);
  expect(rig.readBe32(0, semaphore)).toBe(0);
  expect(rig.readBe32(0, MLX4_OWNER_BASE)).toBe(1);
  expect(rig.readBe32(0, errorBufferOffset)).toBe(0);
});

test('software reset: everything reads all ones for half a second, then the header is back', () => {
  const rig = enabled();
  rig.writeBe32(0, resetRegister, 1);
  expect(rig.configRead(PCI_VENDOR_ID, 2)).toBe(0xffff);
  expect(rig.read(0, MLX4_HCR_BASE, 4)).toBe(0xffff_ffff);
  rig.configWrite(PCI_COMMAND, 2, 6);
  rig.clock.runFor(secondNs / 2 - 1);
  expect(rig.configRead(PCI_VENDOR_ID, 2)).toBe(0xffff);
  rig.clock.runFor(1);
  expect(rig.configRead(PCI_VENDOR_ID, 2)).toBe(mellanoxVendorId);
  expect(rig.configRead(PCI_COMMAND, 2)).toBe(0);
});

test('software reset: GO and toggle are 0, contexts, ICM and ports are gone', () => {
  const net = new Network();
  net.pair();
  net.open(1);
  const { card } = net.rig;
  card.faults.set({ name: 'slowCommand', command: 'any', extraNs: secondNs });
  net.driver.commands.post('MLX4_CMD_NOP', { inMod: 0x1f });
  reset(net.rig);
  expect(net.driver.commands.control).toBe(0);
  expect([card.view.eqns, card.view.cqns, card.view.qpns]).toEqual([[], [], []]);
  expect(card.view.icmPages).toBe(0);
  expect(card.view.phase).toBe('power');
  expect([1, 2].map((port) => card.port(port).initialised)).toEqual([false, false]);
  net.rig.clock.runFor(5 * secondNs);
  expect(card.commandLog.at(-1)?.name).not.toBe('NOP');
});

test('software reset: the port map and the RX port check are as after power-on', () => {
  const net = new Network();
  const { commands } = net.driver;
  const map = Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 2);
  commands.ok('MLX4_CMD_VIRT_PORT_MAP', { in: map, opMod: 1 });
  const unchecked = configDev.make({ update_rx_port_check: true, rx_port_check_disabled: true });
  commands.ok('MLX4_CMD_CONFIG_DEV', { in: unchecked });
  expect(net.rig.card.portMap).toEqual([2, 2]);
  expect(net.rig.card.rxPortCheck).toBe(false);
  reset(net.rig);
  expect(net.rig.card.portMap).toEqual([1, 2]);
  expect(net.rig.card.rxPortCheck).toBe(true);
});

test('a card that was reset can be brought up again, with the toggle at 1', () => {
  const rig = new Rig();
  new BareDriver(rig);
  reset(rig);
  const driver = new BareDriver(rig);
  expect(rig.card.view.phase).toBe('initialised');
  expect(driver.commands.pending).toBe(false);
});

test('a second reset during the darkness is not heard', () => {
  const rig = enabled();
  rig.writeBe32(0, resetRegister, 1);
  rig.writeBe32(0, resetRegister, 1);
  rig.clock.runFor(secondNs);
  expect(rig.configRead(PCI_VENDOR_ID, 2)).toBe(mellanoxVendorId);
  expect(rig.events('card.reset')).toHaveLength(1);
});

test('anything but 1 in the reset register resets nothing and is noted', () => {
  const rig = enabled();
  rig.writeBe32(0, resetRegister, 0x0100_0000);
  expect(rig.events('card.reset')).toEqual([]);
  expect(rig.events('card.refused')).toEqual(['register write at 0xf0010: nothing takes it']);
});

test('the internal clock counts the core clock, high word first', () => {
  const rig = enabled();
  rig.clock.runFor(20 * secondNs);
  const ticks = 20 * 427_000_000;
  expect(rig.readBe32(0, internalClockOffset)).toBe(Math.floor(ticks / 2 ** 32));
  expect(rig.readBe32(0, internalClockOffset + 4)).toBe(ticks % 2 ** 32);
});

test('narrow accesses pick and change the bytes of big-endian words', () => {
  const rig = enabled();
  rig.writeBe32(0, MLX4_HCR_BASE, 0x1122_3344);
  expect([0, 1, 2, 3].map((at) => rig.read(0, MLX4_HCR_BASE + at, 1))).toEqual([
    0x11, 0x22, 0x33, 0x44,
  ]);
  expect(rig.read(0, MLX4_HCR_BASE + 1, 2)).toBe(0x3322);
  rig.write(0, MLX4_HCR_BASE + 2, 2, 0xaabb);
  expect(rig.readBe32(0, MLX4_HCR_BASE)).toBe(0x1122_bbaa);
  rig.write(0, MLX4_HCR_BASE + 3, 4, 0x0403_0201);
  expect(rig.readBe32(0, MLX4_HCR_BASE)).toBe(0x1122_bb01);
  expect(rig.readBe32(0, MLX4_HCR_BASE + 4)).toBe(0x0203_0400);
});

test('a write to a word that nobody lives at is noted, a read of one gives 0', () => {
  const rig = enabled();
  rig.writeBe32(0, 0x1234, 5);
  expect(rig.readBe32(0, 0x1234)).toBe(0);
  expect(rig.events('card.refused')).toEqual(['register write at 0x1234: nothing takes it']);
});

test('accesses that are out of place, or while memory is off, read all ones', () => {
  const rig = enabled();
  expect(rig.read(0, 0x10_0000, 4)).toBe(0xffff_ffff);
  expect(rig.read(0, 0xf_fffe, 4)).toBe(0xffff_ffff);
  expect(rig.read(2, 0x80_0000, 2)).toBe(0xffff);
  expect(rig.read(4, 0, 1)).toBe(0xff);
  rig.write(2, -4, 4, 1);
  expect(rig.events('card.error')).toHaveLength(5);
  rig.configWrite(PCI_COMMAND, 2, 0);
  expect(rig.read(0, MLX4_HCR_BASE, 4)).toBe(0xffff_ffff);
  expect(rig.events('card.error').at(-1)).toBe('card0: BAR0 access, memory is disabled');
});

test('configuration space names the card and chains the capabilities of a real one', () => {
  const rig = new Rig();
  expect(rig.configRead(PCI_VENDOR_ID, 4)).toBe(connectX3DeviceId * 65_536 + mellanoxVendorId);
  const found: number[] = [];
  for (let at = rig.configRead(PCI_CAPABILITY_LIST, 1); at !== 0;) {
    found.push(at);
    at = rig.configRead(at + 1, 1);
  }
  expect(found.toSorted((a, b) => a - b)).toEqual(capabilities.map(({ offset }) => offset));
  for (const { id, offset } of capabilities) expect(rig.configRead(offset, 1)).toBe(id);
});

test('BARs answer their size and kind, and keep an address', () => {
  const rig = new Rig();
  const sizes = [
    [PCI_BASE_ADDRESS_0, 0xfff0_0004],
    [PCI_BASE_ADDRESS_2, 0xff80_000c],
  ] as const;
  for (const [bar, answer] of sizes) {
    rig.configWrite(bar, 4, 0xffff_ffff);
    expect(rig.configRead(bar, 4)).toBe(answer);
    rig.configWrite(bar, 4, 0xe080_0000);
    expect(rig.configRead(bar, 4) & ~0xf).toBe(0xe080_0000 | 0);
  }
});

test('read-only registers stay, DEVCTL and LNKCTL can be restored', () => {
  const rig = new Rig();
  rig.configWrite(PCI_VENDOR_ID, 4, 0);
  expect(rig.configRead(PCI_VENDOR_ID, 2)).toBe(mellanoxVendorId);
  rig.configWrite(pcieOffset + 8, 2, 0x2810);
  rig.configWrite(pcieOffset + 0x10, 2, 0x0040);
  expect(rig.configRead(pcieOffset + 8, 2)).toBe(0x2810);
  expect(rig.configRead(pcieOffset + 0x10, 2)).toBe(0x0040);
  expect(rig.configRead(0x100, 4)).toBe(0xffff_ffff);
  rig.configWrite(0x100, 4, 0);
  expect(rig.configRead(0xfe, 4)).toBe(0xffff_ffff);
});

test('a card without MSI-X has no such capability', () => {
  const rig = new Rig({ card: { msixVectors: 0 } });
  const ids: number[] = [];
  for (let at = rig.configRead(PCI_CAPABILITY_LIST, 1); at !== 0;) {
    ids.push(rig.configRead(at, 1));
    at = rig.configRead(at + 1, 1);
  }
  expect(ids).not.toContain(0x11);
  rig.configWrite(msixOffset + 2, 2, 0x8000);
  expect(rig.configRead(msixOffset, 4)).toBe(0);
});

test('a card in no computer answers, and a command to it never ends', () => {
  const card = new ConnectX3({ name: 'card9', trace: new Trace() });
  expect(card.configRead(0, 2)).toBe(mellanoxVendorId);
  card.configWrite(PCI_COMMAND, 2, 6);
  card.barWrite(0, MLX4_HCR_BASE + 0x18, 4, 0x0400_8000);
  expect(card.barRead(0, MLX4_HCR_BASE + 0x18, 4)).toBe(0x0400_8000);
  expect(card.commandLog).toEqual([]);
});
