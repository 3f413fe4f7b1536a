// The timeline as the window has it: lanes, flags and folds of the session, the view, the rows that
// stand under the ruler, and the tile that they are drawn from. Tiles are asked for the newest view
// only; until one comes the last one is drawn, moved and scaled.
//
// The frame keeps one of these beside the session: its keys act on it, and it is as it was when the
// view comes back.

import { decodeTile } from '#contract/timeline.ts';
import type { FoldGap, Lane, LaneAround, Mark, Tile } from '#contract/timeline.ts';
import { Refusal } from '../bridge/lab.ts';
import { Latest, rest } from '../state/latest.ts';
import type { Letters } from '../state/letters.ts';
import type { Cursor, Session } from '../state/session.svelte.ts';
import { Find } from './find.svelte.ts';
import {
  heightOf,
  isInSight,
  laneHeights,
  rowsOf,
  rulerHeight,
  scrollTo,
  stayingHeight,
} from './layout.ts';
import type { Row } from './layout.ts';
import { Notes } from './notes.svelte.ts';
import { namesOf } from './spans.ts';
import type { Names } from './spans.ts';
import { Stretch } from './stretch.svelte.ts';
import { piecesOf, reveal, viewNs } from './view.ts';
import type { View, ViewPiece } from './view.ts';

/** What is asked for at once. */
interface Wanted {
  readonly view: View;
  readonly lanes: readonly number[];
}

/** Rows of the table behind the picture. */
interface WantedRows {
  readonly lanes: readonly number[];
  readonly moment: Cursor;
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

/**
 * Time between two looks at what has been added, ms: a machine that runs changes all the time, and
 * a few looks a second are enough.
 */
const restMs = 200;

export class TimelineState {
  lanes = $state.raw<readonly Lane[]>([]);
  marks = $state.raw<readonly Mark[]>([]);
  gaps = $state.raw<readonly FoldGap[]>([]);
  tiles = $state.raw<readonly Tile[]>([]);
  /** Tasks over the whole run, for the strip. */
  whole = $state.raw<Tile | null>(null);
  /** What each lane has around the cursor, for the table behind the picture. */
  around = $state.raw<readonly LaneAround[]>([]);
  view = $state.raw<View>({ fromNs: 0, nsPerPixel: firstNs / 600, width: 600, gaps: [], endNs: 1 });
  folds = $state(true);
  /** The right edge goes with the live end. */
  follows = $state(true);
  /** Height of the canvas, CSS pixels. */
  height = $state(240);
  laneHeight = $state<number>(laneHeights.normal);
  /** The lane that the keyboard is at, or null. */
  focusLane = $state<number | null>(null);
  /** Time of the last event that was told of, ns. */
  private knownNs = -1;
  private wantedScroll = $state(0);
  private pins = $state.raw<readonly number[]>([]);
  readonly session: Session;
  private readonly readLetters: () => Letters;
  readonly find: Find;
  readonly notes: Notes;
  readonly stretch: Stretch;
  private readonly views: Latest<number>;
  private readonly wanted: Latest<Wanted>;
  private shownLast: Wanted | null = null;
  private readonly strips: Latest<number>;
  private readonly tables: Latest<WantedRows>;

  /** What lanes are called, by name in the trace. */
  readonly names: Names = $derived.by(() => namesOf(this.lanes, this.letters));
  /** Lanes of the thing that is selected everywhere, of a work its queue's: pinned for the time. */
  readonly selectedLanes: readonly number[] = $derived.by(() => {
    const { selected, moment } = this.session;
    const thing = moment?.waits.things.find(({ id }) => id === selected);
    const name = thing?.queue ?? selected?.replace(/^\w+:/, '');
    return this.lanes.filter((lane) => lane.name === name).map(({ id }) => id);
  });
  readonly pinned: readonly number[] = $derived([...this.pins, ...this.selectedLanes]);
  readonly shown: readonly Lane[] = $derived.by(() => {
    const { session, find, lanes, pinned } = this;
    const only = find.onlyLanes;
    if (only !== null) return lanes.filter(({ id }) => only.includes(id));
    if (session.allObjects) return lanes;
    return lanes.filter((lane) => pinned.includes(lane.id) || this.inPlay(lane));
  });
  /** Height of what is below the ruler. */
  private readonly room: number = $derived(this.height - rulerHeight);
  readonly rows: readonly Row[] = $derived(
    rowsOf(this.shown, this.pinned, this.laneHeight, this.room),
  );
  private readonly staying: number = $derived(stayingHeight(this.rows));
  /** How far the rows are moved up, CSS pixels: never so far that there is none. */
  readonly scroll: number = $derived.by(() => {
    const most = heightOf(this.rows) - this.room;
    return Math.max(0, Math.min(this.wantedScroll, most));
  });
  /** Rows that can be seen. */
  readonly inSight: readonly Row[] = $derived(
    this.rows.filter((row) => isInSight(row, this.scroll, this.room, this.staying)),
  );
  /** Their lanes. */
  readonly visible: readonly number[] = $derived(
    this.inSight.flatMap(({ lane }) => (lane === null ? [] : [lane.id])),
  );
  /** The lane that the table behind the picture is at. */
  readonly tableLane: number | null = $derived(this.focusLane ?? this.visible[0] ?? null);
  /** Lanes of the table: those in sight, and the one that it is at. */
  readonly tableLanes: readonly number[] = $derived.by(() => {
    const { visible, tableLane } = this;
    return tableLane === null || visible.includes(tableLane) ? visible : [...visible, tableLane];
  });
  readonly pieces: readonly ViewPiece[] = $derived(piecesOf(this.view));
  readonly cursorNs: number | null = $derived.by(() => this.session.moment?.timeNs ?? null);

