// A process that records a made-up run until somebody kills it, and says how many events it was
// told are on the disk. A line is written after the word came, so the disk may only have more.

import { writeSync } from 'node:fs';
import { Recorder } from '#db/recorder.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { headOf } from '#test/support/heads.ts';

/** Events between two flushes. */
const burst = 3000;

const file = process.argv[2]!;
const trace = new Trace();
const machine = { inputs: [], k: { trace, sim: { choices: [] } } };
const recorder = new Recorder(file, headOf({ live: true }), '2026-11-25T08:00:00.000Z');
recorder.watch(machine);
for (let round = 0; ; round++) {
  for (let index = 0; index < burst; index++) {
    trace.nowNs = trace.count * 100;
    trace.emit(K.printk, trace.intern(`round ${round}`), index);
  }
  recorder.flush();
  const { behind, failure } = recorder.state;
  if (failure !== null) throw failure;
  writeSync(1, `${trace.count - behind}\n`);
  // Lets the recorder hear its worker, and the disk keep up.
  await new Promise((resolve) => setTimeout(resolve, 1));
}
