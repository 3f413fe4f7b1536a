// What becomes of a command when the card has failed (cmd.c: mlx4_internal_err_ret_value,
// mlx4_closing_cmd_fatal_error, mlx4_cmd_reset_flow; facts/device 3.5, 3.7). Once the card is given
// up no command touches it: those that give something back count as done, so that a teardown goes
// through. persist.state is read without its mutex here, as in Linux.

import { EIO } from '#kernel/errno.ts';
import { doneWithoutCard, isFatalClosingStatus } from '#prm/status.ts';
import type { CommandStatus } from '#prm/status.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_enter_error_state } from '../catas.ts';
import { MLX4_DEVICE_STATE_INTERNAL_ERROR } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import type { mlx4_cmd_args } from './types.ts';

/** The card was given up. */
export const inInternalError = (dev: mlx4_dev): boolean =>
  (dev.persist.state & MLX4_DEVICE_STATE_INTERNAL_ERROR) !== 0;

/** What a command gives without the card: 0 for one that ends something, else -EIO. */
export function mlx4_internal_err_ret_value({ op, op_modifier }: mlx4_cmd_args): number {
  if (doneWithoutCard.has(op)) return 0;
  return op === 'MLX4_CMD_QP_ATTACH' && op_modifier === 0 ? 0 : -EIO;
}

/** Whether this status of a closing command means that the card is broken. */
export const mlx4_closing_cmd_fatal_error = (
  { op }: mlx4_cmd_args,
  status: CommandStatus,
): boolean => isFatalClosingStatus(op, status);

/**
 * A command failed for good: resets the card. Without internal_err_reset the error just goes on.
 */
export function* mlx4_cmd_reset_flow(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  err: number,
): MaySleep<number> {
  if (dev.priv.module.params.int('internal_err_reset') === 0) return err;
  yield* mlx4_enter_error_state(dev.persist);
  return mlx4_internal_err_ret_value(args);
}
