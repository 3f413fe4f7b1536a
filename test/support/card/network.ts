// A card with everything to send and receive: event queues, one queue pair per port, steering of
// the port's MAC, the port open. And frames to send, checksums filled in.

import { macToBytes, parseMac } from '#bus/mac.ts';
import { parseIpv4Address } from '#bus/ipv4.ts';
import { buildUdpFrame } from '#bus/l4.ts';
import { MLX4_ASYNC_EVENT_MASK } from '#prm/events.ts';
import {
  MLX4_MC_STEER,
  MLX4_PROT_ETH,
  MLX4_UC_STEER,
  ethernetGid,
  mgm,
  mgmQpOffset,
  promiscModifier,
} from '#prm/steering.ts';
import { BareDriver, logs } from './driver.ts';
import { attach, toMac } from './flows.ts';
import { BarePair } from './pair.ts';
import type { PairOptions } from './pair.ts';
import { BareCq, BareEq } from './queues.ts';
import type { CqOptions } from './queues.ts';
import { Rig } from './rig.ts';
import type { RigOptions } from './rig.ts';

/** Event queue for asynchronous events, and the one for completions. */
export const asyncEqn = 4;
export const completionEqn = 5;

/** MACs of the default card's ports. */
export const portMacs = [parseMac('00:02:c9:a0:b0:c1'), parseMac('00:02:c9:a0:b0:c2')] as const;

/** An address of nobody in particular. */
export const strangerMac = parseMac('02:00:00:00:00:99');

/** How a network is made. */
export interface NetworkOptions extends RigOptions {
  /** Entries of the flow steering table, log2; steering is by groups without. */
  readonly logFlows?: number;
}

/** A card that is up, with its driver. */
export class Network {
  readonly rig: Rig;
  readonly driver: BareDriver;
  readonly events: BareEq;
  readonly completions: BareEq;
  private nextCqn = 0x80;
  private nextQpn = 0x40;

  constructor(options: NetworkOptions = {}) {
    this.rig = new Rig(options);
    this.driver = new BareDriver(this.rig, options.logFlows);
    this.driver.registerMemory();
    this.events = new BareEq(this.driver, asyncEqn);
    this.completions = new BareEq(this.driver, completionEqn, { vector: 1 });
    const mask = [0, MLX4_ASYNC_EVENT_MASK + 2 ** 15] as const;
    this.driver.commands.ok('MLX4_CMD_MAP_EQ', { in: mask, inMod: asyncEqn });
  }

  /** Opens a port and lets its link train; without a network, its link is just there. */
  open(port: 1 | 2): void {
    this.driver.commands.ok('MLX4_CMD_INIT_PORT', { inMod: port });
    if (this.rig.fabric !== null) this.rig.clock.runFor(30_000_000);
    else this.rig.card.wirePort(port).linkChanged({ up: true, speedMbps: 40_000 });
  }

  cq(options: CqOptions = {}): BareCq {
    return new BareCq(this.driver, this.nextCqn++, completionEqn, options);
  }

  /** A queue pair in RTS with completion queues of its own. */
  pair(options: PairOptions = {}): { qp: BarePair; sends: BareCq; receives: BareCq } {
    const sends = this.cq();
    const receives = this.cq();
    const qp = new BarePair(this.driver, this.nextQpn++, sends, receives, options).ready();
    return { qp, sends, receives };
  }

  /** A queue pair with 64 receive descriptors of 2 KiB, steered to by the port's own MAC. */
  receiver(port: 1 | 2, options: PairOptions = {}) {
    const made = this.pair({ port, logReceives: 6, ...options });
    const buffers = made.qp.receive(made.qp.receives, [2048]).map(([address]) => address!);
    this.steer(port, portMacs[port - 1]!, [made.qp.qpn]);
    return { ...made, buffers };
  }

  /**
   * Steers an address on a port to queue pairs: hash, read the bucket, write it. Gives the bucket.
   * With flow steering a rule for each queue pair; gives the id of the last one.
   */
  steer(port: 1 | 2, mac: number, qpns: readonly number[]): number {
    const { commands, logFlows } = this.driver;
    if (logFlows !== null) {
      return qpns.map((qpn) => attach(this.driver, { port, qpn }, [toMac(mac)])).at(-1) ?? 0;
    }
    const gid = gidOf(port, mac);
    const [, index] = commands.ok('MLX4_CMD_MGID_HASH', { in: gid, opMod: 1 }).immediate;
    this.writeGroup(index, gid, qpns);
    return index;
  }

  /** Writes an entry of the group table. */
  writeGroup(index: number, gid: Uint8Array, qpns: readonly number[], next = 0): void {
    this.driver.mapFor('mcg', index);
    const entry = groupEntry(gid, qpns, next);
    this.driver.commands.ok('MLX4_CMD_WRITE_MCG', { in: entry, inMod: index });
  }

  /** Replaces the promiscuous list of a port. */
  promiscuous(port: 1 | 2, kind: 'unicast' | 'multicast', qpns: readonly number[]): void {
    const steer = kind === 'unicast' ? MLX4_UC_STEER : MLX4_MC_STEER;
    const inMod = promiscModifier(port, steer);
    const entry = groupEntry(new Uint8Array(16), qpns);
    this.driver.commands.ok('MLX4_CMD_WRITE_MCG', { in: entry, inMod, opMod: 1 });
  }

  /** Bytes of a received frame. */
  bytesAt(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.rig.memory.read(address, bytes);
    return bytes;
  }

  /** A frame comes in through a port, as from its cable. */
  arrive(port: 1 | 2, frame: Uint8Array): void {
    this.rig.card.wirePort(port).frameArrived(frame.slice());
  }
}

/** The 16 bytes that stand for an address on a port. */
export function gidOf(port: 1 | 2, mac: number): Uint8Array {
  const multicast = (macToBytes(mac)[0]! & 1) === 1;
  return ethernetGid.make({
    port,
    steer: multicast ? MLX4_MC_STEER : MLX4_UC_STEER,
    mac_h: Math.floor(mac / 2 ** 32),
    mac_l: mac % 2 ** 32,
  });
}

/** A group entry. */
export function groupEntry(gid: Uint8Array, qpns: readonly number[], next = 0): Uint8Array {
  const entry = new Uint8Array(2 ** logs.mcgBytes);
  mgm.write(entry, {
    next_gid_index: next,
    protocol: MLX4_PROT_ETH,
    members_count: qpns.length,
    gid,
  });
  const view = new DataView(entry.buffer);
  qpns.forEach((qpn, member) => {
    view.setUint32(mgmQpOffset(member), qpn);
  });
  return entry;
}

/** A UDP frame from a stranger, with `dataBytes` of data. */
export function udpTo(
  destinationMac: number,
  dataBytes = 100,
  ports = { source: 1, destination: 2 },
) {
  return buildUdpFrame(
    {
      destinationMac,
      sourceMac: strangerMac,
      source: parseIpv4Address('10.0.0.9'),
      destination: parseIpv4Address('10.0.0.2'),
    },
    ports,
    Uint8Array.from({ length: dataBytes }, (_, at) => at & 0xff),
  );
}
