// The lanes of what is not software: every port with its link and its packets, the bond as the card
// has it, the commands of the firmware from post to answer.
//
// An answer names only its command: of two equal ones that are under way, the older is taken to be
// answered first. The card bonds its ports in hardware while it does not check on which of them a
// packet came in (facts/device.md, "VIRT_PORT_MAP"); the bond's lane begins with the bond itself.

import type { Trace } from '#trace/trace.ts';
import type { LaneEvent, Takes } from './event.ts';
import type { Labels } from './labels.ts';
import type { Lanes, LaneTrack } from './lanes.ts';
import { SideBySide } from './side-by-side.ts';
import { spanStyle } from './styles.ts';

/** A port. */
interface Port {
  readonly lane: LaneTrack;
  /** Mb/s; 0 is no link. */
  speed: number;
  /** Text of `eth` or `ib`; 0 for what has no choice. */
  type: number;
}

/** Told of every command: who gave it, and its name; empty when it is answered. */
export type OnCommand = (task: number, name: string) => void;

/** Draws ports, bond and firmware. */
export class HardwareLanes {
  readonly takes: Takes;
  private readonly trace: Trace;
  private readonly labels: Labels;
  private readonly lanes: Lanes;
  private readonly onCommand: OnCommand;
  private readonly ports = new Map<number, Port>();
  private commands: SideBySide | undefined;
  /** Tasks by the names of the commands that they have given. */
  private readonly givers = new Map<number, number[]>();
  private bond: LaneTrack | undefined;
  private map = 0x12;
  private checksPort = true;

  constructor(trace: Trace, labels: Labels, lanes: Lanes, onCommand: OnCommand) {
    this.trace = trace;
    this.labels = labels;
    this.lanes = lanes;
    this.onCommand = onCommand;
    this.takes = {
      link: (event) => this.linked(event),
      'card.type': (event) => this.typed(event),
      'packet.send': (event) => this.passed(event),
      'packet.receive': (event) => this.passed(event),
      'card.map': (event) => this.mapped(event),
      'bond.mode': (event) => this.bondNamed(event.object, event),
      'bond.slave': (event) => this.bondNamed(event.value, event),
      'fw.command': (event) => this.given(event),
      'fw.done': (event) => this.answered(event),
    };
  }

  private port({ object, seq }: LaneEvent): Port {
    const known = this.ports.get(object);
    if (known !== undefined) return known;
    const lane = this.lanes.add('port', this.trace.text(object), seq);
    lane.addRow(spanStyle.linkUp, spanStyle.linkDown);
    lane.addRow(spanStyle.packet);
    const port: Port = { lane, speed: 0, type: 0 };
    this.ports.set(object, port);
    return port;
  }

  private linked(event: LaneEvent): void {
    const port = this.port(event);
    port.speed = event.value;
    this.drawPort(port, event);
  }

  private typed(event: LaneEvent): void {
    const port = this.port(event);
    port.type = event.value;
    this.drawPort(port, event);
  }

  private drawPort({ lane, speed, type }: Port, { timeNs, seq }: LaneEvent): void {
    const link = speed === 0 ? 'no link' : `${speed / 1000} Gb/s`;
    const text = type === 0 ? link : `${this.trace.text(type)}, ${link}`;
    lane.rows[0]!.change(timeNs, speed === 0 ? 1 : 0, this.labels.of(text), speed, seq);
  }

  private passed(event: LaneEvent): void {
    this.port(event).lane.rows[1]!.point(event.timeNs, 0, 0, 0, event.seq);
  }

  private mapped(event: LaneEvent): void {
    const what = this.trace.text(event.object);
    if (what.endsWith(' port map')) this.map = event.value;
    else if (what.endsWith(' rx port check')) this.checksPort = event.value !== 0;
    this.drawBond(event);
  }

  /** The name of a bond's netdev, without what the kernel's reference puts before it. */
  private bondNamed(text: number, event: LaneEvent): void {
    const name = this.trace.text(text).replace(/^netdev /, '');
    if (this.bond !== undefined || name === '') return;
    this.bond = this.lanes.add('bond', name, event.seq);
    this.bond.addRow(spanStyle.bonded, spanStyle.notBonded);
    this.drawBond(event);
  }

  private drawBond({ timeNs, seq }: LaneEvent): void {
    const { map, checksPort } = this;
    const ports = `1→${map >> 4} 2→${map & 15}`;
    const text = checksPort ? 'not bonded' : `bonded in hardware, ${ports}`;
    this.bond?.rows[0]!.change(timeNs, checksPort ? 1 : 0, this.labels.of(text), map, seq);
  }

  /** `SET_PORT in_mod=…`: the name is the first word. */
  private given(event: LaneEvent): void {
    const name = this.trace.text(event.object).split(' ', 1)[0]!;
    const label = this.labels.of(name);
    this.commands ??= new SideBySide(
      this.lanes.add('firmware', 'firmware', event.seq),
      spanStyle.command,
    );
    this.commands.begin(label, event, label, 0);
    const givers = this.givers.get(label);
    if (givers === undefined) this.givers.set(label, [event.task]);
    else givers.push(event.task);
    this.onCommand(event.task, name);
  }

  private answered(event: LaneEvent): void {
    const label = this.labels.of(this.trace.text(event.object));
    this.commands?.end(label, event);
    const giver = this.givers.get(label)?.shift();
    if (giver !== undefined) this.onCommand(giver, '');
  }
}
