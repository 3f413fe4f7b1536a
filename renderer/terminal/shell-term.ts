// xterm.js with a line editor under the machine's text: shows pieces of the screen as they come,
// keeps prompt and typed line below them, fits itself into its box, takes its colours from the
// tokens.

import { Terminal } from '@xterm/xterm';
import type { ITheme } from '@xterm/xterm';
import { isSamePiece, pieceText } from './screen-text.ts';
import type { Piece } from './screen-text.ts';
import { columnAfter, isSameTail, move, tailOf } from './tail.ts';
import type { Tail, TailParts } from './tail.ts';

/** Font of the terminal. */
const fontFamily = "'JetBrains Mono Variable', 'DejaVu Sans Mono', monospace";
const defaultSizePx = 12;
/** Height of a row by size of the type. */
const rowsPerSize = 1.5;
/** Green of the theme, which is `run`. */
const promptColour = '\x1b[32m';
/** Lines of the machine that can be scrolled back to. */
const scrollbackLines = 5000;
/** Most pieces that are appended as they are: of more, only the last can be seen. */
const appendedMax = 50;
/** Plain colours, nothing on the screen or above it, the cursor at its beginning. */
const clearAll = '\x1b[0m\x1b[2J\x1b[3J\x1b[H';
const noTail: TailParts = { waiting: [], prompt: '', text: '', cursor: 0 };
const nothing: Tail = tailOf(noTail, 0, 1, '');

export interface ShellTermOptions {
  /** Keys and pasted text. */
  readonly onData: (data: string) => void;
  /** True for a key that the window keeps for itself. */
  readonly isWindowKey: (event: KeyboardEvent) => boolean;
  /** Takes a Tab and gives true, or lets it leave the terminal. */
  readonly onTab: (event: KeyboardEvent) => boolean;
  /** Name of the input for a screen reader. */
  readonly inputName: string;
}

/** A terminal in a box of the page. */
export class ShellTerm {
  private readonly term: Terminal;
  private readonly box: HTMLElement;
  private pieces: readonly Piece[] = [];
  private tail: TailParts = noTail;
  /** Where the machine's text ends, and what was drawn below it. */
  private column = 0;
  private below = nothing;

  constructor(box: HTMLElement, options: ShellTermOptions) {
    this.box = box;
    this.term = new Terminal({
      fontFamily,
      fontSize: defaultSizePx,
      convertEol: true,
      scrollback: scrollbackLines,
      cursorInactiveStyle: 'outline',
      theme: themeOf(box),
    });
    this.term.open(box);
    this.term.textarea?.setAttribute('aria-label', options.inputName);
    this.term.onData((data) => {
      if (data !== '') options.onData(data);
    });
    this.term.attachCustomKeyEventHandler((event) => {
      if (event.key === 'Tab' && event.type === 'keydown' && options.onTab(event)) {
        event.preventDefault();
      }
      const copies = event.ctrlKey && event.key === 'c' && this.term.hasSelection();
      return !copies && !options.isWindowKey(event);
    });
  }

  set screenReader(on: boolean) {
    this.term.options.screenReaderMode = on;
  }

  /** How the cursor looks; what is typed all the same comes to `onData`. */
  set typable(on: boolean) {
    this.term.options.cursorStyle = on ? 'block' : 'underline';
  }

  /** Lines of the screen. */
  get rows(): number {
    return this.term.rows;
  }

  /** Colours again, after the theme has changed. */
  recolour(): void {
    this.term.options.theme = themeOf(this.box);
  }

  focus(): void {
    this.term.focus();
  }

  /** Shows this text of the machine; what is there already is not written again. */
  show(pieces: readonly Piece[], tail: TailParts): void {
    const known = this.pieces.length;
    const goesOn = this.pieces.every((piece, at) => isSamePiece(piece, pieces[at]));
    const isLittle = pieces.length - known <= appendedMax;
    if (goesOn && isLittle) this.write(pieces.slice(known), tail);
    else this.writeAll(pieces, tail);
    this.pieces = pieces;
  }

  /** Only the screen is cleared: the text stays in the run. */
  clear(): void {
    this.term.clear();
  }

  /** Takes as many columns and rows as there is room for. */
  fit(sizePx = defaultSizePx): void {
    const { term, box } = this;
    if (term.options.fontSize !== sizePx) term.options.fontSize = sizePx;
    const screen = box.querySelector('.xterm-screen')?.getBoundingClientRect();
    if (screen === undefined || screen.width === 0 || box.clientHeight === 0) return;
    const rowPx = screen.height / term.rows;
    const wantedPx = Math.round(sizePx * rowsPerSize);
    const lineHeight = (term.options.lineHeight ?? 1) * (wantedPx / rowPx);
    if (Math.abs(rowPx - wantedPx) > 0.5 && lineHeight >= 1) term.options.lineHeight = lineHeight;
    const style = getComputedStyle(box);
    const width = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = box.clientHeight - parseFloat(style.paddingTop);
    const columns = Math.max(20, Math.floor(width / (screen.width / term.cols)));
    const rows = Math.max(2, Math.floor(height / wantedPx));
    if (columns === term.cols && rows === term.rows) return;
    term.resize(columns, rows);
    this.writeAll(this.pieces, this.tail);
  }

  dispose(): void {
    this.term.dispose();
  }

  /** Writes on a screen that is empty, with nothing above it. */
  private writeAll(pieces: readonly Piece[], tail: TailParts): void {
    this.column = 0;
    this.below = nothing;
    // xterm.js waits for more to come, unless somebody has just typed: what is written now is on
    // the screen with all else that changes in this frame, and not a frame later.
    this.term.input('', true);
    this.write(pieces, tail, clearAll);
  }

  /** Takes the tail away, writes, and puts it back. */
  private write(pieces: readonly Piece[], tail: TailParts, before = ''): void {
    const { cols } = this.term;
    const away = `${move(this.below.cursor, { row: 0, column: this.column })}\x1b[J`;
    let text = '';
    for (const piece of pieces) {
      const shown = pieceText(piece, promptColour);
      this.column = columnAfter(shown.replaceAll('\n', '\r\n'), this.column, cols);
      text += shown;
    }
    this.tail = tail;
    const below = tailOf(tail, this.column, cols, promptColour);
    if (before + text === '' && isSameTail(below, this.below)) return;
    this.term.write(`${before}${away}${text}${below.text}${move(below.end, below.cursor)}`);
    this.below = below;
  }
}

/** Colours of the tokens, as xterm.js names them. */
function themeOf(box: HTMLElement): ITheme {
  const style = getComputedStyle(box);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: token('well'),
    foreground: token('ink'),
    cursor: token('ink'),
    cursorAccent: token('well'),
    selectionBackground: token('cur-dim'),
    red: token('cyc'),
    green: token('run'),
    yellow: token('wait'),
    blue: token('cur'),
    brightBlack: token('ink3'),
    white: token('ink2'),
    brightWhite: token('ink'),
  };
}
