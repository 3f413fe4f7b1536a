// The words of the session view: names of its panes and splitters.
// What is in a pane has its words in the folder of the pane.

import type { PaneName } from '../frame/views.ts';

export const texts = {
  panes: {
    panel: 'Front panel',
    waits: 'Waits',
    detectors: 'Detectors',
    timeline: 'Timeline',
    terminals: 'Terminals',
  } satisfies Record<PaneName, string>,
  splitters: {
    panel: 'Width of the front panel',
    waits: 'Width of the waits',
    right: 'Width of the right column',
    bottom: 'Height of the lower row',
  },
} as const;
