// Everything that is shown as a list of one run: made when the run is put on the bench, filled from
// its trace when somebody asks.

import type { Trace } from '#trace/trace.ts';
import { cardMapsAt } from './card-maps.ts';
import type { CardMaps } from './card-maps.ts';
import { commandDetail } from './command-detail.ts';
import type { CommandDetail } from './command-detail.ts';
import { CommandList } from './command-list.ts';
import { EventIndex } from './event-index.ts';
import type { ListPage } from './list-page.ts';
import { logPage } from './log-list.ts';
import type { LogAsk, LogRow } from './log-list.ts';
import type { Fold } from '../fold/fold.ts';
import { TaskNames } from '../record/words.ts';
import { taskRows } from './task-list.ts';
import type { TaskFacts, TaskRow } from './task-list.ts';
import { PacketList } from './packet-list.ts';
import { Screens } from './screens.ts';

/** The lists of one run. */
export class Lists {
  readonly screens: Screens;
  readonly commands: CommandList;
  readonly packets: PacketList;
  private readonly index: EventIndex;
  private readonly names: TaskNames;

  constructor(trace: Trace) {
    this.index = new EventIndex(trace);
    this.screens = new Screens(this.index);
    this.names = new TaskNames(trace);
    this.commands = new CommandList(this.index);
    this.packets = new PacketList(this.index);
  }

  /** Lines of the kernel log. */
  log(ask: LogAsk): ListPage<LogRow> {
    return logPage(this.index, ask);
  }

  /** The tasks of a folded state. */
  tasks(fold: Fold, topOf: TaskFacts['topOf']): TaskRow[] {
    return taskRows(this.index.trace, fold, { names: this.names, topOf });
  }

  /** A command in full, by the event with which the card took it. */
  command(seq: number): CommandDetail | null {
    return commandDetail(this.index.trace, this.commands, seq);
  }

  /** What the card does with its ports before event `seq`. */
  cardMaps(seq: number): CardMaps {
    return cardMapsAt(this.index, seq);
  }
}
