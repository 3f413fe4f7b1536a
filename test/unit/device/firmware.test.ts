// From power-on to INIT_HCA and back: firmware area, capabilities, ICM pages, tables. The numbers
// are those of facts/device 13.2 and 13.3, restated here on purpose.

import { describe, expect, test } from 'vitest';
import { hasDevCapFlag, hasDevCapFlag2, queryDevCap } from '#prm/dev-cap.ts';
import {
  boardIdText,
  configDev,
  initHca,
  mapEntry,
  modStatCfg,
  queryAdapter,
  queryHca,
} from '#prm/firmware.ts';
import { Commands } from '#test/support/card/commands.ts';
import { BareDriver } from '#test/support/card/driver.ts';
import { Network } from '#test/support/card/network.ts';
import { Rig } from '#test/support/card/rig.ts';
import type { RigOptions } from '#test/support/card/rig.ts';

const chunk = 0x4_0000;

function fresh(options: RigOptions = {}): { rig: Rig; commands: Commands } {
  const rig = new Rig(options);
  rig.enable();
  return { rig, commands: new Commands(rig) };
}

/** A page list with one block of 64 pages; `entry` changes it. */
function block(rig: Rig, entry: { va?: number; pa?: number; log?: number } = {}): Uint8Array {
  const { address } = rig.memory.allocate(chunk);
  return mapEntry.make({ va: entry.va ?? 0, pa: (entry.pa ?? address) + (entry.log ?? 6) });
}

/** Firmware running, nothing initialised. */
function running(): { rig: Rig; commands: Commands } {
  const made = fresh({ card: { firmwarePages: 64 } });
  made.commands.ok('MLX4_CMD_MAP_FA', { in: block(made.rig), inMod: 1 });
  made.commands.ok('MLX4_CMD_RUN_FW');
  return made;
}

