// The result of a run for people: outcome, the deadlock in its sentence, the board of detectors,
// checks.

import type { RunResult } from '#lab/run.ts';
import { secondsText } from './print.ts';
import { wrap } from './style.ts';
import type { Style } from './style.ts';

const stateWords = { fired: 'fired', inPart: 'in part', silent: 'silent' } as const;

/** The deadlocks, each as a paragraph. */
function deadlockLines({ findings }: RunResult, style: Style): string[] {
  return findings
    .filter(({ kind }) => kind === 'deadlock')
    .flatMap(({ timeNs, text, places }) => [
      '',
      style.bold(style.red(`deadlock at ${secondsText(timeNs)}`)),
      wrap(text, '  '),
      ...places.map((place) => style.dim(`  at ${place}`)),
    ]);
}

/** One line and a reason for each detector. */
export function boardLines({ detectors }: Pick<RunResult, 'detectors'>, style: Style): string[] {
  return detectors.flatMap(({ title, state, why }) => {
    const word = state === 'silent' ? 'silent because' : stateWords[state];
    const mark = state === 'fired' ? style.red : state === 'inPart' ? style.yellow : style.green;
    const body = wrap(why, ' '.repeat(28)).trimStart();
    const head = `  ${title.padEnd(25)} `;
    return [`${head}${mark(word)}`, `${' '.repeat(28)}${body}`];
  });
}

function checkLines({ checks }: RunResult, style: Style): string[] {
  return checks.flatMap(({ holds, reason, line, seen }) =>
    holds
      ? [`  ${style.green('ok  ')} ${reason}`]
      : [`  ${style.red('FAIL')} ${reason}`, `       line ${line}: saw ${seen}`],
  );
}

/** The whole result. */
export function resultText(result: RunResult, style: Style): string {
  const { outcome, variant, unfinished, checks, virtualNs, events } = result;
  const lines = [
    '',
    `${style.bold(`outcome: ${outcome}`)}   (variant ${variant})`,
    ...deadlockLines(result, style),
    ...(unfinished === null ? [] : ['', `script: ${unfinished}`]),
    '',
    style.bold('detectors'),
    ...boardLines(result, style),
    ...(checks.length === 0 ? [] : ['', style.bold('checks'), ...checkLines(result, style)]),
    '',
    style.dim(`${secondsText(virtualNs)} of virtual time, ${events} events`),
  ];
  return lines.join('\n');
}
