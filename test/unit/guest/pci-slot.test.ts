// The slot: configuration space, BARs that move, DMA, and interrupts that wait until an access is
// over. The emulator is a stand-in with the parts that the slot uses.

import { expect, test } from 'vitest';
import { ConnectX3 } from '#device/connectx3.ts';
import { HostClock } from '#guest/host-clock.ts';
import { insideOf } from '#guest/inside.ts';
import type { InsideCpu } from '#guest/inside.ts';
import { PciSlot } from '#guest/pci-slot.ts';
import { Trace } from '#trace/trace.ts';

const slotAddress = 0x8000_2000;

function stand() {
  const raised: number[] = [];
  const memory = new WebAssembly.Memory({ initial: 4 });
  const maps: { base: number; read32: (address: number) => number }[] = [];
  const pci = {
    pci_addr: new Uint8Array(4),
    pci_response32: new Int32Array(1),
    pci_status32: new Int32Array(1),
    device_spaces: [] as (Int32Array | undefined)[],
    devices: [] as (object | undefined)[],
    pci_query: () => (pci.pci_response32[0] = 0x1234),
    pci_write8: () => undefined,
    pci_write16: () => undefined,
    pci_write32: () => undefined,
    raise_irq: (bdf: number) => raised.push(bdf),
    lower_irq: () => undefined,
  };
  const cpu = {
    devices: { pci },
    io: {
      mmap_register: (base: number, _size: number, _r8: unknown, _w8: unknown, read32: never) => {
        maps.push({ base, read32 });
      },
    },
    wasm_memory: memory,
    mem8: new Uint8Array(memory.buffer, 0x1000),
    memory_size: new Int32Array([0x8000]),
    zero_memory: () => undefined,
    jit_dirty_cache: () => undefined,
    get_apic_addr: () => 0x400,
    handle_irqs: () => raised.push(-1),
    run_hardware_timers: () => 1,
  } as unknown as InsideCpu;
  const trace = new Trace();
  const clock = new HostClock(trace);
  const card = new ConnectX3({ name: 'card0', trace });
  const slot = new PciSlot(cpu, card, clock);
  const query = (register: number): number => {
    const address = slotAddress + register;
    pci.pci_addr.set([register, (address >> 8) & 0xff, (address >> 16) & 0xff, 0x80]);
    cpu.devices.pci.pci_query();
    return pci.pci_response32[0]! >>> 0;
  };
  const write = (register: number, value: number): void => {
    cpu.devices.pci.pci_write32((slotAddress + register) | 0, value);
  };
  return { cpu, pci, slot, card, clock, query, write, maps, raised, memory };
}

test('the card is found at its bus address, and nothing is changed at others', () => {
  const { query, pci, cpu, clock } = stand();
  expect(query(0).toString(16)).toBe('100315b3');
  pci.pci_addr.set([0, 0x08, 0, 0x80]);
  cpu.devices.pci.pci_query();
  expect(pci.pci_response32[0]).toBe(0x1234);
  clock.stop();
});

test('a BAR answers where it was put, when it was switched on', () => {
  const { write, maps, query, clock } = stand();
  write(0x10, 0xffff_ffff);
  expect(query(0x10)).toBe(0xfff0_0004);
  write(0x10, 0xfea0_0000);
  write(0x18, 0xfe00_0000);
  expect(maps).toEqual([]);
  write(0x04, 6);
  expect(maps.map(({ base }) => base)).toEqual([0xfea0_0000, 0xfe00_0000]);
  // The owner word of the device: free, and taken by reading it.
  expect(maps[0]!.read32((0xfea0_0000 + 0x8069c) | 0)).toBe(0);
  const [first] = maps;
  write(0x10, 0xfd00_0000);
  expect(maps.at(-1)!.base).toBe(0xfd00_0000);
  expect(first!.read32((0xfea0_0000 + 0x8069c) | 0) >>> 0).toBe(0xffff_ffff);
  expect(maps.at(-1)!.read32((0xfd00_0000 + 0x8069c) | 0) >>> 0).not.toBe(0xffff_ffff);
  // The other BAR where the first one was: what answers there is that one.
  write(0x10, 0xfc00_0000);
  write(0x18, 0xfd00_0000);
  expect(maps.at(-1)!.base).toBe(0xfd00_0000);
  write(0x04, 0);
  expect(maps.at(-1)!.read32(0xfd00_0000 | 0) >>> 0).toBe(0xffff_ffff);
  clock.stop();
});

test('DMA reaches the memory of the guest, and nothing behind it', () => {
  const { slot, memory, clock } = stand();
  slot.dmaWrite(0x20, Uint8Array.of(1, 2, 3));
  expect(new Uint8Array(memory.buffer, 0x1020, 3)).toEqual(Uint8Array.of(1, 2, 3));
  expect(() => slot.dmaRead(0x7fff, new Uint8Array(2))).toThrow(/no memory of the guest at 0x7fff/);
  clock.stop();
});

test('an interrupt waits until the emulator is between two stretches of code', () => {
  const { slot, cpu, raised, memory, clock } = stand();
  slot.raise(null);
  slot.raise({ address: 0xfee0_0000, data: 0x41 });
  expect(raised).toEqual([]);
  cpu.run_hardware_timers(true, 0);
  expect(raised).toEqual([4 << 3, -1]);
  expect(new Int32Array(memory.buffer, 0x400, 46)[16 + 2]).toBe(2);
  slot.raise(null);
  slot.lower();
  cpu.run_hardware_timers(true, 0);
  expect(raised).toHaveLength(2);
  slot.stop();
  clock.stop();
});

test('another v86 is refused by the name that it lacks', () => {
  expect(() => insideOf({})).toThrow(/v86 has no cpu\.io/);
  const { cpu, clock } = stand();
  const { handle_irqs: _, ...rest } = cpu as unknown as Record<string, unknown>;
  expect(() => insideOf({ v86: { cpu: rest } })).toThrow(/no cpu\.handle_irqs.*0\.5\.462/);
  clock.stop();
});
