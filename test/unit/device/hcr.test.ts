// The command register: GO and toggle, polling and event mode, sixteen commands under way, statuses
// for everything that is wrong with a command as such, and the faults that touch commands.

import { describe, expect, test } from 'vitest';
import { commandRows } from '#device/commands/table.ts';
import { commandNs } from '#device/timing.ts';
import { commandTable } from '#prm/opcodes.ts';
import type { CommandName } from '#prm/opcodes.ts';
import { MLX4_HCR_BASE, errorBufferOffset } from '#prm/registers.ts';
import { CMD_STAT, closingCommands } from '#prm/status.ts';
import { Commands } from '#test/support/card/commands.ts';
import { Network } from '#test/support/card/network.ts';
import { Rig } from '#test/support/card/rig.ts';

const goBit = 0x80_0000;
const toggleBit = 0x20_0000;
const secondNs = 1_000_000_000;

function fresh(): { rig: Rig; commands: Commands } {
  const rig = new Rig();
  rig.enable();
  return { rig, commands: new Commands(rig) };
}

const names = Object.keys(commandTable) as CommandName[];

describe('GO and toggle', () => {
  test('GO stays set until status and output are there', () => {
    const { rig, commands } = fresh();
    commands.post('MLX4_CMD_QUERY_FW');
    rig.clock.runFor(commandNs('MLX4_CMD_QUERY_FW') - 1);
    expect(commands.control & goBit).toBe(goBit);
    expect(rig.memory.readBe32(commands.outBox)).toBe(0);
    rig.clock.runFor(1);
    expect(commands.control & goBit).toBe(0);
    expect(rig.memory.readBe32(commands.outBox)).not.toBe(0);
  });

  test('the toggle bit stays as written, so that "pending" works from a toggle of 1 on', () => {
    const { commands } = fresh();
    for (let i = 0; i < 5; i++) {
      expect(commands.pending).toBe(false);
      commands.run('MLX4_CMD_QUERY_FW');
      expect((commands.control & toggleBit) !== 0).toBe(commands.toggle === 0);
    }
  });

  test('a write without GO starts nothing', () => {
    const { rig, commands } = fresh();
    rig.writeBe32(0, MLX4_HCR_BASE + 0x18, 0x0004);
    rig.clock.runFor(secondNs);
    expect(commands.control).toBe(4);
    expect(rig.card.commandLog).toEqual([]);
  });

  test('while the card owns the register, writes to it are refused and noted', () => {
    const { rig, commands } = fresh();
    commands.post('MLX4_CMD_QUERY_FW');
    rig.writeBe32(0, MLX4_HCR_BASE + 8, 99);
    expect(rig.readBe32(0, MLX4_HCR_BASE + 8)).toBe(0);
    expect(rig.events('card.refused')[0]).toMatch(/HCR write at 8: GO is set/);
    rig.clock.runFor(secondNs);
    expect(rig.card.commandLog.map(({ name, inModifier }) => [name, inModifier])).toEqual([
      ['QUERY_FW', 0],
    ]);
  });
});

