// The firmware commands of a run as rows: posted by whom, about what, answered when and how. An
// answer belongs to the oldest command of its name that has none; a reset of the card ends those
// that are under way.

import { commandByOpcode, commandTable } from '#prm/opcodes.ts';
import type { ModelledState } from '#prm/opcodes.ts';
import { statusName } from '#prm/status.ts';
import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import { TaskNames } from '../record/words.ts';
import { commandAbout } from './command-about.ts';
import type { GivenCommand } from './command-about.ts';
import type { EventIndex } from './event-index.ts';
import { hasWords, page } from './list-page.ts';
import type { ListAsk, ListPage } from './list-page.ts';

/** A command as a row. */
export interface CommandRow {
  /** Event by which the card took it. */
  readonly seq: number;
  readonly timeNs: number;
  /** -1 for a name that the command table does not have. */
  readonly opcode: number;
  readonly name: string;
  readonly about: string;
  /** Task that posted it, and what the window calls it. */
  readonly by: string;
  readonly shownBy: string;
  /** Event of the answer, or null while there is none. */
  readonly doneSeq: number | null;
  readonly tookNs: number | null;
  /** `OK`, `BAD_PARAM`, … */
  readonly status: string | null;
  /** Why the card refused it or a fault held it, or empty. */
  readonly note: string;
  readonly modelled: ModelledState;
}

/** A task that has posted commands. */
export interface Poster {
  readonly name: string;
  /** What the window calls it. */
  readonly shown: string;
}

/** Which commands. */
export interface CommandAsk extends ListAsk {
  /** Name of a task, or empty for all. */
  readonly by: string;
  /** `any`, `open` without an answer, or `bad`: refused, held or with another status than OK. */
  readonly status: 'any' | 'open' | 'bad';
  readonly words: string;
}

/** What is remembered of each command, in order. */
interface Known {
  readonly seq: number;
  readonly object: number;
  doneSeq: number | null;
  status: number;
  note: string;
}

const tableByName: ReadonlyMap<string, { opcode: number; modelled: ModelledState }> = new Map(
  [...commandByOpcode].map(([opcode, name]) => [
    name.replace(/^MLX4_(CMD_)?/, ''),
    { opcode, modelled: commandTable[name].modelled },
  ]),
);

/** Commands of one trace. */
export class CommandList {
  private readonly index: EventIndex;
  private readonly names: TaskNames;
  private readonly commands: Known[] = [];
  private open: Known[] = [];
  private seen = 0;

  constructor(index: EventIndex) {
    this.index = index;
    this.names = new TaskNames(index.trace);
  }

  private get trace(): Trace {
    return this.index.trace;
  }

  /** The commands that are asked for; with `from` also those that were answered since. */
  page({ from, cursor, by, status, words }: CommandAsk): ListPage<CommandRow> {
    this.refresh();
    const rows = new Map<number, CommandRow>();
    for (const known of this.commands) {
      if (known.seq < from && (known.doneSeq ?? 0) < from) continue;
      const row = this.row(known);
      if (by !== '' && row.by !== by) continue;
      if (status === 'open' && row.doneSeq !== null) continue;
      if (status === 'bad' && row.note === '' && (row.status ?? 'OK') === 'OK') continue;
      if (!hasWords(`${row.name} ${row.about}`, words)) continue;
      rows.set(known.seq, row);
    }
    return page([...rows.keys()], cursor, (seq) => rows.get(seq)!);
  }

  /**
   * Tasks that have posted commands, in the order of their first. A task that has ended leaves its
   * name to the next one of its kind: both are one here, as they are for page().
   */
  posters(): Poster[] {
    this.refresh();
    const tasks = new Set(this.commands.map(({ seq }) => this.trace.event(seq).task));
    const byName = new Map([...tasks].map((task) => [this.names.of(task), task]));
    return [...byName].map(([name, task]) => ({ name, shown: this.names.shownOf(task) }));
  }

  /** The command that the card took with an event, or null. */
  at(seq: number): CommandRow | null {
    this.refresh();
    const known = this.commands[this.index.of('commands').below(seq)];
    return known?.seq === seq ? this.row(known) : null;
  }

  /** The command before this one with the same name and modifiers, or null. */
  sameBefore(seq: number): CommandRow | null {
    this.refresh();
    const at = this.index.of('commands').below(seq);
    const object = this.commands[at]?.object ?? 0;
    const wanted = withoutToken(this.trace.text(object));
    for (let before = at - 1; before >= 0; before--) {
      const known = this.commands[before]!;
      if (withoutToken(this.trace.text(known.object)) === wanted) return this.row(known);
    }
    return null;
  }

  /** What was given to the card. */
  given(seq: number): GivenCommand {
    const { object, value } = this.trace.event(seq);
    const text = this.trace.text(object);
    const [name = ''] = text.split(' ');
    return {
      name,
      inModifier: Number(/ in_mod=(\S+)/.exec(text)?.[1] ?? 0),
      opModifier: Number(/ op_mod=(\S+)/.exec(text)?.[1] ?? 0),
      mailbox: this.trace.blobBytes(value),
    };
  }

  private row(known: Known): CommandRow {
    const { seq, doneSeq, status, note } = known;
    const { timeNs, task } = this.trace.event(seq);
    const given = this.given(seq);
    const entry = tableByName.get(given.name);
    return {
      seq,
      timeNs,
      opcode: entry?.opcode ?? -1,
      name: given.name,
      about: commandAbout(given),
      by: this.names.of(task),
      shownBy: this.names.shownOf(task),
      doneSeq,
      tookNs: doneSeq === null ? null : this.trace.event(doneSeq).timeNs - timeNs,
      status: doneSeq === null ? null : statusName(status),
      note,
      modelled: entry?.modelled ?? 'refused',
    };
  }

  private refresh(): void {
    const list = this.index.of('firmware');
    this.names.refresh();
    for (; this.seen < list.length; this.seen++) this.take(this.trace.event(list.at(this.seen)));
  }

  private take({ kind, seq, object, value }: TraceEvent): void {
    if (kind === K['fw.command']) {
      const known: Known = { seq, object, doneSeq: null, status: 0, note: '' };
      this.commands.push(known);
      this.open.push(known);
    } else if (kind === K['fw.done']) {
      const name = `${this.trace.text(object)} `;
      const at = this.open.findIndex((each) => this.trace.text(each.object).startsWith(name));
      const [known] = at < 0 ? [] : this.open.splice(at, 1);
      if (known !== undefined) Object.assign(known, { doneSeq: seq, status: value });
    } else if (kind === K['card.reset']) this.open = [];
    else {
      const known = this.open.find((each) => each.object === object);
      if (known !== undefined) known.note = this.trace.text(value);
    }
  }
}

const withoutToken = (text: string): string => text.replace(/ token=\S+/, '');
