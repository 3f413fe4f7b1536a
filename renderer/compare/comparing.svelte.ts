// The comparison in the window: the two runs, the one cursor in both, and what is in view. Moments,
// tiles and words of spans are asked for one at a time; the newest wins.

import { decodeTile } from '#contract/timeline.ts';
import type { SpanWords, Tile } from '#contract/timeline.ts';
import { Latest } from '../state/latest.ts';
import { Player } from '../state/player.svelte.ts';
import type { Session } from '../state/session.svelte.ts';
import { playedAtMax } from '../state/speed.ts';
import { baseOf, endOf, firstView, placeOf, showing, turnedAfter } from './axis.ts';
import type { Compared, Lane, Place, Scale, Side, View } from './axis.ts';
import { Finding } from './finding.svelte.ts';
import type { MomentOfRun } from './machine.ts';

/** Of each run. */
export type OfBoth<T> = Readonly<Record<Side, T>>;

/** Events for each millisecond at a speed of 1×, where events are counted. */
const eventsPerMs = 1;
/** So fast that a tenth of a second, which a story takes, can be followed. */
const firstSpeed = 0.01;

const none = { a: null, b: null } as const;

export class Comparing {
  compared = $state.raw<Compared | null>(null);
  /** Both machines at the cursor. */
  moments = $state.raw<OfBoth<MomentOfRun> | null>(null);
  scale = $state<Scale>('time');
  /** The cursor: since they parted, ns or events. */
  after = $state(0);
  view = $state.raw<View>({ from: -1, to: 1 });
  /** Width of the picture, px. */
  width = $state(800);
  tiles = $state.raw<OfBoth<Tile | null>>(none);
  /** Lane by lane the spans at the cursor. */
  spans = $state.raw<OfBoth<readonly (readonly SpanWords[])[]>>({ a: [], b: [] });
  /** The difference that was gone to last. */
  row = $state(0);
  /** Also lanes that tell little, or are the same. */
  allLanes = $state(false);
  speed = $state<number | null>(firstSpeed);
  /** Numbers of the two runs; null when none were picked. */
  pair = $state.raw<readonly [number, number] | null>(null);
  readonly player = new Player();
  readonly finding: Finding;
  /** Counts moves; one that was asked for before a later one is not meant any more. */
  private moves = 0;
  private queue: Promise<void> = Promise.resolve();
  /** Where the cursor was on the other scale, while it is where that led. */
  private turned: {
    readonly scale: Scale;
    readonly after: number;
    readonly left: number;
  } | null = null;
  private readonly session: Session;
  private readonly looks: Latest<number>;
  private readonly draws: Latest<View>;

  /** Those that tell most; all where none tells more than another. */
  readonly lanes: readonly Lane[] = $derived.by(() => {
    const { lanes = [], lanesTelling = 0 } = this.compared ?? {};
    return this.allLanes || lanesTelling === 0 ? lanes : lanes.slice(0, lanesTelling);
  });

  constructor(session: Session) {
    this.session = session;
    this.finding = new Finding(this, session);
    this.looks = new Latest((after) => this.look(after));
    this.draws = new Latest((view) => this.draw(view));
  }

  async load(a: number, b: number): Promise<void> {
    const pair = [a, b] as const;
    this.player.stop();
    this.moves++;
    this.pair = pair;
    this.compared = null;
    this.moments = null;
    this.tiles = none;
    this.turned = null;
    this.finding.clear();
    const compared = await this.session.ask('compare', { a, b });
    if (this.pair !== pair) return;
    if (compared === null) {
      this.pair = null;
      return;
    }
    this.compared = compared;
    this.scale = 'time';
    this.view = firstView(compared, 'time');
    this.row = 0;
    this.lookAt(0);
  }

  async swap(): Promise<void> {
    if (this.pair !== null) await this.load(this.pair[1], this.pair[0]);
  }

  /** Where the parting is in a run, as the axis counts. */
  base(side: Side): number {
    return this.compared === null ? 0 : baseOf(this.compared, side, this.scale);
  }

  /** Puts the cursor somewhere; both machines follow. Moves that are still being asked are off. */
  lookAt(after: number): void {
    this.moves++;
    this.put(after);
  }

  /** Carries out moves that ask the lab where to go one after the other, each from where it is. */
  private inTurn(move: (isMeant: () => boolean) => Promise<void>): Promise<void> {
    const { moves } = this;
    const isMeant = (): boolean => this.moves === moves;
    const next = (): Promise<void> => (isMeant() ? move(isMeant) : Promise.resolve());
    // One that went wrong is its own caller's affair.
    this.queue = this.queue.then(next, next);
    return this.queue;
  }

  private put(after: number): void {
    if (this.compared === null) return;
    const end = endOf(this.compared, this.scale);
    this.after = Math.min(end, Math.max(-this.base('a'), after));
    this.show(showing(this.view, this.after));
    this.looks.put(this.after);
  }

  /** Shows a part of the axis. */
  show(view: View): void {
    this.view = view;
    this.draws.put(view);
  }

  /** What is in view again, for another width or other lanes. */
  refresh(): void {
    this.draws.put(this.view);
    this.looks.put(this.after);
  }

  /** To another difference. */
  go(row: number): void {
    const rows = this.compared?.rows ?? [];
    if (rows.length === 0) return;
    this.player.stop();
    this.row = (row + rows.length) % rows.length;
    const { afterNs, afterEvents } = rows[this.row]!;
    this.lookAt(this.scale === 'time' ? afterNs : afterEvents);
  }

