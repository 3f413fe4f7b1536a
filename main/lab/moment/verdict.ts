// The sentence of a cycle (ui.md section 9): who holds and waits, then each link until the circle
// is named. At most 45 words: what does not fit is counted, not cut.

import type { FoldedStep } from '../fold/graph.ts';
import { mono, wordCount, words } from './phrase.ts';
import type { Phrase } from './phrase.ts';
import type { Naming } from './things.ts';

/** Most words of a verdict. */
const verdictWordsMax = 45;

/** `sh:5`, `bond work W3`. */
function actorPhrase(naming: Naming, actor: number): Phrase[] {
  const thing = naming.actorId(actor);
  const name: Phrase = { text: naming.shownActor(actor), thing, mono: true };
  return naming.isWork(actor) ? [words(`${naming.workNoun(actor)} `), name] : [name];
}

/** `intf_mutex`. */
const resourcePhrase = (naming: Naming, handle: number): Phrase => ({
  text: naming.shownResource(handle),
  thing: naming.resourceId(handle),
  mono: true,
});

/** What is waited for: `for intf_mutex`, `until p1 has no other reference`. */
function waitPhrase(naming: Naming, handle: number): Phrase[] {
  const name = resourcePhrase(naming, handle);
  switch (naming.kindOf(handle)) {
    case 'reference':
      return [words('until '), name, words(' has no other reference')];
    case 'activeReference':
      return [words('until nobody uses '), name];
    case 'flush':
      return [words('until '), name, words(' has ended')];
    case 'completion':
      return [words('until '), name, words(' is complete')];
    case 'workqueue':
      return [words('for its turn on '), name];
    default:
      return [words('for '), name];
  }
}

/** How one has what another waits for: `holds one` of a reference, `holds it` of a lock. */
function heldPhrase(naming: Naming, handle: number): string {
  switch (naming.kindOf(handle)) {
    case 'reference':
    case 'activeReference':
    case 'semaphore':
      return 'holds one';
    case 'completion':
      return 'is to complete it';
    case 'flush':
      return 'has not ended';
    case 'workqueue':
      return 'has the turn';
    default:
      return 'holds it';
  }
}

/** The link from what `step` waits for to what the next one waits for. */
function link(naming: Naming, step: FoldedStep, next: FoldedStep): Phrase[] {
  const { resource, holder } = step;
  const held = heldPhrase(naming, resource);
  const has = [words('; '), ...actorPhrase(naming, holder), words(` ${held}`)];
  const waits = [words('waits '), ...waitPhrase(naming, next.resource)];
  if (next.waiter === holder) return [...has, words(' and '), ...waits];
  const runner = [...actorPhrase(naming, next.waiter), words(', which runs ')];
  const work = { text: naming.shownActor(holder), thing: naming.actorId(holder), mono: true };
  return [...has, words(', and '), ...runner, work, words(', '), ...waits];
}

/** What the first waiter has that closes the circle: `holds intf_mutex and `. */
function opening(naming: Naming, last: FoldedStep, first: FoldedStep): Phrase[] {
  const thing = resourcePhrase(naming, last.resource);
  const kind = naming.kindOf(last.resource);
  const has: Phrase[] =
    kind === 'reference' || kind === 'activeReference'
      ? [words(' holds a reference on '), thing]
      : kind === 'completion'
        ? [words(' is to complete '), thing]
        : kind === 'flush' || kind === 'workqueue'
          ? [words(' keeps '), thing, words(' from ending')]
          : [words(' holds '), thing];
  const runs =
    last.holder === first.waiter || !naming.isWork(last.holder)
      ? []
      : [words(', which runs '), ...actorPhrase(naming, last.holder), words(',')];
  return [...runs, ...has, words(' and waits ')];
}

/** The whole sentence; the steps begin with the task that waited first. */
export function verdict(naming: Naming, steps: readonly FoldedStep[]): Phrase[] {
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return [];
  const head = [
    ...actorPhrase(naming, first.waiter),
    ...opening(naming, last, first),
    ...waitPhrase(naming, first.resource),
  ];
  const links = steps.slice(0, -1).map((step, at) => link(naming, step, steps[at + 1]!));
  let sentence = head;
  for (const [at, next] of links.entries()) {
    const left = links.length - at;
    const rest = mono(String(left));
    const more = [
      words('; '),
      rest,
      words(left === 1 ? ' more link closes it' : ' more links close it'),
    ];
    const longer = [...sentence, ...next];
    const isLast = left === 1;
    const room = isLast ? longer : [...longer, ...more];
    if (wordCount(room) > verdictWordsMax) return [...sentence, ...more, words('.')];
    sentence = longer;
  }
  return [...sentence, words('.')];
}
