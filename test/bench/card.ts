// How fast the card is by itself: a bare driver on a plain event heap, no kernel, no engine.
// `node test/bench/card.ts` prints the numbers; bench.ts takes the functions.
//
// A packet is a frame that goes through a descriptor of the card: sent to a host behind the switch,
// or received from there. Each costs its DMA, its completion, its cable and its switch. Times are
// processor time, because the machines that run this have other things to do.

import { pathToFileURL } from 'node:url';
import { writeBe32 } from '#bus/bytes.ts';
import { defaultTopology } from '#fabric/topology.ts';
import type { Host } from '#fabric/host.ts';
import { driverKey } from '../support/card/driver.ts';
import { Network, portMacs, udpTo } from '../support/card/network.ts';
import type { BarePair } from '../support/card/pair.ts';
import { BareEq } from '../support/card/queues.ts';

const frameBytes = 128;
const batch = 64;
const ringBlocks = 1024;
const receiveStride = 16;
/** Rounds between two looks at the clock. */
const checkEvery = 16;

/** Processor time of this process so far, ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Runs `once` for `forMs` of processor time. Gives how many of its `count` things it did a second.
 */
function rate(forMs: number, count: number, once: () => void): number {
  const from = cpuMs();
  let done = 0;
  let nowMs = from;
  while (nowMs - from < forMs) {
    for (let i = 0; i < checkEvery; i++) once();
    done += count * checkEvery;
    nowMs = cpuMs();
  }
  return (done * 1000) / (nowMs - from);
}

/**
 * The best of several tries, after a warm-up: what the code can do, not what the machine was at.
 */
function best(once: (forMs: number) => number): number {
  once(500);
  return Math.max(once(500), once(500), once(500));
}

/** Firmware commands per second in polling mode: NOP, and QUERY_PORT with its mailbox, in turn. */
export function commandsPerSecond(): number {
  const { driver } = new Network();
  const { commands } = driver;
  return best((forMs) =>
    rate(forMs, 2, () => {
      commands.post('MLX4_CMD_NOP', { inMod: 0x1f });
      while (driver.rig.clock.step());
      commands.post('MLX4_CMD_QUERY_PORT', { inMod: 1 });
      while (driver.rig.clock.step());
    }),
  );
}

/** A send queue whose descriptors are there already: only owner bits change from pass to pass. */
class Sender {
  private readonly net: Network;
  private readonly qp: BarePair;
  private readonly word = new Uint8Array(4);
  private producer = 0;

  constructor(net: Network, host: Host) {
    this.net = net;
    const cq = net.cq({ logEntries: 12, context: { oi: true } });
    this.qp = net.pair({
      port: 1,
      logSends: Math.log2(ringBlocks),
      context: { cqn_send: cq.cqn },
    }).qp;
    const frame = udpTo(host.mac, frameBytes - 42);
    const { address } = net.rig.memory.allocate(frame.length);
    net.rig.memory.write(address, frame);
    for (let i = 0; i < ringBlocks; i++) {
      this.qp.post([{ address, bytes: frame.length, lkey: driverKey }]);
      net.rig.memory.writeBe32(this.qp.buffer.address + 64 * i, 0xffff_ffff);
    }
  }

  /** Sends a batch and lets it arrive. */
  send(): void {
    const { net, qp, word } = this;
    for (let i = 0; i < batch; i++, this.producer++) {
      const owner = (this.producer & ringBlocks) === 0 ? 0 : 0x8000_0000;
      writeBe32(word, 0, owner + 0x0a);
      const at = qp.buffer.address + 64 * (this.producer & (ringBlocks - 1));
      net.rig.memory.write(at, word);
    }
    qp.ring();
    while (net.rig.clock.step());
  }
}

/** Frames per second from descriptors of the card through cable and switch to a host. */
export function cardSendsPerSecond(recordPackets = false): number {
  return best((forMs) => {
    const net = new Network({ topology: { ...defaultTopology, recordPackets } });
    net.open(1);
    const sender = new Sender(net, net.rig.fabric!.host('host0'));
    return rate(forMs, batch, () => {
      sender.send();
    });
  });
}

/** Frames per second from a host through switch and cable into descriptors of the card. */
export function cardReceivesPerSecond(recordPackets = false): number {
  return best((forMs) => {
    const net = new Network({ topology: { ...defaultTopology, recordPackets } });
    const cq = net.cq({ logEntries: 12, context: { oi: true } });
    const context = { cqn_recv: cq.cqn };
    const { qp } = net.receiver(1, { logReceives: 6, stride: receiveStride, context });
    net.open(1);
    const host = net.rig.fabric!.host('host0');
    const frame = udpTo(portMacs[0], frameBytes - 42);
    return rate(forMs, batch, () => {
      for (let i = 0; i < batch; i++) host.send(frame);
      while (net.rig.clock.step());
      qp.posted += batch;
      net.rig.memory.writeBe32(qp.record, qp.posted & 0xffff);
    });
  });
}

/** Packets per second through the card, half of them sent, half received. */
export function cardPacketsPerSecond(recordPackets = false): number {
  const sends = cardSendsPerSecond(recordPackets);
  const receives = cardReceivesPerSecond(recordPackets);
  return 2 / (1 / sends + 1 / receives);
}

/** Event queues of 65,536 entries that are made, never used, and taken away, per second. */
export function largeQueuesPerSecond(): number {
  const { driver } = new Network();
  const { buffer } = new BareEq(driver, 9, { logEntries: 16 });
  driver.commands.ok('MLX4_CMD_HW2SW_EQ', { inMod: 9, opMod: 1 });
  const mailbox = new Uint8Array(64);
  writeBe32(mailbox, 0x00, 0x900);
  mailbox[0x0c] = 16;
  writeBe32(mailbox, 0x1c, buffer.mttOffset);
  return best((forMs) =>
    rate(forMs, 1, () => {
      driver.commands.ok('MLX4_CMD_SW2HW_EQ', { in: mailbox, inMod: 9 });
      driver.commands.ok('MLX4_CMD_HW2SW_EQ', { inMod: 9, opMod: 1 });
    }),
  );
}

/** Cards per second that are made and brought up as far as INIT_HCA. */
export function bringUpsPerSecond(): number {
  return best((forMs) => rate(forMs, 1, () => new Network()));
}

function print(): void {
  const measured = {
    'firmware commands/s': commandsPerSecond(),
    'packets/s through the card': cardPacketsPerSecond(),
    'packets/s, recorded in the trace': cardPacketsPerSecond(true),
    '  sent/s': cardSendsPerSecond(),
    '  received/s': cardReceivesPerSecond(),
    '65,536-entry EQs/s': largeQueuesPerSecond(),
    'bring-ups/s': bringUpsPerSecond(),
  };
  for (const [name, value] of Object.entries(measured)) {
    process.stdout.write(
      `${name.padEnd(34)} ${Math.round(value).toLocaleString('en').padStart(12)}\n`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) print();
