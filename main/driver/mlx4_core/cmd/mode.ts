// Setting the command interface up, and switching it between polling and events (cmd.c:
// mlx4_cmd_init, mlx4_cmd_use_events, mlx4_cmd_use_polling). A switch takes switch_sem for writing,
// so it waits for every command under way. While events are used poll_sem is kept; while commands
// are polled for, the contexts do not exist.

import { ENOMEM } from '#kernel/errno.ts';
import { init_completion } from '#kernel/locking/completion.ts';
import { down_write, init_rwsem, up_write } from '#kernel/locking/rwsem.ts';
import { down, sema_init, up } from '#kernel/locking/semaphore.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { MLX4_HCR_BASE, MLX4_HCR_SIZE } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { roundup_pow_of_two } from '../alloc/bitmap.ts';
import { cardName, mlx4_err, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import { createMailboxPool, destroyMailboxPool } from './mailbox.ts';
import type { mlx4_cmd_context } from './types.ts';

/** Polling mode, from now on. 0, or -ENOMEM when the register cannot be mapped. */
export function mlx4_cmd_init(dev: mlx4_dev): number {
  const { k, cmd } = mlx4_priv(dev);
  const { pdev } = dev.persist;
  const card = cardName(dev);
  if (!cmd.initialized) {
    cmd.switch_sem = init_rwsem(k, `cmd.switch_sem(${card})`);
    cmd.poll_sem = sema_init(k, `cmd.poll_sem(${card})`, 1);
    cmd.use_events = false;
    cmd.toggle = 1;
    cmd.initialized = true;
  }
  cmd.hcr ??= ioremap(pdev, 0, MLX4_HCR_BASE, MLX4_HCR_SIZE);
  if (cmd.hcr === null) {
    mlx4_err(dev, "Couldn't map command register");
    cmd.initialized = false;
    return -ENOMEM;
  }
  cmd.pool ??= createMailboxPool();
  return 0;
}

export function mlx4_cmd_cleanup(dev: mlx4_dev): void {
  const { cmd } = mlx4_priv(dev);
  if (cmd.pool !== null) destroyMailboxPool(cmd.pool, dev.persist.pdev);
  cmd.pool = null;
  if (cmd.hcr !== null) iounmap(cmd.hcr);
  cmd.hcr = null;
  cmd.initialized = false;
}

/** Commands sleep until their event from now on. The async event queue must exist. */
export function* mlx4_cmd_use_events(dev: mlx4_dev): MaySleep<number> {
  const { k, cmd } = mlx4_priv(dev);
  const card = cardName(dev);
  const context = Array.from({ length: cmd.max_cmds }, (_, i): mlx4_cmd_context => ({
    done: init_completion(k, `cmd.context[${i}].done(${card})`),
    token: i,
    next: i + 1,
    result: 0,
    fw_status: 0,
    out_param: { high: 0, low: 0 },
  }));
  context.at(-1)!.next = -1;
  yield* down_write(notNull(cmd.switch_sem));
  cmd.context = context;
  cmd.free_head = 0;
  cmd.event_sem = sema_init(k, `cmd.event_sem(${card})`, cmd.max_cmds);
  cmd.token_mask = roundup_pow_of_two(cmd.max_cmds) - 1;
  yield* down(notNull(cmd.poll_sem));
  cmd.use_events = true;
  yield* up_write(notNull(cmd.switch_sem));
  return 0;
}

/** Commands are polled for from now on. */
export function* mlx4_cmd_use_polling(dev: mlx4_dev): MaySleep<void> {
  const { cmd } = mlx4_priv(dev);
  yield* down_write(notNull(cmd.switch_sem));
  cmd.use_events = false;
  for (let i = 0; i < cmd.max_cmds; i++) yield* down(notNull(cmd.event_sem));
  cmd.context = null;
  yield* up(notNull(cmd.poll_sem));
  yield* up_write(notNull(cmd.switch_sem));
}
