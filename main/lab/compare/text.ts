// A comparison for people: sections with a heading, one sentence that says how much differs, and
// the first differences below it. The most telling section comes first. Lines are not wrapped here:
// who prints them knows how wide they may be.

import type { Alignment } from './aligned.ts';
import { timesText } from './both.ts';
import type { Both, Step, Steps } from './both.ts';
import type { Comparison } from './compare.ts';
import type { Sides } from './difference.ts';
import type { PacketDifference, PacketWords } from './packets.ts';
import type { TaskDifference } from './tasks.ts';
import { outcomeText } from './outcome.ts';
import { outsideSaid } from './outside.ts';
import { roundSeconds, shortText } from '../record/words.ts';

/** A line below a heading; `depth` says how far in it stands. */
export interface TextLine {
  readonly depth: number;
  readonly text: string;
}

/** A part of the text. */
export interface TextSection {
  readonly title: string;
  /** One sentence. */
  readonly said: string;
  readonly lines: readonly TextLine[];
}

/** Most differences that a section tells. */
const tasksMax = 8;
const stepsMax = 4;
const linesMax = 10;
const objectsMax = 10;
const countersMax = 20;

const line = (depth: number, text: string): TextLine => ({ depth, text });

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const more = (depth: number, count: number, what: string): TextLine[] =>
  count <= 0 ? [] : [line(depth, `… and ${count} more ${what}`.trimEnd())];

/** `12 in A, 11 in B`. */
const pairText = ({ a, b }: Both<number>, sides: Sides): string =>
  `${a} in ${sides.a}, ${b} in ${sides.b}`;

/** Names with two numbers each, in one line. */
function countsLine(
  counts: readonly { readonly name: string; readonly times: Both<number> }[],
  what: string,
  sides: Sides,
): TextLine[] {
  if (counts.length === 0) return [];
  const told = counts
    .slice(0, countersMax)
    .map(({ name, times }) => `${name} ${times.a}/${times.b}`);
  const left = counts.length - told.length;
  const rest = left === 0 ? '' : `, and ${left} more`;
  return [line(0, `by ${what}, ${sides.a}/${sides.b}: ${told.join(', ')}${rest}`)];
}

/** Microseconds, as in a kernel log. */
const microText = (timeNs: number): string => `${(timeNs / 1e9).toFixed(6)} s`;

function stepLine(depth: number, { seq, timeNs, said, times }: Step): TextLine {
  const often = times === 1 ? '' : `, and ${times - 1} more like it`;
  return line(depth, `${microText(timeNs)} #${seq} ${shortText(said)}${often}`);
}

function stepLines(depth: number, steps: Steps, side: string, max: number): TextLine[] {
  if (steps.count === 0) return [];
  const quoted = steps.first.slice(0, max);
  const left = steps.count - quoted.reduce((sum, { times }) => sum + times, 0);
  return [
    line(depth, `only in ${side}: ${steps.count}`),
    ...quoted.map((step) => stepLine(depth + 1, step)),
    ...more(depth + 1, left, ''),
  ];
}

const notAligned = 'too different to be put side by side: counted only';

const alignmentLines = ({ only, aligned }: Alignment, sides: Sides, max: number): TextLine[] => [
  ...(aligned ? [] : [line(0, notAligned)]),
  ...stepLines(0, only.a, sides.a, max),
  ...stepLines(0, only.b, sides.b, max),
];

function onlyText({ only }: Alignment, what: string, sides: Sides): string {
  const { a, b } = only;
  return `${plural(a.count, what)} only in ${sides.a}, ${b.count} only in ${sides.b}`;
}

const isEmpty = ({ only }: Alignment): boolean => only.a.count + only.b.count === 0;

function partingSection({ common, parting, runs, equal }: Comparison): TextSection {
  const title = 'first parting step';
  if (parting === null) {
    const end = equal ? '' : '; what they came to is not';
    return { title, said: `none: all ${runs.a.events} events are the same${end}`, lines: [] };
  }
  const same = `${common.events} events are the same, up to ${roundSeconds(common.untilNs)}`;
  return { title, said: same, lines: [line(0, parting.said)] };
}

function outcomeSection({ outcome, runs }: Comparison): TextSection {
  const title = 'outcome';
  if (outcome.length > 0) {
    return { title, said: outcome[0]!, lines: outcome.slice(1).map((text) => line(0, text)) };
  }
  return { title, said: `the same: both ${outcomeText(runs.a.outcome)}`, lines: [] };
}

function findingsSection({ findings, runs, sides }: Comparison): TextSection {
  const title = 'findings';
  if (findings.length === 0) {
    const none = runs.a.findings === 0 ? 'none in either run' : `the same ${runs.a.findings}`;
    return { title, said: none, lines: [] };
  }
  const quotes = (side: keyof Sides): TextLine[] =>
    findings.flatMap(({ kind, times, only }) => {
      if (only[side].count === 0) return [];
      const [first] = only[side].first;
      const head = `${sides[side]}: ${kind}, ${timesText(times[side])}`;
      return [line(0, `${head}, at ${roundSeconds(first!.timeNs)}: ${first!.text}`)];
    });
  const moved = findings.flatMap(({ kind, firstNs, only }) =>
    only.a.count + only.b.count > 0 || firstNs.a === null || firstNs.b === null
      ? []
      : [
          line(
            0,
            `${kind} at ${microText(firstNs.a)} in ${sides.a}, ` +
              `at ${microText(firstNs.b)} in ${sides.b}`,
          ),
        ],
  );
  const said = pairText({ a: runs.a.findings, b: runs.b.findings }, sides);
  return { title, said, lines: [...quotes('a'), ...quotes('b'), ...moved] };
}

