// The sentence over the picture of the waits: the cycle if one stands, else who waits, else that
// nothing waits, with what is held and how many references the netdevs have.

import type { Cycle } from './cycles.ts';
import { listed, mono, words } from './phrase.ts';
import type { Phrase } from './phrase.ts';
import type { Naming, Thing } from './things.ts';
import type { Edge } from './edges.ts';

interface Parts {
  readonly naming: Naming;
  readonly cycles: readonly Cycle[];
  readonly things: readonly Thing[];
  readonly edges: readonly Edge[];
}

/** Waits that a sentence names; the others are counted. */
const waitsNamed = 2;

const thingPhrase = ({ id, shown, kind }: Thing): Phrase[] => [
  ...(kind === 'work' ? [words('work ')] : []),
  { text: shown, thing: id, mono: true },
];

function waiting({ things, edges }: Parts, waits: readonly Edge[]): Phrase[] {
  const byId = new Map(things.map((thing) => [thing.id, thing]));
  const one = ({ from, to }: Edge): Phrase[] => {
    const [waiter, thing] = [byId.get(from), byId.get(to)];
    if (waiter === undefined || thing === undefined) return [];
    const holders = edges
      .filter((edge) => edge.relation === 'holds' && edge.to === to)
      .flatMap((edge) => byId.get(edge.from) ?? []);
    const held: Phrase[] =
      holders.length === 0 || holders.length > 2
        ? []
        : [words(', held by '), ...listed(holders.map(thingPhrase))];
    return [...thingPhrase(waiter), words(' waits for '), ...thingPhrase(thing), ...held];
  };
  const named = waits.slice(0, waitsNamed).map(one);
  const more = waits.length - waitsNamed;
  const sentence = named.flatMap((phrases, at) => (at === 0 ? phrases : [words('; '), ...phrases]));
  if (more <= 0) return [...sentence, words('.')];
  return [
    ...sentence,
    words('; '),
    mono(String(more)),
    words(more === 1 ? ' more waits.' : ' more wait.'),
  ];
}

/** `Every lock is free.`, or who holds which. */
function held({ things, edges }: Parts): Phrase[] {
  const locks = things.filter(({ kind, state }) => kind === 'lock' && state === 'held');
  if (locks.length === 0) return [words(' Every lock is free.')];
  const names = locks.map((lock) => {
    const holders = edges
      .filter(({ relation, to }) => relation === 'holds' && to === lock.id)
      .flatMap(({ from }) => things.find(({ id }) => id === from) ?? []);
    const by = listed(holders.map(thingPhrase));
    return [...thingPhrase(lock), ...(by.length === 0 ? [] : [words(' by '), ...by])];
  });
  return [words(' Held: '), ...listed(names), words('.')];
}

/** `eth0 has 2 references, eth1 has 2.` */
function counts({ things }: Parts): Phrase[] {
  const netdevs = things.filter(
    ({ kind, name }) => kind === 'reference' && name.startsWith('netdev ') && name !== 'netdev lo',
  );
  if (netdevs.length === 0) return [];
  const each = netdevs.map((thing, at) => {
    const unit = at > 0 ? '' : thing.count === 1 ? ' reference' : ' references';
    return [...thingPhrase(thing), words(` has ${thing.count ?? 0}${unit}`)];
  });
  return [words(' '), ...listed(each), words('.')];
}

/** The sentence of the moment. */
export function waitsSentence(parts: Parts): Phrase[] {
  const standing = parts.cycles.find(({ stands }) => stands);
  if (standing !== undefined) return [...standing.sentence];
  const waits = parts.edges.filter(({ relation }) => relation === 'waitsFor');
  if (waits.length > 0) return waiting(parts, waits);
  return [words('Nothing waits.'), ...held(parts), ...counts(parts)];
}
