// Ports as mlx4_ib counts them (include/linux/mlx4/device.h: mlx4_foreach_ib_transport_port), by
// the types that the card was last registered with.

import { MLX4_PORT_TYPE_ETH, MLX4_PORT_TYPE_IB, portsOfType } from '../../mlx4_core/mlx4.ts';
import type { mlx4_dev } from '../../mlx4_core/mlx4.ts';

/** InfiniBand ports, in ascending order. */
export const ibPorts = (dev: mlx4_dev): number[] => portsOfType(dev, MLX4_PORT_TYPE_IB);

/** Ports that carry RDMA: InfiniBand and Ethernet ones. */
export const transportPorts = (dev: mlx4_dev): number[] =>
  [...ibPorts(dev), ...portsOfType(dev, MLX4_PORT_TYPE_ETH)].toSorted((a, b) => a - b);
