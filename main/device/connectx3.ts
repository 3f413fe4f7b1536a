// The card: what a computer sees of it through PCI, and what a test or the window may look at. An
// event-driven state machine that knows no engine, kernel or driver: it acts when a register is
// written, a frame arrives or a time comes. No method throws: an exception inside becomes a
// `card.error` event, and a read gives all ones.
//
// A software reset throws the whole Hca away (hca.ts); configuration space, connectors, faults and
// the ownership word outlive it. While it lasts everything reads all ones.

import type { AccessSize, BarSpec, PciFunction, PciHost } from '#bus/pci-function.ts';
import type { WirePort } from '#bus/wire.ts';
import { bar0Bytes, bar2Bytes } from '#prm/registers.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { Bar0 } from './bar0.ts';
import { Bar2 } from './bar2.ts';
import type { CommandRecord } from './command.ts';
import { ConfigSpace, allOnes } from './config-space.ts';
import { noteMaps } from './commands/remap.ts';
import { faultDescriptions, Faults } from './faults.ts';
import type { Fault, FaultName } from './faults.ts';
import { Hca } from './hca.ts';
import { CommandInterface } from './hcr.ts';
import { HostLink } from './host-link.ts';
import { Interrupts } from './interrupts.ts';
import { MsixTable } from './msix.ts';
import { cardProfiles } from './options.ts';
import type { CardOptions, CardProfile } from './options.ts';
import { PortPhy } from './phy.ts';
import type { PortType } from './port.ts';
import { resetDarkNs } from './timing.ts';
import { CardView } from './view.ts';

/** What a card is made from. */
export interface ConnectX3Spec {
  /** Name in traces; ports are `<name> port 1` and `<name> port 2`. */
  readonly name: string;
  readonly trace: Trace;
  /** `default` unless given. */
  readonly profile?: CardProfile;
  /** Single properties that differ from the profile. */
  readonly options?: Partial<CardOptions>;
}

/** A port, to look at. */
export interface PortState {
  readonly portNumber: 1 | 2;
  readonly type: PortType;
  readonly initialised: boolean;
  /** The port can be used: an InfiniBand port only when a subnet manager made it ACTIVE. */
  readonly linkUp: boolean;
  /** Of the cable; 0 while there is no signal. */
  readonly speedMbps: number;
  readonly mtuBytes: number;
  /** MACs in the port's table. */
  readonly macs: readonly number[];
}

/** Commands that commandLog keeps. */
const logMax = 4096;
/** First word of a filled error buffer; its meaning is the firmware's own. */
const catastrophicSyndrome = 0x1;
const errorPattern = 0xdead_0000;

/** An emulated ConnectX-3. */
export class ConnectX3 implements PciFunction {
  readonly name: string;
  readonly options: CardOptions;
  readonly faults = new Faults();
  readonly bars: readonly BarSpec[] = [
    { index: 0, sizeBytes: bar0Bytes, is64Bit: true, prefetchable: false },
    { index: 2, sizeBytes: bar2Bytes, is64Bit: true, prefetchable: true },
  ];
  /** The last commands that were answered, oldest first. */
  readonly commandLog: CommandRecord[] = [];
  /** Told of every answered command. */
  onCommand: (record: CommandRecord) => void = () => undefined;
  private readonly link: HostLink;
  private readonly config: ConfigSpace;
  private readonly msix: MsixTable;
  private readonly interrupts: Interrupts;
  private readonly bar0: Bar0;
  private readonly phys: readonly [PortPhy, PortPhy];
  private hca: Hca;
  private commands: CommandInterface;
  private bar2: Bar2;
  /** The catastrophic fault struck: nothing is answered until a software reset. */
  private dead = false;
  private flaps = 0;
  private readonly toldFaults = new Map<FaultName, number>();
  private toldHeld = 0;

