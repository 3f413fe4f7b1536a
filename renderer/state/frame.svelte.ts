// How the window stands: which view, theme, arrangement, what fills it. Kept in the browser's own
// storage, so that it is there again after a reload; nothing of it matters to a run.

import { defaultSizes, fittedSizes, sizeClassOf } from '../frame/size-class.ts';
import type { PaneSizes, Room, SizeClass, SizeLimits } from '../frame/size-class.ts';
import { panes } from '../frame/views.ts';
import type { PaneName, View } from '../frame/views.ts';

export type Theme = 'system' | 'dark' | 'light';
export type Motion = 'system' | 'reduced';

interface Kept {
  view: View;
  theme: Theme;
  /** As hands have moved them; what does not fit is shown smaller. */
  sizes: Partial<Record<SizeClass, Partial<PaneSizes>>>;
  /** Panes that are closed. */
  closed: readonly PaneName[];
  /** The two tabs of a narrow window. */
  upper: PaneName;
  lower: PaneName;
  terminalPx: number;
  letters: boolean;
  motion: Motion;
  screenReader: boolean;
}

/** Where the browser keeps it. */
export const storageKey = 'mlx4-lab.frame';

/** As a window stands that nobody has used: the library, with the tour beside it. */
const fresh: Kept = {
  view: 'runs',
  theme: 'system',
  sizes: {},
  closed: [],
  upper: 'panel',
  lower: 'timeline',
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

/** Tabs of a narrow window. */
export const upperTabs: readonly PaneName[] = ['panel', 'waits', 'detectors'];
export const lowerTabs: readonly PaneName[] = ['timeline', 'terminals'];

/** Rail; transport and status bar. */
const [railWidth, barsHeight] = [64, 80];

/** Tells whether a media query holds, now and whenever that changes. */
function watch(query: string, tell: (holds: boolean) => void): void {
  const list = matchMedia(query);
  tell(list.matches);
  list.addEventListener('change', ({ matches }) => {
    tell(matches);
  });
}

export class Frame {
  width = $state(1440);
  height = $state(900);
  /** Room of the session's panes as it was measured; null before. */
  measured = $state.raw<Room | null>(null);
  /** A pane that fills the view, or null. */
  filling = $state<PaneName | null>(null);
  palette = $state(false);
  keys = $state(false);
  settings = $state(false);
  private kept = $state(stored());
  private systemLight = $state(false);
  /** The person has colours of their own. */
  forced = $state(false);
  readonly sizeClass: SizeClass = $derived(sizeClassOf(this.width, this.height));
  private readonly room: Room = $derived(
    this.measured ?? { width: this.width - railWidth, height: this.height - barsHeight },
  );
  private readonly fitted = $derived(
    fittedSizes(
      this.sizeClass,
      { ...defaultSizes(this.sizeClass, this.room), ...this.kept.sizes[this.sizeClass] },
      this.room,
    ),
  );
  readonly theme: 'dark' | 'light' = $derived(
    this.kept.theme === 'system' ? (this.systemLight ? 'light' : 'dark') : this.kept.theme,
  );

  constructor() {
    watch('(prefers-color-scheme: light)', (is) => {
      this.systemLight = is;
    });
    watch('(forced-colors: active)', (is) => {
      this.forced = is;
    });
  }

  /** Sizes that fit into the view. */
  get sizes(): PaneSizes {
    return this.fitted.sizes;
  }

  /** How far each splitter goes. */
  get limits(): SizeLimits {
    return this.fitted.limits;
  }

  /** Panes that are not closed. */
  get open(): readonly PaneName[] {
    return panes.filter((name) => !this.kept.closed.includes(name));
  }

  /** The tab over the upper pane of a narrow window, and over the lower one. */
  get upper(): PaneName {
    return this.tabOf(upperTabs, this.kept.upper);
  }

  get lower(): PaneName {
    return this.tabOf(lowerTabs, this.kept.lower);
  }

  private tabOf(tabs: readonly PaneName[], wanted: PaneName): PaneName {
    const there = tabs.filter((name) => this.open.includes(name));
    const shown =
      there.find((name) => name === this.filling) ?? there.find((name) => name === wanted);
    return shown ?? there[0] ?? wanted;
  }

  /** Brings a pane to where it can be seen: opens it, and turns to its tab. */
  show(pane: PaneName): void {
    this.kept.closed = this.kept.closed.filter((name) => name !== pane);
    if (this.filling !== null && this.filling !== pane) this.filling = null;
    if (upperTabs.includes(pane)) this.kept.upper = pane;
    else this.kept.lower = pane;
    this.keep();
  }

  /** Closes a pane; the last one stays. */
  close(pane: PaneName): void {
    if (this.open.length < 2 || !this.open.includes(pane)) return;
    this.kept.closed = [...this.kept.closed, pane];
    this.filling = null;
    this.keep();
  }

  /** What colours are drawn with: another word when they have to be read again. */
  get look(): string {
    return this.forced ? `${this.theme}, forced` : this.theme;
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
    const { sizeClass } = this;
    const { min, max } = this.limits[which];
    const wanted = px ?? defaultSizes(sizeClass, this.room)[which];
    const size = Math.round(Math.max(min, Math.min(wanted, max)));
    this.kept.sizes[sizeClass] = { ...this.kept.sizes[sizeClass], [which]: size };
    this.keep();
  }

  /** The arrangement of the first day. */
  arrange(): void {
    this.kept.sizes = {};
    this.kept.closed = [];
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
