// The views of the window, in the order of the rail, and the panes of the session.
// Their names are in texts.ts.

export const views = ['session', 'card', 'runs', 'compare', 'lessons'] as const;
export type View = (typeof views)[number];

export const panes = ['panel', 'waits', 'detectors', 'timeline', 'terminals'] as const;
export type PaneName = (typeof panes)[number];
