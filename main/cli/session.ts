// A machine driven line by line. On a terminal virtual time goes with real time, so a ping is a
// line a second and Ctrl-C means what it means; from a pipe it runs as fast as it can. A line that
// hangs leaves its terminal hanging, and the prompt goes on in another one, as it would for you.
// Lines that begin with a colon are the hands around the machine: cables, faults, time.

import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { detectorBoard } from '#lab/board.ts';
import { findingsOf } from '#lab/findings.ts';
import { handTexts, parseHand } from '#lab/hands.ts';
import type { LabMachine } from '#lab/machine.ts';
import type { PolicyChoice } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import type { RunEnd } from '#lab/record/run-record.ts';
import type { ScenarioRun } from '#lab/run.ts';
import { parseTime } from '#lab/scenario/units.ts';
import { LiveView } from './live.ts';
import { traceHash } from './load.ts';
import { print, secondsText } from './print.ts';
import { keptText, Recording } from './recording.ts';
import type { RecordingArguments, RunPlan } from './recording.ts';
import { boardLines } from './result.ts';
import { styleFor } from './style.ts';
import type { Style } from './style.ts';

/** Virtual time that a line may take before the prompt comes back without it. */
const patienceNs = 10e9;
/** Virtual time between two looks at the keyboard. */
const sliceNs = 20e6;
const settledNs = 1e6;

/** Options of everything that is driven line by line. */
export interface SessionArguments extends RecordingArguments {
  readonly json?: boolean;
}

/** What a session begins with. */
export interface Opened {
  readonly run: ScenarioRun;
  readonly policy: PolicyChoice;
  readonly plan: RunPlan;
}

/** One session. */
export class Session {
  private readonly run: ScenarioRun;
  private readonly machine: LabMachine;
  private readonly view: LiveView;
  private readonly style: Style;
  private readonly paced: boolean;
  private readonly quiet: boolean;
  private readonly policy: PolicyChoice;
  private readonly recording: Recording;
  private terminal = 'main';
  private interrupts = 0;

  constructor(opened: Opened, settings: SessionArguments) {
    const { run, policy, plan } = opened;
    const quiet = settings.json === true;
    this.run = run;
    this.machine = run.machine;
    this.policy = policy;
    this.recording = new Recording(plan, settings);
    this.quiet = quiet;
    this.paced = process.stdin.isTTY && process.stdout.isTTY;
    this.style = styleFor(process.stdout);
    this.view = new LiveView({
      style: this.style,
      fold: false,
      echo: !this.paced,
      write: (text) => {
        if (!quiet) process.stdout.write(text);
      },
    });
    this.recording.watch(this.machine);
    this.view.watch(this.machine);
  }

  get prompt(): string {
    // A look must not make the terminal: that is an event of the machine, and only inputs make one.
    const cwd = this.machine.terminals.get(this.terminal)?.state.cwd ?? '/';
    return `${this.terminal}:${cwd}# `;
  }

  /** Something of the lab's own, not of the machine's. */
  say(text: string): void {
    if (!this.quiet) print(text);
  }

  /** True while a line runs in the terminal that is looked at. */
  get busy(): boolean {
    return this.machine.terminals.get(this.terminal)?.busy === true;
  }

  /** Ctrl-C: for the line that runs; twice while it does not care: for the waiting. */
  interrupt(): void {
    this.interrupts++;
    this.machine.enter({ kind: 'interrupt', terminal: this.terminal });
  }

  /** One line of input; false ends the session. */
  async line(line: string): Promise<boolean> {
    const text = line.trim();
    if (text === 'exit' || text === ':quit') return false;
    if (text.startsWith(':')) await this.hand(text.slice(1).trim());
    else if (text !== '') await this.type(text);
    return !this.machine.halted;
  }

  private async type(line: string): Promise<void> {
    const { machine } = this;
    machine.enter({ kind: 'type', terminal: this.terminal, line });
    const terminal = machine.terminal(this.terminal);
    this.interrupts = 0;
    await this.pass(patienceNs, () => terminal.busy && !terminal.closed && this.interrupts < 2);
    if (terminal.busy && !machine.halted) this.nextTerminal();
    // What the line has set going, a renamed interface for example, comes before the next prompt.
    else await this.pass(settledNs, () => true);
  }

  private nextTerminal(): void {
    const number = this.machine.terminals.size + 1;
    const stuck = this.terminal;
    this.terminal = `tty${number}`;
    this.say(
      this.style.yellow(
        `(${stuck} is still busy; this is ${this.terminal}. :terminal ${stuck} goes back)`,
      ),
    );
  }

