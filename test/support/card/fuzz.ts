// A driver gone mad: every case is one random access, command, doorbell, descriptor or frame at a
// card that is up, mostly near what a good driver would do. After each, the card must have kept its
// word: nothing thrown, every refusal a status and a trace event, no interrupt from inside an
// access.

import { unexpected } from '#device/host-link.ts';
import type { AccessSize } from '#bus/pci-function.ts';
import { insertVlan } from '#bus/frame.ts';
import { broadcastMac } from '#bus/mac.ts';
import type { CommandRecord } from '#device/command.ts';
import { defaultTopology } from '#fabric/topology.ts';
import { cqContext, eqContext, srqContext } from '#prm/contexts.ts';
import { commandTable } from '#prm/opcodes.ts';
import type { CommandName } from '#prm/opcodes.ts';
import { HCR_GO_BIT, MLX4_HCR_BASE, uarPageBytes } from '#prm/registers.ts';
import { CMD_STAT, statusName } from '#prm/status.ts';
import { K } from '#trace/kinds.ts';
import { driverUar, wholeMemory } from './driver.ts';
import { flowRuleOf, toMac } from './flows.ts';
import { Network, completionEqn, groupEntry, gidOf, portMacs, udpTo } from './network.ts';
import type { BarePair } from './pair.ts';
import type { BareCq } from './queues.ts';
import { Random } from './random.ts';
import { BareSrq } from './srq.ts';

const goMask = 2 ** HCR_GO_BIT;
const names = Object.keys(commandTable) as CommandName[];
/** Places of BAR0 where something lives. */
const registers = [0x7c000, 0x7d000, MLX4_HCR_BASE, 0x8069c, 0xf03fc, 0xf00d8, 0xf8000, 0xf8080];
/** A case of the reset register: rare, because it ends everything that came before. */
const resetAt = 0xf0010;
/** One of the numbers that spoilt commands often name. */
const sharedNumber = 8;
const sizes = [1, 2, 4, 4, 4, 3, 8, 0] as const;

/** What a case did, for the message of a failure. */
export interface Case {
  readonly what: string;
}

