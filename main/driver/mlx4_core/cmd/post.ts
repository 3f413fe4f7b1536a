// Posting a command (cmd.c: cmd_pending, mlx4_cmd_post; facts/device 3.1, 3.2): seven words, the
// last one starts it. "Busy" is the GO bit, or the T bit as this driver would write it next.
// Everything happens under device_state_mutex, so that no command reaches a card that is being
// reset; in event mode a busy card is waited for with the mutex held.

import { readBe32 } from '#bus/bytes.ts';
import { EIO } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { ioread32be, iowrite32be } from '#kernel/pci/io.ts';
import { pci_channel_offline } from '#kernel/pci/pci.ts';
import { cond_resched } from '#kernel/sched.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { commandTable } from '#prm/opcodes.ts';
import {
  hcr as hcrLayout,
  HCR_GO_BIT,
  HCR_IN_MODIFIER_OFFSET,
  HCR_IN_PARAM_OFFSET,
  HCR_OUT_PARAM_OFFSET,
  HCR_STATUS_OFFSET,
  HCR_T_BIT,
  HCR_TOKEN_OFFSET,
} from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import { inInternalError } from './errors.ts';
import type { mlx4_cmd_args } from './types.ts';

/** Longest wait for a busy register before a command in event mode. */
const GO_BIT_TIMEOUT_MSECS = 10_000;

const hex = (value: number): string => `0x${value.toString(16)}`;

/** True while the card owns the register, or cannot be asked. */
export function* cmd_pending(dev: mlx4_dev): Atomic<boolean> {
  if (pci_channel_offline(dev.persist.pdev)) return true;
  const { cmd } = mlx4_priv(dev);
  const word = yield* ioread32be(notNull(cmd.hcr), HCR_STATUS_OFFSET);
  return ((word >>> HCR_GO_BIT) & 1) === 1 || ((word >>> HCR_T_BIT) & 1) === cmd.toggle;
}

/** Waits until the register is free. 0 or -EIO. */
function* waitForRegister(dev: mlx4_dev, event: boolean): MaySleep<number> {
  const { k } = dev;
  const { pdev } = dev.persist;
  if (pci_channel_offline(pdev) || inInternalError(dev)) return -EIO;
  const end = k.jiffies + (event ? msecs_to_jiffies(k, GO_BIT_TIMEOUT_MSECS) : 0);
  while (yield* cmd_pending(dev)) {
    if (pci_channel_offline(pdev)) return -EIO;
    if (k.jiffies >= end) {
      mlx4_err(dev, 'mlx4_cmd_post:cmd_pending failed');
      return -EIO;
    }
    yield* cond_resched(k);
  }
  return 0;
}

/** Writes the words; the card has the command with the last one. */
function* writeRegister(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  token: number,
  event: boolean,
): Atomic<void> {
  const { cmd } = mlx4_priv(dev);
  const hcr = notNull(cmd.hcr);
  const { in_param, out_param, in_modifier, op_modifier, op } = args;
  const words = hcrLayout.make({
    token,
    go: true,
    event,
    toggle: cmd.toggle === 1,
    opcode_modifier: op_modifier,
    opcode: commandTable[op].opcode,
  });
  const word = (offset: number): number => readBe32(words, offset);
  yield* iowrite32be(hcr, HCR_IN_PARAM_OFFSET, in_param.high);
  yield* iowrite32be(hcr, HCR_IN_PARAM_OFFSET + 4, in_param.low);
  yield* iowrite32be(hcr, HCR_IN_MODIFIER_OFFSET, in_modifier);
  yield* iowrite32be(hcr, HCR_OUT_PARAM_OFFSET, out_param.high);
  yield* iowrite32be(hcr, HCR_OUT_PARAM_OFFSET + 4, out_param.low);
  yield* iowrite32be(hcr, HCR_TOKEN_OFFSET, word(HCR_TOKEN_OFFSET));
  yield* iowrite32be(hcr, HCR_STATUS_OFFSET, word(HCR_STATUS_OFFSET));
  cmd.toggle = cmd.toggle === 1 ? 0 : 1;
}

/** Gives a command to the card. 0, or -EIO with a warning. */
export function* mlx4_cmd_post(
  dev: mlx4_dev,
  args: mlx4_cmd_args,
  token: number,
  event: boolean,
): MaySleep<number> {
  const { device_state_mutex } = dev.persist;
  yield* mutex_lock(device_state_mutex);
  const ret = yield* waitForRegister(dev, event);
  if (ret === 0) yield* writeRegister(dev, args, token, event);
  else {
    const { high, low } = args.in_param;
    const param = ((BigInt(high) << 32n) | BigInt(low)).toString(16);
    const what = `Could not post command ${hex(commandTable[args.op].opcode)}: ret=${ret}`;
    const modifiers = `in_mod=${hex(args.in_modifier)}, op_mod=${hex(args.op_modifier)}`;
    mlx4_warn(dev, `${what}, in_param=0x${param}, ${modifiers}`);
  }
  yield* mutex_unlock(device_state_mutex);
  return ret;
}
