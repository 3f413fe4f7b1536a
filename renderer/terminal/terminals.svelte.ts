// Which tabs there are and which are shown. The frame keeps one of these beside the session, so
// that its keys (Alt 1 … 9, Ctrl `, Ctrl Shift `) and its palette act on the same tabs as the
// mouse.

import type { Session } from '../state/session.svelte.ts';
import { firstTerminal, nextTerminal, tabsOf } from './tabs.ts';
import type { Tab, TerminalRow } from './tabs.ts';

/** What a window keeps of its tabs. */
interface KeptTabs {
  readonly opened: readonly string[];
  readonly shown: readonly string[];
  readonly half: number;
}

export class Terminals {
  readonly session: Session;
  /** Names of terminals that were opened here and may not exist on the machine yet. */
  private opened = $state.raw<readonly string[]>([]);
  /** Ids of the tabs that are shown: one, or two. */
  shown = $state.raw<readonly string[]>([`tty ${firstTerminal}`]);
  /** The half that was used last. */
  private half = $state(0);
  /** The keyboard is wanted in the shown terminal, which has not taken it yet. */
  focusWish = $state(false);
  /** Number of the session that the tabs are of. */
  private number = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** As they stand at the cursor. */
  get rows(): readonly TerminalRow[] {
    return this.session.moment?.terminals ?? [];
  }

  get tabs(): Tab[] {
    return tabsOf(this.rows, this.opened, this.session.moment?.timeNs ?? 0);
  }

  /** Tabs that are shown, top first. */
  get shownTabs(): Tab[] {
    const { tabs } = this;
    const found = this.shown.flatMap((id) => tabs.find((tab) => tab.id === id) ?? []);
    return found.length > 0 ? found : tabs.slice(0, 1);
  }

  get isSplit(): boolean {
    return this.shown.length === 2;
  }

  /** The tab whose half was used last. */
  get current(): Tab {
    const { shownTabs } = this;
    return shownTabs[Math.min(this.half, shownTabs.length - 1)]!;
  }

  /** A session is on the bench: the tabs are as they were when it was seen last. */
  use(number: number): void {
    if (number === this.number) return;
    this.number = number;
    const kept = this.session.memory.recall<KeptTabs>('terminals');
    this.opened = kept?.opened ?? [];
    this.shown = kept?.shown ?? [`tty ${firstTerminal}`];
    this.half = kept?.half ?? 0;
  }

  /** Tabs as a window keeps them for its return. */
  get toKeep(): KeptTabs {
    const { opened, shown, half } = this;
    return { opened, shown, half };
  }

  /** Shows a tab in the half that was used last, and gives it the keyboard. */
  select(id: string, takesFocus = true): void {
    const at = this.shown.indexOf(id);
    if (at >= 0) this.half = at;
    else {
      const half = Math.min(this.half, this.shown.length - 1);
      this.shown = this.shown.map((each, index) => (index === half ? id : each));
    }
    if (takesFocus) this.focusWish = true;
  }

  /** Shows a terminal of the machine, or one that it is about to make; the keyboard stays. */
  show(name: string): void {
    const isKnown = this.tabs.some(({ terminal }) => terminal === name);
    if (!isKnown) this.opened = [...this.opened, name];
    this.select(`tty ${name}`, false);
  }

  /** Shows the n-th tab, from 1. */
  selectNumber(number: number): void {
    const tab = this.tabs[number - 1];
    if (tab !== undefined) this.select(tab.id);
  }

  /** A half is being used. */
  useHalf(half: number): void {
    this.half = half;
  }

  /** Opens another terminal. The machine makes it when a line is typed. */
  add(): void {
    const names = this.tabs.flatMap(({ terminal }) => terminal ?? []);
    const name = nextTerminal(names);
    this.opened = [...this.opened, ...(this.rows.length === 0 ? [firstTerminal] : []), name];
    this.select(`tty ${name}`);
  }

  /** Shows two, or one again. */
  toggleSplit(): void {
    if (this.isSplit) {
      this.shown = [this.current.id];
      this.half = 0;
      return;
    }
    const { tabs, current } = this;
    const others = tabs.filter(({ id }) => id !== current.id);
    const other = others.find(({ terminal }) => terminal !== null) ?? others[0];
    if (other === undefined) return;
    const both = [current, other];
    this.shown = tabs.filter((tab) => both.some(({ id }) => id === tab.id)).map(({ id }) => id);
    this.half = this.shown.indexOf(current.id);
  }

  /** Puts the keyboard into the terminal. */
  focus(): void {
    this.focusWish = true;
  }
}
