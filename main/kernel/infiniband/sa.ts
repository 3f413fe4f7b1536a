// The client of the subnet administrator (core/sa_query.c): for every InfiniBand port an agent on
// QP1 and the address of the subnet manager, which it asks the port for at registration and after
// every event that may have changed it. So each such event costs one more port query. Left out:
// queries to the administrator.

import type { MaySleep } from '#sim/task.ts';
import { EOPNOTSUPP } from '../errno.ts';
import { pr_err, pr_warn } from '../printk.ts';
import { cancel_work_sync, flush_workqueue, INIT_WORK, queue_work } from '../workqueue.ts';
import type { WorkStruct } from '../workqueue.ts';
import { ib_set_client_data } from './client.ts';
import type { IbClient } from './client.ts';
import { ib_register_event_handler, ib_unregister_event_handler } from './event.ts';
import type { IbEvent, IbEventHandler } from './event.ts';
import { rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import {
  IB_DEFAULT_PKEY_FULL,
  IB_EVENT_CLIENT_REREGISTER,
  IB_EVENT_LID_CHANGE,
  IB_EVENT_PKEY_CHANGE,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_PORT_ERR,
  IB_EVENT_SM_CHANGE,
  IB_QPT_GSI,
} from './ib-verbs.ts';
import { ib_register_mad_agent, ib_unregister_mad_agent } from './mad-agent.ts';
import type { MadAgent } from './mad-agent.ts';
import { ib_find_pkey, ib_query_port, rdma_cap_ib_sa } from './port.ts';

/** Where the subnet manager is, as far as a port knows (struct ib_sa_sm_ah). */
interface SmAddress {
  readonly lid: number;
  readonly sl: number;
  readonly pkey_index: number;
  readonly src_path_mask: number;
}

/** struct ib_sa_port. */
interface SaPort {
  readonly port_num: number;
  readonly agent: MadAgent;
  /** Null until it is known, and after an event that made it doubtful. */
  sm_ah: SmAddress | null;
  readonly update_task: WorkStruct;
}

/** struct ib_sa_device: what the client keeps of a device. */
export interface SaDevice {
  readonly ports: SaPort[];
  readonly handler: IbEventHandler;
}

/** Asks a port for its subnet manager. */
function* update_sm_ah(device: IbDevice, port: SaPort): MaySleep<void> {
  const attr = yield* ib_query_port(device, port.port_num);
  if (typeof attr === 'number') {
    pr_warn(device.k, "Couldn't query port");
    return;
  }
  const pkey = yield* ib_find_pkey(device, port.port_num, IB_DEFAULT_PKEY_FULL);
  if (pkey < 0) pr_err(device.k, "Couldn't find index for default PKey");
  port.sm_ah = {
    lid: attr.sm_lid,
    sl: attr.sm_sl,
    pkey_index: Math.max(0, pkey),
    src_path_mask: (1 << attr.lmc) - 1,
  };
}

const smEvents: ReadonlySet<number> = new Set([
  IB_EVENT_PORT_ERR,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_LID_CHANGE,
  IB_EVENT_PKEY_CHANGE,
  IB_EVENT_SM_CHANGE,
  IB_EVENT_CLIENT_REREGISTER,
]);

/** An event of the device: forgets the address and asks again, later. */
function* ib_sa_event(ports: readonly SaPort[], event: IbEvent): MaySleep<void> {
  if (!smEvents.has(event.event)) return;
  const port = ports.find((each) => each.port_num === event.port_num);
  if (port === undefined) return;
  port.sm_ah = null;
  yield* queue_work(event.device.k.infiniband.ib_wq, port.update_task);
}

function* addPort(device: IbDevice, port_num: number): MaySleep<SaPort | number> {
  const agent = yield* ib_register_mad_agent(device, port_num, IB_QPT_GSI);
  if (typeof agent === 'number') return agent;
  const name = `update_sm_ah(${device.instanceName}/${port_num})`;
  const update_task = INIT_WORK(device.k, name, () => update_sm_ah(device, port));
  const port: SaPort = { port_num, agent, sm_ah: null, update_task };
  return port;
}

/** The client that ib_core_init() registers second. */
export function makeSaClient(): IbClient {
  const client: IbClient = { name: 'sa', add: ib_sa_add_one, remove: ib_sa_remove_one };

  function* ib_sa_add_one(device: IbDevice): MaySleep<number> {
    const ports: SaPort[] = [];
    for (const port_num of rdmaPorts(device)) {
      if (!rdma_cap_ib_sa(device, port_num)) continue;
      const port = yield* addPort(device, port_num);
      if (typeof port !== 'number') {
        ports.push(port);
        continue;
      }
      for (const each of ports.toReversed()) yield* ib_unregister_mad_agent(each.agent);
      return port;
    }
    if (ports.length === 0) return -EOPNOTSUPP;
    const handler: IbEventHandler = {
      name: `ib_sa_event(${device.instanceName})`,
      handler: (event) => ib_sa_event(ports, event),
    };
    const data: SaDevice = { ports, handler };
    ib_set_client_data(device, client, data);
    yield* ib_register_event_handler(device, handler);
    for (const port of ports) yield* update_sm_ah(device, port);
    return 0;
  }

  function* ib_sa_remove_one(device: IbDevice, data: unknown): MaySleep<void> {
    const { ports, handler } = data as SaDevice;
    yield* ib_unregister_event_handler(device, handler);
    yield* flush_workqueue(device.k.infiniband.ib_wq);
    for (const port of ports) {
      yield* cancel_work_sync(port.update_task);
      yield* ib_unregister_mad_agent(port.agent);
      port.sm_ah = null;
    }
  }

  return client;
}
