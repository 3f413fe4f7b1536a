// Mouse and keyboard on the plugs, as what hands do. A press on a plug that moves 4 px takes it
// out; with the keyboard Enter takes it, arrows choose among the free ports, Enter plugs it in.

import { endAt, endKey, freeEnds, nextFree, portWords } from './cables.ts';
import type { CableEnd } from './cables.ts';
import type { Hands } from './hands.svelte.ts';
import { placeUnder } from './layout.ts';
import type { Place, Point } from './layout.ts';
import type { Panel, CableView } from '#contract/panel.ts';
import type { PlugPose } from './pose.ts';
import { texts } from './texts.ts';

/** The panel as it is at the moment of an act. */
export interface GripView {
  readonly panel: Panel;
  readonly cables: readonly CableView[];
  readonly places: readonly Place[];
  /** Names of the ports without a plug. */
  readonly free: readonly string[];
  readonly blocked: string | null;
  /** Puts the focus on a port. */
  readonly focus: (port: string) => void;
}

const still: Point = { x: 0, y: 0 };
/** Way that a press must move to be a pull, px. */
const pullPx = 4;

export class Grip {
  private readonly hands: Hands;
  private readonly view: () => GripView;
  private press: { readonly held: CableEnd; readonly from: Point } | null = null;

  constructor(hands: Hands, view: () => GripView) {
    this.hands = hands;
    this.view = view;
  }

  /** Nothing may be done now: says why. */
  private isBlocked(): boolean {
    const { blocked } = this.view();
    if (blocked !== null) this.hands.said = blocked;
    return blocked !== null;
  }

  /** A press on a plug. */
  grab(held: CableEnd | null, from: Point): void {
    if (held === null || this.hands.carry !== null || this.isBlocked()) return;
    this.press = { held, from };
  }

  /** The mouse moves; true once it has a plug, and wants the pointer for itself. */
  move(at: Point): boolean {
    const { press, hands } = this;
    if (press === null) return false;
    const moved = { x: at.x - press.from.x, y: at.y - press.from.y };
    if (hands.carry === null) {
      if (Math.hypot(moved.x, moved.y) < pullPx) return false;
      hands.pickUp(press.held, 'mouse');
    }
    const { places, free, cables } = this.view();
    const home = endAt(cables, hands.carry?.from ?? '') === null ? hands.carry?.from : null;
    const open = places.filter(({ name }) => free.includes(name) || name === home);
    hands.move(moved, placeUnder(open, at)?.name ?? null);
    return true;
  }

  release(): void {
    if (this.press === null) return;
    this.press = null;
    if (this.hands.carry?.by === 'mouse') void this.hands.drop();
  }

  /** Double click: pulls what is in, plugs in what hangs. */
  flip(plug: PlugPose): void {
    if (this.isBlocked()) return;
    if (!plug.out) this.hands.pull(plug);
    else if (this.view().free.includes(plug.home)) void this.hands.plugIn(plug, plug.home);
  }

  /** Escape, wherever the focus is; false when no plug is in the hand. */
  escape(): boolean {
    const { carry } = this.hands;
    if (carry === null) return false;
    this.press = null;
    const port = carry.from ?? carry.target;
    void this.hands.putBack().then(() => {
      if (port !== null && carry.by === 'keys') this.view().focus(port);
    });
    return true;
  }

  /** A key on a port; false when it means nothing here. */
  key(key: string, port: string): boolean {
    return this.hands.carry === null ? this.keyOnPort(key, port) : this.keyWithPlug(key);
  }

  private keyOnPort(key: string, port: string): boolean {
    const { hands } = this;
    if (key === 'Enter') {
      const held = this.atHand(port);
      if (held !== null && !this.isBlocked()) {
        hands.pickUp(held, 'keys');
        this.aim(port);
      }
    } else if (key === 'Delete') {
      const held = endAt(this.view().cables, port);
      if (held !== null && !this.isBlocked()) hands.pull(held);
    } else if (key === 'x') {
      const { panel } = this.view();
      const [one, other] = panel.ports.map(({ name }) => name);
      if (one !== undefined && other !== undefined && !this.isBlocked()) {
        void hands.swap(one, other);
      }
    } else return false;
    return true;
  }

  private keyWithPlug(key: string): boolean {
    const { hands } = this;
    const { free, focus } = this.view();
    const target = hands.carry?.target ?? null;
    if (key === 'Enter') {
      void hands.drop().then(() => {
        if (target !== null) focus(target);
      });
    } else if (key === 'Escape') return this.escape();
    else if (key.startsWith('Arrow')) {
      const back = key === 'ArrowLeft' || key === 'ArrowUp';
      const next = nextFree(free, target, back ? -1 : 1);
      if (next !== null) this.aim(next);
    } else return false;
    return true;
  }

  /** The plug stands before a port. */
  private aim(port: string): void {
    const { hands } = this;
    hands.move(still, port);
    const label = hands.carry?.cable.label;
    if (label !== undefined) hands.said = texts.carrying(label, portWords(this.view().panel, port));
    this.view().focus(port);
  }

  /** The end that a hand takes at a port: what is in it, what hangs before it, else any. */
  private atHand(port: string): CableEnd | null {
    const { cables } = this.view();
    const hanging = freeEnds(cables);
    const here = hanging.find((end) => this.hands.before[endKey(end)] === port);
    return endAt(cables, port) ?? here ?? hanging[0] ?? null;
  }
}
