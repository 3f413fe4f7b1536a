// SQL over the runs: the stored tables, and `event`, which decodes the trace on the way. The
// virtual table reads by a second connection, because its own is busy with the query; both only
// read.

import type { Database } from 'better-sqlite3';
import { K, kindTable } from '#trace/kinds.ts';
import type { KindRow } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import type { TraceEvent } from '#trace/trace.ts';
import { openRuns } from './open.ts';
import { unpackRecords } from './pack.ts';
import { runRow, textsOf } from './reader.ts';
import type { SegmentRow } from './rows.ts';

/** Columns of the virtual table `event`; `run`, `seq_from` and `seq_to` narrow what is decoded. */
const eventColumns = ['seq', 't_ns', 'cpu', 'task', 'kind', 'object', 'value', 'place'] as const;

/** Names in place of numbers, for one run. */
class Names {
  private readonly texts: readonly string[];
  private readonly tasks = new Map<number, string>();

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  text(number: number): string {
    return number === 0 ? '' : (this.texts[number - 1] ?? `?${number}`);
  }

  note(event: TraceEvent): void {
    if (event.kind === K['task.create']) this.tasks.set(event.object, this.text(event.place));
  }

  task(number: number): string {
    return this.tasks.get(number) ?? (number === 0 ? '' : `task ${number}`);
  }

  object(row: KindRow | undefined, object: number): string | null {
    if (row?.object === 'none') return null;
    return row?.object === 'task' ? this.task(object) : this.text(object);
  }

  value(row: KindRow | undefined, value: number): string | number | null {
    switch (row?.value) {
      case 'text':
        return this.text(value);
      case 'task':
        return this.task(value);
      case 'none':
        return null;
      default:
        return value;
    }
  }
}

/** What of a run is decoded, and who is told how many events that is. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly onEvents: (events: number) => void;
}

type EventRow = readonly (string | number | null)[];

function eventRow(event: TraceEvent, names: Names): EventRow {
  const row = kindTable[event.kind];
  names.note(event);
  return [
    event.seq,
    event.timeNs,
    event.cpu,
    names.task(event.task),
    row?.name ?? `kind ${event.kind}`,
    names.object(row, event.object),
    names.value(row, event.value),
    event.place === 0 ? null : names.text(event.place),
  ];
}

/** Events of a run from one position to another, decoded segment by segment. */
function* eventRows(
  reader: Database,
  run: number,
  { from, to, onEvents }: Range,
): Generator<EventRow> {
  const { event_count: events } = runRow(reader, run);
  const names = new Names(textsOf(reader, run));
  const query = 'SELECT * FROM segment WHERE run_id = ? AND first_seq < ? ORDER BY number';
  // From the first segment on, for the names of tasks.
  for (const row of reader.prepare<[number, number], SegmentRow>(query).all(run, to)) {
    const records = [unpackRecords(row.records, row.event_count)];
    onEvents(row.event_count);
    for (const event of Trace.restore({ records, texts: [], blobs: [] }).events()) {
      const seq = row.first_seq + event.seq;
      if (seq >= Math.min(to, events)) return;
      if (seq < from) names.note(event);
      else yield eventRow({ ...event, seq }, names);
    }
  }
}

/** Runs of the database, for queries that name none. */
const allRuns = (reader: Database): number[] =>
  reader.prepare<[], number>('SELECT id FROM run ORDER BY id').pluck().all();

/** A database that can be asked. */
export class QueryDatabase {
  private readonly db: Database;
  private readonly reader: Database;

  /** `onEvents` is told of events as they are decoded. Throws StoreError for a bad file. */
  constructor(file: string, onEvents: (events: number) => void = () => undefined) {
    this.db = openRuns(file, { readOnly: true });
    this.reader = openRuns(file, { readOnly: true });
    const { reader } = this;
    this.db.table('event', {
      columns: ['run_id', ...eventColumns],
      parameters: ['run', 'seq_from', 'seq_to'],
      *rows(run: unknown, from: unknown, to: unknown) {
        const runs = run === undefined || run === null ? allRuns(reader) : [Number(run)];
        for (const each of runs) {
          const range = {
            from: Number(from ?? 0),
            to: Number(to ?? Number.MAX_SAFE_INTEGER),
            onEvents,
          };
          for (const row of eventRows(reader, each, range)) yield [each, ...row];
        }
      },
    });
  }

  /** Rows of one SELECT. Throws SqliteError, or TypeError for what is no query. */
  *ask(sql: string): Generator<Readonly<Record<string, unknown>>> {
    const statement = this.db.prepare<[], Record<string, unknown>>(sql);
    if (!statement.reader) throw new TypeError('only queries are answered: write a SELECT');
    yield* statement.iterate();
  }

  close(): void {
    this.db.close();
    this.reader.close();
  }
}
