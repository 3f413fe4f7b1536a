// The views of the window, in the order of the rail.
// Their names are in texts.ts.

export const views = ['session', 'card', 'runs', 'compare', 'lessons'] as const;
export type View = (typeof views)[number];
