// A running or finished ping of a host: one probe per sequence number, with times in virtual ns.
// The host (host.ts) sends and settles the probes; this keeps the score.

/** What became of a probe. */
export type ProbeOutcome = 'waiting' | 'replied' | 'lost' | 'unreachable';

/** One echo request. */
export interface PingProbe {
  readonly sequence: number;
  readonly sentNs: number;
  /** Null until it is answered. */
  readonly roundTripNs: number | null;
  readonly outcome: ProbeOutcome;
}

/** How to ping. */
export interface PingOptions {
  /** Number of requests; 1 unless given. */
  readonly count?: number;
  /** 1 s unless given. */
  readonly intervalNs?: number;
  /** How long a reply is waited for; 1 s unless given. Time for ARP counts. */
  readonly timeoutNs?: number;
  /** Bytes behind the ICMP header, 0 to 1472 (no fragments); 56 unless given. */
  readonly dataBytes?: number;
}

/** A ping. It fills itself while the clock runs. */
export class Ping {
  /** ICMP identifier. */
  readonly id: number;
  /** 32-bit address. */
  readonly destination: number;
  readonly count: number;
  private readonly list: PingProbe[] = [];

  constructor(id: number, destination: number, count: number) {
    this.id = id;
    this.destination = destination;
    this.count = count;
  }

  /** Probes sent so far, in order. */
  get probes(): readonly PingProbe[] {
    return this.list;
  }

  /** Probes that were answered in time. */
  get replies(): number {
    return this.list.filter((probe) => probe.outcome === 'replied').length;
  }

  /** True when every probe was sent and has its outcome. */
  get done(): boolean {
    return (
      this.list.length === this.count && this.list.every((probe) => probe.outcome !== 'waiting')
    );
  }

  /** For the host: a probe starts. */
  started(sequence: number, sentNs: number): void {
    this.list.push({ sequence, sentNs, roundTripNs: null, outcome: 'waiting' });
  }

  /** For the host: a probe has its outcome. Only the first one counts. */
  settled(sequence: number, outcome: ProbeOutcome, nowNs: number): void {
    const index = sequence - 1;
    const probe = this.list[index];
    if (probe?.outcome !== 'waiting') return;
    const roundTripNs = outcome === 'replied' ? nowNs - probe.sentNs : null;
    this.list[index] = { ...probe, outcome, roundTripNs };
  }
}
