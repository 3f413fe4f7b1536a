// Event delivery: which EQ hears of what (MAP_EQ), and the entries themselves (facts/device 6.2.4
// to 6.2.6). COMP events go to the EQ that the CQ names. An event that nobody mapped is lost, which
// the trace shows.

import { writeBe32 } from '#bus/bytes.ts';
import {
  MLX4_DEV_PMC_SUBTYPE_PORT_INFO,
  MLX4_EVENT_TYPE,
  MLX4_PORT_CHANGE_SUBTYPE_ACTIVE,
  MLX4_PORT_CHANGE_SUBTYPE_DOWN,
  eqe,
  eqeBytes,
  eqeCmd,
  eqeCq,
  eqePortChange,
  eqePortMgmt,
  eqeQp,
  eqeSrq,
} from '#prm/events.ts';
import type { EventQueue } from './event-queue.ts';
import type { HostLink } from './host-link.ts';
import type { IbPort } from './ib-port.ts';

/** Event types that MAP_EQ can name. */
const types = 64;
const cqnAt = eqeCq.fields.cqn.offset;

/** Events of a queue pair that this card posts. */
type QpEventName = 'SQ_DRAINED' | 'WQ_CATAS_ERROR' | 'WQ_ACCESS_ERROR' | 'SRQ_QP_LAST_WQE';

/** All event queues of a card, and the map from event type to queue. */
export class Events {
  /** Queues by number. */
  readonly queues = new Map<number, EventQueue>();
  private readonly link: HostLink;
  private readonly map = new Int32Array(types).fill(-1);
  private readonly entry = new Uint8Array(eqeBytes);
  /** Kept apart: a COMP entry is zero but for the CQN. */
  private readonly compEntry = new Uint8Array(eqeBytes);
  private overflowReported = false;

  constructor(link: HostLink) {
    this.link = link;
  }

  /** Sends these event types to `eqn`; with `unmap`, stops those that go there. */
  mapTypes(eqn: number, high: number, low: number, unmap: boolean): void {
    for (let type = 0; type < types; type++) {
      const word = type < 32 ? low : high;
      if (((word >>> (type & 31)) & 1) === 0) continue;
      if (!unmap) this.map[type] = eqn;
      else if (this.map[type] === eqn) this.map[type] = -1;
    }
  }

  /** The EQ that an event type goes to, or -1. */
  queueOf(type: number): number {
    return this.map[type] ?? -1;
  }

  /** Takes every queue away. */
  clear(): void {
    this.queues.clear();
    this.map.fill(-1);
    this.overflowReported = false;
  }

  /** Takes a queue away, and every event type that went there. */
  remove(eqn: number): void {
    this.queues.delete(eqn);
    for (let type = 0; type < types; type++) if (this.map[type] === eqn) this.map[type] = -1;
  }

  /** A completion queue has something to say. */
  postComp(eqn: number, cqn: number): void {
    const queue = this.queues.get(eqn);
    if (queue === undefined) {
      this.link.error(`COMP event of CQ 0x${cqn.toString(16)}: no EQ ${eqn}`);
      return;
    }
    writeBe32(this.compEntry, cqnAt, cqn);
    if (!queue.post(this.compEntry)) this.overflow(queue);
  }

  /** A firmware command is done. */
  postCommand(token: number, status: number, high: number, low: number): void {
    const { entry } = this;
    this.begin(MLX4_EVENT_TYPE.CMD);
    eqeCmd.set(entry, 'token', token);
    eqeCmd.set(entry, 'status', status);
    eqeCmd.set(entry, 'out_param_h', high);
    eqeCmd.set(entry, 'out_param_l', low);
    this.send(MLX4_EVENT_TYPE.CMD, 'CMD', `token 0x${token.toString(16)}`);
  }

