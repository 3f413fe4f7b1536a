// Every event of a run as one JSON object a line, for programs. Numbers are resolved by what the
// table of kinds says that they mean: tasks and texts by name, mailboxes and packets as hex.
// `object`, `value` and `place` are null where the kind has none; `task` is null for what the
// machine itself does. A blob that the run did not keep (value 0) is null.

import { kindTable } from '#trace/kinds.ts';
import type { ObjectMeaning, ValueMeaning } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { RunRecord } from '../record/run-record.ts';
import { surveyOf, taskNameIn } from './survey.ts';
import { hexText, inPieces, remembered } from './text.ts';

/** Turns a number of an event into JSON. */
type Shown = (number: number) => string;

/** How one kind of event is written. */
interface Writers {
  readonly kind: string;
  readonly object: Shown;
  readonly value: Shown;
  readonly place: Shown;
}

/** The run, one event a line. */
export const jsonLines = (record: RunRecord): Generator<string, void, void> =>
  inPieces(linesOf(record));

function* linesOf(record: RunRecord): Generator<string, void, void> {
  const { task, writers } = writersFor(record);
  for (const event of record.trace.events()) yield lineOf(event, task, writers[event.kind]!);
}

function lineOf(event: TraceEvent, task: Shown, writer: Writers): string {
  const { seq, timeNs, cpu } = event;
  const head = `{"seq":${seq},"timeNs":${timeNs},"cpu":${cpu},"task":${task(event.task)}`;
  const object = `"object":${writer.object(event.object)},"value":${writer.value(event.value)}`;
  return `${head},"kind":${writer.kind},${object},"place":${writer.place(event.place)}}\n`;
}

/** One set of writers for each kind of event. */
function writersFor({ trace }: RunRecord): { task: Shown; writers: readonly Writers[] } {
  const survey = surveyOf(trace);
  const text = remembered((number) => JSON.stringify(trace.text(number)));
  const name = remembered((number) => JSON.stringify(taskNameIn(survey, number)));
  const task: Shown = (number) => (number === 0 ? 'null' : name(number));
  const objects: Readonly<Record<ObjectMeaning, Shown>> = {
    resource: (number) => (number === 0 ? 'null' : text(number)),
    task,
    text,
    none: () => 'null',
  };
  const values: Readonly<Record<ValueMeaning, Shown>> = {
    none: () => 'null',
    count: String,
    ns: String,
    hex: (number) => `"0x${number.toString(16)}"`,
    text,
    task,
    blob: (number) => (number === 0 ? 'null' : `"${hexText(trace.blobBytes(number))}"`),
  };
  const place: Shown = (number) => (number === 0 ? 'null' : text(number));
  const writers = kindTable.map((row) => ({
    kind: JSON.stringify(row.name),
    object: objects[row.object],
    value: values[row.value],
    place,
  }));
  return { task, writers };
}
