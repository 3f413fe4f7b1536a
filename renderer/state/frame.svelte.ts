// How the window stands: which view, theme, arrangement, what fills it. Kept in the browser's own
// storage, so that it is there again after a reload; nothing of it matters to a run.

import { defaultSizes, paneMin, sizeClassOf } from '../frame/size-class.ts';
import type { PaneSizes, SizeClass } from '../frame/size-class.ts';
import type { PaneName, View } from '../frame/views.ts';

export type Theme = 'system' | 'dark' | 'light';
export type Motion = 'system' | 'reduced';

interface Kept {
  view: View;
  theme: Theme;
  sizes: Partial<Record<SizeClass, PaneSizes>>;
  terminalPx: number;
  letters: boolean;
  motion: Motion;
  screenReader: boolean;
}

const storageKey = 'mlx4-lab.frame';
const fresh: Kept = {
  view: 'session',
  theme: 'system',
  sizes: {},
  terminalPx: 12,
  letters: true,
  motion: 'system',
  screenReader: false,
};

function stored(): Kept {
  try {
    const text = localStorage.getItem(storageKey);
    return text === null ? fresh : { ...fresh, ...(JSON.parse(text) as Partial<Kept>) };
  } catch {
    return fresh;
  }
}

export class Frame {
  width = $state(1440);
  height = $state(900);
  /** A pane that fills the view, or null. */
  filling = $state<PaneName | null>(null);
  palette = $state(false);
  keys = $state(false);
  settings = $state(false);
  private kept = $state(stored());
  private systemLight = $state(false);
  readonly sizeClass: SizeClass = $derived(sizeClassOf(this.width, this.height));
  readonly sizes: PaneSizes = $derived(
    this.kept.sizes[this.sizeClass] ?? defaultSizes[this.sizeClass],
  );
  readonly theme: 'dark' | 'light' = $derived(
    this.kept.theme === 'system' ? (this.systemLight ? 'light' : 'dark') : this.kept.theme,
  );

  constructor() {
    const light = matchMedia('(prefers-color-scheme: light)');
    this.systemLight = light.matches;
    light.addEventListener('change', ({ matches }) => {
      this.systemLight = matches;
    });
  }

  get view(): View {
    return this.kept.view;
  }

  set view(view: View) {
    this.kept.view = view;
    this.filling = null;
    this.keep();
  }

  get wantedTheme(): Theme {
    return this.kept.theme;
  }

  set wantedTheme(theme: Theme) {
    this.kept.theme = theme;
    this.keep();
  }

  /** Size of the terminals' type, px, 11 to 20. */
  get terminalPx(): number {
    return this.kept.terminalPx;
  }

  set terminalPx(px: number) {
    this.kept.terminalPx = Math.max(11, Math.min(20, px));
    this.keep();
  }

  /** Single letters are commands (WCAG 2.1.4: can be switched off). */
  get letters(): boolean {
    return this.kept.letters;
  }

  set letters(on: boolean) {
    this.kept.letters = on;
    this.keep();
  }

  /** Less motion than the system asks for, or as it does. */
  get motion(): Motion {
    return this.kept.motion;
  }

  set motion(motion: Motion) {
    this.kept.motion = motion;
    this.keep();
  }

  /** Terminals speak to a screen reader. */
  get screenReader(): boolean {
    return this.kept.screenReader;
  }

  set screenReader(on: boolean) {
    this.kept.screenReader = on;
    this.keep();
  }

  /** Moves a splitter; null puts it back to where it was at first. */
  resize(which: keyof PaneSizes, px: number | null): void {
    const wanted = px ?? defaultSizes[this.sizeClass][which];
    const size = Math.max(paneMin, Math.round(wanted));
    this.kept.sizes[this.sizeClass] = { ...this.sizes, [which]: size };
    this.keep();
  }

  /** The arrangement of the first day. */
  arrange(): void {
    this.kept.sizes = {};
    this.filling = null;
    this.keep();
  }

  private keep(): void {
    try {
      localStorage.setItem(storageKey, JSON.stringify(this.kept));
    } catch {
      // A browser that keeps nothing: it is as at the first time, each time.
    }
  }
}