  /** Lets virtual time go on while `wanted`. */
  private async pass(durationNs: number, wanted: () => boolean): Promise<void> {
    const { run } = this;
    const { sim } = this.machine.k;
    const end = sim.now() + durationNs;
    while (wanted() && sim.now() < end && !this.machine.halted) {
      const before = sim.now();
      if (run.advance(Math.min(end, before + sliceNs)) === 'stepLimit') return;
      this.recording.flush();
      const passedMs = (sim.now() - before) / 1e6;
      await new Promise((resolve) => setTimeout(resolve, this.paced ? passedMs : 0));
    }
    this.view.flush();
  }

  private async hand(line: string): Promise<void> {
    const [verb = '', ...words] = line.split(/\s+/);
    const rest = words.join(' ');
    switch (verb) {
      case 'help':
        return this.help();
      case 'board':
        return this.say(
          boardLines({ detectors: detectorBoard(this.machine.k) }, this.style).join('\n'),
        );
      case 'findings':
        return this.findings();
      case 'cables':
        return this.cables();
      case 'recording':
        this.recording.flush();
        return this.say(this.recording.said);
      case 'terminal':
        this.terminal = rest === '' ? this.terminal : rest;
        return;
      case 'time': {
        const time = parseTime(rest);
        if (time === undefined) return this.say('write a time with a unit: :time 30s');
        return await this.pass(time, () => true);
      }
      default: {
        const input = parseHand(line, this.machine.spec);
        const problem = typeof input === 'string' ? input : this.machine.enter(input);
        if (problem !== null) this.say(problem);
        return await this.pass(settledNs, () => true);
      }
    }
  }

  private help(): void {
    const own: readonly (readonly [string, string])[] = [
      ['time DURATION', 'let time go on: :time 30s'],
      ['terminal NAME', 'type on another terminal'],
      ['board, findings, cables', 'what detectors say, what was found, what is plugged where'],
      ['recording', 'where this is kept, and how far the disk is'],
      ['quit', 'end the session (so does exit)'],
    ];
    const rows = [...handTexts, ...own].map(([form, text]) => `  :${form.padEnd(26)} ${text}`);
    this.say(['Shell lines go to the machine (help lists its programs).', ...rows].join('\n'));
  }

  private findings(): void {
    const rows = findingsOf(this.machine.k).map(
      ({ kind, timeNs, text }) => `${secondsText(timeNs).padStart(12)}  ${kind}: ${text}`,
    );
    this.say(rows.length === 0 ? 'nothing was found' : rows.join('\n'));
  }

  private cables(): void {
    const rows = this.machine.fabric.cables.map((cable) => {
      const end = (side: 'a' | 'b'): string => cable.portAt(side)?.name ?? 'free';
      const ends = `${end('a').padEnd(14)} ${end('b').padEnd(16)}`;
      return `  ${cable.name.padEnd(8)} ${ends} ${cable.reason}`;
    });
    this.say(rows.join('\n'));
  }

  /** Ends the session; the last word about it is where it is kept. */
  async finish(): Promise<void> {
    const end = runEndOf(this.run.result());
    const run = await this.recording.finish(end);
    if (this.quiet) print(JSON.stringify(this.report(end, run), null, 2));
    else if (run !== null) print(this.style.dim(keptText(run, this.recording)));
  }

  private report(end: RunEnd, run: number | null): Record<string, unknown> {
    const { inputs, k, spec } = this.machine;
    return {
      ...end,
      variant: spec.variant,
      policy: this.policy.name,
      seed: this.policy.seed,
      events: k.trace.count,
      inputs,
      hash: traceHash(k.trace),
      run,
    };
  }
}

/** Lines one after the other, each asked for when the one before is done. */
async function drive(session: Session, lines: Interface): Promise<void> {
  const prompt = (): void => {
    lines.setPrompt(session.prompt);
    if (process.stdin.isTTY) lines.prompt();
  };
  prompt();
  for await (const line of lines) {
    if (!(await session.line(line))) break;
    prompt();
  }
}

/** As in every shell: ends what runs, or throws away what was typed so far. */
function pressCtrlC(session: Session, lines: Interface): void {
  process.stdout.write('^C\n');
  if (session.busy) {
    session.interrupt();
    return;
  }
  for (const name of ['e', 'u']) lines.write(null, { ctrl: true, name });
  lines.prompt();
}

/** Drives a session from the keyboard or a pipe until the end of input, and keeps it. */
export async function driveSession(session: Session): Promise<void> {
  const terminal = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal });
  lines.on('SIGINT', () => {
    pressCtrlC(session, lines);
  });
  await drive(session, lines);
  lines.close();
  await session.finish();
}
