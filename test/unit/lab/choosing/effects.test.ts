// What a card says of the next step is what that step does. Many sessions are walked by chance, and
// each effect is held against the first events after the pick, or against the machine itself.

import { expect, test } from 'vitest';
import type { ChoiceCard } from '#lab/choosing/cards.ts';
import type { Choosing } from '#lab/choosing/choosing.ts';
import type { Effect } from '#lab/choosing/effects.ts';
import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { Random } from '#test/support/card/random.ts';
import { beginChoosing, walk } from '#test/support/choosing.ts';

type Of<Name extends Effect['kind']> = Extract<Effect, { readonly kind: Name }>;

/** An event of the task that was picked. */
interface OwnEvent {
  readonly kind: KindName;
  readonly object: string;
  readonly value: string;
}

/** Events that are no deeds: the task runs, and the wait graph learns a name. */
const untold: ReadonlySet<KindName> = new Set(['task.switch', 'resource', 'work.actor']);

function ownEvents({ run }: Choosing, number: number, from: number): OwnEvent[] {
  const { trace } = run.machine.k;
  const own: OwnEvent[] = [];
  for (let seq = from; seq < trace.count && own.length < 12; seq++) {
    const event = trace.event(seq);
    const kind = kindTable[event.kind]!.name;
    if (event.task !== number || untold.has(kind)) continue;
    own.push({ kind, object: trace.text(event.object), value: trace.text(event.value) });
  }
  return own;
}

/** Points of a task: its step ends where the next one begins. */
const steps = /^(mutex\.(lock|unlock|trylock)|ref|work|notifier|rwsem\.(read|write|release)|mmio)/;

function stepOf(own: readonly OwnEvent[]): OwnEvent[] {
  const end = own.findIndex(({ kind }) => steps.test(kind));
  return own.slice(0, end < 0 ? own.length : end);
}

const short = (name: string): string => name.replace(/^netdev /, '').replace(/\(card0\)$/, '');

/** Effects that were seen to come true, by kind. */
class Seen {
  readonly counts = new Map<Effect['kind'], number>();
  private readonly choosing: Choosing;

  constructor(choosing: Choosing) {
    this.choosing = choosing;
  }

  /** What the machine has at the question. */
  before({ effects }: ChoiceCard): void {
    for (const effect of effects) {
      if (effect.kind === 'counts') this.count(effect);
      else if (effect.kind === 'queues') this.queue(effect);
    }
  }

  private add(kind: Effect['kind']): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  private count({ kind, reference, before, after }: Of<'counts'>): void {
    const { devices } = this.choosing.run.machine.k.net;
    const found = [...devices].find(({ refs }) => refs.name === `netdev ${reference}`);
    if (found === undefined) return;
    expect(before, reference).toBe(found.refs.count);
    expect(Math.abs(after - before)).toBe(1);
    this.add(kind);
  }

  private queue({ kind, queue, before }: Of<'queues'>): void {
    const { all } = this.choosing.run.machine.k.workqueues;
    const found = [...all].find(({ instanceName }) => instanceName === queue)!;
    expect(before, queue).toBe(found.pending.length + found.deferred.length);
    this.add(kind);
  }

  /** What the step of the picked one came to. */
  after({ effects, kind }: ChoiceCard, own: readonly OwnEvent[]): void {
    const step = stepOf(own);
    const kinds = step.map((event) => event.kind);
    for (const effect of effects) {
      const said = JSON.stringify([effect, own]);
      switch (effect.kind) {
        case 'takes':
          expect(own[0]?.kind, said).toMatch(/\.acquired$|^wait\.end$/);
          break;
        case 'waits':
          expect(own[0]?.kind, said).toBe(kind === 'task.block' ? 'task.block' : 'wait.begin');
          break;
        case 'fails':
          expect(kinds, said).not.toContain('mutex.acquired');
          break;
        case 'frees':
          expect([own[0]?.kind, short(own[0]?.object ?? '')], said).toEqual([
            'hold.end',
            effect.lock.shown,
          ]);
          expect(kinds, said).not.toContain('hold.handed');
          break;
        case 'gives':
          expect(kinds, said).toContain('hold.handed');
          break;
        case 'wakes':
          expect(kinds.filter((each) => each === 'task.wake').length, said).toBeGreaterThanOrEqual(
            effect.tasks.length,
          );
          break;
        default:
          continue;
      }
      this.add(effect.kind);
    }
  }
}

const walks = [
  ['bond-deadlock', 'naive', 'from the mark', 150],
  ['bond-deadlock', 'v6.6', 'from the mark', 150],
  ['failover', 'v6.1', 'always', 200],
  ['rmmod-deadlock', 'naive', 'always', 200],
  ['bond-lacp', 'naive', 'always', 400],
] as const;

/** Kinds of effect that chance must come to, or this test has seen too little. */
const wanted: readonly Effect['kind'][] = [
  'takes',
  'frees',
  'waits',
  'fails',
  'wakes',
  'counts',
  'queues',
];

test('what cards say of the next step comes true', { timeout: 60_000 }, () => {
  const kinds = new Set<string>();
  for (const [name, variant, asked, count] of walks) {
    const choosing = beginChoosing(name, variant, asked);
    const seen = new Seen(choosing);
    const { sim, trace } = choosing.run.machine.k;
    walk(choosing, count, new Random(1), (cards, picked) => {
      for (const card of cards) seen.before(card);
      const { number } = sim.undecided.find((task) => task.name === picked.task)!;
      const from = trace.count;
      return () => {
        seen.after(picked, ownEvents(choosing, number, from));
      };
    });
    for (const kind of seen.counts.keys()) kinds.add(kind);
  }
  expect([...kinds]).toEqual(expect.arrayContaining([...wanted]));
});

test('a card has three effects at most, and only of things that have a name', () => {
  const choosing = beginChoosing('bond-deadlock', 'naive', 'from the mark');
  walk(choosing, 150, new Random(2), (cards) => {
    for (const { effects } of cards) {
      expect(effects.length).toBeLessThan(4);
      for (const effect of effects) {
        if ('lock' in effect) expect(effect.lock.letter).toMatch(/^[A-Z]{2}$/);
        if ('work' in effect) expect(effect.work.shown).not.toBe('');
      }
    }
    return undefined;
  });
});