  constructor(spec: ConnectX3Spec) {
    this.name = spec.name;
    this.options = { ...cardProfiles[spec.profile ?? 'default'], ...spec.options };
    this.link = new HostLink(spec.name, spec.trace);
    this.config = new ConfigSpace(this.options.msixVectors);
    this.config.onChange = () => {
      this.configChanged();
    };
    this.msix = new MsixTable(this.link, this.config, this.options.msixVectors);
    this.interrupts = new Interrupts(this.link, this.config, this.msix, this.faults);
    this.phys = [
      new PortPhy(`${spec.name} port 1`, this.link),
      new PortPhy(`${spec.name} port 2`, this.link),
    ];
    this.bar0 = new Bar0({
      msix: this.msix,
      interrupts: this.interrupts,
      commands: () => this.commands,
      reset: () => {
        this.softwareReset();
      },
      clock: () => Math.floor((this.link.now() * this.options.coreClockMhz) / 1000),
      refuse: (offset) => {
        this.hca.refuse(`register write at 0x${offset.toString(16)}`, 'nothing takes it');
      },
    });
    [this.hca, this.commands, this.bar2] = this.powerUp(0);
    this.faults.onChange = () => {
      this.tellFaults();
    };
    this.faults.onSet = (fault) => {
      this.link.guard(() => {
        this.strike(fault);
      });
    };
  }

  /** The connector of port 1 or 2, for a cable. */
  wirePort(portNumber: number): WirePort {
    return this.phys[portNumber === 2 ? 1 : 0];
  }

  /** Both connectors by name. */
  wirePorts(): ReadonlyMap<string, WirePort> {
    return new Map(this.phys.map((phy) => [phy.name, phy]));
  }

  /** Physical port that traffic of virtual ports 1 and 2 leaves through. */
  get portMap(): readonly [1 | 2, 1 | 2] {
    return this.hca.portMap;
  }

  /** True: a queue pair takes packets only from its own port. */
  get rxPortCheck(): boolean {
    return this.hca.rxPortCheck;
  }

  /** A port as it is now; any number but 2 means port 1. */
  port(portNumber: number): PortState {
    const port = this.hca.port(portNumber);
    const { type, initialised, linkUp, speedMbps, macs } = port;
    return {
      portNumber: port.portNumber,
      type,
      initialised,
      linkUp,
      speedMbps,
      mtuBytes: port.settings.mtuBytes,
      macs,
    };
  }

  /** Contexts and tables, decoded, for tests and the window. Valid until the next reset. */
  get view(): CardView {
    return new CardView(this.hca);
  }

  attach(host: PciHost): void {
    this.link.attach(host);
  }

  configRead(offset: number, size: AccessSize): number {
    return this.config.read(offset, size);
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    this.access(() => {
      this.config.write(offset, size, value);
    });
  }

  barRead(bar: number, offset: number, size: AccessSize): number {
    let value = allOnes(size);
    this.access(() => {
      if (!this.answers(bar, offset, size)) return;
      value = bar === 0 ? this.bar0.read(offset, size) : 0;
    });
    return value;
  }

  barWrite(bar: number, offset: number, size: AccessSize, value: number): void {
    this.access(() => {
      if (!this.answers(bar, offset, size)) return;
      if (bar === 0) this.bar0.write(offset, size, value >>> 0);
      else if (!this.dead) this.bar2.write(offset, size, value >>> 0);
    });
  }

  /** Runs an access: nothing escapes, and no interrupt is sent before it is over. */
  private access(fn: () => void): void {
    const { link } = this;
    link.accessing = true;
    link.guard(fn);
    link.accessing = false;
  }