  /** To the next event of either run, or the one before. */
  step(direction: 1 | -1): Promise<void> {
    return this.goTo(async () => {
      if (this.scale === 'events') return Math.round(this.after) + direction;
      const wanted = { ...this.where(), afterNs: this.after, direction };
      return this.session.ask('compare.step', wanted);
    });
  }

  /** To a place that has to be asked for; null is none. */
  goTo(find: () => Promise<number | null>): Promise<void> {
    this.player.stop();
    return this.inTurn(async (isMeant) => {
      const after = await find();
      if (after !== null && isMeant()) this.put(after);
    });
  }

  /** Play and pause. */
  toggle(): void {
    const { compared, player } = this;
    if (compared === null) return;
    if (player.playing) {
      player.stop();
      return;
    }
    const to = endOf(compared, this.scale);
    // Equal runs have all of theirs before the end that they share.
    const begin = compared.relation === 'equal' ? -this.base('a') : 0;
    const unitsPerMs = this.scale === 'time' ? 1e6 : eventsPerMs;
    player.start({
      from: this.after >= to ? begin : this.after,
      to,
      perMs: () => unitsPerMs * (this.speed ?? playedAtMax),
      look: (after) => {
        this.lookAt(after);
      },
      onEnd: () => {
        this.lookAt(to);
      },
    });
  }

  /** Time or event count; the cursor stays where both machines are. */
  turn(): Promise<void> {
    this.player.stop();
    return this.inTurn(async (isMeant) => {
      const { compared, after, scale } = this;
      if (compared === null) return;
      // What is shown may be of a moment ago: where both are now is asked.
      const places =
        after === 0
          ? null
          : await this.session.ask('compare.moment', { ...this.where(), after, scale });
      if (isMeant() && this.compared === compared) this.turnAt(compared, places);
    });
  }

  /** Turns, where the two machines are at these places; null is the parting itself. */
  private turnAt(compared: Compared, places: OfBoth<Place> | null): void {
    const { after: before, scale: from, turned } = this;
    const scale = from === 'time' ? 'events' : 'time';
    const isBack = turned?.scale === scale && turned.left === before;
    const found = places === null ? 0 : turnedAfter(compared, places, before, scale);
    this.scale = scale;
    this.tiles = none;
    this.finding.clear();
    this.view = firstView(compared, scale);
    this.put(isBack ? turned.after : found);
    this.turned = { scale: from, after: before, left: this.after };
  }

  /** The next span of a lane in a run (1), or the one before (-1), as the axis counts. */
  async nextSpan(side: Side, lane: number, direction: 1 | -1): Promise<number | null> {
    const run = this.runOf(side);
    const base = this.base(side);
    const timeNs = Math.max(0, base + this.after);
    const wanted = { run, scale: this.scale, lane, timeNs, direction };
    const span = await this.session.ask('runs.nextSpan', wanted);
    return span === null ? null : span.sinceNs - base;
  }

  runOf(side: Side): number {
    return this.pair?.[side === 'a' ? 0 : 1] ?? 0;
  }

  private where(): { a: number; b: number; seqA: number; seqB: number } {
    const at = this.compared?.at;
    const [a, b] = [this.runOf('a'), this.runOf('b')];
    return { a, b, seqA: at?.a.seq ?? 0, seqB: at?.b.seq ?? 0 };
  }

  private async look(after: number): Promise<void> {
    const { compared, scale } = this;
    if (compared === null) return;
    const [moments, a, b] = await Promise.all([
      this.session.ask('compare.moment', { ...this.where(), after, scale }),
      this.spansOf('a', after),
      this.spansOf('b', after),
    ]);
    if (this.compared !== compared) return;
    if (moments !== null) this.moments = moments;
    this.spans = { a, b };
  }

  private async spansOf(side: Side, after: number): Promise<readonly (readonly SpanWords[])[]> {
    const { scale } = this;
    const lanes = this.lanes.flatMap(({ ids }) => ids[side] ?? []);
    const timeNs = Math.max(0, this.base(side) + after);
    const wanted = { run: this.runOf(side), scale, lanes, timeNs };
    const said = (await this.session.ask('runs.spansAt', wanted)) ?? [];
    // A lane that this run does not have has a place all the same.
    let at = 0;
    return this.lanes.map(({ ids }) => (ids[side] === null ? [] : (said[at++] ?? [])));
  }

  private async draw(view: View): Promise<void> {
    const { compared, scale } = this;
    if (compared === null) return;
    const [a, b] = await Promise.all([this.tile('a', view), this.tile('b', view)]);
    if (this.compared === compared && this.scale === scale) this.tiles = { a, b };
  }

  /** Of the second run only what is after the parting is ever drawn. */
  private async tile(side: Side, view: View): Promise<Tile | null> {
    const { width } = this;
    const base = this.base(side);
    const from = side === 'a' ? Math.max(view.from, -base) : Math.max(view.from, 0);
    const lanes = this.lanes.flatMap(({ ids }) => ids[side] ?? []);
    if (view.to <= from || lanes.length === 0) return null;
    const room = placeOf(view.to, view, width) - placeOf(from, view, width);
    const columns = Math.max(1, Math.ceil(room));
    const stretch = { fromNs: base + from, toNs: base + view.to, columns };
    const wanted = { run: this.runOf(side), scale: this.scale, lanes, ...stretch };
    const answer = await this.session.askWithPayload('runs.tile', wanted);
    const payload = answer?.payload ?? null;
    return answer === null || payload === null ? null : decodeTile(payload, answer.body.texts);
  }
}
