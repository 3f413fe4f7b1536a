// The words of the timeline. States of spans come from the lab in words.
// Signs of lanes are drawn by the grammar, not written.

export const texts = {
  title: 'Timeline',
  empty: 'Press Run, or pick a run.',
  whole: 'Whole run',
  fold: 'Fold',
  unfold: 'Unfold',
  shown: (lanes: number, all: number): string =>
    lanes === all ? `${all} lanes` : `${lanes} of ${all} lanes`,
  find: 'find',
  findHint: 'text, task:A, obj:intf_mutex, kind:ref.hold, took>1ms',
  hits: (count: number): string => (count === 1 ? 'one hit' : `${count} hits`),
  canvas: (lanes: number, span: string): string => `Timeline of ${lanes} lanes, ${span}`,
  lanes: 'Lanes',
} as const;
