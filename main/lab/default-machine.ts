// The default machine: four CPUs, HZ 250, a full card with both ports on a switch, a host beside
// it, the driver as it was merged.

import { defaultTopology } from '#fabric/topology.ts';
import type { MachineSpec } from './scenario/scenario.ts';

export const defaultMachineSpec: MachineSpec = {
  cpus: 4,
  hz: 250,
  variant: 'v6.6',
  card: { profile: 'default', slot: '0000:06:00.0', options: {} },
  topology: defaultTopology,
  moduleOptions: new Map(),
  rename: true,
  autoload: true,
};
