// Configuration space: every width, walks of the capability list, a card that is gone, and the
// header saved and restored.

import { describe, expect, it } from 'vitest';
import {
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSIX,
  pci_change_command,
  pci_find_capability,
  pci_read_config_byte,
  pci_read_config_dword,
  pci_read_config_word,
  pci_write_config_byte,
  pci_write_config_dword,
  pci_write_config_word,
  pcie_capability_read_dword,
  pcie_capability_read_word,
  pcie_capability_write_word,
} from '#kernel/pci/config.ts';
import { pci_restore_state, pci_save_state } from '#kernel/pci/pci.ts';
import type { Atomic } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { expOffset, msixOffset } from './soft-card.ts';
import { PciRig, slot } from './rig.ts';

/** A scratch register of the card, which software can write whole. */
const scratch = 0xf0;

function withScratch(): PciRig {
  const rig = new PciRig();
  rig.card.put(scratch, 4, 0x8899_aabb, 0xffff_ffff);
  return rig;
}

describe('accesses', () => {
  it('read a byte, a word and a dword, little-endian and without a sign', () => {
    const rig = withScratch();
    const read = (access: () => Atomic<number>): number => rig.run(access);
    const bytes = [0, 1, 2, 3].map((n) => read(() => pci_read_config_byte(rig.pdev, scratch + n)));
    expect(bytes).toEqual([0xbb, 0xaa, 0x99, 0x88]);
    const words = [0, 2].map((n) => read(() => pci_read_config_word(rig.pdev, scratch + n)));
    expect(words).toEqual([0xaabb, 0x8899]);
    expect(read(() => pci_read_config_dword(rig.pdev, scratch))).toBe(0x8899_aabb);
  });

  it('write as many bytes as they say', () => {
    const rig = withScratch();
    const { pdev } = rig;
    const seen = rig.run(function* () {
      const values: number[] = [];
      yield* pci_write_config_byte(pdev, scratch + 1, 0x11);
      values.push(yield* pci_read_config_dword(pdev, scratch));
      yield* pci_write_config_word(pdev, scratch + 2, 0x2233);
      values.push(yield* pci_read_config_dword(pdev, scratch));
      yield* pci_write_config_dword(pdev, scratch, 0xffff_fffe);
      values.push(yield* pci_read_config_dword(pdev, scratch));
      return values;
    });
    expect(seen).toEqual([0x8899_11bb, 0x2233_11bb, 0xffff_fffe]);
  });

  it('leave read-only registers as they are', () => {
    const rig = new PciRig();
    rig.run(() => pci_write_config_dword(rig.pdev, 0, 0x1234_5678));
    expect(rig.run(() => pci_read_config_dword(rig.pdev, 0))).toBe(0x1003_15b3);
  });

  it('are points, and events that name the register', () => {
    const rig = withScratch();
    const { pdev, k } = rig;
    const points = k.sim.pointCount;
    const from = k.trace.count;
    rig.run(function* () {
      yield* pci_read_config_word(pdev, scratch);
      yield* pci_write_config_word(pdev, scratch, 7);
    });
    expect(k.sim.pointCount - points).toBe(2);
    const name = k.trace.intern('card0 config+0xf0');
    const seen: number[][] = [];
    for (let index = from; index < k.trace.count; index++) {
      const { kind, object, value } = k.trace.event(index);
      if (object === name) seen.push([kind, value]);
    }
    expect(seen).toEqual([
      [K['mmio.read'], 0xaabb],
      [K['mmio.write'], 7],
    ]);
  });

  it('to a card that was pulled out read all ones and change nothing', () => {
    const rig = withScratch();
    const { pdev } = rig;
    rig.k.pci.unplug(slot);
    const seen = rig.run(function* () {
      yield* pci_write_config_dword(pdev, scratch, 0);
      return [
        yield* pci_read_config_byte(pdev, 0),
        yield* pci_read_config_word(pdev, 0),
        yield* pci_read_config_dword(pdev, 0),
      ];
    });
    expect(seen).toEqual([0xff, 0xffff, 0xffff_ffff]);
    expect(rig.card.configRead(scratch, 4)).toBe(0x8899_aabb);
  });
});

