// The forms in which a run leaves the lab for other tools, declared once: the command line and the
// window offer what stands here. Each is a function of the recorded run alone, so one run gives the
// same bytes wherever and whenever it is exported.

import type { RunRecord } from '../record/run-record.ts';
import { dmesgText } from './dmesg.ts';
import { ftraceText } from './ftrace.ts';
import { jsonLines } from './json-lines.ts';
import { pcapng } from './pcapng.ts';
import { perfettoJson } from './perfetto.ts';

/** One format. */
export interface ExportFormat {
  /** Of a file, without dot. */
  readonly extension: string;
  /** One line for help texts. */
  readonly description: string;
  /** The file, in pieces. */
  readonly write: (record: RunRecord) => Iterable<string | Uint8Array>;
}

/** Every format by name. */
export const exportFormats = {
  pcapng: {
    extension: 'pcapng',
    description: 'packets of every port, for Wireshark and tshark',
    write: pcapng,
  },
  perfetto: {
    extension: 'json',
    description: 'tasks, waits, locks, wake-ups and counts as tracks, for ui.perfetto.dev',
    write: perfettoJson,
  },
  ftrace: {
    extension: 'ftrace',
    description: "the kernel's trace file: sched, irq, workqueue and lock events",
    write: ftraceText,
  },
  dmesg: {
    extension: 'log',
    description: 'the kernel log with the time since boot',
    write: dmesgText,
  },
  jsonl: {
    extension: 'jsonl',
    description: 'every event as one JSON object a line',
    write: jsonLines,
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** Name of a format. */
export type FormatName = keyof typeof exportFormats;

/** The names, in the order of the table. */
export const formatNames = Object.keys(exportFormats) as readonly FormatName[];
