// Loading and unloading, command by command: against the recording of the real 6.1 driver, and with
// MSI-X against facts/device 11.4 and 11.9.

import { describe, expect, it } from 'vitest';
import { moduleDefinition as mlx4_en } from '#driver/mlx4_en/en_main.ts';
import { modprobe } from '#kernel/module.ts';
import { dev_open } from '#kernel/net/dev.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { eqContext } from '#prm/contexts.ts';
import { INIT_HCA_CACHELINE_64 } from '#prm/firmware.ts';
import { memoryInUse } from './memory.ts';
import { cutLike, describeCommands, readRecording } from '#test/support/recorded-commands.ts';
import type { RecordedCommand } from '#test/support/recorded-commands.ts';
import { CoreRig, slot } from './rig.ts';

/** Where INIT_HCA has the size of a cache line, in hexadecimal digits. */
const cachelineAt = 2 * 0x0e;

/** The recorded machine had cache lines of 32 bytes; ours has 64. Nothing else may differ. */
function withOurCacheLine(command: RecordedCommand): RecordedCommand {
  if (command.name !== 'INIT_HCA') return command;
  const { mailbox } = command;
  expect(mailbox.slice(cachelineAt, cachelineAt + 2)).toBe('30');
  const ours = INIT_HCA_CACHELINE_64.toString(16);
  return {
    ...command,
    mailbox: mailbox.slice(0, cachelineAt) + ours + mailbox.slice(cachelineAt + 2),
  };
}

describe('against the recorded commands of Linux 6.1', () => {
  it('mlx4_core sends the same 65 commands, tokens and mailboxes included', () => {
    const rig = new CoreRig({ profile: 'trace61' });
    const recording = readRecording('hcr-6.1-core.txt').map(withOurCacheLine);
    expect(rig.load()).toBe(0);
    expect(recording.length).toBe(65);
    expect(cutLike(describeCommands(rig.commands), recording)).toEqual(recording);
    expect(rig.commands.every(({ status }) => status === 0)).toBe(true);
    expect(rig.findings).toEqual([]);
  });

  it('it does so under random schedules, too', () => {
    const recording = readRecording('hcr-6.1-core.txt').map(withOurCacheLine);
    for (let seed = 1; seed <= 5; seed++) {
      const rig = new CoreRig({ profile: 'trace61', seed });
      rig.load();
      expect(cutLike(describeCommands(rig.commands), recording)).toEqual(recording);
    }
  });

  it('mlx4_en goes on in the same way up to the rule for broadcasts', () => {
    const rig = new CoreRig({ profile: 'trace61', kernel: { cpus: 1 }, modules: [mlx4_en] });
    const { k } = rig;
    rig.load();
    rig.run(() => modprobe(k, 'mlx4_en'));
    rig.run(function* () {
      yield* rtnl_lock(k);
      yield* dev_open(k.net.devices.find(({ name }) => name === 'eth0')!);
      yield* rtnl_unlock(k);
    });
    const recording = readRecording('hcr-6.1-core-en-up.txt').map(withOurCacheLine).slice(0, 95);
    const ours = describeCommands(rig.commands).slice(0, recording.length);
    expect(recording.at(-1)!.name).toBe('WRITE_MCG');
    expect(cutLike(ours, recording).map(comparable)).toEqual(recording.map(comparable));
  });
});

/** The real card's hash of every address was 0, and doorbell records lay elsewhere. */
function comparable(command: RecordedCommand): RecordedCommand {
  const { name, mailbox } = command;
  if (name === 'READ_MCG' || name === 'WRITE_MCG') return { ...command, inModifier: 0 };
  // The record's address is the last qword of a CQ context.
  return name === 'SW2HW_CQ' ? { ...command, mailbox: mailbox.slice(0, 2 * 0x38) } : command;
}

