// Find: what was looked for, what was found, and which of it the cursor is at. A text that was
// looked for already is walked, hit by hit and round the end.

import type { Found, Hit } from '#contract/timeline.ts';
import type { Session } from '../state/session.svelte.ts';
import { groupedCount } from '../ui/numbers.ts';
import { texts } from './texts.ts';

/** `3 of 17`, `no hits`, `17 hits`, `2 000 hits, 500 more: narrow it`. */
export function foundText({ hits, total, said }: Found, at: number | null): string {
  if (said !== null) return said;
  if (total === 0) return texts.noHits;
  const count = groupedCount(hits.length);
  const place = at === null ? texts.hits(count) : texts.hit(groupedCount(at + 1), count);
  const more = total - hits.length;
  return more === 0 ? place : `${place}, ${texts.more(groupedCount(more))}`;
}

/** The hit to begin with: the next one from the cursor on, or before it; else round the end. */
export function firstHit(hits: readonly Hit[], seq: number, step: 1 | -1): number {
  if (step < 0) {
    const at = hits.findLastIndex((hit) => hit.seq < seq);
    return at < 0 ? hits.length - 1 : at;
  }
  const at = hits.findIndex((hit) => hit.seq >= seq);
  return at < 0 ? 0 : at;
}

export class Find {
  /** As it stands in the field. */
  text = $state('');
  found = $state.raw<Found | null>(null);
  /** Only lanes with hits are shown. */
  filters = $state(false);
  private at = $state<number | null>(null);
  private asked = '';
  private readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  get said(): string {
    return this.found === null ? '' : foundText(this.found, this.at);
  }

  /** Lanes with hits, or null: all lanes are shown. */
  get onlyLanes(): readonly number[] | null {
    return this.filters && this.found !== null ? this.found.lanes : null;
  }

  clear(): void {
    this.text = '';
    this.asked = '';
    this.found = null;
    this.at = null;
    this.filters = false;
  }

  /** Looks for the text, or goes to the next hit (1) or the one before (-1) if it is known. */
  async next(step: 1 | -1): Promise<Hit | null> {
    const text = this.text.trim();
    if (text === '') {
      this.clear();
      return null;
    }
    const isNew = text !== this.asked;
    if (isNew && !(await this.look(text))) return null;
    const hits = this.found?.hits ?? [];
    if (hits.length === 0) return null;
    const { at } = this;
    const from = at === null ? firstHit(hits, this.session.moment?.seq ?? 0, step) : at + step;
    this.at = (from + hits.length) % hits.length;
    return hits[this.at]!;
  }

  private async look(text: string): Promise<boolean> {
    const found = await this.session.ask('timeline.find', { text });
    if (found === null) return false;
    this.asked = text;
    this.found = found;
    this.at = null;
    return true;
  }
}
