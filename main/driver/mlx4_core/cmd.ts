// Firmware commands (cmd.c; facts/device 3, facts/driver 6.9): the way in, for mlx4_core and its
// users, and the mailboxes. A command holds switch_sem for reading and is polled for (cmd/poll.ts)
// or waits for an event (cmd/wait.ts). It may sleep up to 60 s: calling one under a spinlock or in
// an interrupt is a bug. Opcode names are those of prm/opcodes.ts. Left out: virtual functions (the
// comm channel, wrappers).

import { EIO } from '#kernel/errno.ts';
import { complete } from '#kernel/locking/completion.ts';
import { down_read, up_read } from '#kernel/locking/rwsem.ts';
import { spin_lock, spin_unlock } from '#kernel/locking/spinlock.ts';
import { pci_channel_offline } from '#kernel/pci/pci.ts';
import { might_sleep } from '#kernel/sched.ts';
import type { CommandName } from '#prm/opcodes.ts';
import { CMD_STAT, mlx4_status_to_errno } from '#prm/status.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { inInternalError, mlx4_cmd_reset_flow, mlx4_internal_err_ret_value } from './cmd/errors.ts';
import { giveMailboxBack, takeMailbox } from './cmd/mailbox.ts';
import type { mlx4_cmd_mailbox } from './cmd/mailbox.ts';
import { mlx4_cmd_poll } from './cmd/poll.ts';
import { hcrWords } from './cmd/types.ts';
import type { HcrParam, HcrWords, mlx4_cmd_args } from './cmd/types.ts';
import { mlx4_cmd_wait } from './cmd/wait.ts';
import { mlx4_priv } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';
import { notNull } from './tables.ts';

const noAnswer: HcrWords = { high: 0, low: 0 };

/** Carries a command out in the present mode. 0 or a negative error. */
export function* __mlx4_cmd(dev: mlx4_dev, args: mlx4_cmd_args): MaySleep<number> {
  if (pci_channel_offline(dev.persist.pdev)) {
    return yield* mlx4_cmd_reset_flow(dev, args, -EIO);
  }
  if (inInternalError(dev)) return mlx4_internal_err_ret_value(args);
  const { cmd } = mlx4_priv(dev);
  const switch_sem = notNull(cmd.switch_sem);
  yield* down_read(switch_sem);
  const ret = cmd.use_events ? yield* mlx4_cmd_wait(dev, args) : yield* mlx4_cmd_poll(dev, args);
  yield* up_read(switch_sem);
  return ret;
}

/** A command without an answer. `in_param`: address of a mailbox, an immediate, or 0. */
export const mlx4_cmd = (
  dev: mlx4_dev,
  in_param: HcrParam,
  in_modifier: number,
  op_modifier: number,
  op: CommandName,
): MaySleep<number> =>
  __mlx4_cmd(dev, {
    op,
    in_param: hcrWords(in_param),
    out_param: noAnswer,
    out_is_imm: false,
    in_modifier,
    op_modifier,
  });

/** A command that answers into the mailbox at `out_param`. */
export const mlx4_cmd_box = (
  dev: mlx4_dev,
  in_param: HcrParam,
  out_param: number,
  in_modifier: number,
  op_modifier: number,
  op: CommandName,
): MaySleep<number> =>
  __mlx4_cmd(dev, {
    op,
    in_param: hcrWords(in_param),
    out_param: hcrWords(out_param),
    out_is_imm: false,
    in_modifier,
    op_modifier,
  });

/** A command with an immediate answer: 64 bits as a bigint, or a negative error as a number. */
export function* mlx4_cmd_imm(
  dev: mlx4_dev,
  in_param: HcrParam,
  in_modifier: number,
  op_modifier: number,
  op: CommandName,
): MaySleep<bigint | number> {
  const args: mlx4_cmd_args = {
    op,
    in_param: hcrWords(in_param),
    out_param: noAnswer,
    out_is_imm: true,
    in_modifier,
    op_modifier,
  };
  const err = yield* __mlx4_cmd(dev, args);
  if (err !== 0) return err;
  return (BigInt(args.out_param.high) << 32n) | BigInt(args.out_param.low);
}

/** A zeroed mailbox. Memory does not run out here. */
export function* mlx4_alloc_cmd_mailbox(dev: mlx4_dev): MaySleep<mlx4_cmd_mailbox> {
  might_sleep(dev.k);
  return takeMailbox(notNull(mlx4_priv(dev).cmd.pool), dev.persist.pdev);
}

export function* mlx4_free_cmd_mailbox(dev: mlx4_dev, mailbox: mlx4_cmd_mailbox): Atomic<void> {
  giveMailboxBack(notNull(mlx4_priv(dev).cmd.pool), mailbox);
}

/** The card was reset: every command that waits ends with an internal error. */
export function* mlx4_cmd_wake_completions(dev: mlx4_dev): Atomic<void> {
  const { cmd } = mlx4_priv(dev);
  const lock = notNull(cmd.context_lock);
  yield* spin_lock(lock);
  for (const context of cmd.context ?? []) {
    context.fw_status = CMD_STAT.INTERNAL_ERR;
    context.result = mlx4_status_to_errno(CMD_STAT.INTERNAL_ERR);
    yield* complete(context.done);
  }
  yield* spin_unlock(lock);
}