  /** True when a BAR access reaches the card; one that is out of place leaves an event. */
  private answers(bar: number, offset: number, size: AccessSize): boolean {
    if (this.config.dark) return false;
    const bytes = bar === 0 ? bar0Bytes : bar === 2 ? bar2Bytes : 0;
    const whole = Number.isInteger(offset) && (size === 1 || size === 2 || size === 4);
    const fits = whole && offset >= 0 && offset + size <= bytes;
    if (!fits) this.link.error(`BAR${bar} access at ${offset}, ${size} bytes`);
    else if (!this.config.memoryEnabled) this.link.error(`BAR${bar} access, memory is disabled`);
    return fits && this.config.memoryEnabled;
  }

  private configChanged(): void {
    this.link.busMaster = this.config.busMaster;
    this.interrupts.configChanged();
  }

  /** A fresh state behind the connectors. `firstSeq`: number of its first command. */
  private powerUp(firstSeq: number): [Hca, CommandInterface, Bar2] {
    const { link, options, interrupts, faults, phys } = this;
    const hca = new Hca({ link, options, interrupts, faults, phys });
    const commands = new CommandInterface(hca, () => this.dead, firstSeq);
    commands.onCommand = (record) => {
      this.commandLog.push(record);
      if (this.commandLog.length > logMax) this.commandLog.shift();
      this.onCommand(record);
    };
    phys[0].port = hca.ports[0];
    phys[1].port = hca.ports[1];
    noteMaps(hca);
    for (const port of hca.ports) port.tell();
    return [hca, commands, new Bar2(hca)];
  }

  /** Everything is gone and the card reads all ones for a while (facts/device 2.2, 2.3). */
  private softwareReset(): void {
    const { trace } = this.link;
    trace.emit(K['card.reset'], trace.intern(this.name), 0);
    this.hca.kill();
    this.link.forgetInterrupts();
    this.faults.forgetHeld();
    this.dead = false;
    this.flaps++;
    const open = this.hca.ports.map((port) => port.initialised);
    [this.hca, this.commands, this.bar2] = this.powerUp(this.commands.nextSeq);
    this.interrupts.reset();
    this.bar0.reset();
    this.config.powerOn();
    this.configChanged();
    this.config.dark = true;
    const reset = this.hca;
    this.link.after(resetDarkNs, () => {
      if (this.hca === reset) this.config.dark = false;
    });
    this.phys.forEach((phy, index) => {
      if (open[index] === true) phy.offerChanged();
    });
  }

  /** Which switches are on, and how many commands are held, for pictures. */
  private tellFaults(): void {
    const { trace } = this.link;
    for (const name of Object.keys(faultDescriptions) as FaultName[]) {
      const count = this.faults.countOf(name);
      if (count === (this.toldFaults.get(name) ?? 0)) continue;
      this.toldFaults.set(name, count);
      trace.emit(K.fault, trace.intern(name), count);
    }
    const held = this.faults.heldCommands.length;
    if (held === this.toldHeld) return;
    this.toldHeld = held;
    trace.emit(K['fault.held'], trace.intern('holdCommand'), held);
  }

  /** Faults that act when they are switched on. */
  private strike(fault: Fault): void {
    this.link.note('card.fault', this.name, fault.name);
    if (fault.name === 'catastrophic') {
      this.dead = true;
      this.hca.kill();
      this.bar0.errorBuffer.forEach((_, i, buffer) => {
        buffer[i] = i === 0 ? catastrophicSyndrome : errorPattern + i;
      });
    } else if (fault.name === 'portFlap') {
      this.flap(fault, fault.count ?? 1, ++this.flaps);
    }
  }

  /** Takes a port's link down for a while; `token` goes stale with the next flap or a reset. */
  private flap(fault: Fault & { readonly name: 'portFlap' }, left: number, token: number): void {
    const port = this.hca.port(fault.portNumber);
    port.forceDown(true);
    this.link.after(fault.downNs, () => {
      port.forceDown(false);
      if (token !== this.flaps || left <= 1) return;
      this.link.after(fault.upNs ?? fault.downNs, () => {
        if (token === this.flaps) this.flap(fault, left - 1, token);
      });
    });
  }
}
