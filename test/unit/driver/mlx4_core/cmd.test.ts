// The command interface: status codes, several commands at once, time-outs, the reset that follows,
// and what commands give on a card that was given up.

import { describe, expect, it } from 'vitest';
import { mlx4_cmd, mlx4_cmd_imm } from '#driver/mlx4_core/cmd.ts';
import { mlx4_cmd_use_events, mlx4_cmd_use_polling } from '#driver/mlx4_core/cmd/mode.ts';
import { mlx4_NOP } from '#driver/mlx4_core/fw.ts';
import { mlx4_SENSE_PORT } from '#driver/mlx4_core/sense.ts';
import { kill_task } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { CMD_STAT, statusErrno } from '#prm/status.ts';
import type { MaySleep } from '#sim/task.ts';
import { CoreRig } from './rig.ts';

const EIO = -5;

/** A loaded card. */
function loaded(args = '', cpus = 2): CoreRig {
  const rig = new CoreRig({ kernel: { cpus } });
  rig.load(args);
  return rig;
}

describe('status codes', () => {
  const statuses = [...Object.values(CMD_STAT), 0x77];

  it.each(['event', 'polling'])('become the kernel’s error numbers in %s mode', (mode) => {
    const rig = loaded();
    const { dev } = rig;
    if (mode === 'polling') rig.run(() => mlx4_cmd_use_polling(dev));
    for (const status of statuses) {
      rig.card.faults.set({ name: 'failCommand', command: 'MLX4_CMD_NOP', status, count: 1 });
      const err = rig.run(() => mlx4_NOP(dev));
      expect(err, `status 0x${status.toString(16)}`).toBe(statusErrno.get(status) ?? EIO);
    }
    const lines = rig.log(/failed: fw status/).split('\n');
    expect(lines.length).toBe(statuses.length - 1);
    expect(lines[0]).toBe('mlx4_core 0000:06:00.0: command 0x31 failed: fw status = 0x1');
    expect(lines.at(-1)).toContain('command 0x31 failed: fw status = 0x77');
    if (mode === 'polling') rig.run(() => mlx4_cmd_use_events(dev));
    expect(rig.run(() => mlx4_NOP(dev))).toBe(0);
  });

  it('an unknown command is refused by the card, and that is EPERM', () => {
    const rig = loaded();
    const { dev } = rig;
    expect(rig.run(() => mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_SYS_DIS'))).toBe(-1);
  });
});

describe('event mode', () => {
  it('has as many commands under way as there are senders, up to 16', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_NOP' });
    const senders = Array.from({ length: 20 }, (_, i) =>
      rig.start(`nop ${i}`, () => mlx4_NOP(dev)),
    );
    rig.wait(1);
    expect(rig.card.faults.heldCommands.length).toBe(16);
    expect(rig.priv.cmd.event_sem!.count).toBe(0);
    rig.card.faults.clear('holdCommand');
    rig.wait(1);
    expect(senders.every(({ done, result }) => done && result === 0)).toBe(true);
    expect(rig.priv.cmd.event_sem!.count).toBe(16);
    expect(rig.findings).toEqual([]);
  });

  it('answers go to the command with their token, in whatever order they come', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_SENSE_PORT' });
    const slow = rig.start('sense', () => mlx4_SENSE_PORT(dev, 1));
    rig.wait(0.1);
    const quick = rig.start('nop', () => mlx4_NOP(dev));
    rig.wait(0.1);
    expect([slow.done, quick.done]).toEqual([false, true]);
    rig.card.faults.clear('holdCommand');
    rig.wait(0.1);
    expect(slow.result).toBe(0);
  });

  it('a switch to polling waits for the commands under way, and new ones wait for it', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_NOP' });
    const before = rig.start('before', () => mlx4_NOP(dev));
    rig.wait(0.1);
    const change = rig.start('switch', () => mlx4_cmd_use_polling(dev));
    rig.wait(0.1);
    const after = rig.start('after', () => mlx4_NOP(dev));
    rig.wait(0.1);
    const waiting = (name: string): string =>
      [...rig.k.sim.tasks.values()].find((task) => task.name === name)?.waitingFor ?? '';
    expect([before.done, change.done, after.done]).toEqual([false, false, false]);
    expect(waiting('switch')).toContain('cmd.switch_sem(card0)');
    expect(waiting('after')).toContain('cmd.switch_sem(card0)');
    rig.card.faults.clear('holdCommand');
    rig.wait(1);
    expect([before.result, change.done, after.result]).toEqual([0, true, 0]);
    expect(rig.commands.at(-1)!.event).toBe(false);
  });

  it('SENSE_PORT ends with a signal, others do not', () => {
    const rig = loaded();
    const { dev, k } = rig;
    rig.card.faults.set({ name: 'holdCommand', command: 'any' });
    const sense = rig.start('sense', () => mlx4_SENSE_PORT(dev, 1));
    const nop = rig.start('nop', () => mlx4_NOP(dev));
    rig.wait(0.1);
    for (const task of k.sim.tasks.values()) {
      if (task.name === 'sense' || task.name === 'nop') kill_task(k, task);
    }
    rig.wait(1);
    expect([sense.done, sense.result, nop.done]).toEqual([true, 0, false]);
    rig.card.faults.clear();
    rig.wait(1);
    expect(nop.result).toBe(0);
    // The late answer has an old token, or found nobody waiting; the next command is not confused.
    expect(rig.run(() => mlx4_NOP(dev))).toBe(0);
  });
});