describe('statuses', () => {
  test('an opcode that does not exist is a bad operation', () => {
    const { rig, commands } = fresh();
    expect(commands.status(0x123)).toBe('BAD_OP');
    expect(rig.card.commandLog.at(-1)).toMatchObject({ name: 'OPCODE_0x123', status: 2 });
    expect(rig.events('card.refused').at(-1)).toMatch(/OPCODE_0x123 .*unknown opcode \(BAD_OP\)/);
  });

  test('every command that is not modelled answers BAD_OP and leaves a refusal', () => {
    const { driver, rig } = new Network();
    const refused = names.filter((name) => commandTable[name].modelled === 'refused');
    expect(refused.length).toBeGreaterThan(20);
    for (const name of refused) {
      const before = rig.events('card.refused').length;
      expect([name, driver.commands.status(name)]).toEqual([name, 'BAD_OP']);
      expect(rig.events('card.refused')).toHaveLength(before + 1);
    }
  });

  test('every command answers BAD_OP to opcode modifiers that it does not know', () => {
    const { driver } = new Network();
    for (const [name, row] of Object.entries(commandRows)) {
      if (closingCommands.has(name as CommandName)) continue;
      for (let opMod = 0; opMod < 16; opMod++) {
        if (row.opModifiers.includes(opMod)) continue;
        const answer = driver.commands.status(name as CommandName, { opMod });
        expect([name, opMod, answer]).toEqual([name, opMod, 'BAD_OP']);
      }
    }
  });

  test('before RUN_FW and before INIT_HCA, what needs them answers BAD_SYS_STATE', () => {
    const { commands } = fresh();
    for (const [name, row] of Object.entries(commandRows)) {
      if (row.needs === 'power' || closingCommands.has(name as CommandName)) continue;
      const opMod = row.opModifiers[0]!;
      const answer = commands.status(name as CommandName, { opMod });
      expect([name, answer]).toEqual([name, 'BAD_SYS_STATE']);
    }
  });

  test('closing commands answer OK with nothing to close, and leave a refusal', () => {
    const { driver, rig } = new Network();
    for (const name of closingCommands) {
      if (name === 'MLX4_CMD_CLOSE_HCA' || name === 'MLX4_CMD_UNMAP_FA') continue;
      const opMod = name === 'MLX4_CMD_2RST_QP' ? 2 : 1;
      expect([name, driver.commands.status(name, { inMod: 0x3ff, opMod })]).toEqual([name, 'OK']);
    }
    expect(rig.events('card.refused').length).toBeGreaterThanOrEqual(4);
    expect(rig.events('card.refused')[0]).toMatch(/OK, as every closing command/);
  });

  test('a mailbox that cannot be read or written is a bad parameter', () => {
    const { driver, rig } = new Network();
    const { commands } = driver;
    expect(commands.status('MLX4_CMD_SW2HW_EQ', { in: [0, 0], inMod: 9 })).toBe('BAD_PARAM');
    expect(commands.status('MLX4_CMD_SW2HW_EQ', { in: [9e8, 1], inMod: 9 })).toBe('BAD_PARAM');
    expect(commands.status('MLX4_CMD_QUERY_FW', { out: 0 })).toBe('BAD_PARAM');
    expect(commands.status('MLX4_CMD_QUERY_FW', { out: 2 ** 60 })).toBe('BAD_PARAM');
    expect(rig.events('card.refused').at(-1)).toMatch(/output mailbox cannot be written/);
  });

  test('without bus mastering no mailbox can be reached', () => {
    const rig = new Rig();
    rig.configWrite(4, 2, 2);
    expect(new Commands(rig).status('MLX4_CMD_QUERY_FW')).toBe('BAD_PARAM');
    expect(rig.events('card.error').at(-1)).toBe('card0: DMA write without bus mastering');
  });
});

describe('event mode', () => {
  test('GO is cleared at once, and the answer comes as a CMD event with token and result', () => {
    const { driver, events, rig } = new Network();
    driver.commands.post('MLX4_CMD_SENSE_PORT', { inMod: 1 }, 0x1234, true);
    expect(driver.commands.control & goBit).toBe(0);
    expect(events.command()).toBeNull();
    rig.clock.runFor(secondNs);
    expect(events.command()).toMatchObject({ token: 0x1234, status: 0, immediate: [0, 0] });
  });

  test('a refusal comes with its status in the event', () => {
    const { driver, events, rig } = new Network();
    driver.commands.post('MLX4_CMD_QUERY_PORT', { inMod: 3 }, 7, true);
    rig.clock.runFor(secondNs);
    expect(events.command()).toMatchObject({ token: 7, status: CMD_STAT.BAD_INDEX });
  });

  test('sixteen commands may be under way; the next one keeps GO until one of them ends', () => {
    const { driver, events, rig } = new Network();
    const { commands } = driver;
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_NOP' });
    for (let token = 0; token < 16; token++) {
      commands.post('MLX4_CMD_NOP', { inMod: 0x1f }, token, true);
      expect(commands.control & goBit).toBe(0);
    }
    commands.post('MLX4_CMD_SENSE_PORT', { inMod: 2 }, 16, true);
    rig.clock.runFor(secondNs);
    expect(commands.control & goBit).toBe(goBit);
    expect(events.command()).toBeNull();
    expect(rig.card.faults.release('MLX4_CMD_NOP')).toBe(16);
    rig.clock.runFor(secondNs);
    expect(commands.control & goBit).toBe(0);
    const tokens = Array.from({ length: 17 }, () => events.command()?.token);
    expect(tokens).toEqual(Array.from({ length: 17 }, (_, token) => token));
  });

  test('an answer that no event queue hears of is lost, which the trace shows', () => {
    const { driver, rig } = new Network();
    driver.commands.ok('MLX4_CMD_MAP_EQ', { in: [0, 1 << 0x0a], inMod: 0x8000_0004 });
    driver.commands.post('MLX4_CMD_NOP', { inMod: 0x1f }, 5, true);
    rig.clock.runFor(secondNs);
    expect(rig.events('card.event').at(-1)).toBe('card0 CMD: token 0x5: no EQ hears of it');
  });
});

