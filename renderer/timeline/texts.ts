// The words of the timeline. States of spans come from the lab in words.
// Signs of lanes are drawn by the grammar, not written.

import type { MarkKind } from '#contract/timeline.ts';

export const texts = {
  title: 'Timeline',
  empty: 'Press Run, or pick a run.',
  whole: 'Whole run',
  fold: 'Fold',
  unfold: 'Unfold',
  shown: (lanes: number, all: number): string =>
    lanes === all ? `${all} lanes` : `${lanes} of ${all} lanes`,
  lanes: 'Lanes',
  table: (lanes: number, span: string): string => `Timeline of ${lanes} lanes, ${span}`,
  /** Cells of the table. */
  at: (time: string): string => `at ${time}`,
  since: (time: string): string => `since ${time}`,
  from: (since: string, until: string | null): string =>
    until === null ? `from ${since}` : `from ${since} to ${until}`,
  nothing: (lane: string, time: string): string => `${lane}: nothing at ${time}.`,
  /** On the bar of a task that waits for its turn. */
  ready: 'can run',
  /** Tooltips. */
  dense: (count: string): string => `${count} events here, zoom in`,
  acts: {
    taken: (who: string): string => `Double click: go to when ${who} took it.`,
    wait: 'Double click: go to when the wait began.',
    posted: 'Double click: go to when it was posted.',
    counted: 'Double click: go to when it changed.',
    began: 'Double click: go to when it began.',
    toMark: 'Click: go there.',
    editMark: 'Click: change or remove it.',
    unfold: 'Click: unfold.',
    scrub: 'Drag: scrub.',
  },
  marks: {
    closed: 'cycle closed',
    oops: 'oops',
    finding: 'finding',
    warning: 'warning',
    report: 'report',
    mark: 'mark of the scenario',
    input: 'input',
    own: 'your mark',
  } satisfies Record<MarkKind, string>,
  /** A mark of one's own. */
  note: 'note',
  noteLabel: (time: string): string => `Note of the mark at ${time}`,
  set: 'Mark',
  remove: 'Remove',
  leave: 'Leave',
  removed: (text: string): string => `Mark “${text}” is removed.`,
  putBack: 'Put back',
  notKept: (why: string): string => `It goes with this session: ${why}.`,
  /** Pinned lanes. */
  pin: (lane: string): string => `Pin ${lane}`,
  unpin: (lane: string): string => `Unpin ${lane}`,
  noLane: 'No lane to pin: go to one in the timeline, or select a thing in Waits.',
  /** A selected stretch. */
  stretch: (length: string, counts: readonly string[]): string =>
    [`${length} selected`, ...counts].join(', '),
  counts: {
    events: ['event', 'events'],
    switches: ['switch', 'switches'],
    locks: ['lock taken', 'locks taken'],
    works: ['work', 'works'],
    commands: ['command', 'commands'],
    packets: ['packet', 'packets'],
  },
  zoom: 'Zoom',
  /** Find. */
  find: 'find',
  findHint: 'text, task:A, obj:intf_mutex, kind:dev_hold, took>1ms',
  filter: 'Filter',
  filterTitle: 'Only lanes with hits',
  noHits: 'no hits',
  hits: (count: string): string => `${count} hits`,
  hit: (at: string, count: string): string => `${at} of ${count}`,
  more: (more: string): string => `${more} more: narrow it`,
} as const;
