// MAD agents (core/mad.c): who wants to send and receive on a port's special queue pairs.
// Unregistering one flushes the port's queue, where its works run.
// Left out: registration of classes and methods, time-outs, RMPP, and so the users that an agent
// waits for.

import type { MaySleep } from '#sim/task.ts';
import { ENODEV, EPROTONOSUPPORT } from '../errno.ts';
import { flush_workqueue } from '../workqueue.ts';
import type { IbDevice } from './ib-device.ts';
import type { IbQp } from './ib-ops.ts';
import { IB_QPT_GSI, IB_QPT_SMI } from './ib-verbs.ts';
import type { IbQpType } from './ib-verbs.ts';
import { ib_get_mad_port } from './mad.ts';
import type { MadPort } from './mad.ts';
import { rdma_cap_ib_cm, rdma_cap_ib_smi } from './port.ts';

/** struct ib_mad_agent_private. */
export interface MadAgent {
  readonly device: IbDevice;
  readonly port_num: number;
  /** The queue pair that it sends on. */
  readonly qp: IbQp;
  /** Upper half of its transaction ids. */
  readonly hi_tid: number;
  readonly port: MadPort;
}

/**
 * An agent on QP0 (SMI) or QP1 (GSI) of a port; or a negative error: -ENODEV when it is not open.
 */
export function* ib_register_mad_agent(
  device: IbDevice,
  port_num: number,
  qp_type: IbQpType,
): MaySleep<MadAgent | number> {
  if (
    (qp_type === IB_QPT_SMI && !rdma_cap_ib_smi(device, port_num)) ||
    (qp_type === IB_QPT_GSI && !rdma_cap_ib_cm(device, port_num))
  ) {
    return -EPROTONOSUPPORT;
  }
  const port = yield* ib_get_mad_port(device, port_num);
  if (port === null) return -ENODEV;
  const qp = port.qps[qp_type] ?? null;
  if (qp === null) return -EPROTONOSUPPORT;
  return { device, port_num, qp, hi_tid: device.k.infiniband.ib_mad_client_next++, port };
}

export function* ib_unregister_mad_agent(agent: MadAgent): MaySleep<void> {
  yield* unregister_mad_agent(agent);
}

function* unregister_mad_agent(agent: MadAgent): MaySleep<void> {
  yield* flush_workqueue(agent.port.wq);
}
