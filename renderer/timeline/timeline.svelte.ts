// The timeline as the window has it: lanes, flags and folds of the session, the view, and the tile
// that it is drawn from. Tiles are asked for the newest view only; until one comes the last one is
// drawn, moved and scaled.

import { decodeTile } from '#contract/timeline.ts';
import type { FoldGap, Lane, Mark, Tile } from '#contract/timeline.ts';
import { Refusal } from '../bridge/lab.ts';
import { Latest } from '../state/latest.ts';
import type { Session } from '../state/session.svelte.ts';
import { piecesOf, viewNs } from './view.ts';
import type { View } from './view.ts';

/** What is asked for at once. */
interface Wanted {
  readonly view: View;
  readonly lanes: readonly number[];
}

/** What a window keeps of the view. */
interface KeptView {
  readonly fromNs: number;
  readonly nsPerPixel: number;
  readonly follows: boolean;
  readonly folds: boolean;
}

/** Time that a first view shows, ns. */
const firstNs = 10e9;

/** Time between two looks at what has been added, ms. */
const restMs = 200;

export class TimelineState {
  lanes = $state.raw<readonly Lane[]>([]);
  marks = $state.raw<readonly Mark[]>([]);
  gaps = $state.raw<readonly FoldGap[]>([]);
  tiles = $state.raw<readonly Tile[]>([]);
  /** Tasks over the whole run, for the strip. */
  whole = $state.raw<Tile | null>(null);
  view = $state.raw<View>({ fromNs: 0, nsPerPixel: firstNs / 600, width: 600, gaps: [], endNs: 1 });
  folds = $state(true);
  /** The right edge goes with the live end. */
  follows = $state(true);
  hits = $state.raw<readonly number[]>([]);
  hitCount = $state<number | null>(null);
  private readonly session: Session;
  private readonly views: Latest<number>;
  private readonly wanted: Latest<Wanted>;
  private readonly strips: Latest<number>;

  constructor(session: Session) {
    this.session = session;
    this.views = new Latest((span) => this.askView(span));
    this.wanted = new Latest((wanted) => this.askTile(wanted));
    this.strips = new Latest((width) => this.askWhole(width));
  }

  /** A session is shown: nothing of another one stays, its own view is as it was kept. */
  reset(): void {
    this.lanes = [];
    this.marks = [];
    this.gaps = [];
    this.tiles = [];
    this.whole = null;
    this.hits = [];
    this.hitCount = null;
    const first = { fromNs: 0, nsPerPixel: firstNs / this.view.width };
    const kept = this.session.memory.recall<KeptView>('timeline');
    const { follows, folds, ...place } = kept ?? { ...first, follows: true, folds: this.folds };
    this.follows = follows;
    this.folds = folds;
    this.view = { ...this.view, ...place, endNs: 1 };
  }

  /** What a window keeps for its return. */
  get toKeep(): KeptView {
    const { follows, folds } = this;
    const { fromNs, nsPerPixel } = this.view;
    return { fromNs, nsPerPixel, follows, folds };
  }

  /** Asks for lanes, flags and folds as things stand. */
  refresh(): void {
    this.views.put(this.folds ? viewNs(this.view) : 0);
  }

  /** Asks for what the view shows of some lanes. */
  show(lanes: readonly number[]): void {
    if (lanes.length > 0) this.wanted.put({ view: this.view, lanes });
  }

  /** Asks for the strip. */
  showWhole(width: number): void {
    if (width > 0) this.strips.put(width);
  }

  async find(text: string): Promise<void> {
    if (text.trim() === '') {
      this.hits = [];
      this.hitCount = null;
      return;
    }
    const found = await this.session.ask('timeline.find', { text });
    if (found === null) return;
    this.hits = found.hits.map(({ timeNs }) => timeNs);
    this.hitCount = found.total;
  }

  private async askView(span: number): Promise<void> {
    const said = await this.session.ask('timeline.view', { viewNs: span });
    if (said === null) return;
    this.lanes = said.lanes;
    this.marks = said.marks;
    this.gaps = said.gaps;
    this.view = { ...this.view, gaps: said.gaps, endNs: Math.max(1, said.nowNs) };
    // A machine that runs changes all the time: a few pictures a second are enough.
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }

  private async askTile({ view, lanes }: Wanted): Promise<void> {
    const stretches = piecesOf(view).filter(({ kind }) => kind === 'time');
    const tiles: Tile[] = [];
    for (const { fromNs, toNs, width } of stretches) {
      const tile = await this.tile(lanes, fromNs, toNs, Math.max(1, Math.ceil(width)));
      if (tile !== null) tiles.push(tile);
    }
    if (tiles.length > 0) this.tiles = tiles;
  }

  private async askWhole(width: number): Promise<void> {
    const tasks = this.lanes.filter(({ group }) => group === 'tasks').map(({ id }) => id);
    const { endNs } = this.view;
    const tile = await this.tile(tasks, 0, Math.max(1, endNs), Math.ceil(width));
    if (tile !== null) this.whole = tile;
  }

  private async tile(
    lanes: readonly number[],
    fromNs: number,
    toNs: number,
    columns: number,
  ): Promise<Tile | null> {
    if (toNs <= fromNs || lanes.length === 0) return null;
    const asked = { lanes: [...lanes].slice(0, 400), fromNs, toNs, columns };
    try {
      const { body, payload } = await this.session.lab.askWithPayload('timeline.tile', asked);
      return payload === null ? null : decodeTile(payload, body.texts);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }
}
