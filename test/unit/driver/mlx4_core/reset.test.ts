// The software reset, what a failing card leads to, and loads that end half-way.

import { describe, expect, it } from 'vitest';
import { mlx4_reset } from '#driver/mlx4_core/reset.ts';
import { mlx4_NOP } from '#driver/mlx4_core/fw.ts';
import { delete_module } from '#kernel/module.ts';
import { CMD_STAT } from '#prm/status.ts';
import type { CommandName } from '#prm/opcodes.ts';
import { gatewayDwords, PCI_EXP_DEVCTL, pcieOffset } from '#prm/pci-config.ts';
import { memoryInUse } from './memory.ts';
import { CoreRig, slot } from './rig.ts';

const prefix = `mlx4_core ${slot}: `;

describe('mlx4_reset', () => {
  it('gives the card its configuration space back, and takes a second', () => {
    const rig = new CoreRig();
    rig.load();
    const { dev, k } = rig;
    const { pdev } = rig.persist;
    const header = (): number[] =>
      Array.from({ length: 64 }, (_, i) =>
        gatewayDwords.includes(i) ? 0 : pdev.configRead(i * 4, 4),
      );
    pdev.configWrite(pcieOffset + PCI_EXP_DEVCTL, 2, 0x5000);
    const before = header();
    const from = k.sim.now();
    expect(rig.run(() => mlx4_reset(dev))).toBe(0);
    expect(k.sim.now() - from).toBeGreaterThan(1e9);
    // The MSI-X capability's control word is not the driver's to restore.
    const differ = header().flatMap((dword, i) => (dword === before[i] ? [] : [i * 4]));
    expect(differ.filter((offset) => offset < 64 || offset === pcieOffset + 8)).toEqual([]);
  });

  it('gives up on a card that was pulled out', () => {
    const rig = new CoreRig();
    rig.load();
    const { dev } = rig;
    rig.k.pci.unplug(slot);
    const from = rig.k.sim.now();
    expect(rig.run(() => mlx4_reset(dev))).toBe(-11);
    // Everything reads as ones, also the semaphore: 10 s of trying.
    expect(rig.k.sim.now() - from).toBeGreaterThan(10e9);
    expect(rig.log(/semaphore/)).toBe(`${prefix}Failed to obtain HW semaphore, aborting`);
  });
});

