// Read-only views of a card for tests and the window: contexts by number, decoded through the prm
// layouts, and a few counts. Looking changes nothing.

import { MLX4_EQ_STATE_FIRED, cqContext, eqContext, srqContext } from '#prm/contexts.ts';
import type { ValuesOf } from '#prm/layout.ts';
import { qpContext } from '#prm/qp-context.ts';
import type { FlowRule } from './flow-rule.ts';
import type { Hca, Phase } from './hca.ts';
import type { MemoryRegion } from './memory-regions.ts';
import type { PortOptions } from './options.ts';
import type { QpStateName, QueuePair } from './queue-pair.ts';

/** A ring of entries between driver and card. */
export interface RingView {
  readonly kind: 'TX' | 'RX' | 'CQ' | 'EQ';
  /** Number of the queue pair or queue. */
  readonly number: number;
  readonly entries: number;
  /**
   * Entries written since the beginning, modulo some power of two: by the driver into TX and RX as
   * far as the card has looked, by the card into CQ and EQ. Null for TX: its doorbell has no index.
   */
  readonly producer: number | null;
  /** Entries used since the beginning; of a CQ as the card last read it. */
  readonly consumer: number;
  /** Of a queue pair; 0 for what belongs to no port. */
  readonly portNumber: 0 | 1 | 2;
  /** State of the queue pair; `armed` or `fired` for a queue. */
  readonly state: string;
}

/** What can be seen of a card between two resets. */
export class CardView {
  private readonly hca: Hca;

  constructor(hca: Hca) {
    this.hca = hca;
  }

  get phase(): Phase {
    return this.hca.phase;
  }

  /** ICM pages that are mapped. */
  get icmPages(): number {
    return this.hca.icm.mappedPages;
  }

  get specialQpBase(): number {
    return this.hca.specialQpBase;
  }

  /** Numbers of the objects that hardware owns. */
  get eqns(): readonly number[] {
    return [...this.hca.events.queues.keys()];
  }

  get cqns(): readonly number[] {
    return [...this.hca.completions.queues.values()].map((queue) => queue.cqn);
  }

  get qpns(): readonly number[] {
    return [...this.hca.qps.values()].map((qp) => qp.qpn);
  }

  /** The EQ that an event type goes to, or -1. */
  eqOfEvent(type: number): number {
    return this.hca.events.queueOf(type);
  }

  eq(eqn: number): ValuesOf<typeof eqContext.fields> | null {
    const queue = this.hca.events.queues.get(eqn);
    return queue === undefined ? null : eqContext.read(queue.refresh());
  }

  /** Entries of an EQ whose owner bit the card has set so far, and events it lost. */
  eqMarks(eqn: number): { readonly marked: number; readonly lost: number } | null {
    const queue = this.hca.events.queues.get(eqn);
    return queue === undefined ? null : { marked: queue.ring.markedEntries, lost: queue.lost };
  }

  cq(cqn: number): ValuesOf<typeof cqContext.fields> | null {
    const queue = this.hca.completions.queue(cqn);
    return queue === undefined ? null : cqContext.read(queue.refresh());
  }

  qp(qpn: number): ValuesOf<typeof qpContext.fields> | null {
    const qp = this.hca.qp(qpn);
    return qp === undefined ? null : qpContext.read(qp.refresh());
  }

  /** State of a queue pair; one that hardware does not know is in reset. */
  qpState(qpn: number): QpStateName {
    return this.hca.qp(qpn)?.state ?? 'RST';
  }

  srq(srqn: number): ValuesOf<typeof srqContext.fields> | null {
    const queue = this.hca.srq(srqn);
    return queue === undefined ? null : srqContext.read(queue.refresh());
  }

  mpt(slot: number): MemoryRegion | null {
    return this.hca.regions.bySlot.get(slot) ?? null;
  }

  /** Every ring that hardware owns: queue pairs, completion queues, event queues. */
  rings(): RingView[] {
    const { qps, completions, events } = this.hca;
    return [
      ...[...qps.values()].flatMap((qp) => this.qpRings(qp)),
      ...[...completions.queues.values()].map(({ cqn }) => queueRing('CQ', cqn, this.cq(cqn)!)),
      ...[...events.queues.keys()].map((eqn) => queueRing('EQ', eqn, this.eq(eqn)!)),
    ];
  }

  private qpRings(qp: QueuePair): RingView[] {
    const { qpn: number, state, portNumber, sqEntries, sqIndex } = qp;
    const rings: RingView[] = [];
    if (sqEntries > 1) {
      const tx = { entries: sqEntries, producer: null, consumer: sqIndex };
      rings.push({ kind: 'TX', number, ...tx, portNumber, state });
    }
    if (qp.rqEntries > 0) {
      const rx = { entries: qp.rqEntries, producer: qp.rqProducer, consumer: qp.rqIndex };
      rings.push({ kind: 'RX', number, ...rx, portNumber, state });
    }
    return rings;
  }

  /** What a port is made from. */
  portOptions(portNumber: 1 | 2): PortOptions {
    return this.hca.port(portNumber).options;
  }

  /** Flow steering rules of a port in the order in which they are tried; the default ones last. */
  flowRules(portNumber: 1 | 2): readonly FlowRule[] {
    return this.hca.flows.rulesOf(portNumber);
  }

  /** Queue pairs that would get a frame by groups (B0): steer 0 multicast, 1 unicast. */
  steered(portNumber: 1 | 2, steer: 0 | 1, mac: number): readonly number[] {
    return this.hca.steering.find(portNumber, steer, mac) ?? [];
  }

  /** Frames of a port: sent, received, dropped for lack of descriptors, dropped otherwise. */
  counts(portNumber: 1 | 2): {
    readonly sent: number;
    readonly received: number;
    readonly overflow: number;
    readonly dropped: number;
    readonly crc: number;
  } {
    const { tx, rx, rxOverflow, rxDropped, rxCrc } = this.hca.port(portNumber).statistics;
    const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    return {
      sent: sum(tx.frames),
      received: sum(rx.frames),
      overflow: rxOverflow,
      dropped: rxDropped,
      crc: rxCrc,
    };
  }
}

/** Contexts of CQs and EQs name the size of their ring differently. */
function queueRing(
  kind: 'CQ' | 'EQ',
  number: number,
  context: ValuesOf<typeof cqContext.fields> | ValuesOf<typeof eqContext.fields>,
): RingView {
  const log = 'log_size' in context ? context.log_size : context.log_eq_size;
  return {
    kind,
    number,
    entries: 2 ** log,
    producer: context.producer_index,
    consumer: context.consumer_index,
    portNumber: 0,
    // Both kinds of queue use the same number for it.
    state: context.state === MLX4_EQ_STATE_FIRED ? 'fired' : 'armed',
  };
}
