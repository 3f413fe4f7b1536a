// Our driver going through the chapters: one scenario with a mark at each, and the commands that
// the card has seen between the marks.

import type { CommandRecord } from '#device/command.ts';
import { choosePolicy, makePolicy } from '../policy.ts';
import { runScenario } from '../run.ts';
import { loadScenario } from '../scenario/load.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { defaultMachineSpec } from '../default-machine.ts';
import { cardFolder, chapters } from './chapters.ts';
import type { ChapterStep } from './chapters.ts';

/** Commands of each chapter, in the order of `chapters`. */
export type CommandsByChapter = readonly (readonly CommandRecord[])[];

const folder = `/sys/bus/pci/devices/${defaultMachineSpec.card.slot}`;

function stepText(step: ChapterStep): string {
  if ('run' in step) return `run: ${JSON.stringify(step.run.replaceAll(cardFolder, folder))}`;
  if ('rest' in step) return `sleep: ${step.rest}s`;
  const [verb, ...words] = step.hand.split(' ');
  return `${verb}: ${words.join(' ')}`;
}

/** The chapters as a scenario file. */
export const scenarioText = (): string =>
  [
    'version: 1',
    'machine:',
    '  cpus: 1',
    '  rename: false',
    '  autoload: false',
    '  card: full',
    'steps:',
    ...chapters.flatMap(({ name, steps }) => [
      `  - mark: ${name}`,
      ...steps.map((step) => `  - ${stepText(step)}`),
    ]),
    'until: 600s',
    '',
  ].join('\n');

/** When each chapter began, ns. */
function beginsOf(trace: Trace): number[] {
  const begins: number[] = [];
  for (const event of trace.events()) {
    const isMark = event.kind === K.step && trace.text(event.object) === 'mark';
    if (isMark) begins.push(event.timeNs);
  }
  return begins;
}

/** Goes through the chapters with a variant of our driver. Throws Error when a step fails. */
export function ourCommands(variant: string): CommandsByChapter {
  const commands: CommandRecord[] = [];
  const { trace, outcome, unfinished } = runScenario(loadScenario('chapters', scenarioText()), {
    policy: makePolicy(choosePolicy(undefined, undefined)),
    variant,
    onStart: ({ card }) => {
      card.onCommand = (record) => commands.push(record);
    },
  });
  if (unfinished !== null) throw new Error(`our driver ended as ${outcome}: ${unfinished}`);
  const begins = beginsOf(trace);
  return begins.map((from, at) => {
    const to = begins[at + 1] ?? Infinity;
    return commands.filter(({ timeNs }) => timeNs >= from && timeNs < to);
  });
}
