// Everything that firmware and hardware keep between two software resets: one object, so that a
// reset is "throw it away and make a new one" and nothing can be forgotten (facts/device 2.3).
// Callbacks that a dead one asked for do nothing.

import { Completions } from './completions.ts';
import { Delivery } from './delivery.ts';
import { Events } from './events.ts';
import type { Faults } from './faults.ts';
import { FlowSteering } from './flow-steering.ts';
import type { HostLink } from './host-link.ts';
import { IbReceiver } from './ib-receive.ts';
import { contextAddress, noTables } from './icm-tables.ts';
import type { ContextKind, IcmTables } from './icm-tables.ts';
import { IcmSpace } from './icm.ts';
import type { Interrupts } from './interrupts.ts';
import { MemoryRegions } from './memory-regions.ts';
import type { CardOptions } from './options.ts';
import type { PortPhy } from './phy.ts';
import { Port } from './port.ts';
import type { PortOwner } from './port.ts';
import type { QueuePair } from './queue-pair.ts';
import { Receiver } from './receive.ts';
import type { SharedReceiveQueue } from './shared-receive-queue.ts';
import { Counters } from './statistics.ts';
import { Steering } from './steering.ts';
import { SubnetAgent } from './subnet-agent.ts';
import { Transmitter } from './transmit.ts';

/** How far the driver has come: power, RUN_FW, INIT_HCA. */
export type Phase = 'power' | 'running' | 'initialised';

/** What a card gives to its firmware. */
export interface HcaBase {
  readonly link: HostLink;
  readonly options: CardOptions;
  readonly interrupts: Interrupts;
  readonly faults: Faults;
  readonly phys: readonly [PortPhy, PortPhy];
}

/** The card's state since the last reset. */
export class Hca implements PortOwner {
  readonly link: HostLink;
  readonly options: CardOptions;
  readonly interrupts: Interrupts;
  readonly faults: Faults;
  readonly icm: IcmSpace;
  readonly events: Events;
  readonly completions: Completions;
  readonly regions: MemoryRegions;
  readonly steering: Steering;
  /** In place of `steering` when INIT_HCA asked for it. */
  readonly flows: FlowSteering;
  readonly counters: Counters;
  readonly transmitter: Transmitter;
  readonly receiver: Receiver;
  readonly ibReceiver: IbReceiver;
  readonly delivery: Delivery;
  readonly subnetAgent: SubnetAgent;
  readonly ports: readonly [Port, Port];
  /** Queue pairs by slot (low bits of the number). */
  readonly qps = new Map<number, QueuePair>();
  /** Shared receive queues by slot (low bits of the number). */
  readonly srqs = new Map<number, SharedReceiveQueue>();
  phase: Phase = 'power';
  tables: IcmTables = noTables;
  /** Slots of queue pairs are these bits of their numbers. */
  qpMask = 0;
  /** The INIT_HCA mailbox, for QUERY_HCA. */
  initImage: Uint8Array | null = null;
  /** Pages that MAP_FA and MAP_ICM_AUX gave. */
  firmwarePages = 0;
  auxPages = 0;
  /** Physical port of virtual ports 1 and 2. */
  portMap: readonly [1 | 2, 1 | 2] = [1, 2];
  /** A queue pair takes packets only from its own port. */
  rxPortCheck = true;
  vxlanUdpPort = 0;
  roceV2UdpPort = 0;
  nodeDescription: Uint8Array;
  /** First of the eight special QPs, QP0 and QP1 of each port among them; 0 = not configured. */
  specialQpBase = 0;
  private alive = true;

