// A recorded run of Linux's own driver, which the emulated PC of guest/ runs: what it is called,
// the machine that stands for it, and what cannot be done with it. Its time is the clock of the
// computer that it ran on, so it is the only one of its kind: no schedule gives it again. But what
// was typed and done by hand is kept, and our driver can do the same.

import type { Trace } from '#trace/trace.ts';
import { K } from '#trace/kinds.ts';
import { applyHand, inputText } from './input.ts';
import type { HandInput, Reached, RecordedInput } from './input.ts';
import type { RunEnd, RunHead } from './record/run-record.ts';
import type { Recorded } from './record/segment.ts';
import type { Input } from './scenario/scenario.ts';

/** Who decided what runs next: nobody whom the lab could ask. */
const hostPolicy = 'host';

/** A real driver has run, not the lab's. */
export const isReal = ({ policy }: Pick<RunHead, 'policy'>): boolean => policy === hostPolicy;

/** A run that is not there to be run again; the message says why, and what can be done instead. */
export class NotAgain extends Error {}

/** Throws NotAgain for a run of the real driver. */
export function assertAgain(head: RunHead): void {
  if (!isReal(head)) return;
  throw new NotAgain(
    `${head.variant} ran by the clock of its computer and does not run the same way twice. ` +
      "The lab's driver can do what was done in it: compare it with a variant.",
  );
}

/** What is known of a real machine. */
export interface RealMachine {
  /** As `uname -r` says it. */
  readonly release: string;
  /** PCI address of its card, which is a `full` one. */
  readonly slot: string;
}

/** The machine of the lab that is made as the real one: its lines mean the same on both. */
const machineText = (slot: string): string =>
  [
    'version: 1',
    'machine:',
    '  cpus: 1',
    '  rename: false',
    '  autoload: false',
    `  card: { profile: full, slot: "${slot}" }`,
    'steps: []',
    '',
  ].join('\n');

/** The head of a recording of it, but for the program that records. */
export const realRunHead = ({
  release,
  slot,
}: RealMachine): Omit<RunHead, 'engineVersion' | 'programHash'> => ({
  scenarioFile: 'guest.yaml',
  scenarioName: 'guest',
  scenarioText: machineText(slot),
  variant: `Linux ${release}`,
  policy: hostPolicy,
  seed: null,
  untilNs: null,
  scripted: false,
  live: true,
  parent: null,
});

/** Its end: nobody judges it. `silence`: what it did not answer in time, or null. */
export const realRunEnd = (virtualNs: number, silence: string | null): RunEnd => ({
  outcome: silence === null ? 'settled' : 'timeOut',
  findings: [],
  checks: [],
  detectors: [],
  virtualNs,
  unfinished: silence,
});

/** A real machine, with what is around it. */
export interface RealWorld extends Reached {
  readonly trace: Trace;
  /** Time, ns; events from now on have it. */
  now(): number;
}

/** What is done to a real machine, as a recording keeps it. */
export class RealInputs implements Recorded {
  readonly inputs: RecordedInput[] = [];
  /** There are no choices: nobody was asked. */
  readonly k: Recorded['k'];
  private readonly world: RealWorld;

  constructor(world: RealWorld) {
    this.world = world;
    this.k = { trace: world.trace, sim: { choices: [] } };
  }

  /** A line is about to go to a shell. */
  typed(terminal: string, line: string): void {
    this.note({ kind: 'type', terminal, line });
  }

  /** Does what hands do. Gives null, or in words why it was not done. */
  hand(input: HandInput): string | null {
    this.note(input);
    return applyHand(this.world, input);
  }

  private note(input: Input): void {
    const { world } = this;
    const timeNs = world.now();
    this.inputs.push({ point: 0, seq: world.trace.count, timeNs, input });
    world.trace.emit(K.input, world.trace.intern(inputText(input)), 0);
  }
}