describe('time-outs', () => {
  it('NOP gives EBUSY after 60 s, without a reset', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'dropCommand', command: 'MLX4_CMD_NOP', count: 1 });
    const from = rig.k.sim.now();
    expect(rig.run(() => mlx4_NOP(dev))).toBe(-16);
    const seconds = (rig.k.sim.now() - from) / 1e9;
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(69);
    expect(rig.log(/timed out/)).toBe(
      'mlx4_core 0000:06:00.0: command 0x31 timed out (go bit not cleared)',
    );
    expect(rig.log(/going to be reset/)).toBe('');
    expect(rig.run(() => mlx4_NOP(dev))).toBe(0);
  });

  it('another command resets the card, and the work mlx4_health brings it up again', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'dropCommand', command: 'MLX4_CMD_QUERY_PORT', count: 1 });
    const from = rig.commands.length;
    const err = rig.run(() => mlx4_cmd(dev, 0, 1, 0, 'MLX4_CMD_QUERY_PORT'));
    expect(err).toBe(EIO);
    const text = rig.log(/timed out|reset/);
    expect(text.split('\n').map((line) => line.replace('mlx4_core 0000:06:00.0: ', ''))).toEqual([
      'command 0x43 timed out (go bit not cleared)',
      'device is going to be reset',
      'device was reset successfully',
    ]);
    rig.wait(30);
    expect(rig.log(/Internal error mark was detected|restart_one was ended/)).toContain(
      'mlx4_restart_one was ended, ret=0',
    );
    expect(rig.names(from)).toContain('INIT_HCA');
    expect(rig.run(() => mlx4_NOP(rig.dev))).toBe(0);
    expect(rig.findings).toEqual([]);
  });

  it('with internal_err_reset=0 the error just goes on', () => {
    const rig = loaded('internal_err_reset=0');
    const { dev } = rig;
    rig.card.faults.set({ name: 'dropCommand', command: 'MLX4_CMD_QUERY_PORT', count: 1 });
    expect(rig.run(() => mlx4_cmd(dev, 0, 1, 0, 'MLX4_CMD_QUERY_PORT'))).toBe(EIO);
    expect(rig.log(/reset/)).toBe('');
  });

  it('an answer that comes after its time-out is ignored', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({
      name: 'slowCommand',
      command: 'MLX4_CMD_NOP',
      extraNs: 80e9,
    });
    expect(rig.run(() => mlx4_NOP(dev))).toBe(-16);
    rig.card.faults.clear('slowCommand');
    // Its context is in use again when the late answer arrives.
    rig.card.faults.set({ name: 'holdCommand', command: 'MLX4_CMD_NOP' });
    const next = rig.start('next', () => mlx4_NOP(dev));
    rig.wait(30);
    expect(next.done).toBe(false);
    rig.card.faults.clear('holdCommand');
    rig.wait(1);
    expect(next.result).toBe(0);
  });

  it('polling gives up after 60 s as well', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.run(() => mlx4_cmd_use_polling(dev));
    rig.card.faults.set({ name: 'dropCommand', command: 'MLX4_CMD_NOP', count: 1 });
    expect(rig.run(() => mlx4_NOP(dev))).toBe(EIO);
    expect(rig.log(/timed out/)).toContain('command 0x31 timed out (go bit not cleared)');
    expect(rig.log(/device was reset successfully/)).not.toBe('');
  });
});

