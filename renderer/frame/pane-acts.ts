// What is done to panes from anywhere: one is shown, fills the view, is closed; the terminal has
// the keyboard, and gives it back.

import { tick } from 'svelte';
import type { Frame } from '../state/frame.svelte.ts';
import type { Terminals } from '../terminal/terminals.svelte.ts';
import { focusPane, nextPane, paneOf, paneOfFocus } from './panes.ts';
import type { PaneName } from './views.ts';

/** When it is there. */
async function focusShown(pane: PaneName): Promise<void> {
  await tick();
  focusPane(document.querySelector<HTMLElement>(`[data-pane=${pane}]`));
}

/** The acts on the panes of one frame. */
export class PaneActs {
  private readonly frame: Frame;
  private readonly terminals: Terminals;
  /** The pane that had the focus last: a command from the palette is about it. */
  private last: PaneName | null = null;
  /** Where the focus was before the terminal had it. */
  private beforeTerminal: HTMLElement | null = null;

  constructor(frame: Frame, terminals: Terminals) {
    this.frame = frame;
    this.terminals = terminals;
  }

  /** Something has got the focus. */
  hear(target: EventTarget | null): void {
    this.last = paneOf(target) ?? this.last;
  }

  /** The pane is there, whatever was shown before. */
  show(pane: PaneName): void {
    this.frame.view = 'session';
    this.frame.show(pane);
    void focusShown(pane);
  }

  /** The pane with the focus fills the view, or no longer; it keeps the focus. */
  fill(): void {
    const { frame } = this;
    const pane = frame.filling ?? paneOfFocus() ?? this.last;
    if (pane === null) return;
    const isInside = paneOfFocus() === pane;
    frame.filling = frame.filling === null ? pane : null;
    if (!isInside) void focusShown(pane);
  }

  close(): void {
    const pane = paneOfFocus() ?? this.last;
    if (pane !== null) this.frame.close(pane);
  }

  toTerminalAndBack(): void {
    if (paneOfFocus() === 'terminals') {
      (this.beforeTerminal?.isConnected === true ? this.beforeTerminal : null)?.focus();
      if (paneOfFocus() === 'terminals') nextPane(-1);
      return;
    }
    const here = document.activeElement;
    this.beforeTerminal = here instanceof HTMLElement ? here : null;
    this.terminals.focus();
  }
}
