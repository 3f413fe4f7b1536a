// Icons of the frame as path data, 20 × 20, drawn as strokes in the colour of the text.
// They are ours; the shapes of the visual grammar are in ui/glyphs.

export const icons = {
  session: 'M2 5h16v9H2zM5 8h3v3H5zM12 8h3v3h-3zM6 14v3M14 14v3',
  card: 'M6 6h8v8H6zM3 3h14v14H3zM1 8h2M1 12h2M17 8h2M17 12h2M8 1v2M12 1v2M8 17v2M12 17v2',
  runs: 'M2 5h5M9 5h9M2 10h9M13 10h5M2 15h3M7 15h11',
  compare: 'M2 10h5C10 10 10 4 14 4h4M7 10c3 0 3 6 7 6h4',
  lessons: 'M3 3h14v14H3zM6 7h8M6 10h8M6 13h5',
  help:
    'M10 2a8 8 0 1 0 0 16a8 8 0 0 0 0-16' +
    'M7.8 7.8a2.2 2.2 0 1 1 3.2 2c-.8.4-1 .9-1 1.7M10 14.3v.4',
  stepBack: 'M5 4v12M15 5l-7 5l7 5z',
  run: 'M6 4l10 6l-10 6z',
  pause: 'M6 4v12M13 4v12',
  point: 'M2 10h5M13 10h5M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5',
  switch: 'M2 5h5l6 10h5M15 12l3 3l-3 3',
  event: 'M4 5l8 5l-8 5zM16 4v12',
  blocked: 'M3 5l7 5l-7 5zM13 4h2M13 16h2M17 4v12M13 10h1',
  record: 'M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14M10 7a3 3 0 1 0 0 6a3 3 0 0 0 0-6',
  search: 'M8.5 3a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M12.5 12.5L17 17',
  expand: 'M12 3h5v5M17 3l-6 6M8 17H3v-5M3 17l6-6',
  shrink: 'M17 8h-5V3M12 8l5-5M3 12h5v5M8 12l-5 5',
  close: 'M4 4l12 12M16 4L4 16',
  chevron: 'M5 7l5 5l5-5',
} as const;

export type IconName = keyof typeof icons;
