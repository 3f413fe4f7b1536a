// The two firmware commands of bonding (fw.c: mlx4_disable_rx_port_check, mlx4_virt2phy_port_map;
// facts/driver 2.8, 5.9).

import type { MaySleep } from '#sim/task.ts';
import {
  configDev,
  MLX4_CONFIG_DEV_SET,
  MLX4_SET_PORT_VIRT2PHY,
  virtPortMap,
} from '#prm/firmware.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd, mlx4_free_cmd_mailbox } from '../cmd.ts';
import { tellRxPortCheck } from '../main/beliefs.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** Sends one of the two with a mailbox. 0 or a negative error. */
function* send(
  dev: mlx4_dev,
  command: 'MLX4_CMD_CONFIG_DEV' | 'MLX4_CMD_VIRT_PORT_MAP',
  opModifier: number,
  contents: Uint8Array,
): MaySleep<number> {
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  mailbox.buf.write(0, contents);
  const err = yield* mlx4_cmd(dev, mailbox.dma, 0, opModifier, command);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

/** Tells the card not to check on which port a packet came (a bonded card), or to check again. */
export function* mlx4_disable_rx_port_check(dev: mlx4_dev, disable: boolean): MaySleep<number> {
  tellRxPortCheck(dev, !disable);
  const contents = configDev.make({
    update_rx_port_check: true,
    rx_port_check_disabled: disable,
  });
  return yield* send(dev, 'MLX4_CMD_CONFIG_DEV', MLX4_CONFIG_DEV_SET, contents);
}

/** Sets which physical port serves each virtual port. */
export function* mlx4_virt2phy_port_map(
  dev: mlx4_dev,
  port1: number,
  port2: number,
): MaySleep<number> {
  const contents = virtPortMap.make({ port1, port2 });
  return yield* send(dev, 'MLX4_CMD_VIRT_PORT_MAP', MLX4_SET_PORT_VIRT2PHY, contents);
}