  constructor(base: HcaBase) {
    const { link, options, interrupts, faults, phys } = base;
    this.link = link;
    this.options = options;
    this.interrupts = interrupts;
    this.faults = faults;
    this.icm = new IcmSpace(link);
    this.regions = new MemoryRegions(link, this.icm);
    this.events = new Events(link);
    this.completions = new Completions(link);
    this.steering = new Steering(this.icm);
    this.flows = new FlowSteering(this.icm, options.flowQpsMax);
    // The last counter is the sink: packets that name it are not counted anywhere else.
    this.counters = new Counters(options.flags.includes('COUNTERS') ? options.countersMax : 0);
    this.nodeDescription = new TextEncoder().encode(`MT27500 ConnectX-3 ${link.name}`);
    this.ports = [
      new Port(1, options.ports[0], phys[0], this),
      new Port(2, options.ports[1], phys[1], this),
    ];
    this.transmitter = new Transmitter(this);
    this.receiver = new Receiver(this);
    this.ibReceiver = new IbReceiver(this);
    this.delivery = new Delivery(this);
    this.subnetAgent = new SubnetAgent(this);
  }

  /** Nothing that this one asked for happens any more, and nothing that arrives is heard. */
  kill(): void {
    this.alive = false;
  }

  /** Time, ns. */
  now(): number {
    return this.link.now();
  }

  /** Calls back unless there was a reset in between. */
  after(delayNs: number, fn: () => void): void {
    this.link.after(delayNs, () => {
      if (this.alive) fn();
    });
  }

  port(portNumber: number): Port {
    return this.ports[portNumber === 2 ? 1 : 0];
  }

  /** Slot of a queue pair's number: its low bits (facts/device 6.5.5). */
  qpSlot(qpn: number): number {
    return qpn & this.qpMask;
  }

  /** The queue pair in the slot of this number, or undefined; its own number may differ. */
  qp(qpn: number): QueuePair | undefined {
    return this.qps.get(this.qpSlot(qpn));
  }

  /** Slot of a shared receive queue's number: its low bits. */
  srqSlot(srqn: number): number {
    return srqn & (2 ** this.tables.logSrqs - 1);
  }

  /** The shared receive queue with exactly this number, or undefined. */
  srq(srqn: number): SharedReceiveQueue | undefined {
    const queue = this.srqs.get(this.srqSlot(srqn));
    return queue?.srqn === srqn ? queue : undefined;
  }

  /**
   * Puts a queue pair into ERR and flushes it; `event` also tells software of it. One with a shared
   * receive queue has no descriptors of its own to flush: an event says that it takes no more.
   */
  breakQp(qp: QueuePair, event: 'WQ_CATAS_ERROR' | 'WQ_ACCESS_ERROR' | null): void {
    if (qp.state === 'ERR') return;
    qp.state = 'ERR';
    this.saveQp(qp);
    if (event !== null) this.events.postQp(event, qp.qpn);
    if (qp.srqn !== null) this.events.postQp('SRQ_QP_LAST_WQE', qp.qpn);
    this.transmitter.flush(qp);
  }

  /** Writes a queue pair's context to the ICM. False when its page is not there. */
  saveQp(qp: QueuePair): boolean {
    return this.saveContext('qp', this.qpSlot(qp.qpn), qp.refresh());
  }

  /** Writes a context to its place in the ICM. False when its page is not there. */
  saveContext(kind: ContextKind, slot: number, context: Uint8Array): boolean {
    const { tables, options } = this;
    return this.icm.write(contextAddress(tables, options.entrySizes, kind, slot), context);
  }

  /** Something that the card does not do, or will not. */
  refuse(what: string, why: string): void {
    this.link.note('card.refused', what, why);
  }

  portChanged(portNumber: 1 | 2, up: boolean): void {
    if (this.alive) this.events.postPortChange(portNumber, up);
  }

  portInfoChanged(port: Port, changed: number): void {
    if (!this.alive || !this.options.flags.includes('PORT_MNG_CHG_EV')) return;
    this.events.postPortInfo(port.portNumber, changed, port.ib);
  }

  frameReceived(port: Port, frame: Uint8Array): void {
    if (!this.alive || this.phase !== 'initialised') return;
    if (port.type === 'eth') this.receiver.receive(port, frame);
    else this.ibReceiver.receive(port, frame);
  }
}