describe('firmware', () => {
  test('QUERY_FW: pages, version, interface revision, commands, places of registers', () => {
    const { mailbox } = fresh().commands.ok('MLX4_CMD_QUERY_FW');
    const view = new DataView(mailbox.buffer);
    const words = [0, 2, 4, 6, 0x0a].map((at) => view.getUint16(at));
    expect(words).toEqual([256, 2, 5000, 42, 3]);
    expect(mailbox[0x0f]).toBe(4);
    expect([0x20, 0x30, 0x50].map((at) => view.getBigUint64(at))).toEqual([
      0xf00d8n,
      0xf8000n,
      0xf8080n,
    ]);
    expect(view.getUint32(0x38)).toBe(16);
  });

  test('RUN_FW wants the whole firmware area, and runs once', () => {
    const { rig, commands } = fresh({ card: { firmwarePages: 128 } });
    expect(commands.status('MLX4_CMD_RUN_FW')).toBe('BAD_SYS_STATE');
    commands.ok('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 });
    expect(commands.status('MLX4_CMD_RUN_FW')).toBe('BAD_SYS_STATE');
    commands.ok('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 });
    commands.ok('MLX4_CMD_RUN_FW');
    expect(commands.status('MLX4_CMD_RUN_FW')).toBe('BAD_SYS_STATE');
    expect(commands.status('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 })).toBe('BAD_SYS_STATE');
  });

  test('UNMAP_FA stops the firmware, and with it everything', () => {
    const { driver, rig } = new Network();
    driver.commands.ok('MLX4_CMD_UNMAP_FA');
    const { view } = rig.card;
    expect([view.phase, view.icmPages, view.eqns]).toEqual(['power', 0, []]);
    expect(driver.commands.status('MLX4_CMD_QUERY_DEV_CAP')).toBe('BAD_SYS_STATE');
  });

  test('page lists: entries, size, alignment and place are checked, all or nothing', () => {
    const { rig, commands } = running();
    commands.ok('MLX4_CMD_SET_ICM_SIZE', { in: [0, chunk] });
    commands.ok('MLX4_CMD_MAP_ICM_AUX', { in: block(rig), inMod: 1 });
    const map = (list: Uint8Array, inMod = 1) =>
      commands.status('MLX4_CMD_MAP_ICM', { in: list, inMod });
    expect(map(block(rig), 0)).toBe('BAD_PARAM');
    expect(map(block(rig), 257)).toBe('BAD_PARAM');
    expect(map(block(rig, { log: 9 }))).toBe('BAD_SIZE');
    expect(map(block(rig, { pa: 0x100_1000, log: 1 }))).toBe('BAD_PARAM');
    expect(map(block(rig, { va: 0x800 }))).toBe('BAD_PARAM');
    expect(map(block(rig, { va: 2 ** 40 }))).toBe('BAD_PARAM');
    expect(map(new Uint8Array(16).fill(0xff))).toMatch(/BAD_/);
    const mixed = new Uint8Array(32);
    mixed.set(block(rig));
    mixed.set(block(rig, { va: 1 }), 16);
    expect(map(mixed, 2)).toBe('BAD_PARAM');
    expect(rig.card.view.icmPages).toBe(0);
    expect(map(block(rig, { va: 0x1_0000_0000 }))).toBe('OK');
    expect(rig.card.view.icmPages).toBe(64);
  });

  test('MAP_ICM comes after the auxiliary pages that SET_ICM_SIZE asked for', () => {
    const { rig, commands } = running();
    const map = () => commands.status('MLX4_CMD_MAP_ICM', { in: block(rig), inMod: 1 });
    expect(commands.run('MLX4_CMD_SET_ICM_SIZE', { in: [1, 0] }).immediate).toEqual([0, 64]);
    expect(map()).toBe('BAD_SYS_STATE');
    commands.ok('MLX4_CMD_MAP_ICM_AUX', { in: block(rig), inMod: 1 });
    expect(map()).toBe('OK');
    commands.ok('MLX4_CMD_UNMAP_ICM_AUX');
    expect(map()).toBe('BAD_SYS_STATE');
  });

  test('SET_ICM_SIZE takes up to 1 TiB', () => {
    const { commands } = running();
    const size = (high: number, low: number) =>
      commands.status('MLX4_CMD_SET_ICM_SIZE', { in: [high, low] });
    expect([size(0, 0), size(256, 0), size(256, 1)]).toEqual(['EXCEED_LIM', 'OK', 'EXCEED_LIM']);
  });

  test('UNMAP_ICM names 64 pages, whether they are mapped or not', () => {
    const { rig, commands } = running();
    commands.ok('MLX4_CMD_MAP_ICM_AUX', { in: block(rig), inMod: 1 });
    commands.ok('MLX4_CMD_MAP_ICM', { in: block(rig, { va: chunk, log: 3 }), inMod: 1 });
    expect(rig.card.view.icmPages).toBe(8);
    commands.ok('MLX4_CMD_UNMAP_ICM', { in: [0, chunk], inMod: 64 });
    expect(rig.card.view.icmPages).toBe(0);
    commands.ok('MLX4_CMD_UNMAP_ICM', { in: [0x7fff_ffff, 0], inMod: 64 });
  });
});

describe('capabilities', () => {
  test('QUERY_DEV_CAP states the limits of facts/device 13.3', () => {
    const { mailbox } = running().commands.ok('MLX4_CMD_QUERY_DEV_CAP');
    const at = (...places: number[]) => places.map((place) => mailbox[place]);
    expect(at(0x10, 0x11, 0x12, 0x13, 0x14, 0x15)).toEqual([14, 14, 6, 24, 0x60, 24]);
    expect(at(0x19, 0x1a, 0x1b, 0x1d, 0x1e, 0x1f)).toEqual([22, 7, 24, 24, 2, 9]);
    expect(at(0x20, 0x22, 0x29, 0x2b, 0x2d, 0x2e)).toEqual([0x40, 8, 4, 4, 0x11, 0x37]);
    expect(at(0x37, 0x38, 0x49, 0x4b, 0x51, 0x55)).toEqual([0x82, 30, 2, 12, 30, 30]);
    const view = new DataView(mailbox.buffer);
    const sizes = Array.from({ length: 10 }, (_, i) => view.getUint16(0x80 + 2 * i));
    expect(sizes).toEqual([32, 256, 1, 64, 128, 128, 128, 64, 8, 64]);
    expect(view.getBigUint64(0xa0)).toBe(1n << 40n);
    expect(view.getUint32(0x68)).toBe(256);
  });

  test('flags follow the options of the card', () => {
    const card = { flags: ['DPDP'], flags2: ['CONFIG_DEV'], firmwarePages: 64 } as const;
    const { rig, commands } = fresh({ card });
    commands.ok('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 });
    commands.ok('MLX4_CMD_RUN_FW');
    const { mailbox } = commands.ok('MLX4_CMD_QUERY_DEV_CAP');
    expect([hasDevCapFlag(mailbox, 'DPDP'), hasDevCapFlag(mailbox, 'COUNTERS')]).toEqual([
      true,
      false,
    ]);
    expect(hasDevCapFlag2(mailbox, 'CONFIG_DEV')).toBe(true);
    expect(hasDevCapFlag2(mailbox, 'PORT_REMAP')).toBe(false);
    expect(queryDevCap.get(mailbox, 'max_counters')).toBe(0);
    expect(queryDevCap.get(mailbox, 'bf')).toBe(0);
  });

  test('BlueFlame, when it is offered: registers of 512 bytes, eight in a page', () => {
    const { rig, commands } = fresh({ card: { blueFlame: true, firmwarePages: 64 } });
    commands.ok('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 });
    commands.ok('MLX4_CMD_RUN_FW');
    const { mailbox } = commands.ok('MLX4_CMD_QUERY_DEV_CAP');
    expect([...mailbox.subarray(0x4c, 0x4f)]).toEqual([0x80, 9, 3]);
  });

  test('the card of the recorded trace has its entry sizes and no MSI-X', () => {
    const { rig, commands } = fresh({ profile: 'trace61' });
    commands.ok('MLX4_CMD_MAP_FA', { in: block(rig), inMod: 1 });
    commands.ok('MLX4_CMD_RUN_FW');
    const { mailbox } = commands.ok('MLX4_CMD_QUERY_DEV_CAP');
    expect(queryDevCap.get(mailbox, 'd_mpt_entry_sz')).toBe(128);
    expect(queryDevCap.get(mailbox, 'aux_entry_sz')).toBe(32);
    expect(rig.card.options.msixVectors).toBe(0);
  });

  test('QUERY_ADAPTER: the pin of INTx and the board id, its words byte-reversed', () => {
    const { mailbox } = running().commands.ok('MLX4_CMD_QUERY_ADAPTER');
    expect(queryAdapter.get(mailbox, 'inta_pin')).toBe(5);
    expect(boardIdText(queryAdapter.get(mailbox, 'board_id'))).toBe('MT_1090120019');
    expect(String.fromCharCode(...mailbox.subarray(0xf0, 0xf4))).toBe('1_TM');
  });

  test('MOD_STAT_CFG: 4 KiB pages can be asked for, a GUID for each port, nothing else', () => {
    const { commands } = running();
    const set = (log: number) =>
      commands.status('MLX4_CMD_MOD_STAT_CFG', {
        in: modStatCfg.make({ log_pg_sz_m: 1, log_pg_sz: log }),
      });
    expect([set(0), set(2)]).toEqual(['OK', 'BAD_PARAM']);
    const guid = (port: number) => {
      const { mailbox } = commands.ok('MLX4_CMD_MOD_STAT_CFG', { inMod: port * 256, opMod: 2 });
      return [modStatCfg.get(mailbox, 'guid_hi'), modStatCfg.get(mailbox, 'guid_lo')];
    };
    expect(guid(1)).toEqual([0x0002_c903, 0x00a0_b0c1]);
    expect(guid(2)).toEqual([0x0002_c903, 0x00a0_b0c2]);
    expect(commands.status('MLX4_CMD_MOD_STAT_CFG', { inMod: 0, opMod: 2 })).toBe('BAD_INDEX');
  });
});

describe('INIT_HCA', () => {
  /** A card whose firmware runs, with the INIT_HCA mailbox of a driver that went before. */
  function closed(): {
    driver: BareDriver;
    mailbox: Uint8Array;
    status: (m: Uint8Array) => string;
  } {
    const driver = new BareDriver(new Rig());
    driver.commands.ok('MLX4_CMD_CLOSE_HCA');
    const status = (mailbox: Uint8Array) =>
      driver.commands.status('MLX4_CMD_INIT_HCA', { in: mailbox });
    return { driver, mailbox: driver.initMailbox(), status };
  }

  test('happens once, and again after CLOSE_HCA', () => {
    const { driver, mailbox, status } = closed();
    expect([status(mailbox), status(mailbox)]).toEqual(['OK', 'BAD_SYS_STATE']);
    driver.commands.ok('MLX4_CMD_CLOSE_HCA', { opMod: 1 });
    expect(status(mailbox)).toBe('OK');
  });

  test('refuses what the card did not offer, and tables that cannot be', () => {
    const { mailbox, status } = closed();
    const wrong = [
      [{ version: 1 }, 'BAD_PARAM'],
      [{ eqe64: true }, 'BAD_PARAM'],
      [{ cqe64: true }, 'BAD_PARAM'],
      [{ eqe_cqe_stride: 0x22 }, 'BAD_PARAM'],
      [{ dmfs: true }, 'BAD_PARAM'],
      [{ big_endian_host: true }, 'BAD_PARAM'],
      [{ num_sys_eqs: 8 }, 'BAD_PARAM'],
      [{ uar_page_sz: 1 }, 'BAD_PARAM'],
      [{ log_uar_sz: 11 }, 'EXCEED_LIM'],
      [{ log_qp: 25 }, 'EXCEED_LIM'],
      [{ log_eq: 0x1f }, 'EXCEED_LIM'],
      [{ mtt_base: 2 ** 40 }, 'BAD_PARAM'],
      [{ mc_base: 2 ** 41 }, 'BAD_PARAM'],
      [{ log_mc_entry_sz: 13 }, 'BAD_PARAM'],
      [{ log_mc_entry_sz: 5 }, 'BAD_PARAM'],
      [{ log_mc_hash_sz: 10 }, 'BAD_PARAM'],
    ] as const;
    for (const [fields, answer] of wrong) {
      const changed = mailbox.slice();
      initHca.write(changed, fields);
      expect([fields, status(changed)]).toEqual([fields, answer]);
    }
    expect(status(mailbox)).toBe('OK');
  });

  test('CLOSE_HCA ends everything that INIT_HCA began; pages stay mapped', () => {
    const net = new Network();
    net.receiver(1);
    net.open(1);
    const { commands } = net.driver;
    const { card } = net.rig;
    commands.ok('MLX4_CMD_VIRT_PORT_MAP', { in: Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 2), opMod: 1 });
    const unchecked = configDev.make({ update_rx_port_check: true, rx_port_check_disabled: true });
    commands.ok('MLX4_CMD_CONFIG_DEV', { in: unchecked });
    const pages = card.view.icmPages;
    commands.ok('MLX4_CMD_CLOSE_HCA');
    const { view } = card;
    expect([view.phase, view.eqns, view.cqns, view.qpns]).toEqual(['running', [], [], []]);
    expect(view.mpt(0x100)).toBeNull();
    expect(view.icmPages).toBe(pages);
    expect(card.portMap).toEqual([1, 2]);
    expect(card.rxPortCheck).toBe(true);
    expect(card.port(1)).toMatchObject({ initialised: false, linkUp: false });
    expect(commands.status('MLX4_CMD_CLOSE_HCA')).toBe('OK');
    commands.ok('MLX4_CMD_INIT_HCA', { in: net.driver.initMailbox() });
    expect(card.view.steered(1, 1, 0x0002_c9a0_b0c1)).toEqual([]);
  });

  test('QUERY_HCA gives the image back with the clock in it; zeros and the clock before', () => {
    const { driver, mailbox, status } = closed();
    const query = () => driver.commands.ok('MLX4_CMD_QUERY_HCA').mailbox;
    expect(queryHca.get(query(), 'core_clock_mhz')).toBe(427);
    expect(initHca.get(query(), 'dmpt_base')).toBe(0);
    status(mailbox);
    const answer = query();
    expect(queryHca.get(answer, 'core_clock_mhz')).toBe(427);
    expect([...answer.subarray(0x0e, 0x10)]).toEqual([0, 0]);
    expect([...answer.subarray(0x14, 0x200)]).toEqual([...mailbox.subarray(0x14, 0x200)]);
  });
});
