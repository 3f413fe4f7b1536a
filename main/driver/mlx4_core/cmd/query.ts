// A command with an output mailbox, and the bytes of its answer: what most queries come to.
// The same for an input mailbox. The mailbox is given back before the caller goes on.

import type { CommandName } from '#prm/opcodes.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd_box, mlx4_free_cmd_mailbox } from '../cmd.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** The modifiers of a query. */
export interface QueryModifiers {
  readonly in_modifier?: number;
  readonly op_modifier?: number;
}

/** The first `bytes` of the answer, or a negative error. */
export function* queryMailbox(
  dev: mlx4_dev,
  op: CommandName,
  bytes: number,
  { in_modifier = 0, op_modifier = 0 }: QueryModifiers = {},
): MaySleep<Uint8Array<ArrayBuffer> | number> {
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  const err = yield* mlx4_cmd_box(dev, 0, mailbox.dma, in_modifier, op_modifier, op);
  const answer = new Uint8Array(bytes);
  if (err === 0) mailbox.buf.read(0, answer);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err === 0 ? answer : err;
}

/** Sends a command with `input` as its mailbox. 0 or a negative error. */
export function* sendMailbox(
  dev: mlx4_dev,
  op: CommandName,
  input: Uint8Array,
  { in_modifier = 0, op_modifier = 0 }: QueryModifiers = {},
): MaySleep<number> {
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  mailbox.buf.write(0, input);
  const err = yield* mlx4_cmd_box(dev, mailbox.dma, 0, in_modifier, op_modifier, op);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}
