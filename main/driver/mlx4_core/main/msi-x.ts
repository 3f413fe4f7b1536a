// Interrupt vectors (main.c: mlx4_enable_msi_x; facts/device 1.6): one for asynchronous events and,
// for every port, one for each CPU, as far as the card has event queues. With few vectors the ports
// share all of them; with many each port has its part. Without MSI-X all queues share the INTx
// line. Left out: affinity hints.

import { pci_enable_msix_range, pci_irq_vector } from '#kernel/pci/msi.ts';
import type { MaySleep } from '#sim/task.ts';
import { MIN_MSIX_P_PORT, MLX4_EQ_ASYNC } from '../eq/vectors.ts';
import { MLX4_FLAG_MSI_X, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { MAX_MSIX } from '../profile.ts';

/** One vector for asynchronous events and one for completions. */
const fewestVectors = 2;

/** How many vectors to ask for; module parameter msi_x above 1 is a limit. */
function wantedVectors(dev: mlx4_dev): number {
  const { num_ports, num_eqs, reserved_eqs } = dev.caps;
  const limit = dev.priv.module.params.int('msi_x');
  const wanted = Math.min(num_ports * dev.k.options.cpus + 1, num_eqs - reserved_eqs, MAX_MSIX);
  return limit > 1 ? Math.min(wanted, limit) : wanted;
}

/** Gives the queues their interrupts, and the ports their queues. */
function distribute(dev: mlx4_dev): void {
  const { eq } = mlx4_priv(dev).eq_table;
  const { num_ports, num_comp_vectors } = dev.caps;
  const shared = num_comp_vectors < num_ports * MIN_MSIX_P_PORT;
  const perPort = Math.floor(num_comp_vectors / num_ports);
  for (let i = 0; i <= num_comp_vectors; i++) {
    eq[i]!.irq = pci_irq_vector(dev.persist.pdev, i);
    eq[i]!.actv_ports.clear();
    if (i === MLX4_EQ_ASYNC) continue;
    for (let port = 1; port <= num_ports; port++) {
      // A remainder of vectors goes to nobody: it would be the queue of a port that does not exist.
      const mine = Math.floor((i - 1) / perPort) + 1 === port;
      if (shared || mine) eq[i]!.actv_ports.add(port);
    }
  }
}

/** Both queues on the card's INTx line. */
function useIntx(dev: mlx4_dev): void {
  const { eq } = mlx4_priv(dev).eq_table;
  dev.caps.num_comp_vectors = 1;
  for (let i = 0; i <= dev.caps.num_comp_vectors; i++) {
    eq[i]!.irq = dev.persist.pdev.irq;
    if (i === MLX4_EQ_ASYNC) continue;
    for (let port = 1; port <= dev.caps.num_ports; port++) eq[i]!.actv_ports.add(port);
  }
}

/** MSI-X if the module parameter and the card allow it, else INTx. */
export function* mlx4_enable_msi_x(dev: mlx4_dev): MaySleep<void> {
  if (dev.priv.module.params.int('msi_x') !== 0) {
    const vectors = yield* pci_enable_msix_range(
      dev.persist.pdev,
      fewestVectors,
      wantedVectors(dev),
    );
    if (vectors >= fewestVectors) {
      dev.caps.num_comp_vectors = vectors - 1;
      distribute(dev);
      yield* dev.flags.modify((flags) => flags | MLX4_FLAG_MSI_X);
      return;
    }
  }
  useIntx(dev);
}
