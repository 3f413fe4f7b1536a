// A recorded run of Linux's own driver, which the emulated PC of guest/ runs: what it is called,
// the machine that stands for it, and what cannot be done with it. Its time is the clock of the
// computer that it ran on, so it is the only one of its kind: no schedule gives it again. But what
// was typed and done by hand is kept, and our driver can do the same.

import type { Trace } from '#trace/trace.ts';
import { K } from '#trace/kinds.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { applyHand, cardOfInput, inputText } from './input.ts';
import type { HandInput, Reached, RecordedInput } from './input.ts';
import type { RunEnd, RunHead, RunRecord } from './record/run-record.ts';
import type { Recorded } from './record/segment.ts';
import { cardPorts, labCard, Names, terminals } from './scenario/names.ts';
import type { Input } from './scenario/scenario.ts';

/** Who decided what runs next: nobody whom the lab could ask. */
const hostPolicy = 'host';

/** A real driver has run, not the lab's. */
export const isReal = ({ policy }: Pick<RunHead, 'policy'>): boolean => policy === hostPolicy;

/** A run that is not there to be run again; the message says why, and what can be done instead. */
export class NotAgain extends Error {}

/** The terminal of the first computer: the only one that the lab's machine has as well. */
const [firstTerminal] = terminals;

const isElsewhere = (port: string | null): boolean =>
  port !== null && /^card\d+ /.test(port) && !cardPorts.includes(port);

/** True for what was done to another computer than the first, or at its card. */
function isForAnother(input: Input): boolean {
  switch (input.kind) {
    case 'type':
    case 'interrupt':
      return input.terminal !== firstTerminal;
    case 'cable':
      return isElsewhere(input.port) || isElsewhere(input.other);
    case 'fault':
      if (input.fault.on === 'cable') return isElsewhere(input.fault.port);
      return cardOfInput(input) !== undefined;
    default:
      return cardOfInput(input) !== undefined;
  }
}

/** What a run is known by here. */
type Done = Pick<RunRecord, 'head' | 'inputs'>;

/** Why the lab's machine, which is one, cannot do what was done in a real run, or null. */
function undoable({ head, inputs }: Done): string | null {
  const other = inputs.find(({ input }) => isForAnother(input));
  if (!isReal(head) || other === undefined) return null;
  return (
    'It is a run of several computers, and the lab has one for its driver: nobody is there for ' +
    `"${inputText(other.input)}". Compare it with another recording.`
  );
}

/** Throws NotAgain for a real run that the lab's driver cannot do. */
export function assertDoable(record: Done): void {
  const why = undoable(record);
  if (why !== null) throw new NotAgain(why);
}

/** Throws NotAgain for a run of the real driver. */
export function assertAgain(record: Done): void {
  const { head } = record;
  if (!isReal(head)) return;
  const instead =
    undoable(record) ?? "The lab's driver can do what was done in it: compare it with a variant.";
  throw new NotAgain(
    `${head.variant} ran by the clock of its computer and does not run the same way twice. ` +
      instead,
  );
}

/** What is known of a real machine. */
export interface RealMachine {
  /** As `uname -r` says it. */
  readonly release: string;
  /** PCI address of its card, which is a `full` one. */
  readonly slot: string;
  /** The network, when it is not the default one: other computers are on it. */
  readonly topology?: TopologySpec;
}

/** Ends of cables in cards of other computers are not in this machine: they hang free here. */
function networkLines({ topology }: RealMachine): string[] {
  if (topology === undefined) return [];
  const { ports } = new Names(topology, () => null);
  const end = (port: string | null): string =>
    port !== null && ports.includes(port) ? port : 'free';
  const cables = topology.cables?.map(({ a, b }) => ({ a: end(a), b: end(b) }));
  // YAML takes JSON.
  return [
    `  switches: ${JSON.stringify(topology.switches)}`,
    `  cables: ${JSON.stringify(cables)}`,
  ];
}

/** The machine of the lab that is made as the real one: its lines mean the same on both. */
const machineText = (machine: RealMachine): string =>
  [
    'version: 1',
    'machine:',
    '  cpus: 1',
    '  rename: false',
    '  autoload: false',
    `  card: { profile: full, slot: "${machine.slot}" }`,
    ...networkLines(machine),
    'steps: []',
    '',
  ].join('\n');

/** The head of a recording of it, but for the program that records. */
export const realRunHead = (
  machine: RealMachine,
): Omit<RunHead, 'engineVersion' | 'programHash'> => ({
  scenarioFile: 'guest.yaml',
  scenarioName: 'guest',
  scenarioText: machineText(machine),
  variant: `Linux ${machine.release}`,
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

/** Real machines, with what is around them. */
export interface RealWorld extends Pick<Reached, 'fabric'> {
  readonly trace: Trace;
  /** Their cards: card0, card1, …. */
  readonly cards: readonly Reached['card'][];
  /** Time, ns; events from now on have it. */
  now(): number;
}

/** What is done to real machines, as a recording keeps it. */
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
    const { fabric, cards } = this.world;
    const name = cardOfInput(input) ?? labCard;
    const card = cards.find((each) => each.name === name);
    return card === undefined ? `there is no ${name}` : applyHand({ card, fabric }, input);
  }

  private note(input: Input): void {
    const { world } = this;
    const timeNs = world.now();
    this.inputs.push({ point: 0, seq: world.trace.count, timeNs, input });
    world.trace.emit(K.input, world.trace.intern(inputText(input)), 0);
  }
}
