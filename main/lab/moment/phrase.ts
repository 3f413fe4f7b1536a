// Sentences for the window, in parts: plain words, names of things (drawn as discs that lead to
// their nodes), and what a machine says, in its own type.

/** A part of a sentence. Spaces are in the texts. */
export interface Phrase {
  readonly text: string;
  /** Id of the thing that it names. */
  readonly thing?: string;
  /** What a machine says: names of locks, functions, times. */
  readonly mono?: boolean;
}

export const words = (text: string): Phrase => ({ text });

export const mono = (text: string): Phrase => ({ text, mono: true });

/** The sentence as plain text. */
export const phraseText = (sentence: readonly Phrase[]): string =>
  sentence.map(({ text }) => text).join('');

export const wordCount = (sentence: readonly Phrase[]): number =>
  phraseText(sentence).split(/\s+/).filter(Boolean).length;

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly (readonly Phrase[])[]): Phrase[] {
  return items.flatMap((item, index) => {
    if (index === 0) return item;
    return [words(index === items.length - 1 ? ' and ' : ', '), ...item];
  });
}