describe('a card that was given up', () => {
  it('closing commands count as done, others fail, and the card sees none of them', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'catastrophic' });
    // Hold the recovery off: the state between the mark and the restart is looked at.
    const results: number[] = [];
    const asks = function* (): MaySleep<void> {
      while ((dev.persist.state & 2) === 0) yield* msleep(dev.k, 1);
      results.push(yield* mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_UNMAP_FA'));
      results.push(yield* mlx4_cmd(dev, 0, 1, 0, 'MLX4_CMD_CLOSE_PORT'));
      results.push(yield* mlx4_cmd(dev, 0, 1, 0, 'MLX4_CMD_INIT_PORT'));
      results.push(Number(yield* mlx4_cmd_imm(dev, 0, 1, 0, 'MLX4_CMD_SENSE_PORT')));
    };
    const from = rig.commands.length;
    rig.start('asks', asks);
    for (let tries = 0; results.length < 4 && tries < 200; tries++) rig.wait(0.1);
    expect(results).toEqual([0, 0, EIO, EIO]);
    const seen = rig.names(from);
    expect(seen.slice(0, seen.indexOf('QUERY_FW'))).toEqual([]);
  });

  it('a closing command that fails resets the card and counts as done', () => {
    const rig = loaded();
    const { dev } = rig;
    const status = CMD_STAT.BAD_RES_STATE;
    rig.card.faults.set({ name: 'failCommand', command: 'MLX4_CMD_HW2SW_CQ', status, count: 1 });
    expect(rig.run(() => mlx4_cmd(dev, 0, 0x80, 1, 'MLX4_CMD_HW2SW_CQ'))).toBe(0);
    expect(rig.log(/command 0x17 failed|was reset/)).toContain('device was reset successfully');
  });

  it('commands that wait are woken with an error', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.card.faults.set({ name: 'dropCommand', command: 'MLX4_CMD_QUERY_PORT' });
    const waiting = [1, 2].map((port) =>
      rig.start(`query ${port}`, () => mlx4_cmd(dev, 0, port, 0, 'MLX4_CMD_QUERY_PORT')),
    );
    rig.wait(1);
    rig.card.faults.set({ name: 'catastrophic' });
    for (let tries = 0; !waiting.every(({ done }) => done) && tries < 200; tries++) rig.wait(0.1);
    expect(waiting.map(({ result }) => result)).toEqual([EIO, EIO]);
    expect(rig.log(/timed out/)).toBe('');
  });
});

describe('posting', () => {
  it('waits 10 s for a register that the card holds, with device_state_mutex held', () => {
    // Without the reset the dead card keeps the register for ever.
    const rig = loaded('internal_err_reset=0');
    const { dev } = rig;
    rig.card.faults.set({ name: 'catastrophic' });
    const first = rig.start('first', () => mlx4_NOP(dev));
    rig.wait(0.1);
    const second = rig.start('second', () => mlx4_cmd(dev, 0, 2, 0, 'MLX4_CMD_CLOSE_PORT'));
    const third = rig.start('third', () => mlx4_NOP(dev));
    rig.wait(9.5);
    expect([first.done, second.done, third.done]).toEqual([false, false, false]);
    expect(rig.persist.device_state_mutex.owner?.name).toBe('second');
    rig.wait(5);
    expect([first.done, second.result, third.done]).toEqual([false, EIO, false]);
    expect(
      rig
        .log(/cmd_pending|Could not post/)
        .split('\n')
        .slice(0, 2),
    ).toEqual([
      'mlx4_core 0000:06:00.0: mlx4_cmd_post:cmd_pending failed',
      'mlx4_core 0000:06:00.0: Could not post command 0xa: ret=-5, ' +
        'in_param=0x0, in_mod=0x2, op_mod=0x0',
    ]);
  });
});
