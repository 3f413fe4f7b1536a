// How a span of the timeline stands, as a small number, and the flags beside it. What the numbers
// look like is the window's affair; main/contract/timeline.ts repeats them, checked by the type.

/** Styles by name. Each kind of lane uses a few of them. */
export const spanStyle = {
  /** Tasks. */
  run: 0,
  ready: 1,
  wait: 2,
  /** Waits, and cannot end. */
  stuck: 3,
  ended: 4,
  /** Locks; wanted also of references. */
  hold: 5,
  wanted: 6,
  wantedStuck: 7,
  /** References: `value` is the count. */
  count: 8,
  /** Queues: a work that is executed, and how many wait (`value`). */
  work: 9,
  queued: 10,
  /** Ports. */
  linkUp: 11,
  linkDown: 12,
  packet: 13,
  /** The bond, as the card has it. */
  bonded: 14,
  notBonded: 15,
  /** Firmware: a command from its post to its answer. */
  command: 16,
  /** Queues: a work that has its turn, from its queueing to its start. */
  turn: 17,
} as const;

export type SpanStyles = typeof spanStyle;
export type SpanStyle = SpanStyles[keyof SpanStyles];

/** Bits of a tile's style column above the style itself. */
export const spanFlags = {
  /** Several spans, summed up: `count` of them, `busy` together, the style is the commonest. */
  density: 0x100,
  /** It has not ended: `end` is the last moment that is known. */
  open: 0x200,
} as const;

export type SpanFlags = typeof spanFlags;
