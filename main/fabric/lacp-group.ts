// The ports of one LAG of a switch that runs LACP: selection logic and mux machine (IEEE
// 802.3ad-2000 clauses 43.4.14 and 43.4.15, coupled control). A LAG takes one partner: the first
// port that hears one decides, ports with another partner, key or speed wait as unselected until
// the LAG is free again. A port without partner works as a link of its own (the standard's
// "individual"), 5 s after link up. Left out: standby by port priority and a limit on the number of
// ports.

import { LacpState } from '#bus/lacpdu.ts';
import type { Lacpdu } from '#bus/lacpdu.ts';
import { LacpPort, lacpTimes } from './lacp-port.ts';
import type { LacpPortOptions } from './lacp-port.ts';

/** LACP speed codes, as Linux bonding has them; facts/driver.md 10.7. */
const speedCodes: readonly (readonly [speedMbps: number, code: number])[] = [
  [1, 1],
  [10, 2],
  [100, 3],
  [1000, 4],
  [2500, 5],
  [5000, 6],
  [10_000, 7],
  [14_000, 8],
  [20_000, 9],
  [25_000, 10],
  [40_000, 11],
  [50_000, 12],
  [56_000, 13],
  [100_000, 14],
];

/**
 * Actor key of a full-duplex port: LAG number, speed code, duplex bit. Unknown speeds have code 0.
 */
export function lacpKey(lagId: number, speedMbps: number): number {
  const code = speedCodes.find(([speed]) => speed === speedMbps)?.[1] ?? 0;
  return (lagId << 6) | (code << 1) | 1;
}

const carrying = LacpState.collecting | LacpState.distributing;

/** Where a port of the group may carry traffic. */
export type LacpCarries = 'nothing' | 'lag' | 'alone';

/** The LACP ports of one LAG. */
export class LacpGroup {
  readonly lagId: number;
  private readonly ports: readonly LacpPort[];

  constructor(lagId: number, ports: readonly LacpPortOptions[]) {
    this.lagId = lagId;
    this.ports = ports.map((options) => new LacpPort(options));
  }

  /** The machines of a port of this LAG, for reading; undefined for other ports. */
  port(portNumber: number): LacpPort | undefined {
    return this.ports.find((port) => port.portNumber === portNumber);
  }

  /** A port's link changed. */
  linkChanged(portNumber: number, up: boolean, speedMbps: number, nowNs: number): void {
    this.port(portNumber)?.linkChanged(up, lacpKey(this.lagId, speedMbps), nowNs);
    this.run(nowNs);
  }

  /** A LACPDU arrived on a port. */
  pduArrived(portNumber: number, pdu: Lacpdu, nowNs: number): void {
    this.port(portNumber)?.pduArrived(pdu, nowNs);
    this.run(nowNs);
  }

  /** Runs all machines of all ports; called on every event and on every tick of the switch. */
  run(nowNs: number): void {
    for (const port of this.ports) port.runTimers(nowNs);
    // Ports that lost their place leave first, so that selection sees who still holds the LAG.
    for (const port of this.ports) if (!port.selected) this.detach(port);
    for (const port of this.ports) this.select(port);
    for (const port of this.ports) this.runMux(port, nowNs);
    for (const port of this.ports) port.transmit(nowNs);
  }

  /** Where a port may carry traffic at present. */
  carries(portNumber: number): LacpCarries {
    const port = this.port(portNumber);
    if (port?.mux !== 'COLLECTING_DISTRIBUTING') return 'nothing';
    return port.individual ? 'alone' : 'lag';
  }

  /** What makes ports one aggregator. */
  private identity(port: LacpPort): string {
    if (port.individual) return `port ${port.portNumber}`;
    const { systemPriority, system, key } = port.partner;
    return `${port.key} ${systemPriority} ${system} ${key}`;
  }

  private select(port: LacpPort): void {
    if (port.selected || port.rx === 'PORT_DISABLED') return;
    if (port.partner.system === port.system) return; // A cable back into this switch.
    const holder = this.ports.find((other) => other.selected && !other.individual);
    const free = holder === undefined || this.identity(holder) === this.identity(port);
    port.selected = port.individual || free;
  }

  private runMux(port: LacpPort, nowNs: number): void {
    if (!port.selected) return;
    if (port.mux === 'DETACHED') {
      port.waitUntilNs = nowNs + lacpTimes.aggregateWaitNs;
      port.mux = 'WAITING';
    }
    if (port.mux === 'WAITING' && this.ready(port, nowNs)) {
      port.setState(LacpState.synchronization, true);
      port.mux = 'ATTACHED';
    }
    if (port.mux === 'ATTACHED' && port.partnerInSync) {
      port.setState(carrying, true);
      port.mux = 'COLLECTING_DISTRIBUTING';
    } else if (port.mux === 'COLLECTING_DISTRIBUTING' && !port.partnerInSync) {
      port.setState(carrying, false);
      port.mux = 'ATTACHED';
    }
  }

  /** True when every port that waits for the same aggregator has waited long enough. */
  private ready(port: LacpPort, nowNs: number): boolean {
    const identity = this.identity(port);
    return this.ports.every(
      (other) =>
        other.mux !== 'WAITING' ||
        !other.selected ||
        this.identity(other) !== identity ||
        nowNs >= other.waitUntilNs,
    );
  }

  private detach(port: LacpPort): void {
    if (port.mux === 'DETACHED') return;
    port.setState(carrying | LacpState.synchronization, false);
    port.mux = 'DETACHED';
  }
}
