// What the pointer does over the canvas: wheel, drags, clicks, and the tooltip under it. A drag
// begins where the pointer moves a little with its button down; before that it is a click.

import { Latest } from '../state/latest.ts';
import type { TimelineActs } from './acts.ts';
import type { HitEntry, Target } from './hit.ts';
import { denseTip, markTip, tipOf } from './spans.ts';
import { texts } from './texts.ts';
import type { TimelineState } from './timeline.svelte.ts';
import { timeAt } from './view.ts';

/** Where the pointer is, CSS pixels from the canvas's corner. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** What a drag does: it was begun at a place and a time. */
interface Drag extends Place {
  readonly kind: 'pan' | 'scrub' | 'select';
  readonly beginNs: number;
  readonly target: Target;
  /** It has moved far enough to be no click. */
  readonly isMoving: boolean;
}

/** Words under the pointer. */
export interface Tip extends Place {
  readonly text: string;
}

const wheelZoom = 1.0016;
/** Way after which it is a drag, CSS pixels. */
const clickWay = 4;

/** A span that is pointed at, in words that the lab has. */
interface Pointed extends Place {
  readonly lane: number;
  readonly timeNs: number;
  readonly style: number;
}

/** What lies under the bars and is hit only where there is no bar, dense or not. */
const isDense = ({ count }: HitEntry): boolean => count > 1;

export class TimelinePointer {
  tip = $state.raw<Tip | null>(null);
  private drag: Drag | null = null;
  private readonly timeline: TimelineState;
  private readonly acts: TimelineActs;
  private readonly targetAt: (place: Place) => Target;
  private readonly words: Latest<Pointed>;
  /** What the tooltip is about: the same is not asked again. */
  private about = '';

  /** `targetAt` says what was drawn at a place. */
  constructor(timeline: TimelineState, acts: TimelineActs, targetAt: (place: Place) => Target) {
    this.timeline = timeline;
    this.acts = acts;
    this.targetAt = targetAt;
    this.words = new Latest((pointed) => this.ask(pointed));
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    this.leave();
    if (event.shiftKey) this.acts.panBy(event.deltaY + event.deltaX);
    else if (event.ctrlKey) this.timeline.scrollBy(event.deltaY);
    else this.acts.zoom(event.offsetX, wheelZoom ** event.deltaY);
  }

  down(place: Place): void {
    this.leave();
    const target = this.targetAt(place);
    const kinds = { cursor: 'scrub', ruler: 'select' } as const;
    const kind = target.at === 'cursor' || target.at === 'ruler' ? kinds[target.at] : 'pan';
    const beginNs = timeAt(this.timeline.pieces, place.x);
    this.drag = { ...place, kind, beginNs, target, isMoving: false };
  }

  move(place: Place): void {
    const { drag } = this;
    if (drag === null) return this.point(place);
    const way = Math.hypot(place.x - drag.x, place.y - drag.y);
    if (!drag.isMoving && way < clickWay) return;
    const timeNs = Math.max(0, timeAt(this.timeline.pieces, place.x));
    if (drag.kind === 'scrub') this.lookAt(timeNs);
    else if (drag.kind === 'select') this.timeline.stretch.select(drag.beginNs, timeNs);
    else {
      this.acts.panBy(drag.x - place.x);
      this.timeline.scrollBy(drag.y - place.y);
    }
    this.drag =
      drag.kind === 'pan' ? { ...drag, ...place, isMoving: true } : { ...drag, isMoving: true };
  }

  /** The button is let go: without a drag it was a click. */
  up(): void {
    const { drag } = this;
    this.drag = null;
    if (drag !== null && !drag.isMoving) this.click(drag);
  }

  /** The drag is none after all. */
  cancel(): void {
    this.drag = null;
  }

  /** Nothing is pointed at any more. */
  leave(): void {
    this.tip = null;
    this.about = '';
  }

  private lookAt(timeNs: number): void {
    this.timeline.session.lookAt({ at: 'time', timeNs: Math.max(0, timeNs) });
  }

  private click({ target, beginNs }: Drag): void {
    const { timeline } = this;
    if (target.at === 'mark') {
      timeline.session.lookAt({ at: 'event', seq: target.mark.seq });
      if (target.mark.kind === 'own') timeline.notes.edit(target.mark);
    } else if (target.at === 'cursor') this.acts.showCursor();
    else if (target.at === 'fold') this.acts.unfold(target.piece.fromNs, target.piece.toNs);
    else {
      if (target.at === 'ruler') timeline.stretch.leave();
      if (target.at === 'lane') timeline.focusLane = target.lane.id;
      this.lookAt(beginNs);
    }
  }

  /** To where the span begins that is pointed at. */
  async doubleClick(place: Place): Promise<void> {
    const target = this.targetAt(place);
    if (target.at !== 'lane' || target.entry === null || isDense(target.entry)) return;
    const { startNs, style } = target.entry;
    const spans = await this.spansAt(target.lane.id, Math.max(startNs, 0), style);
    if (spans[0] !== undefined) this.acts.goTo(spans[0]);
  }

  /** The spans of a lane at a time, that of a style first. */
  private async spansAt(lane: number, timeNs: number, style: number) {
    const spans = await this.timeline.session.ask('timeline.at', { lane, timeNs });
    return (spans ?? []).toSorted((a, b) => Number(b.style === style) - Number(a.style === style));
  }

  private async ask({ lane, timeNs, style, x, y }: Pointed): Promise<void> {
    const about = this.about;
    const spans = await this.spansAt(lane, timeNs, style);
    if (this.about === about) this.say({ x, y }, tipOf(spans, this.timeline.names));
  }

  private say({ x, y }: Place, text: string): void {
    this.tip = text === '' ? null : { x, y, text };
  }

  /** Says what is under the pointer. */
  private point(place: Place): void {
    const target = this.targetAt(place);
    const about = aboutOf(target);
    if (about === this.about) {
      if (this.tip !== null) this.tip = { ...this.tip, ...place };
      return;
    }
    this.about = about;
    this.tip = null;
    if (target.at === 'mark') return this.say(place, markTip(target.mark));
    if (target.at === 'cursor') return this.say(place, texts.acts.scrub);
    if (target.at === 'fold') {
      return this.say(place, `${target.piece.said}. ${texts.acts.unfold}`);
    }
    if (target.at !== 'lane' || target.entry === null) return;
    const { lane, timeNs, entry } = target;
    if (isDense(entry)) return this.say(place, denseTip(entry.count));
    // Something short is hit beside its time, too.
    const inside = Math.min(
      Math.max(timeNs, entry.startNs),
      Math.max(entry.startNs, entry.endNs - 1),
    );
    this.words.put({ ...place, lane: lane.id, timeNs: inside, style: entry.style });
  }
}

/** What a tooltip is about, as a key; empty for nothing. */
function aboutOf(target: Target): string {
  switch (target.at) {
    case 'mark':
      return `mark ${target.mark.seq} ${target.mark.kind}`;
    case 'cursor':
      return 'cursor';
    case 'fold':
      return `fold ${target.piece.fromNs}`;
    case 'lane':
      return target.entry === null
        ? ''
        : `${target.lane.id} ${target.entry.startNs} ${target.entry.style}`;
    default:
      return '';
  }
}
