// What keys do to the timeline: the frame's table of commands names them, and a pointer does some
// of them too.

import type { LaneAround, SpanWords } from '#contract/timeline.ts';
import { spanAtCursor } from './table.ts';
import { texts } from './texts.ts';
import type { TimelineState } from './timeline.svelte.ts';
import { pan, reveal, show, viewNs, xOf, zoomAt } from './view.ts';

const keyZoom = 1.5;

/** What has an event that began it, or that it is. */
interface Happened {
  readonly seq: number;
}

/** Right behind that event, so that the cursor stands in the span that it began. */
const behind = ({ seq }: Happened): number => seq + 1;

/** The acts on one timeline. */
export class TimelineActs {
  private readonly timeline: TimelineState;

  constructor(timeline: TimelineState) {
    this.timeline = timeline;
  }

  /** Changes the scale around a place. */
  zoom(x: number, factor: number): void {
    const { timeline } = this;
    timeline.follows = false;
    timeline.view = zoomAt(timeline.view, x, factor);
    timeline.refresh();
  }

  /** As keys do it: around the cursor if it is in sight, else around the middle. */
  zoomBy(direction: 1 | -1): void {
    const { view, pieces, cursorNs } = this.timeline;
    const x = cursorNs === null ? -1 : xOf(pieces, cursorNs);
    const isInSight = x >= 0 && x <= view.width;
    this.zoom(isInSight ? x : view.width / 2, direction > 0 ? 1 / keyZoom : keyZoom);
  }

  panBy(pixels: number): void {
    const { timeline } = this;
    timeline.follows = false;
    timeline.view = pan(timeline.view, pixels);
  }

  /** A quarter of the view. */
  panOn(direction: 1 | -1): void {
    this.panBy((direction * this.timeline.view.width) / 4);
  }

  toBegin(): void {
    const { timeline } = this;
    timeline.follows = false;
    timeline.view = show(timeline.view, 0, viewNs(timeline.view) * 0.9);
  }

  toEnd(): void {
    const { timeline } = this;
    timeline.follows = true;
    timeline.view = reveal(timeline.view, timeline.view.endNs);
  }

  /** Shows a stretch without folds in it. */
  private open(fromNs: number, toNs: number): void {
    const { timeline } = this;
    timeline.follows = false;
    timeline.view = show({ ...timeline.view, gaps: [] }, fromNs, toNs);
    timeline.refresh();
  }

  /** To the selected stretch; without one to the span at the cursor; without that, to all of it. */
  zoomToSpan(): void {
    const { timeline } = this;
    const { endNs } = timeline.view;
    const range = timeline.stretch.range;
    const span = this.span;
    if (range !== null && range.toNs > range.fromNs) this.open(range.fromNs, range.toNs);
    else if (span !== null && span.untilNs !== span.sinceNs) {
      this.open(span.sinceNs, span.untilNs ?? endNs);
    } else this.open(0, endNs);
  }

  unfold(fromNs: number, toNs: number): void {
    this.open(fromNs, toNs);
  }

  /** The span that the keyboard is at, or null. */
  get span(): SpanWords | null {
    const { timeline } = this;
    const { moment } = timeline.session;
    return spanAtCursor(this.around, moment?.seq ?? 0);
  }

  private get around(): LaneAround | undefined {
    const { timeline } = this;
    const lane = timeline.focusLane ?? timeline.visible[0];
    return timeline.aroundOf(lane ?? null);
  }

  /** To where a span begins. */
  goTo(span: Happened): void {
    this.timeline.session.lookAt({ at: 'event', seq: behind(span) });
  }

  /** To the span of the lane that begins next (1) or began before (-1). */
  async spanOn(direction: 1 | -1): Promise<void> {
    const { session, stretch, cursorNs } = this.timeline;
    const asked = this.neighbour(cursorNs ?? 0, direction);
    if (await session.goTo(asked.then((span) => span && behind(span)))) stretch.leave();
  }

  /** The same, and what lies between is selected. */
  async selectOn(direction: 1 | -1): Promise<void> {
    const { session, stretch, cursorNs } = this.timeline;
    const fromNs = cursorNs ?? 0;
    const asked = this.neighbour(fromNs, direction);
    if (!(await session.goTo(asked.then((span) => span && behind(span))))) return;
    stretch.select(stretch.anchorNs ?? fromNs, (await asked)!.sinceNs);
  }

  private neighbour(timeNs: number, direction: 1 | -1): Promise<SpanWords | null> {
    const { timeline } = this;
    const lane = timeline.focusLane ?? timeline.visible[0];
    if (lane === undefined) return Promise.resolve(null);
    timeline.focusLane = lane;
    return timeline.session.ask('timeline.next', { lane, timeNs, direction });
  }

  /** To the lane below (1) or above (-1). */
  laneOn(direction: 1 | -1): void {
    const { timeline } = this;
    const lanes = timeline.rows.flatMap(({ lane }) => (lane === null ? [] : [lane.id]));
    const here = lanes.indexOf(timeline.focusLane ?? -1);
    const next = here < 0 ? timeline.visible[0] : lanes[here + direction];
    if (next !== undefined) timeline.goToLane(next);
  }

  /** To where the span at the cursor begins. */
  toSpanBegin(): void {
    const { span } = this;
    if (span !== null) this.goTo(span);
  }

  /** Brings the cursor into sight: its flag is an arrow at the edge while it is not. */
  showCursor(): void {
    const { timeline } = this;
    if (timeline.cursorNs !== null) timeline.view = reveal(timeline.view, timeline.cursorNs);
  }

  toggleFolds(): void {
    const { timeline } = this;
    timeline.folds = !timeline.folds;
    timeline.refresh();
  }

  /** Pins the lane that has the focus, or that of the selected thing; again unpins it. */
  pin(hasFocus: boolean): void {
    const { timeline } = this;
    const [selected] = timeline.selectedLanes;
    const focus = timeline.focusLane;
    const lane = hasFocus ? (focus ?? selected) : (selected ?? focus);
    if (lane === undefined || lane === null) {
      timeline.session.said = texts.noLane;
      return;
    }
    timeline.pin(lane);
    timeline.goToLane(lane);
  }

  /** Begins a mark at the cursor, which comes into sight for that. */
  mark(): void {
    const { timeline } = this;
    this.showCursor();
    timeline.notes.begin(timeline.marks);
  }

  /** Looks for what stands in the field, or goes on to the next hit. */
  async findNext(step: 1 | -1): Promise<void> {
    const { timeline } = this;
    const asked = timeline.find.next(step);
    if (!(await timeline.session.goTo(asked.then((hit) => hit && behind(hit))))) return;
    const { lane } = (await asked)!;
    if (lane !== null) timeline.goToLane(lane);
  }
}
