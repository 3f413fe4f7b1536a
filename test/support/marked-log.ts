// The kernel log of a run, cut at the marks of its script.

import type { RunResult } from '#lab/run.ts';
import { K } from '#trace/kinds.ts';

/** Log lines by the mark under which they were printed; `` for those before the first. */
export function logByMark({ trace, machine }: RunResult): Map<string, string[]> {
  const sections = new Map<string, string[]>([['', []]]);
  let current = sections.get('')!;
  for (const event of trace.events()) {
    if (event.kind === K.step && trace.text(event.object) === 'mark') {
      current = [];
      sections.set(trace.text(event.value), current);
    } else if (event.kind === K.printk) current.push(trace.text(event.object));
  }
  const lines = [...sections.values()].flat();
  if (lines.length !== machine.k.log.records.length) throw new Error('log and trace differ');
  return sections;
}
