// How the things of the lab can look: the states of the shared visual grammar, for every view. A
// shape says what a thing is, its letter which one, its colour how it stands.

/** A task. `name` is the disc in lanes, rows and sentences; the others are for graphs. */
export type TaskLook = 'name' | 'runs' | 'canRun' | 'waits' | 'sleeps' | 'cycle' | 'ended';

/** A firmware command. */
export type CommandLook = 'sent' | 'answered' | 'held' | 'refused';

/** The lamp of a detector. */
export type LampLook = 'armed' | 'fired' | 'inPart' | 'silent';

/** One LED: off, on, on with traffic, a problem of the link, the locate beacon. */
export type LedLook = 'off' | 'steady' | 'traffic' | 'error' | 'locate';

/** Colour of a badge: how the thing stands. */
export type Tone = 'ink' | 'run' | 'wait' | 'cyc' | 'cur';
