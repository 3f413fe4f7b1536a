// Goal: a run gives the same bytes whenever it is exported, also when it was run again, and the
// table of formats is whole; dmesg text is the kernel log; JSON lines hold every event.
// Method: real runs, exported twice from one record and once from a second run of the same
// scenario. The log is compared with what printk() recorded in the machine itself; each JSON line
// is parsed and compared with its event by hand-written rules for a few kinds.

import { describe, expect, test } from 'vitest';
import { exportFormats, formatNames } from '#lab/export/formats.ts';
import { kindTable } from '#trace/kinds.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { bytesOf, deadlockRecord, lacpRecord, textOf } from './rig.ts';

const record = lacpRecord();

describe('every format', () => {
  test('has a name, an extension without dot and one line of description', () => {
    expect(formatNames).toEqual(['pcapng', 'perfetto', 'ftrace', 'dmesg', 'jsonl']);
    for (const name of formatNames) {
      const { extension, description } = exportFormats[name];
      expect(extension).toMatch(/^[a-z]+$/);
      expect(description).toMatch(/^[^\n]{10,90}$/);
    }
  });

  test.each(formatNames)('%s: same run, same bytes', (name) => {
    const bytes = bytesOf(name, record);
    expect(bytes.length).toBeGreaterThan(1000);
    expect(bytesOf(name, record).equals(bytes)).toBe(true);
    expect(bytesOf(name, lacpRecord()).equals(bytes)).toBe(true);
  });

  test.each(formatNames)('%s: another run, other bytes', (name) => {
    expect(bytesOf(name, deadlockRecord()).equals(bytesOf(name, record))).toBe(false);
  });
});

describe('dmesg', () => {
  test('is the log that the kernel kept', () => {
    const printed: string[] = [];
    const logged = recordScenario('bond-lacp', {
      onStart: (machine) => {
        machine.k.log.onRecord = ({ timeNs, text }) => {
          const [whole = '', rest = ''] = (timeNs / 1e9).toFixed(9).split('.');
          printed.push(`[${whole.padStart(5)}.${rest.slice(0, 6)}] ${text}\n`);
        };
      },
    });
    expect(printed.length).toBeGreaterThan(100);
    expect(textOf('dmesg', logged)).toBe(printed.join(''));
  });
});

describe('JSON lines', () => {
  interface Line {
    readonly seq: number;
    readonly timeNs: number;
    readonly cpu: number;
    readonly task: string | null;
    readonly kind: string;
    readonly object: unknown;
    readonly value: unknown;
    readonly place: unknown;
  }
  const { trace } = record;
  const lines = textOf('jsonl', record).trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line);

  test('are the events, in order, with time, CPU and kind', () => {
    expect(parsed).toHaveLength(trace.count);
    const same = parsed.filter(({ seq, timeNs, cpu, kind }, index) => {
      const event = trace.event(index);
      const isKind = kindTable[event.kind]?.name === kind;
      return seq === index && timeNs === event.timeNs && cpu === event.cpu && isKind;
    });
    expect(same).toHaveLength(trace.count);
  });

  test('name tasks, objects and packets', () => {
    const first = (kind: string): Line => parsed.find((line) => line.kind === kind)!;
    expect(first('task.create')).toMatchObject({ task: null, object: 'init', value: null });
    expect(first('work.start')).toMatchObject({ task: 'worker of mlx4', value: 'mlx4' });
    expect(first('packet.send').value).toMatch(/^([0-9a-f]{2}){60,}$/);
    const lacp = parsed.filter(({ value }) => String(value).startsWith('0180c2000002'));
    expect(lacp.length).toBeGreaterThan(20);
    expect(new Set(parsed.map(({ task }) => task))).toContain('NET_RX on CPU 1');
  });
});