/** One card and what is done to it. */
export class Fuzzer {
  readonly net: Network;
  private readonly random: Random;
  private readonly pairs: BarePair[] = [];
  private readonly queues: BareCq[] = [];
  /** What port 2 receives from, in half of the runs. */
  private readonly srq: BareSrq | null;
  private readonly mailboxes: ReadonlyMap<CommandName, Uint8Array>;
  private readonly complaints: string[] = [];
  private seen = 0;
  private answered = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    const card = { blueFlame: this.random.oneIn(2) };
    const flows = this.random.oneIn(3) ? { profile: 'full' as const, logFlows: 4 } : {};
    this.net = new Network({ topology: defaultTopology, card, ...flows });
    const { net } = this;
    this.srq = this.random.oneIn(2) ? new BareSrq(net.driver, sharedNumber) : null;
    this.srq?.post(this.srq.entries);
    for (const port of [1, 2] as const) {
      const shared = port === 2 && this.srq !== null;
      const context = shared ? { srqn: 2 ** 24 + sharedNumber } : {};
      const { qp, sends, receives } = net.receiver(port, { logSends: 3, context });
      this.pairs.push(qp);
      this.queues.push(sends, receives);
      net.open(port);
    }
    this.mailboxes = goodMailboxes(net, this.pairs[0]!);
    net.rig.card.onCommand = (record) => {
      this.answered++;
      this.checkRecord(record);
    };
    this.seen = net.rig.trace.count;
  }

  /** Commands that were answered so far. */
  get commands(): number {
    return this.answered;
  }

  /** The card still has what a driver set up; one that has not is soon not worth while. */
  get alive(): boolean {
    return this.net.rig.card.view.phase === 'initialised';
  }

  /** Does one case. Gives what is wrong with the card afterwards, or null. */
  step(): string | null {
    const what = this.random.pick(this.kinds);
    what.call(this);
    if (this.random.oneIn(3)) this.net.rig.clock.runFor(this.random.below(30_000));
    this.checkTrace();
    const { violations } = this.net.rig.host;
    const [complaint] = [...this.complaints, ...violations];
    return complaint === undefined ? null : `${what.name}: ${complaint}`;
  }

  private readonly kinds: readonly (() => void)[] = [
    this.accessBar0,
    this.accessBar2,
    this.accessConfig,
    this.command,
    this.command,
    this.goodCommandSpoilt,
    this.goodCommandSpoilt,
    this.doorbell,
    this.sendAnything,
    this.sendAnything,
    this.receiveAnything,
    this.frame,
    this.frame,
    this.service,
    this.service,
    this.spoilMemory,
    this.fault,
  ];

  private accessBar0(): void {
    const { random, net } = this;
    const near = random.pick(registers) + random.below(40) - 4;
    const offset = random.oneIn(3) ? random.below(0x10_0010) : near;
    const at = random.oneIn(400) ? resetAt : offset;
    if (at >= resetAt - 3 && at < resetAt + 4 && !random.oneIn(50)) return;
    const size = random.pick(sizes) as AccessSize;
    if (random.oneIn(2)) net.rig.read(random.pick([0, 0, 0, 1, 6]), at, size);
    else net.rig.write(0, at, size, random.edge());
  }

  private accessBar2(): void {
    const { random, net } = this;
    const offset = random.oneIn(2) ? random.below(0x80_0010) - 8 : random.below(140) * uarPageBytes;
    const size = random.pick(sizes) as AccessSize;
    if (random.oneIn(4)) net.rig.read(2, offset, size);
    else
      net.rig.write(
        2,
        offset + random.pick([0, 0x14, 0x20, 0x24, 0x800, 0x808]),
        size,
        random.edge(),
      );
  }

  private accessConfig(): void {
    const { random, net } = this;
    const offset = random.oneIn(8) ? random.edge() : random.below(260) - 2;
    const size = random.pick(sizes) as AccessSize;
    if (random.oneIn(3)) net.rig.configRead(offset, size);
    else net.rig.configWrite(offset, size, random.edge());
    if (random.oneIn(2)) net.rig.enable();
  }

  /** Any command with anything. */
  private command(): void {
    const { random } = this;
    const opcode = random.oneIn(8) ? random.below(4096) : commandTable[random.pick(names)].opcode;
    const input = random.oneIn(2) ? random.bytes(64) : ([random.edge(), random.edge()] as const);
    this.give(opcode, input, random.oneIn(3) ? random.edge() : random.below(300));
  }

  /** A good command, with a few bytes of its mailbox and perhaps its modifier changed. */
  private goodCommandSpoilt(): void {
    const { random } = this;
    const [name, mailbox] = random.pick([...this.mailboxes]);
    const near = random.pick([0x40, 0x41, 0x80, 0x81, 8, 16, 0x100, 0x101, 1, 2, 0x201, 0x60]);
    this.give(
      commandTable[name].opcode,
      random.spoil(mailbox),
      random.oneIn(9) ? random.edge() : near,
    );
  }

  private give(opcode: number, input: Uint8Array | readonly [number, number], inMod: number): void {
    const { random, net } = this;
    const { commands } = net.driver;
    if ((commands.control & goMask) !== 0) net.rig.clock.runFor(1_000_000);
    const out = random.oneIn(8) ? random.edge() * 16 : commands.outBox;
    const opMod = random.pick([0, 0, 0, 1, 1, 2, 3, random.below(16)]);
    const before = this.answered;
    const event = random.oneIn(3);
    const free = (commands.control & goMask) === 0 && net.rig.configRead(4, 2) !== 0xffff;
    commands.post(opcode, { in: input, inMod, opMod, out }, random.below(0x1_0000), event);
    if (event && !random.oneIn(4)) return;
    net.rig.clock.runFor(1_000_000);
    const quiet = net.rig.card.faults.list.length === 0 && this.readable();
    if (free && quiet && this.answered === before)
      this.complaints.push('a command was not answered');
  }

  /** Registers can be read: the card is not in reset, memory is on, it is not dead. */
  private readable(): boolean {
    const { rig } = this.net;
    const dead = rig.readBe32(0, 0xf8000) !== 0;
    return (rig.configRead(4, 2) & 2) !== 0 && rig.configRead(0, 2) !== 0xffff && !dead;
  }

  private doorbell(): void {
    const { random, net } = this;
    const at = random.pick([driverUar, driverUar + 1, 0, 1, 127]) * uarPageBytes;
    const number = random.pick([0x40, 0x41, 0x80, 0x81, 5, random.edge()]);
    net.rig.writeBe32(2, at + 0x20, (random.below(8) * 2 ** 27 + number) >>> 0);
    net.rig.writeBe32(2, at + 0x24, random.edge());
    net.rig.writeBe32(2, at + 0x14, (number * 256) >>> 0);
    net.rig.writeBe32(2, at + 0x800 + 8 * random.below(4), random.edge());
  }

  /** A descriptor whose segments point anywhere, in any state of its queue pair. */
  private sendAnything(): void {
    const { random, net } = this;
    const pair = random.pick(this.pairs);
    const mine = net.driver.commands.inBox;
    const state = net.rig.card.view.qpState(pair.qpn);
    if (state !== 'RTS' && this.alive && random.oneIn(2)) this.revive(pair);
    const wild = random.oneIn(3);
    const segments = Array.from({ length: 1 + random.below(5) }, () =>
      random.oneIn(3)
        ? { inline: random.bytes(wild ? random.below(70) : 1 + random.below(12)) }
        : {
            address: wild ? random.edge() * 2 ** random.below(32) : mine,
            bytes: wild && random.oneIn(6) ? random.u32() >>> 1 : 1 + random.below(400),
            ...(wild && random.oneIn(4) ? { lkey: random.edge() } : {}),
          },
    );
    const spoilt = random.oneIn(8);
    this.quietly(() => {
      pair.post(segments, {
        flags: random.oneIn(2) ? 0x0e : random.below(256),
        opcode: spoilt ? random.below(32) : 0x0a,
        insVlan: random.oneIn(4) ? random.below(256) : 0,
        vlanTag: random.below(0x1_0000),
        ...(spoilt ? { units: random.below(64) } : {}),
      });
    });
    pair.ring();
  }

  /** What a driver does all the time: takes events and completions, and arms. */
  private service(): void {
    const { net, random } = this;
    this.quietly(() => {
      for (const eq of [net.events, net.completions]) {
        eq.poll(64);
        eq.ring(random.oneIn(2));
      }
      for (const cq of this.queues) {
        cq.poll(64);
        cq.arm(random.pick([1, 2, 2]), random.below(4));
      }
    });
  }

  /** Receive descriptors and a doorbell record of any content. */
  private receiveAnything(): void {
    const { random, net, srq } = this;
    if (srq !== null && random.oneIn(3)) {
      this.quietly(() => {
        if (random.oneIn(4)) srq.link(random.below(srq.entries), random.below(srq.entries + 1));
        net.rig.memory.writeBe32(srq.record, random.oneIn(4) ? random.edge() : ++srq.posted);
      });
      return;
    }
    const pair = random.pick(this.pairs);
    const slot = random.below(pair.receives);
    const at = pair.buffer.address + pair.sends * pair.sendStride + slot * pair.stride;
    this.quietly(() => {
      net.rig.memory.write(at, random.bytes(16));
      if (random.oneIn(2)) net.rig.memory.writeBe32(pair.record, random.edge());
      else pair.receive(random.below(8), [random.below(2000)]);
    });
  }

  private frame(): void {
    const { random, net } = this;
    const to = random.pick([...portMacs, broadcastMac, random.u32()]);
    const made = udpTo(to, random.below(1600), { source: random.below(9), destination: 2 });
    const spoilt = random.oneIn(2) ? made : random.spoil(made);
    const tagged = random.oneIn(4) ? insertVlan(spoilt, random.below(0x1_0000)) : spoilt;
    const cut = random.oneIn(8) ? tagged.slice(0, random.below(tagged.length)) : tagged;
    net.arrive(
      random.pick([1, 2] as const),
      random.oneIn(9) ? random.bytes(random.below(300)) : cut,
    );
  }

  /** Memory that the card uses changes under it: contexts, translations, rings, records. */
  private spoilMemory(): void {
    const { random, net } = this;
    if (!random.oneIn(8)) return;
    const { tables } = net.driver;
    const table = random.pick([
      tables.qpc,
      tables.cqc,
      tables.eqc,
      tables.dmpt,
      tables.mtt,
      tables.mcg,
    ]);
    this.quietly(() => {
      if (random.oneIn(10)) net.driver.unmap(table);
      else net.rig.memory.write(net.driver.addressOf(table) + random.below(8192), random.bytes(16));
    });
  }

  private fault(): void {
    const { random, net } = this;
    if (!random.oneIn(6)) return;
    const { faults } = net.rig.card;
    const command = random.oneIn(2) ? ('any' as const) : random.pick(names);
    const status = CMD_STAT.BAD_NVMEM;
    faults.set(
      random.pick([
        { name: 'slowCommand', command, extraNs: random.below(100_000) },
        { name: 'failCommand', command, status, count: 1 },
        { name: 'dropInterrupt', count: 1 },
        { name: 'portFlap', portNumber: 1, downNs: 1000 },
      ]),
    );
    if (random.oneIn(2)) faults.clear();
  }

  /** Brings a queue pair back to RTS, as mlx4_en does after an error. */
  private revive(pair: BarePair): void {
    this.quietly(() => {
      this.net.driver.commands.run('MLX4_CMD_2RST_QP', { inMod: pair.qpn, opMod: 2 });
      pair.producer = 0;
      pair.ready();
    });
  }

  /** What the bare driver cannot do in this state is not the card's fault. */
  private quietly(fn: () => void): void {
    try {
      fn();
    } catch {
      this.net.rig.clock.runFor(1_000_000);
    }
  }

  /** A refused command has its reason in the trace, and its status where software looks. */
  private checkRecord({ name, status, event, token }: CommandRecord): void {
    if (status === CMD_STAT.INTERNAL_ERR) this.complaints.push(`${name} failed inside the card`);
    if (status === CMD_STAT.OK) return;
    const { trace } = this.net.rig;
    const reasons = [];
    for (let seq = Math.max(0, trace.count - 12); seq < trace.count; seq++) {
      const { kind, object, value } = trace.event(seq);
      if (kind !== K['card.refused'] && kind !== K['card.fault']) continue;
      reasons.push(`${trace.text(object)} ${trace.text(value)}`);
    }
    const forced = reasons.some((text) => text.startsWith(name) && text.endsWith('failed'));
    const refused = reasons.some((text) => text.endsWith(`(${statusName(status)})`));
    if (!forced && !refused) this.complaints.push(`${name} status ${status} without a reason`);
    const control = this.net.driver.commands.control;
    const shown = event || control === 0xffff_ffff || control >>> 24 === status;
    if (!shown) this.complaints.push(`${name} token ${token}: the HCR shows ${control >>> 24}`);
  }

  /** Nothing was thrown inside the card. */
  private checkTrace(): void {
    const { trace } = this.net.rig;
    for (; this.seen < trace.count; this.seen++) {
      const { kind, value } = trace.event(this.seen);
      if (kind !== K['card.error']) continue;
      const text = trace.text(value);
      if (text.startsWith(unexpected)) this.complaints.push(text);
    }
  }
}

