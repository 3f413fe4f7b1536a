// The text of a terminal as xterm.js takes it. The lab's shell notes a line that it begins as
// `$ line`; the window shows its own prompt before it.

import type { AnswerOf } from '#contract/requests.ts';
import { terminalTexts } from './texts.ts';

/** A piece of a screen. */
export type Piece = AnswerOf<'terminal.screen'>['pieces'][number];

/** Two pieces that stand on a screen alike. */
export const isSamePiece = (a: Piece, b: Piece | undefined): boolean =>
  a === b || (a.text === b?.text && a.typed === b.typed);

const noted = '$ ';

/** The line that a piece says was begun, or null. */
export const lineBegun = ({ text, typed }: Piece): string | null =>
  typed && text.startsWith(noted) ? text.slice(noted.length).trimEnd() : null;

/** A piece with the prompt in its colour. */
export function pieceText(piece: Piece, colour: string): string {
  const line = lineBegun(piece);
  if (line === null) return piece.text;
  return `${colour}${terminalTexts.prompt}\x1b[0m${piece.text.slice(noted.length)}`;
}

/** Lines that still wait when these pieces have come. */
export function stillWaiting(waiting: readonly string[], pieces: readonly Piece[]): string[] {
  const left = [...waiting];
  for (const piece of pieces) {
    const line = lineBegun(piece);
    const at = line === null ? -1 : left.findIndex((each) => each.trimEnd() === line);
    if (at >= 0) left.splice(0, at + 1);
  }
  return left;
}
