// The RDMA core of one machine: its devices, clients, queues. Reached as k.infiniband. It costs
// nothing until a driver wakes it up (ib-core.ts): then it makes its queues, its clients and the
// GID notifier. devices_rwsem protects the list of devices, their names and marks; clients_rwsem
// the clients; ib_mad_port_list_lock the open MAD ports, ib_agent_port_list_lock the agents that
// answer on them.

import type { Kernel } from '../kernel.ts';
import { init_rwsem } from '../locking/rwsem.ts';
import type { RwSemaphore } from '../locking/rwsem.ts';
import { mutex_init } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { spin_lock_init } from '../locking/spinlock.ts';
import type { SpinLock } from '../locking/spinlock.ts';
import type { Workqueue } from '../workqueue.ts';
import type { IbAgentPort } from './agent.ts';
import type { RegisteredClient } from './client.ts';
import type { IbDevice } from './ib-device.ts';
import type { MadPort } from './mad.ts';

/** The queues of the core, while it is awake. */
interface CoreQueues {
  /** `infiniband`: events, freed GIDs. */
  readonly ib_wq: Workqueue;
  /** `ib-comp-unb-wq`: completions. */
  readonly ib_comp_unbound_wq: Workqueue;
  /** `gid-cache-wq`: changes of RoCE GID tables, in order. */
  readonly gid_cache_wq: Workqueue;
}

/** The RDMA core. */
export class Infiniband {
  readonly devices_rwsem: RwSemaphore;
  readonly clients_rwsem: RwSemaphore;
  /** Devices that have a name, registered or not, in order of naming. */
  readonly devices: IbDevice[] = [];
  readonly clients = new Map<number, RegisteredClient>();
  highest_client_id = 0;
  /** Serialises waking up, as the module loader does for ib_core. */
  readonly wakeMutex: Mutex;
  queues: CoreQueues | null = null;
  readonly ib_mad_port_list_lock: SpinLock;
  readonly ib_mad_port_list: MadPort[] = [];
  readonly ib_agent_port_list_lock: SpinLock;
  readonly ib_agent_port_list: IbAgentPort[] = [];
  /** High half of the transaction ids of the next MAD agent. */
  ib_mad_client_next = 1;
  private lastIndex = 0;
  private events = 0;
  private readonly instances = new Map<string, number>();

  constructor(k: Kernel) {
    this.devices_rwsem = init_rwsem(k, 'devices_rwsem(ib_core)');
    this.clients_rwsem = init_rwsem(k, 'clients_rwsem(ib_core)');
    this.wakeMutex = mutex_init(k, 'ib_core init');
    this.ib_mad_port_list_lock = spin_lock_init(k, 'ib_mad_port_list_lock');
    this.ib_agent_port_list_lock = spin_lock_init(k, 'ib_agent_port_list_lock');
  }

  get ib_wq(): Workqueue {
    return this.awake.ib_wq;
  }

  get ib_comp_unbound_wq(): Workqueue {
    return this.awake.ib_comp_unbound_wq;
  }

  get gid_cache_wq(): Workqueue {
    return this.awake.gid_cache_wq;
  }

  private get awake(): CoreQueues {
    if (this.queues === null) throw new Error('ib_core_init() has not been called');
    return this.queues;
  }

  /** A name of its own for each device object: the second with a name gets `#2`. */
  instanceName(name: string): string {
    const count = (this.instances.get(name) ?? 0) + 1;
    this.instances.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  }

  /** Takes a device into the list, under devices_rwsem. */
  remember(device: IbDevice): void {
    device.index = this.lastIndex++;
    this.devices.push(device);
  }

  /** Takes it off again, under devices_rwsem. */
  forget(device: IbDevice): void {
    const at = this.devices.indexOf(device);
    if (at >= 0) this.devices.splice(at, 1);
  }

  /** Number of the next event, for the name of its work. */
  countEvent(): number {
    return ++this.events;
  }
}
