// A command in event mode (cmd.c: mlx4_cmd_wait, mlx4_cmd_event; facts/device 3.4, 3.5): it takes a
// context with a fresh token, posts, and sleeps until the event with that token. As many commands
// as the card takes can be under way. An event with another token is the late answer of a command
// that timed out: ignored. The free list of contexts is protected by context_lock, an answer by the
// token.

import { EBUSY, EIO } from '#kernel/errno.ts';
import {
  complete,
  reinit_completion,
  wait_for_completion_interruptible_timeout,
  wait_for_completion_timeout,
} from '#kernel/locking/completion.ts';
import { down, up } from '#kernel/locking/semaphore.ts';
import { spin_lock, spin_unlock } from '#kernel/locking/spinlock.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { MLX4_SET_PORT_IB_OPCODE } from '#prm/port.ts';
import { CMD_STAT, mlx4_status_to_errno } from '#prm/status.ts';
import type { CommandStatus } from '#prm/status.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_dbg, mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import {
  inInternalError,
  mlx4_closing_cmd_fatal_error,
  mlx4_cmd_reset_flow,
  mlx4_internal_err_ret_value,
} from './errors.ts';
import { commandOpcode, MLX4_CMD_TIME_MSECS } from './poll.ts';
import { mlx4_cmd_post } from './post.ts';
import type { HcrWords, mlx4_cmd_args, mlx4_cmd_context } from './types.ts';

const tokenMax = 0xffff;

/**
 * A free context, with a token that nobody waits for any more. event_sem says that there is one.
 */
function* takeContext(dev: mlx4_dev): Atomic<mlx4_cmd_context> {
  const { cmd } = mlx4_priv(dev);
  const lock = notNull(cmd.context_lock);
  yield* spin_lock(lock);
  const context = notNull(cmd.context)[cmd.free_head];
  if (context === undefined) {
    throw new Oops('kernel BUG at drivers/net/ethernet/mellanox/mlx4/cmd.c:689!');
  }
  context.token = (context.token + cmd.token_mask + 1) & tokenMax;
  cmd.free_head = context.next;
  yield* spin_unlock(lock);
  return context;
}

function* giveContextBack(dev: mlx4_dev, context: mlx4_cmd_context): Atomic<void> {
  const { cmd } = mlx4_priv(dev);
  const lock = notNull(cmd.context_lock);
  yield* spin_lock(lock);
  context.next = cmd.free_head;
  cmd.free_head = notNull(cmd.context).indexOf(context);
  yield* spin_unlock(lock);
}

/**
 * Sleeps until the answer is there; false when the time is up. A signal ends SENSE_PORT,
 * unanswered.
 */
function* sleepForAnswer(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  context: mlx4_cmd_context,
): MaySleep<boolean> {
  const timeout = msecs_to_jiffies(dev.k, MLX4_CMD_TIME_MSECS);
  if (args.op !== 'MLX4_CMD_SENSE_PORT') {
    return (yield* wait_for_completion_timeout(context.done, timeout)) > 0;
  }
  const left = yield* wait_for_completion_interruptible_timeout(context.done, timeout);
  if (left < 0) {
    context.fw_status = CMD_STAT.OK;
    context.out_param = { high: 0, low: 0 };
    context.result = 0;
  }
  return left !== 0;
}

/**
 * A failure that is expected with some cards: SET_PORT with more virtual lanes than the port has.
 */
const isTriedOut = ({ op, in_modifier, op_modifier }: mlx4_cmd_args, status: number): boolean =>
  op === 'MLX4_CMD_SET_PORT' &&
  (in_modifier === 1 || in_modifier === 2) &&
  op_modifier === MLX4_SET_PORT_IB_OPCODE &&
  status === CMD_STAT.BAD_SIZE;

/** The card answered with an error. */
function* reportFailure(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  context: mlx4_cmd_context,
): MaySleep<number> {
  const { fw_status, result } = context;
  const text = `${commandOpcode(args)} failed: fw status = 0x${fw_status.toString(16)}`;
  if (isTriedOut(args, fw_status)) mlx4_dbg(dev, text);
  else mlx4_err(dev, text);
  if (inInternalError(dev)) return mlx4_internal_err_ret_value(args);
  if (!mlx4_closing_cmd_fatal_error(args, fw_status)) return result;
  return yield* mlx4_cmd_reset_flow(dev, args, result);
}

function* waitWithContext(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  context: mlx4_cmd_context,
): MaySleep<number> {
  reinit_completion(context.done);
  const err = yield* mlx4_cmd_post(dev, args, context.token, true);
  if (err !== 0) return yield* mlx4_cmd_reset_flow(dev, args, err);
  if (!(yield* sleepForAnswer(dev, args, context))) {
    mlx4_warn(dev, `${commandOpcode(args)} timed out (go bit not cleared)`);
    // NOP is the test of interrupts at load: its failure has a meaning of its own.
    if (args.op === 'MLX4_CMD_NOP') return -EBUSY;
    return yield* mlx4_cmd_reset_flow(dev, args, -EIO);
  }
  if (context.result !== 0) return yield* reportFailure(dev, args, context);
  if (args.out_is_imm) args.out_param = context.out_param;
  return 0;
}

export function* mlx4_cmd_wait(dev: mlx4_dev, args: mlx4_cmd_args): MaySleep<number> {
  const { cmd } = mlx4_priv(dev);
  yield* down(notNull(cmd.event_sem));
  const context = yield* takeContext(dev);
  const err = yield* waitWithContext(dev, args, context);
  yield* giveContextBack(dev, context);
  yield* up(notNull(cmd.event_sem));
  return err;
}

/** A CMD event, in a hard interrupt. */
export function* mlx4_cmd_event(
  dev: mlx4_dev,
  token: number,
  status: CommandStatus,
  out_param: HcrWords,
): Atomic<void> {
  const { cmd } = mlx4_priv(dev);
  const context = notNull(cmd.context)[token & cmd.token_mask];
  // An answer that comes after its command has timed out has an old token.
  if (context?.token !== token) return;
  context.fw_status = status;
  context.result = mlx4_status_to_errno(status);
  context.out_param = out_param;
  yield* complete(context.done);
}