function logSection({ log, sides }: Comparison): TextSection {
  const title = 'kernel log';
  if (isEmpty(log)) return { title, said: `the same ${plural(log.counts.a, 'line')}`, lines: [] };
  const lines = alignmentLines(log, sides, linesMax);
  return { title, said: onlyText(log, 'line', sides), lines };
}

function taskLines(task: TaskDifference, sides: Sides): TextLine[] {
  const { counts } = task;
  const lonely = counts.a === 0 ? sides.b : counts.b === 0 ? sides.a : null;
  const head = lonely === null ? pairText(counts, sides) : `is only in ${lonely}`;
  return [
    line(0, `${task.task}: ${lonely === null ? `deeds ${head}` : head}`),
    ...alignmentLines(task, sides, stepsMax).map(({ depth, text }) => line(depth + 1, text)),
  ];
}

function tasksSection({ tasks, sides }: Comparison): TextSection {
  const { equal, different } = tasks;
  const title = 'tasks';
  if (different.length === 0) {
    return { title, said: `all ${equal} did the same`, lines: [] };
  }
  const said = `${different.length} did something else, ${equal} did the same`;
  return {
    title,
    said: `${said}; in the order in which they part`,
    lines: [
      ...different.slice(0, tasksMax).flatMap((task) => taskLines(task, sides)),
      ...more(0, different.length - tasksMax, 'tasks'),
    ],
  };
}

function objectsSection({ objects }: Comparison): TextSection {
  const { equal, different } = objects;
  const title = 'objects';
  if (different.length === 0) {
    return { title, said: `all ${equal} were treated alike`, lines: [] };
  }
  return {
    title,
    said: `${different.length} were not treated alike, ${equal} were`,
    lines: [
      ...different.slice(0, objectsMax).map(({ said }) => line(0, said)),
      ...more(0, different.length - objectsMax, 'objects'),
    ],
  };
}

function commandsSection({ commands, sides }: Comparison): TextSection {
  const { opcodes, mailboxes, counts } = commands;
  const title = 'firmware commands';
  const { first, count } = mailboxes;
  const other =
    first === null
      ? []
      : [
          line(
            0,
            `${plural(count, 'command')} of both had other data, first ${first.command}: ` +
              `#${first.seq.a} in ${sides.a} and #${first.seq.b} in ${sides.b} ` +
              `from byte ${first.byte} on`,
          ),
        ];
  if (isEmpty(commands)) {
    return { title, said: `the same ${plural(counts.a, 'command')}`, lines: other };
  }
  return {
    title,
    said: onlyText(commands, 'command', sides),
    lines: [
      ...alignmentLines(commands, sides, stepsMax),
      ...other,
      ...countsLine(
        opcodes.map(({ opcode, times }) => ({ name: opcode, times })),
        'opcode',
        sides,
      ),
    ],
  };
}

function packetLine({ port, fate, place, packet }: PacketDifference, sides: Sides): TextLine[] {
  const words = (one: PacketWords | null, side: string): TextLine =>
    one === null
      ? line(1, `${side}: there is none`)
      : line(1, `${side}: ${roundSeconds(one.timeNs)} #${one.seq} ${one.said}`);
  return [
    line(0, `the first that is not the same is number ${place} ${fate} at ${port}`),
    words(packet.a, sides.a),
    words(packet.b, sides.b),
  ];
}

function packetsSection({ packets, sides }: Comparison): TextSection {
  const { counts, ports, first } = packets;
  const title = 'packets';
  if (first === null) {
    return { title, said: `the same at every port: ${plural(counts.a, 'event')}`, lines: [] };
  }
  return {
    title,
    said: `events: ${pairText(counts, sides)}`,
    lines: [
      ...packetLine(first, sides),
      ...ports.map(({ port, fate, times }) =>
        line(0, `${fate} at ${port}: ${pairText(times, sides)}`),
      ),
    ],
  };
}

function countersSection({ counters, runs, sides }: Comparison): TextSection {
  const title = 'events by kind';
  if (counters.length === 0) return { title, said: 'the same numbers', lines: [] };
  return {
    title,
    said: pairText({ a: runs.a.events, b: runs.b.events }, sides),
    lines: countsLine(
      counters.map(({ kind, times }) => ({ name: kind, times })),
      'kind',
      sides,
    ),
  };
}

/** What is there of a run of Linux itself. */
const outsideSections = (comparison: Comparison): TextSection[] => [
  { title: 'seen from outside', said: outsideSaid, lines: [] },
  outcomeSection(comparison),
  findingsSection(comparison),
  commandsSection(comparison),
  logSection(comparison),
  packetsSection(comparison),
];

/** The whole comparison, the most important part first. */
export const comparisonSections = (comparison: Comparison): TextSection[] =>
  comparison.outside ? outsideSections(comparison) : insideSections(comparison);

const insideSections = (comparison: Comparison): TextSection[] => [
  outcomeSection(comparison),
  partingSection(comparison),
  findingsSection(comparison),
  logSection(comparison),
  tasksSection(comparison),
  objectsSection(comparison),
  commandsSection(comparison),
  packetsSection(comparison),
  countersSection(comparison),
];
