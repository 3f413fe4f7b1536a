// What hands do at the panel: pull, carry, plug, swap, throw a switch, and undo. Acts go to the lab
// one after the other; until it has shown what came of one, the plug is drawn where the hand has
// put it.

import { endAt, endKey, withEndAt } from './cables.ts';
import type { CableEnd } from './cables.ts';
import { faultAct, faultOf, holdSwitch, isArmed, releaseLine } from './faults.ts';
import type { FaultSwitch } from './faults.ts';
import type { Point } from './layout.ts';
import type { Panel, CableView } from '#contract/panel.ts';
import { plugAct, pullAct, swapAct, Undo } from './undo.ts';
import type { Act } from './undo.ts';
import { texts } from './texts.ts';

/** Who carries acts out. */
export interface Ways {
  /** A line for the machine's hands; false when it was refused, which the frame has shown. */
  readonly hand: (line: string) => Promise<boolean>;
  /** How things are at the live end, after all that was carried out; null when the lab is away. */
  readonly panel: () => Promise<Panel | null>;
  /** A line for a shell, in a terminal of its own. */
  readonly shell: (line: string) => void;
}

/** A plug in a hand. */
export interface Carry {
  readonly cable: CableView;
  readonly end: 0 | 1;
  /** Port that it was pulled out of just now; null when it hung. */
  readonly from: string | null;
  readonly by: 'mouse' | 'keys';
  /** Where the mouse has moved it to, from where it was. */
  readonly moved: Point;
  /** Free port that it would go into. */
  readonly target: string | null;
}

/** A plug that was put somewhere, and is not shown there by the lab yet. */
interface Put {
  readonly cable: string;
  readonly end: 0 | 1;
  readonly port: string;
  readonly answered: boolean;
}

export class Hands {
  carry = $state.raw<Carry | null>(null);
  /** The last word about what a hand did, for a screen reader. */
  said = $state('');
  /** Ports that ends were pulled out of, by `cable end`: they hang before them. */
  before = $state.raw<Readonly<Record<string, string>>>({});
  private put = $state.raw<Put | null>(null);
  private readonly ways: Ways;
  private readonly history = new Undo();
  private last: Promise<unknown> = Promise.resolve();

  constructor(ways: Ways) {
    this.ways = ways;
  }

  /** Carries an act out; undo can turn it round. */
  act(act: Act): Promise<boolean> {
    return this.inOrder(() => this.carryOut(act));
  }

  /** A line that has no opposite. */
  once(line: string): Promise<boolean> {
    return this.inOrder(() => this.enter('hand', [line]));
  }

  /** Makes the opposite of the last act, now. */
  undo(): Promise<boolean> {
    return this.inOrder(async () => {
      const act = this.history.last;
      if (act === null) return false;
      const done = await this.enter(act.way, act.opposite);
      this.history.undid(done);
      return done;
    });
  }

  /** Makes the act again that was turned round last. */
  redo(): Promise<boolean> {
    return this.inOrder(async () => {
      const act = this.history.next;
      if (act === null) return false;
      const done = await this.enter(act.way, act.lines);
      this.history.redid(done);
      return done;
    });
  }

  /** Another session is on the bench. */
  reset(): void {
    this.history.clear();
    this.carry = null;
    this.put = null;
    this.before = {};
  }

  /** One act after the other, in the order of the hand. */
  private inOrder(act: () => Promise<boolean>): Promise<boolean> {
    const next = this.last.then(act);
    this.last = next.catch(() => undefined);
    return next;
  }

  private async carryOut(act: Act): Promise<boolean> {
    const done = await this.enter(act.way, act.lines);
    if (done) this.history.note(act);
    return done;
  }

  private async enter(way: Act['way'], lines: readonly string[]): Promise<boolean> {
    for (const line of lines) {
      if (way === 'shell') this.ways.shell(line);
      else if (!(await this.ways.hand(line))) return false;
    }
    return true;
  }

  /** Takes a plug into the hand; one that is in a port is pulled now. */
  pickUp(held: CableEnd, by: Carry['by']): void {
    const port = held.cable.ends[held.end];
    const home = port ?? this.before[endKey(held)] ?? null;
    this.carry = { ...held, from: port, by, moved: { x: 0, y: 0 }, target: home };
    if (port !== null) this.noteAndPull(held, port);
  }

  private noteAndPull(held: CableEnd, port: string): void {
    this.before = { ...this.before, [endKey(held)]: port };
    this.said = texts.pulled(held.cable.label, port);
    void this.act(pullAct(port, held.cable.name)).then((done) => {
      if (!done) this.carry = null;
    });
  }

  /** The hand moves. */
  move(moved: Point, target: string | null): void {
    if (this.carry !== null) this.carry = { ...this.carry, moved, target };
  }

  /** Plugs into the target, or lets go. */
  async drop(): Promise<void> {
    const { carry } = this;
    if (carry === null) return;
    this.carry = null;
    if (carry.target === null) this.said = texts.leftHanging(carry.cable.label);
    else await this.plugIn(carry, carry.target);
  }

  /** Puts the plug back where it was pulled from; one that hung hangs again. */
  async putBack(): Promise<void> {
    const { carry } = this;
    this.carry = null;
    if (carry !== null && carry.from !== null) await this.plugIn(carry, carry.from);
  }

  /** Plugs a free end in. */
  async plugIn({ cable, end }: CableEnd, port: string): Promise<void> {
    this.put = { cable: cable.name, end, port, answered: false };
    const done = await this.act(plugAct(port, cable.name));
    if (done) this.said = texts.plugged(cable.label, port);
    this.put = done && this.put !== null ? { ...this.put, answered: true } : null;
  }

  /** Pulls a plug and lets it hang. */
  pull(held: CableEnd): void {
    const port = held.cable.ends[held.end];
    if (port !== null) this.noteAndPull(held, port);
  }

  /**
   * The key `k`: lets held commands go, or throws the switch that holds them. Which it is the lab
   * says in its turn: what is shown may be older than the last press.
   */
  toggleHold(): Promise<boolean> {
    return this.inOrder(async () => {
      const panel = await this.ways.panel();
      if (panel === null) return false;
      const isHeld = (faultOf(panel, holdSwitch)?.held ?? 0) > 0;
      if (isHeld) return this.enter('hand', [releaseLine]);
      return this.carryOut(faultAct(panel, holdSwitch, !isArmed(panel, holdSwitch)));
    });
  }

  /** Throws a switch, from how it stands when its turn comes. */
  throwSwitch(each: FaultSwitch): Promise<boolean> {
    return this.inOrder(async () => {
      const panel = await this.ways.panel();
      return panel !== null && this.carryOut(faultAct(panel, each, !isArmed(panel, each)));
    });
  }

  /** Exchanges the plugs of two ports. */
  swap(port: string, other: string): Promise<boolean> {
    return this.act(swapAct(port, other));
  }

  /** The lab has shown how things are. */
  saw({ cables }: Panel): void {
    const { put } = this;
    if (put === null) return;
    if (put.answered || endAt(cables, put.port)?.cable.name === put.cable) this.put = null;
  }

  /** The cables as the hand has them. */
  over(cables: readonly CableView[]): readonly CableView[] {
    const { carry, put } = this;
    const lifted = carry === null ? cables : withEndAt(cables, carry.cable.name, carry.end, null);
    return put === null ? lifted : withEndAt(lifted, put.cable, put.end, put.port);
  }
}