describe('faults', () => {
  test('slowCommand adds to the time of the command that it names', () => {
    const { rig, commands } = fresh();
    rig.card.faults.set({ name: 'slowCommand', command: 'MLX4_CMD_QUERY_FW', extraNs: secondNs });
    const from = rig.clock.now();
    commands.ok('MLX4_CMD_QUERY_FW');
    expect(rig.clock.now() - from).toBe(commandNs('MLX4_CMD_QUERY_FW') + secondNs);
    expect(rig.card.commandLog[0]).toMatchObject({ timeNs: from, doneNs: rig.clock.now() });
  });

  test('holdCommand keeps a command until it is released; the switch stays on', () => {
    const { rig, commands } = fresh();
    const { faults } = rig.card;
    faults.set({ name: 'holdCommand', command: 'MLX4_CMD_QUERY_FW' });
    commands.post('MLX4_CMD_QUERY_FW');
    rig.clock.runFor(secondNs);
    expect(faults.heldCommands).toEqual(['MLX4_CMD_QUERY_FW']);
    expect(faults.release('MLX4_CMD_NOP')).toBe(0);
    expect(faults.release('any')).toBe(1);
    rig.clock.runFor(1);
    expect(commands.control & goBit).toBe(0);
    expect(faults.list).toHaveLength(1);
    faults.clear('holdCommand');
    expect(commands.status('MLX4_CMD_QUERY_FW')).toBe('OK');
  });

  test('failCommand answers a status, count times, without carrying anything out', () => {
    const { rig, commands } = fresh();
    const status = CMD_STAT.INTERNAL_ERR;
    rig.card.faults.set({ name: 'failCommand', command: 'MLX4_CMD_MAP_FA', status, count: 2 });
    const entry = new Uint8Array(16);
    const answers = [1, 2, 3].map(() =>
      commands.status('MLX4_CMD_MAP_FA', { in: entry, inMod: 0 }),
    );
    expect(answers).toEqual(['INTERNAL_ERR', 'INTERNAL_ERR', 'BAD_PARAM']);
    expect(rig.events('card.fault').filter((text) => text.endsWith('failed'))).toHaveLength(2);
    expect(rig.card.faults.list).toEqual([]);
  });

  test('dropCommand leaves GO set for ever; a reset helps', () => {
    const { rig, commands } = fresh();
    rig.card.faults.set({ name: 'dropCommand', command: 'any', count: 1 });
    commands.post('MLX4_CMD_QUERY_FW');
    rig.clock.runFor(100 * secondNs);
    expect(commands.control & goBit).toBe(goBit);
    rig.writeBe32(0, 0xf0010, 1);
    rig.clock.runFor(secondNs);
    rig.enable();
    commands.toggle = 1;
    expect(commands.status('MLX4_CMD_QUERY_FW')).toBe('OK');
  });

  test('catastrophic fills the error buffer; commands, doorbells and packets end', () => {
    const net = new Network();
    const { receives } = net.receiver(1);
    net.open(1);
    net.driver.commands.post('MLX4_CMD_NOP', { inMod: 0x1f }, 1, true);
    net.rig.card.faults.set({ name: 'catastrophic' });
    const buffer = Array.from({ length: 16 }, (_, i) =>
      net.rig.readBe32(0, errorBufferOffset + 4 * i),
    );
    expect(buffer.every((word) => word !== 0)).toBe(true);
    net.arrive(1, new Uint8Array(64));
    net.rig.clock.runFor(secondNs);
    expect(receives.poll()).toEqual([]);
    expect(net.rig.events('card.fault').at(-1)).toBe('card0: catastrophic');
    net.driver.commands.post('MLX4_CMD_QUERY_FW');
    net.rig.clock.runFor(100 * secondNs);
    expect(net.driver.commands.control & goBit).toBe(goBit);
  });
});

test('each answered command is in the log, and numbers go on over resets', () => {
  const { rig, commands } = fresh();
  const heard: number[] = [];
  rig.card.onCommand = ({ seq }) => heard.push(seq);
  commands.ok('MLX4_CMD_QUERY_FW');
  rig.writeBe32(0, 0xf0010, 1);
  rig.clock.runFor(secondNs);
  rig.enable();
  commands.toggle = 1;
  commands.status('MLX4_CMD_MAP_FA', { in: Uint8Array.of(1, 2, 3), inMod: 300 });
  expect(heard).toEqual([0, 1]);
  const [, last] = rig.card.commandLog;
  expect(last).toMatchObject({
    name: 'MAP_FA',
    opcode: 0xfff,
    inModifier: 300,
    token: 0xffff,
    event: false,
    inParam: [0, commands.inBox],
  });
  expect([...last!.mailbox.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
});