  constructor(session: Session, readLetters: () => Letters) {
    this.session = session;
    this.readLetters = readLetters;
    this.find = new Find(session);
    this.notes = new Notes(session, () => this.refresh());
    this.stretch = new Stretch(session);
    this.views = new Latest((span) => this.askView(span));
    this.wanted = new Latest((wanted) => this.askTile(wanted));
    this.strips = new Latest((width) => this.askWhole(width));
    this.tables = new Latest((wanted) => this.askAround(wanted));
  }

  get letters(): Letters {
    return this.readLetters();
  }

  /** Tasks without a letter have not been in play; spinlocks are held for moments only. */
  private inPlay({ group, kind, name }: Lane): boolean {
    return group === 'tasks' ? this.letters.has(name) : kind !== 'spinlock';
  }

  /** A session is shown: nothing of another one stays, its own view is as it was kept. */
  reset(): void {
    this.lanes = [];
    this.knownNs = -1;
    this.marks = [];
    this.gaps = [];
    this.tiles = [];
    this.whole = null;
    this.around = [];
    this.pins = [];
    this.focusLane = null;
    this.wantedScroll = 0;
    this.find.clear();
    this.notes.reset();
    this.stretch.leave();
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

  /** What a lane has around the cursor, as far as it was asked. */
  aroundOf(lane: number | null): LaneAround | undefined {
    return this.around.find((one) => one.lane === lane);
  }

  /** Pins a lane on top; again unpins it. */
  pin(lane: number): void {
    const { pins } = this;
    this.pins = pins.includes(lane) ? pins.filter((one) => one !== lane) : [...pins, lane];
  }

  scrollBy(pixels: number): void {
    this.wantedScroll = this.scroll + pixels;
  }

  /** Puts the keyboard at a lane, and the lane into sight. */
  goToLane(lane: number): void {
    this.focusLane = lane;
    this.bringIntoSight(lane);
  }

  /** Moves the rows so that a lane is in sight. */
  bringIntoSight(lane: number): void {
    const row = this.rows.find((one) => one.lane?.id === lane);
    if (row !== undefined) {
      this.wantedScroll = scrollTo(row, this.scroll, this.room, this.staying);
    }
  }

  /** Asks for lanes, flags and folds as things stand. */
  refresh(): void {
    this.views.put(this.folds ? viewNs(this.view) : 0);
  }

  /** Asks for what the view shows of some lanes; what was asked last is not asked again. */
  show(lanes: readonly number[]): void {
    const { view, shownLast } = this;
    if (lanes.length === 0) return;
    if (shownLast?.view === view && shownLast.lanes.join() === lanes.join()) return;
    this.shownLast = { view, lanes };
    this.wanted.put(this.shownLast);
  }

  /** Asks for the strip. */
  showWhole(width: number): void {
    if (width > 0) this.strips.put(width);
  }

  /** Asks for the table's rows at the cursor. */
  showTable(): void {
    const { tableLanes: lanes, session } = this;
    if (lanes.length > 0) this.tables.put({ lanes, moment: session.cursor });
  }

  /**
   * What picture and table show of a moment, for the session to show with it. The view goes where
   * the cursor is put. At the live end they come in their own time.
   */
  async beside(cursor: Cursor): Promise<() => void> {
    if (cursor.at === 'end') {
      this.showTable();
      return () => undefined;
    }
    const { view: before, visible: lanes, tableLanes } = this;
    const view = cursor.at === 'time' ? reveal(before, cursor.timeNs) : before;
    const [tiles, around] = await Promise.all([
      view === before ? null : this.tilesOf({ view, lanes }),
      this.session.ask('timeline.around', { lanes: [...tableLanes], moment: cursor }),
    ]);
    return () => {
      if (around !== null) this.around = around;
      // Whoever moved the view meanwhile has it where he wants it.
      if (tiles === null || this.view !== before) return;
      this.view = view;
      this.tiles = tiles;
      this.shownLast = { view, lanes };
    };
  }

  private async askView(span: number): Promise<void> {
    const said = await this.session.ask('timeline.view', { viewNs: span });
    if (said === null) return;
    // A run that has not gone on has the lanes that it had: what is drawn of them stands.
    if (said.nowNs !== this.knownNs || said.lanes.length !== this.lanes.length) {
      this.lanes = said.lanes;
    }
    this.knownNs = said.nowNs;
    this.marks = said.marks;
    this.gaps = said.gaps;
    this.notes.notKept = said.marksNotKept;
    this.view = { ...this.view, gaps: said.gaps, endNs: Math.max(1, said.nowNs) };
    await rest(restMs);
  }

  private async askAround({ lanes, moment }: WantedRows): Promise<void> {
    const rows = await this.session.ask('timeline.around', { lanes: [...lanes], moment });
    if (rows !== null) this.around = rows;
    if (this.session.state?.running === true) await rest(restMs);
  }

  private async askTile(wanted: Wanted): Promise<void> {
    const tiles = await this.tilesOf(wanted);
    if (tiles.length > 0) this.tiles = tiles;
  }

  private async tilesOf({ view, lanes }: Wanted): Promise<Tile[]> {
    const stretches = piecesOf(view).filter(({ kind }) => kind === 'time');
    const asked = stretches.map(({ fromNs, toNs, width }) =>
      this.tile(lanes, fromNs, toNs, Math.max(1, Math.ceil(width))),
    );
    return (await Promise.all(asked)).filter((tile) => tile !== null);
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
