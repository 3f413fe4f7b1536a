// Which tabs there are and which are shown. The frame keeps one of these beside the session, so
// that its keys (Alt 1 … 9, Ctrl `, Ctrl Shift `) and its palette act on the same tabs as the
// mouse.

import { Latest } from '../state/latest.ts';
import type { Cursor, Session } from '../state/session.svelte.ts';
import { firstTerminal, nextTerminal, tabsOf } from './tabs.ts';
import type { Tab, TerminalRow } from './tabs.ts';

export class Terminals {
  readonly session: Session;
  /** As they stand at the cursor. */
  rows = $state.raw<readonly TerminalRow[]>([]);
  /** Names of terminals that were opened here and may not exist on the machine yet. */
  private opened = $state.raw<readonly string[]>([]);
  /** Ids of the tabs that are shown: one, or two. */
  shown = $state.raw<readonly string[]>([`tty ${firstTerminal}`]);
  /** The half that was used last. */
  private half = $state(0);
  /** The keyboard is wanted in the shown terminal, which has not taken it yet. */
  focusWish = $state(false);
  private readonly questions: Latest<Cursor>;

  constructor(session: Session) {
    this.session = session;
    this.questions = new Latest(async (moment) => {
      const rows = await session.ask('terminals', { moment });
      if (rows !== null) this.rows = rows;
    });
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

  /** Asks how they stand at the cursor. */
  refresh(): void {
    this.questions.put(this.session.cursor);
  }

  /** Another session is on the bench. */
  reset(): void {
    this.rows = [];
    this.opened = [];
    this.shown = [`tty ${firstTerminal}`];
    this.half = 0;
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
  use(half: number): void {
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