describe('capabilities', () => {
  const find = (rig: PciRig, id: number): number =>
    rig.run(() => pci_find_capability(rig.pdev, id));

  it('are found wherever they are in the list; 0 for one that is not there', () => {
    const rig = new PciRig();
    expect(find(rig, PCI_CAP_ID_EXP)).toBe(expOffset);
    expect(find(rig, PCI_CAP_ID_MSIX)).toBe(msixOffset);
    expect(find(rig, 0x05)).toBe(0);
  });

  it('are not looked for when STATUS says that there are none', () => {
    const rig = new PciRig();
    rig.card.put(6, 2, 0);
    expect(find(rig, PCI_CAP_ID_EXP)).toBe(0);
  });

  it('the two low bits of a pointer are reserved', () => {
    const rig = new PciRig();
    rig.card.put(0x34, 1, expOffset + 3);
    rig.card.put(expOffset + 1, 1, msixOffset + 1);
    expect(find(rig, PCI_CAP_ID_MSIX)).toBe(msixOffset);
  });

  it('a list that bites its tail, points into the header or vanishes has an end', () => {
    const rig = new PciRig();
    rig.card.put(expOffset + 1, 1, expOffset);
    expect(find(rig, PCI_CAP_ID_MSIX)).toBe(0);
    rig.card.put(0x10, 1, PCI_CAP_ID_MSIX);
    rig.card.put(expOffset + 1, 1, 0x10);
    expect(find(rig, PCI_CAP_ID_MSIX)).toBe(0);
    rig.card.put(expOffset, 2, 0xffff);
    expect(find(rig, 0xff)).toBe(0);
  });

  it('of PCI Express are read and written by their own offsets', () => {
    const rig = new PciRig();
    const { pdev } = rig;
    const seen = rig.run(function* () {
      yield* pcie_capability_write_word(pdev, 8, 0x2936);
      return [
        yield* pcie_capability_read_word(pdev, 8),
        yield* pcie_capability_read_dword(pdev, 0x0c),
      ];
    });
    expect(seen).toEqual([0x2936, 0x83]);
    expect(rig.card.configRead(expOffset + 8, 2)).toBe(0x2936);
  });

  it('of PCI Express read 0 on a card that has none, and a write goes nowhere', () => {
    const rig = new PciRig();
    const { pdev } = rig;
    rig.card.put(expOffset, 1, 0x09);
    const before = rig.card.configRead(8, 2);
    const seen = rig.run(function* () {
      yield* pcie_capability_write_word(pdev, 8, 0x2936);
      return [
        yield* pcie_capability_read_word(pdev, 8),
        yield* pcie_capability_read_dword(pdev, 0x0c),
      ];
    });
    expect(seen).toEqual([0, 0]);
    expect(rig.card.configRead(8, 2)).toBe(before);
  });
});

describe('COMMAND', () => {
  it('bits are set and cleared beside the others, and written only when they change', () => {
    const rig = new PciRig();
    const { pdev, card } = rig;
    const writes: number[] = [];
    const { configWrite } = card;
    card.configWrite = (offset, size, value) => {
      writes.push(value);
      configWrite.call(card, offset, size, value);
    };
    rig.run(function* () {
      yield* pci_change_command(pdev, 0x4, 0);
      yield* pci_change_command(pdev, 0x4, 0);
      yield* pci_change_command(pdev, 0x400, 0x2);
    });
    expect(writes).toEqual([0x6, 0x404]);
  });
});

describe('saved state', () => {
  it('brings the header back after a reset, BARs before COMMAND', () => {
    const rig = new PciRig();
    const { card } = rig;
    const pdev = rig.enable();
    rig.run(() => pci_save_state(pdev));
    const before = [4, 0x10, 0x18, 0x3c].map((at) => card.configRead(at, 4));
    for (const at of [0x10, 0x14, 0x18]) card.configWrite(at, 4, 0);
    card.configWrite(4, 2, 0);
    const order: number[] = [];
    const { configWrite } = card;
    card.configWrite = (offset, size, value) => {
      order.push(offset);
      configWrite.call(card, offset, size, value);
    };
    rig.run(() => pci_restore_state(pdev));
    expect([4, 0x10, 0x18, 0x3c].map((at) => card.configRead(at, 4))).toEqual(before);
    expect(order).toEqual([0x18, 0x10, 4]);
  });

  it('that nobody has saved is not restored', () => {
    const rig = new PciRig();
    rig.card.configWrite(4, 2, 0);
    rig.run(() => pci_restore_state(rig.pdev));
    expect(rig.card.configRead(4, 2)).toBe(0);
  });
});