  /** A port's link came or went. */
  postPortChange(portNumber: number, up: boolean): void {
    this.begin(MLX4_EVENT_TYPE.PORT_CHANGE);
    const subtype = up ? MLX4_PORT_CHANGE_SUBTYPE_ACTIVE : MLX4_PORT_CHANGE_SUBTYPE_DOWN;
    eqe.set(this.entry, 'subtype', subtype);
    eqePortChange.set(this.entry, 'port', portNumber);
    const what = `port ${portNumber} ${up ? 'active' : 'down'}`;
    this.send(MLX4_EVENT_TYPE.PORT_CHANGE, 'PORT_CHANGE', what);
  }

  /** A subnet manager changed what a port is told; `changed`: MLX4_EQ_PORT_INFO bits. */
  postPortInfo(portNumber: number, changed: number, ib: IbPort): void {
    this.begin(MLX4_EVENT_TYPE.PORT_MNG_CHG_EVENT);
    eqe.set(this.entry, 'subtype', MLX4_DEV_PMC_SUBTYPE_PORT_INFO);
    eqePortMgmt.write(this.entry, {
      port: portNumber,
      mstr_sm_lid: ib.smLid,
      port_lid: ib.lid,
      changed_attr: changed,
      mstr_sm_sl: ib.smSl,
      gid_prefix: ib.gidPrefix,
    });
    const what = `port ${portNumber} port info 0x${changed.toString(16)}`;
    this.send(MLX4_EVENT_TYPE.PORT_MNG_CHG_EVENT, 'PORT_MNG_CHG', what);
  }

  /** A completion queue is broken: syndrome 1 overrun, 2 access violation. */
  postCqError(cqn: number, syndrome: number): void {
    this.begin(MLX4_EVENT_TYPE.CQ_ERROR);
    eqeCq.set(this.entry, 'cqn', cqn);
    eqeCq.set(this.entry, 'syndrome', syndrome);
    const what = `CQ 0x${cqn.toString(16)} syndrome ${syndrome}`;
    this.send(MLX4_EVENT_TYPE.CQ_ERROR, 'CQ_ERROR', what);
  }

  /** An event of a queue pair. */
  postQp(name: QpEventName, qpn: number): void {
    this.begin(MLX4_EVENT_TYPE[name]);
    eqeQp.set(this.entry, 'qpn', qpn);
    this.send(MLX4_EVENT_TYPE[name], name, `QP 0x${qpn.toString(16)}`);
  }

  /** An event of a shared receive queue: it runs low, or it is broken. */
  postSrq(name: 'SRQ_LIMIT' | 'SRQ_CATAS_ERROR', srqn: number): void {
    this.begin(MLX4_EVENT_TYPE[name]);
    eqeSrq.set(this.entry, 'srqn', srqn);
    this.send(MLX4_EVENT_TYPE[name], name, `SRQ 0x${srqn.toString(16)}`);
  }

  private begin(type: number): void {
    this.entry.fill(0);
    eqe.set(this.entry, 'type', type);
  }

  private send(type: number, name: string, what: string): void {
    const eqn = this.map[type]!;
    const queue = this.queues.get(eqn);
    const fate = queue === undefined ? 'no EQ hears of it' : `EQ ${eqn}`;
    this.link.note('card.event', `${this.link.name} ${name}`, `${what}: ${fate}`);
    if (queue !== undefined && !queue.post(this.entry)) this.overflow(queue);
  }

  private overflow(full: EventQueue): void {
    const why = full.broken ? 'cannot be written' : 'is full';
    this.link.error(`EQ ${full.eqn} ${why}: event lost`);
    const eqn = this.map[MLX4_EVENT_TYPE.EQ_OVERFLOW]!;
    if (this.overflowReported || eqn < 0 || eqn === full.eqn) return;
    this.overflowReported = true;
    this.begin(MLX4_EVENT_TYPE.EQ_OVERFLOW);
    this.send(MLX4_EVENT_TYPE.EQ_OVERFLOW, 'EQ_OVERFLOW', `EQ ${full.eqn}`);
  }
}
