// The driver's files in the device's directory (main.c: hca_type, hw_rev, board_id), and texts
// from the card.

import type { Device, DeviceAttribute } from '#kernel/base/device.ts';
import { ibDriverOf } from '#kernel/infiniband/ib-device.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import { mlx4_priv } from '../../mlx4_core/mlx4.ts';
import type { mlx4_dev } from '../../mlx4_core/mlx4.ts';
import type { mlx4_ib_dev } from '../mlx4_ib.ts';

/** get_fw_ver_str(): `2.42.5000`. */
export function fwVersionText(dev: mlx4_dev): string {
  const { major, minor, subminor } = dev.caps.fw_ver;
  return `${major}.${minor}.${subminor}`;
}

const driverOf = (device: Device): mlx4_ib_dev => ibDriverOf<mlx4_ib_dev>(device as IbDevice);

const attribute = (name: string, text: (ibdev: mlx4_ib_dev) => string): DeviceAttribute => ({
  name,
  mode: 0o444,
  *show(device) {
    return `${text(driverOf(device))}\n`;
  },
});

/** mlx4_class_attributes[]. */
export const mlx4_class_attributes: readonly DeviceAttribute[] = [
  attribute('hw_rev', ({ dev }) => dev.rev_id.toString(16)),
  attribute('hca_type', ({ dev }) => `MT${dev.persist.pdev.device}`),
  attribute('board_id', ({ dev }) => mlx4_priv(dev).board_id),
];
