// The waits in words: header, tooltip, the shelf under a ring, and the list that stands for the
// graph where it cannot be seen.

import type { Cycle, Edge, Thing, Waits } from '#contract/waits.ts';
import { groupedCount, secondsText } from '../ui/numbers.ts';
import { fullName, ringDetail } from './names.ts';
import { texts } from './texts.ts';

/** The waits with the look-ups that words and layouts need. */
export class Reading {
  readonly waits: Waits;
  readonly nowNs: number;
  /** Cycles that stand. */
  readonly cycles: readonly Cycle[];
  private readonly byId: ReadonlyMap<string, Thing>;

  constructor(waits: Waits, nowNs: number) {
    this.waits = waits;
    this.nowNs = nowNs;
    this.cycles = waits.cycles.filter(({ stands }) => stands);
    this.byId = new Map(waits.things.map((thing) => [thing.id, thing]));
  }

  readonly thingOf = (id: string): Thing | undefined => this.byId.get(id);

  linesOf(relation: Edge['relation']): readonly Edge[] {
    return this.waits.edges.filter((edge) => edge.relation === relation);
  }

  /** Holds of a thing. */
  holdsOf(id: string): readonly Edge[] {
    return this.linesOf('holds').filter(({ to }) => to === id);
  }

  letterOf(id: string): string {
    const thing = this.thingOf(id);
    return thing === undefined ? '' : thing.letter || thing.shown;
  }

  /** Second line of a member of a cycle. */
  readonly ringDetail = (id: string): string => {
    const thing = this.thingOf(id);
    if (thing === undefined) return '';
    const [hold] = this.holdsOf(id);
    const runner = this.linesOf('runs').find(({ to }) => to === id)?.from ?? '';
    const queue = this.thingOf(runner.replace(/^task:worker of /, 'queue:'));
    return ringDetail(thing, {
      nowNs: this.nowNs,
      holder: hold === undefined ? '' : this.letterOf(hold.from),
      heldSinceNs: hold?.sinceNs ?? 0,
      behind: queue?.queued ?? 0,
    });
  };
}

/** Beside the title: `at rest`, `one wait, no cycle`, `one cycle, two tasks in it`. */
export function headerText(reading: Reading): string {
  const { cycles } = reading;
  if (cycles.length > 0) {
    const members = cycles.flatMap(({ steps }) => steps.map(({ from }) => from));
    const tasks = new Set(members.filter((id) => id.startsWith('task:')));
    return texts.cycles(cycles.length, tasks.size);
  }
  const count = reading.linesOf('waitsFor').length;
  return count === 0 ? texts.atRest : texts.waits(count);
}

/** Name, state, since when, one next act. */
export function tooltipOf(reading: Reading, id: string): string {
  const thing = reading.thingOf(id);
  if (thing === undefined) return '';
  const name = fullName(thing);
  const wait = reading.linesOf('waitsFor').find(({ from }) => from === id);
  if (wait !== undefined) {
    const wanted = reading.thingOf(wait.to);
    const what = wanted === undefined ? wait.to : wanted.shown;
    return `${name}, waits for ${what} since ${secondsText(wait.sinceNs)}. ${texts.goWait}`;
  }
  const [hold, ...others] = reading.holdsOf(id);
  if (hold !== undefined) {
    const who = reading.letterOf(hold.from);
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const wanting = reading
      .linesOf('waitsFor')
      .filter(({ to }) => to === id)
      .map(({ from }) => reading.letterOf(from));
    const wanted = wanting.length === 0 ? '' : `, wanted by ${wanting.join(', ')}`;
    const since = secondsText(hold.sinceNs);
    return `${name}, held by ${who}${more} since ${since}${wanted}. ${texts.goTaken(who)}`;
  }
  const since = thing.sinceNs > 0 ? ` since ${secondsText(thing.sinceNs)}` : '';
  return `${name} ${texts.states[thing.state]}${since}. ${texts.select}`;
}

/** When a node's wait or hold began: where a double click goes. */
export function beganNs(reading: Reading, id: string): number {
  const wait = reading.linesOf('waitsFor').find(({ from }) => from === id);
  return (wait ?? reading.holdsOf(id)[0] ?? reading.thingOf(id))?.sinceNs ?? 0;
}

/** What stands on the shelf under a ring. */
export interface Shelf {
  /** Tasks of the cycle with what they hold beside it. */
  readonly also: readonly { readonly task: Thing; readonly things: readonly Thing[] }[];
  /** Waits from outside, by the thing that they are for. */
  readonly behind: readonly { readonly thing: Thing; readonly count: number }[];
}

export function shelfOf(reading: Reading, cycle: Cycle): Shelf {
  const members = new Set(cycle.steps.map(({ from }) => from));
  const tasks = [...members].flatMap((id) => {
    const thing = reading.thingOf(id);
    return thing?.kind === 'task' ? [thing] : [];
  });
  const also = tasks
    .sort((a, b) => a.letter.localeCompare(b.letter))
    .map((task) => ({
      task,
      things: reading
        .linesOf('holds')
        .filter(({ from, to }) => from === task.id && !members.has(to))
        .flatMap(({ to }) => reading.thingOf(to) ?? [])
        .filter(({ kind }) => kind === 'lock'),
    }))
    .filter(({ things }) => things.length > 0);
  const waits = reading.linesOf('waitsFor').filter(({ from }) => !members.has(from));
  const behind = [...new Set(waits.map(({ to }) => to))].flatMap((id) => {
    const thing = reading.thingOf(id);
    const count = waits.filter(({ to }) => to === id).length;
    return thing === undefined ? [] : [{ thing, count }];
  });
  return { also, behind };
}

const plainName = (reading: Reading, id: string): string => {
  const thing = reading.thingOf(id);
  if (thing === undefined) return id;
  if (thing.kind === 'task') return `${thing.shown}, task ${thing.letter},`;
  return `${texts.kinds[thing.kind]} ${thing.shown}`;
};

/** The list of the waits: the cycles with their steps, else who waits for what. */
export function listOf(reading: Reading): readonly string[] {
  const steps = reading.cycles.flatMap((cycle) =>
    cycle.steps.map(({ from, to, relation, where, sinceNs }, at) => {
      const head = at === 0 ? `${texts.cycleOf(cycle.steps.length)} ` : '';
      const [a, b] = [plainName(reading, from), plainName(reading, to).replace(/,$/, '')];
      const verb = relation === 'waits for' ? relation : `is ${relation}`;
      const place = where === '' ? '' : relation === 'held by' ? `, ${where}` : ` in ${where}`;
      const count = `${at + 1} of ${cycle.steps.length}`;
      return `${head}${count}: ${a} ${verb} ${b} since ${secondsText(sinceNs)}${place}.`;
    }),
  );
  const inCycle = new Set(
    reading.cycles.flatMap(({ steps: each }) => each.map(({ from }) => from)),
  );
  const waits = reading
    .linesOf('waitsFor')
    .filter(({ from }) => !inCycle.has(from))
    .map(({ from, to, sinceNs }) => {
      const [a, b] = [plainName(reading, from), plainName(reading, to).replace(/,$/, '')];
      return `${a} waits for ${b} since ${secondsText(sinceNs)}.`;
    });
  const all = [...steps, ...waits];
  return all.length === 0 ? [texts.nothingWaits] : all;
}

/** `closed at 12.531 s, event 18 467`. */
export const closedText = ({ closedNs, closedSeq }: Cycle): string =>
  texts.closed(secondsText(closedNs), groupedCount(closedSeq));
