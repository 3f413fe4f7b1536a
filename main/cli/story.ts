// `mlx4-lab story`, which `npm start` runs: the bond deadlock of August 2023, told in the terminal,
// and the same line of shell on the driver as it was merged. The texts are in story-text.ts.

import { fileURLToPath } from 'node:url';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import { reportOf } from '#lab/report.ts';
import { runScenario } from '#lab/run.ts';
import type { RunOptions, RunResult } from '#lab/run.ts';
import type { ScriptStep } from '#lab/scenario/scenario.ts';
import { exitStatus } from './exit.ts';
import { LiveView } from './live.ts';
import { readScenario, traceHash } from './load.ts';
import type { ScenarioFile } from './load.ts';
import { print, secondsText } from './print.ts';
import { planOf, Recording } from './recording.ts';
import type { RecordingArguments } from './recording.ts';
import { boardLines } from './result.ts';
import { storyText } from './story-text.ts';
import type { StoryAct } from './story-text.ts';
import { styleFor, textColumns, wrap } from './style.ts';
import type { Style } from './style.ts';

const file = fileURLToPath(new URL('../lab/scenarios/bond-deadlock.yaml', import.meta.url));

const policy = choosePolicy(undefined, undefined);

export interface StoryArguments extends RecordingArguments {
  readonly json?: boolean;
}

/** Runs the scenario under a variant and keeps the run. */
async function runKept(
  source: ScenarioFile,
  variant: string,
  settings: RecordingArguments,
  onStart: RunOptions['onStart'] = () => undefined,
): Promise<RunResult> {
  const plan = planOf(source, policy, { scenarioFile: 'bond-deadlock.yaml', variant });
  const recording = new Recording(plan, settings);
  const result = runScenario(source.scenario, {
    policy: makePolicy(policy),
    variant,
    onStart: (machine, script) => {
      recording.watch(machine);
      onStart(machine, script);
    },
  });
  await recording.finish(runEndOf(result));
  return result;
}

/** Standard output without two empty lines in a row. */
class Page {
  private blank = true;

  write(text: string): void {
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (line === '' && this.blank) continue;
      this.blank = line === '';
      process.stdout.write(`${line}\n`);
    }
  }

  /** A paragraph with empty lines around it. */
  paragraph(text: string): void {
    this.write(`\n${text}\n\n`);
  }
}

/** Tells one act. */
class Teller {
  private readonly act: StoryAct;
  private readonly style: Style;
  private readonly page: Page;
  private readonly view: LiveView;
  private shown = false;

  constructor(act: StoryAct, page: Page, style: Style) {
    this.act = act;
    this.page = page;
    this.style = style;
    const write = (text: string): void => {
      if (this.shown) page.write(text);
    };
    this.view = new LiveView({ style, fold: true, echo: true, write });
  }

  /** Runs the scenario and tells it as it happens. */
  async tell(source: ScenarioFile, settings: RecordingArguments): Promise<RunResult> {
    const rule = '─'.repeat(Math.max(0, textColumns - this.act.title.length - 4));
    this.page.paragraph(this.style.bold(`── ${this.act.title} ${rule}`));
    const result = await runKept(source, this.act.variant, settings, (machine, script) => {
      this.view.watch(machine);
      script.onStep = (step) => {
        this.step(step);
      };
    });
    this.view.flush();
    this.page.paragraph(wrap(this.act.board));
    this.page.write(boardLines(result, this.style).join('\n'));
    return result;
  }

  private step({ step }: ScriptStep): void {
    if (step.kind !== 'mark') return;
    this.view.flush();
    const text = this.act.texts[step.text];
    if (text !== undefined) this.page.paragraph(wrap(text));
    if (step.text === this.act.showFrom) this.shown = true;
    // Loading the driver says much that only its author wants to read.
    this.view.showDebug = step.text !== 'load';
  }
}

/** One line for each run. */
function summary(results: readonly RunResult[], style: Style): string {
  return results
    .map(({ variant, outcome, virtualNs, checks }) => {
      const passed = checks.filter((check) => check.holds).length;
      const mark = outcome === 'deadlock' ? style.red : style.green;
      const time = `${secondsText(virtualNs)} of virtual time`;
      const words = `${passed} of ${checks.length} checks hold, ${time}`;
      return `  ${variant.padEnd(8)} ${mark(outcome.padEnd(10))} ${words}`;
    })
    .join('\n');
}

/** Tells the story; gives the exit status. */
export async function storyCommand(settings: StoryArguments): Promise<number> {
  const source = readScenario(file);
  const { title, opening, acts, closing } = storyText;
  const results: RunResult[] = [];
  if (settings.json === true) {
    for (const { variant } of acts) results.push(await runKept(source, variant, settings));
    const reports = results.map((result) => reportOf(result, policy, traceHash(result.trace)));
    print(JSON.stringify(reports, null, 2));
    return Math.max(...results.map(exitStatus));
  }
  const style = styleFor(process.stdout);
  const page = new Page();
  page.write(`${style.bold(title)}\n\n${wrap(opening)}`);
  for (const act of acts) results.push(await new Teller(act, page, style).tell(source, settings));
  page.paragraph(style.bold('─'.repeat(textColumns)));
  page.write(summary(results, style));
  page.paragraph(wrap(closing));
  return Math.max(...results.map(exitStatus));
}