describe('with MSI-X', () => {
  it('asks for a vector per port and CPU, and gives one to each event queue', () => {
    const rig = new CoreRig({ kernel: { cpus: 2 } });
    rig.load();
    const made = rig.commands.filter(({ name }) => name === 'SW2HW_EQ');
    const contexts = made.map(({ mailbox }) => eqContext.read(mailbox));
    const { reserved_eqs } = rig.dev.caps;
    expect(made.map(({ inModifier }) => inModifier - reserved_eqs)).toEqual([0, 1, 2, 3, 4]);
    expect(contexts.map(({ intr }) => intr)).toEqual([0, 1, 2, 3, 4]);
    expect(contexts.map(({ log_eq_size }) => log_eq_size)).toEqual([9, 16, 16, 16, 16]);
    expect(rig.k.irqs.describe()).toContain(`mlx4-async@pci:${slot}`);
    expect(rig.k.irqs.describe()).not.toContain(`mlx4-1@${slot}`);
  });

  it('msi_x=3 limits the vectors, and msi_x=0 means INTx', () => {
    const limited = new CoreRig();
    limited.load('msi_x=3');
    expect(limited.dev.caps.num_comp_vectors).toBe(2);
    const without = new CoreRig();
    without.load('msi_x=0');
    expect(without.dev.caps.num_comp_vectors).toBe(1);
    expect(without.k.irqs.describe()).toContain(`mlx4_core@pci:${slot}`);
    expect(without.names().slice(-4)).toEqual(['NOP', 'CONF_SPECIAL_QP', 'MAD_IFC', 'MAD_IFC']);
  });

  it('divides many vectors between the ports and shares few', () => {
    const many = new CoreRig({ kernel: { cpus: 8 } });
    many.load();
    const { eq } = many.priv.eq_table;
    expect(many.dev.caps.num_comp_vectors).toBe(16);
    const portsOf = (i: number): number[] => [...eq[i]!.actv_ports];
    expect([1, 8, 9, 16].map(portsOf)).toEqual([[1], [1], [2], [2]]);
    const few = new CoreRig();
    few.load();
    expect([...few.priv.eq_table.eq[1]!.actv_ports]).toEqual([1, 2]);
  });

  it('the first commands in event mode are NOP and what follows; polled ones come before', () => {
    const rig = new CoreRig();
    rig.load();
    const firstEvent = rig.commands.findIndex(({ event }) => event);
    expect(rig.commands[firstEvent]!.name).toBe('NOP');
    expect(rig.commands.slice(firstEvent).every(({ event }) => event)).toBe(true);
  });
});

/** A sequence without repetitions of the same name. */
const withoutRuns = (names: readonly string[]): string[] =>
  names.filter((name, index) => name !== names[index - 1]);

describe('unloading', () => {
  it('is the reverse: ports, queues, machinery, context memory, firmware', () => {
    const rig = new CoreRig({ card: { flags2: [] } });
    rig.load();
    const from = rig.commands.length;
    expect(rig.unload()).toBe(0);
    expect(withoutRuns(rig.names(from))).toEqual([
      'CLOSE_PORT',
      'QUERY_IF_STAT',
      'CONF_SPECIAL_QP',
      'MAP_EQ',
      'HW2SW_EQ',
      'CLOSE_HCA',
      'UNMAP_ICM',
      'UNMAP_ICM_AUX',
      'UNMAP_FA',
    ]);
    const unmapped = rig.commands.slice(from).filter(({ name }) => name === 'UNMAP_ICM');
    expect(unmapped.every(({ inModifier }) => inModifier === 64)).toBe(true);
    const polled = rig.commands.slice(from).findIndex(({ event }) => !event);
    expect(rig.names(from)[polled]).toBe('MAP_EQ');
  });

  it('unmaps in the reverse order of mapping', () => {
    const rig = new CoreRig();
    rig.load();
    rig.unload();
    const groups = (name: string, field: (record: (typeof rig.commands)[0]) => number): number[] =>
      rig.commands.filter((record) => record.name === name).map(field);
    const word = (bytes: Uint8Array): number => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
    };
    const mapped = groups('MAP_ICM', ({ mailbox }) => word(mailbox));
    const unmapped = groups('UNMAP_ICM', ({ inParam: [high, low] }) => high * 2 ** 32 + low);
    expect(unmapped.toSorted((a, b) => a - b)).toEqual(mapped.toSorted((a, b) => a - b));
    // The groups' table was mapped last, chunk by chunk, and goes first.
    const groupsTable = mapped.slice(-32);
    expect(unmapped.slice(0, 32)).toEqual(groupsTable);
    expect(unmapped.at(-1)).toBe(mapped[0]);
  });

  it('leaves no memory, no interrupt and no ownership behind, and the card loads again', () => {
    const rig = new CoreRig();
    const before = memoryInUse(rig.k);
    rig.load();
    const first = rig.names();
    rig.unload();
    expect(memoryInUse(rig.k)).toBe(before);
    expect(rig.k.irqs.describe()).not.toContain('mlx4');
    const from = rig.commands.length;
    expect(rig.load()).toBe(0);
    expect(rig.names(from)).toEqual(first);
    expect(rig.findings).toEqual([]);
  });
});