/** Mailboxes of commands that a good driver gives. */
function goodMailboxes(net: Network, pair: BarePair): ReadonlyMap<CommandName, Uint8Array> {
  const buffer = net.driver.buffer(4096);
  const context = { log_page_size: 0, mtt_base_addr_l: buffer.mttOffset };
  return new Map<CommandName, Uint8Array>([
    ['MLX4_CMD_SW2HW_EQ', eqContext.make({ state: 9, log_eq_size: 6, ...context })],
    [
      'MLX4_CMD_SW2HW_CQ',
      cqContext.make({ log_size: 6, comp_eqn: completionEqn, usr_page: driverUar, ...context }),
    ],
    ['MLX4_CMD_MODIFY_CQ', cqContext.make({ cq_max_count: 3, cq_period: 5 })],
    ['MLX4_CMD_SW2HW_MPT', wholeMemory(0x101)],
    ['MLX4_CMD_SW2HW_SRQ', srqContext.make({ log_size: 3, logstride: 1, ...context })],
    ['MLX4_CMD_RST2INIT_QP', pair.mailbox],
    ['MLX4_CMD_INIT2RTR_QP', pair.mailbox],
    ['MLX4_CMD_RTR2RTS_QP', pair.mailbox],
    ['MLX4_CMD_2RST_QP', new Uint8Array(8)],
    ['MLX4_CMD_2ERR_QP', pair.mailbox],
    ['MLX4_CMD_UPDATE_QP', new Uint8Array(0x120)],
    ['MLX4_CMD_WRITE_MCG', groupEntry(gidOf(1, portMacs[0]), [pair.qpn])],
    ['MLX4_QP_FLOW_STEERING_ATTACH', flowRuleOf({ qpn: pair.qpn }, [toMac(portMacs[0])])],
    ['MLX4_CMD_SET_PORT', new Uint8Array(64)],
    ['MLX4_CMD_SET_VLAN_FLTR', new Uint8Array(512).fill(0xff)],
    ['MLX4_CMD_MAD_IFC', Uint8Array.of(1, 1, 1, 1, ...new Uint8Array(252))],
    ['MLX4_CMD_ACCESS_REG', Uint8Array.of(8, 4, 0, 0, 0x50, 4, 1, 1, ...new Uint8Array(80))],
    ['MLX4_CMD_CONFIG_DEV', new Uint8Array(132)],
    ['MLX4_CMD_VIRT_PORT_MAP', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2)],
    ['MLX4_CMD_INIT_HCA', net.driver.initMailbox()],
    ['MLX4_CMD_MAP_ICM', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)],
  ]);
}
