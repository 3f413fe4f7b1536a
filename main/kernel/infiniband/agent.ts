// The core's own agents (core/agent.c): one on QP0 and one on QP1 of every open MAD port, through
// which answers to requests from the fabric go out.

import type { MaySleep } from '#sim/task.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { dev_err } from '../printk.ts';
import type { IbDevice } from './ib-device.ts';
import { IB_QPT_GSI, IB_QPT_SMI } from './ib-verbs.ts';
import { ib_register_mad_agent, ib_unregister_mad_agent } from './mad-agent.ts';
import type { MadAgent } from './mad-agent.ts';
import { rdma_cap_ib_smi } from './port.ts';

/** struct ib_agent_port_private. */
export interface IbAgentPort {
  readonly device: IbDevice;
  readonly port_num: number;
  /** On QP0; null on Ethernet. */
  readonly smi: MadAgent | null;
  readonly gsi: MadAgent;
}

export function* ib_agent_port_open(device: IbDevice, port_num: number): MaySleep<number> {
  const { ib_agent_port_list, ib_agent_port_list_lock } = device.k.infiniband;
  const smi = rdma_cap_ib_smi(device, port_num)
    ? yield* ib_register_mad_agent(device, port_num, IB_QPT_SMI)
    : null;
  if (typeof smi === 'number') return smi;
  const gsi = yield* ib_register_mad_agent(device, port_num, IB_QPT_GSI);
  if (typeof gsi === 'number') {
    if (smi !== null) yield* ib_unregister_mad_agent(smi);
    return gsi;
  }
  yield* spin_lock_irqsave(ib_agent_port_list_lock);
  ib_agent_port_list.push({ device, port_num, smi, gsi });
  yield* spin_unlock_irqrestore(ib_agent_port_list_lock);
  return 0;
}

export function* ib_agent_port_close(device: IbDevice, port_num: number): MaySleep<void> {
  const { ib_agent_port_list, ib_agent_port_list_lock } = device.k.infiniband;
  yield* spin_lock_irqsave(ib_agent_port_list_lock);
  const at = ib_agent_port_list.findIndex(
    (each) => each.device === device && each.port_num === port_num,
  );
  const [entry] = at < 0 ? [] : ib_agent_port_list.splice(at, 1);
  yield* spin_unlock_irqrestore(ib_agent_port_list_lock);
  if (entry === undefined) {
    dev_err(device, `Port ${port_num} not found`);
    dev_err(device, `Couldn't close port ${port_num} for agents`);
    return;
  }
  yield* ib_unregister_mad_agent(entry.gsi);
  if (entry.smi !== null) yield* ib_unregister_mad_agent(entry.smi);
}
