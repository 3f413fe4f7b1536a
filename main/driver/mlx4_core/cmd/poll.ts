// A command in polling mode (cmd.c: mlx4_cmd_poll; facts/device 3.3): one at a time, post, look
// until the register is free again, read status and answer. Used while there is no event queue:
// from load until the queues exist, and from their end on.

import { EIO } from '#kernel/errno.ts';
import { down, up } from '#kernel/locking/semaphore.ts';
import { ioread32be } from '#kernel/pci/io.ts';
import { pci_channel_offline } from '#kernel/pci/pci.ts';
import { cond_resched } from '#kernel/sched.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { commandTable } from '#prm/opcodes.ts';
import {
  CMD_POLL_TOKEN,
  HCR_OUT_PARAM_OFFSET,
  HCR_STATUS_OFFSET,
  HCR_STATUS_SHIFT,
} from '#prm/registers.ts';
import { mlx4_status_to_errno } from '#prm/status.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import {
  inInternalError,
  mlx4_closing_cmd_fatal_error,
  mlx4_cmd_reset_flow,
  mlx4_internal_err_ret_value,
} from './errors.ts';
import { cmd_pending, mlx4_cmd_post } from './post.ts';
import type { mlx4_cmd_args } from './types.ts';

/** Time limit of every class of command. */
export const MLX4_CMD_TIME_MSECS = 60_000;

/** `command 0x12`, as messages begin. */
export const commandOpcode = ({ op }: mlx4_cmd_args): string =>
  `command 0x${commandTable[op].opcode.toString(16)}`;

/** Reads the answer of a command that the card has finished. */
function* readAnswer(dev: mlx4_dev, args: mlx4_cmd_args): Atomic<number> {
  const hcr = notNull(mlx4_priv(dev).cmd.hcr);
  if (args.out_is_imm) {
    const high = yield* ioread32be(hcr, HCR_OUT_PARAM_OFFSET);
    args.out_param = { high, low: yield* ioread32be(hcr, HCR_OUT_PARAM_OFFSET + 4) };
  }
  return (yield* ioread32be(hcr, HCR_STATUS_OFFSET)) >>> HCR_STATUS_SHIFT;
}

/** What happens under poll_sem. */
function* pollCommand(dev: mlx4_dev, args: mlx4_cmd_args): MaySleep<number> {
  const { k } = dev;
  if (inInternalError(dev)) return mlx4_internal_err_ret_value(args);
  let err = yield* mlx4_cmd_post(dev, args, CMD_POLL_TOKEN, false);
  if (err !== 0) return yield* mlx4_cmd_reset_flow(dev, args, err);
  const end = k.jiffies + msecs_to_jiffies(k, MLX4_CMD_TIME_MSECS);
  while ((yield* cmd_pending(dev)) && k.jiffies < end) {
    if (pci_channel_offline(dev.persist.pdev)) {
      return yield* mlx4_cmd_reset_flow(dev, args, -EIO);
    }
    if (inInternalError(dev)) return mlx4_internal_err_ret_value(args);
    yield* cond_resched(k);
  }
  if (yield* cmd_pending(dev)) {
    mlx4_warn(dev, `${commandOpcode(args)} timed out (go bit not cleared)`);
    return yield* mlx4_cmd_reset_flow(dev, args, -EIO);
  }
  const status = yield* readAnswer(dev, args);
  err = mlx4_status_to_errno(status);
  if (err === 0) return 0;
  mlx4_err(dev, `${commandOpcode(args)} failed: fw status = 0x${status.toString(16)}`);
  if (!mlx4_closing_cmd_fatal_error(args, status)) return err;
  return yield* mlx4_cmd_reset_flow(dev, args, err);
}

export function* mlx4_cmd_poll(dev: mlx4_dev, args: mlx4_cmd_args): MaySleep<number> {
  const { poll_sem } = mlx4_priv(dev).cmd;
  yield* down(notNull(poll_sem));
  const err = yield* pollCommand(dev, args);
  yield* up(notNull(poll_sem));
  return err;
}