describe('a catastrophic error', () => {
  it('is seen within 5 s, dumped, and the card is loaded again', () => {
    const rig = new CoreRig();
    rig.load();
    rig.wait(7);
    const before = memoryInUse(rig.k);
    rig.card.faults.set({ name: 'catastrophic' });
    rig.wait(30);
    const text = rig.log(/Internal error|buf\[|reset|restart/).split('\n');
    expect(text[0]).toBe(`${prefix}Internal error detected:`);
    expect(text.filter((line) => line.includes('buf[')).length).toBe(16);
    expect(text.at(-1)).toBe(`${prefix}mlx4_restart_one was ended, ret=0`);
    expect(memoryInUse(rig.k)).toBe(before);
    expect(rig.run(() => mlx4_NOP(rig.dev))).toBe(0);
    expect(rig.findings).toEqual([]);
    expect(rig.unload()).toBe(0);
  });

  it('while the module is being unloaded every command counts as done', () => {
    const rig = new CoreRig();
    rig.load();
    const before = rig.commands.length;
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_CLOSE_PORT' });
    const unload = rig.start('rmmod', () => delete_module(rig.k, 'mlx4_core'));
    rig.wait(0.5);
    rig.card.faults.set({ name: 'catastrophic' });
    rig.wait(120);
    expect([unload.done, unload.result]).toEqual([true, 0]);
    expect(rig.names(before)).toEqual([]);
    expect(rig.log(/device was reset successfully/)).not.toBe('');
    expect(rig.findings).toEqual([]);
    rig.card.faults.clear();
    expect(rig.load()).toBe(0);
  });
});

describe('a load that fails', () => {
  /** What the card must have carried out before, and the last messages. */
  const cases: readonly [CommandName, string][] = [
    ['MLX4_CMD_QUERY_FW', 'Failed to init fw, aborting.'],
    ['MLX4_CMD_MAP_FA', 'Failed to init fw, aborting.'],
    ['MLX4_CMD_RUN_FW', 'Failed to init fw, aborting.'],
    ['MLX4_CMD_QUERY_DEV_CAP', 'QUERY_DEV_CAP command failed, aborting'],
    ['MLX4_CMD_QUERY_PORT', 'QUERY_DEV_CAP command failed, aborting'],
    ['MLX4_CMD_SET_ICM_SIZE', 'SET_ICM_SIZE command failed, aborting'],
    ['MLX4_CMD_MAP_ICM_AUX', 'MAP_ICM_AUX command failed, aborting'],
    ['MLX4_CMD_MAP_ICM', 'Failed to map cMPT context memory, aborting'],
    ['MLX4_CMD_INIT_HCA', 'INIT_HCA command failed, aborting'],
    ['MLX4_CMD_QUERY_ADAPTER', 'QUERY_ADAPTER command failed, aborting'],
    ['MLX4_CMD_SW2HW_EQ', 'Failed to initialize event queue table, aborting'],
    ['MLX4_CMD_CONF_SPECIAL_QP', 'Failed to initialize queue pair table, aborting'],
  ];

  it.each(cases)('at %s leaves nothing behind, and the next one succeeds', (command, message) => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    const before = memoryInUse(rig.k);
    const status = CMD_STAT.BAD_PARAM;
    rig.card.faults.set({ name: 'failCommand', command, status, count: 1 });
    rig.load();
    expect(rig.log().split('\n')).toContain(prefix + message);
    expect(memoryInUse(rig.k)).toBe(before);
    expect(rig.k.irqs.describe()).not.toContain('mlx4');
    expect(() => rig.dev).toThrow('no driver');
    rig.unload();
    rig.load();
    expect(rig.run(() => mlx4_NOP(rig.dev))).toBe(0);
    expect(rig.findings).toEqual([]);
  });

  it('at MOD_STAT_CFG ends too, and the firmware keeps its memory: a leak of Linux, kept', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    const before = memoryInUse(rig.k);
    const command = 'MLX4_CMD_MOD_STAT_CFG';
    rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_OP, count: 1 });
    rig.load();
    expect(rig.log(/log_pg_sz|init fw/).split('\n')).toEqual([
      `${prefix}Failed to override log_pg_sz parameter`,
      `${prefix}Failed to init fw, aborting.`,
    ]);
    expect(memoryInUse(rig.k) - before).toBe(rig.card.options.firmwarePages);
  });

  it('at MAD_IFC or CONFIG_DEV only complains', () => {
    const rig = new CoreRig({ kernel: { cpus: 1 } });
    for (const command of ['MLX4_CMD_MAD_IFC', 'MLX4_CMD_CONFIG_DEV'] as const) {
      rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_OP, count: 1 });
    }
    rig.load();
    expect(rig.log(/Failed to query|ib capabilities/).split('\n')).toEqual([
      `${prefix}Failed to query CONFIG_DEV parameters`,
      `${prefix}failed to get port 1 default ib capabilities (-1). Continuing with caps = 0`,
    ]);
    expect(rig.run(() => mlx4_NOP(rig.dev))).toBe(0);
  });

  it('a card that somebody else drives is left alone', () => {
    const rig = new CoreRig();
    // The first read takes the card.
    rig.k.pci.find(slot)!.configWrite(4, 2, 6);
    expect(rig.k.pci.find(slot)!.barRead(0, 0x8069c, 4)).toBe(0);
    rig.load();
    expect(rig.log(/Multiple PFs/)).toBe(`${prefix}Multiple PFs not yet supported - Skipping PF`);
    expect(rig.names()).toEqual([]);
  });
});
