// The command interface of a card (mlx4.h: struct mlx4_cmd; cmd.c; facts/device 3). toggle is
// protected by device_state_mutex, the free list of contexts by context_lock, use_events by
// switch_sem. A context belongs to the command that took it; its answer is written by the interrupt
// that completes it.

import type { Completion } from '#kernel/locking/completion.ts';
import type { RwSemaphore } from '#kernel/locking/rwsem.ts';
import type { Semaphore } from '#kernel/locking/semaphore.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import type { CommandName } from '#prm/opcodes.ts';
import type { MailboxPool } from './mailbox.ts';

/** A 64-bit parameter as two words: immediates use all of its bits. */
export interface HcrWords {
  readonly high: number;
  readonly low: number;
}

/** A parameter: an address or number below 2^53, or two words. */
export type HcrParam = number | HcrWords;

export const hcrWords = (param: HcrParam): HcrWords =>
  typeof param === 'number' ? { high: Math.floor(param / 2 ** 32), low: param % 2 ** 32 } : param;

/** One command on its way. */
export interface mlx4_cmd_args {
  readonly op: CommandName;
  readonly in_param: HcrWords;
  /** Address of the output mailbox; for an immediate, where the answer goes. */
  out_param: HcrWords;
  readonly out_is_imm: boolean;
  readonly in_modifier: number;
  readonly op_modifier: number;
}

/** struct mlx4_cmd_context: a command that waits for its event. */
export interface mlx4_cmd_context {
  /** Named after the context's place in the array. */
  readonly done: Completion;
  token: number;
  /** Next free context, -1 at the end. */
  next: number;
  result: number;
  fw_status: number;
  out_param: HcrWords;
}

/** struct mlx4_cmd. */
export interface mlx4_cmd_interface {
  initialized: boolean;
  hcr: IoMem | null;
  pool: MailboxPool | null;
  /** One polled command at a time; taken for good while events are used. */
  poll_sem: Semaphore | null;
  /** As many commands as the card takes. */
  event_sem: Semaphore | null;
  /** Read: a command is under way; write: the mode is being changed. */
  switch_sem: RwSemaphore | null;
  context_lock: SpinLock | null;
  max_cmds: number;
  context: mlx4_cmd_context[] | null;
  free_head: number;
  token_mask: number;
  use_events: boolean;
  /** Value of the T bit of the next command. */
  toggle: 0 | 1;
}

/** All members zero. */
export const zeroCommandInterface = (): mlx4_cmd_interface => ({
  initialized: false,
  hcr: null,
  pool: null,
  poll_sem: null,
  event_sem: null,
  switch_sem: null,
  context_lock: null,
  max_cmds: 0,
  context: null,
  free_head: 0,
  token_mask: 0,
  use_events: false,
  toggle: 0,
});
