// Any moment of a run, live or recorded, as plain data that a window draws: a function of the trace
// and of what the machine is made of, and of nothing else. The trace may still grow.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { findingKinds } from '../findings.ts';
import type { FindingKind } from '../findings.ts';
import type { Fold } from '../fold/fold.ts';
import { Seeker } from '../fold/seeker.ts';
import { detectorsOf } from './detectors.ts';
import type { Detector } from './detectors.ts';
import type { MachineFacts } from './facts.ts';
import { panelOf } from './panel.ts';
import type { Panel } from './panel.ts';
import { terminalsOf } from './terminals.ts';
import type { TerminalView } from './terminals.ts';
import { Naming } from './things.ts';
import { TraceIndex } from './trace-index.ts';
import type { CastMember } from './trace-index.ts';
import { nothingSeen, waitsOf } from './waits.ts';
import type { Waits } from './waits.ts';

/** Something that was found before the moment. */
export interface MomentFinding {
  readonly seq: number;
  readonly timeNs: number;
  readonly kind: FindingKind;
  readonly text: string;
}

/** Everything at a moment. */
export interface Moment {
  /** Events before it. */
  readonly seq: number;
  /** Time of the last of them, ns. */
  readonly timeNs: number;
  readonly waits: Waits;
  readonly panel: Panel;
  /** None where Linux itself runs: they look into the lab's kernel. */
  readonly detectors: readonly Detector[];
  readonly terminals: readonly TerminalView[];
  /** Every task that has been in play in the run, with its letter. */
  readonly cast: readonly CastMember[];
  /** Tasks that wait for something. */
  readonly blocked: number;
  /** The first of each kind. */
  readonly findings: readonly MomentFinding[];
}

const isFindingKind = (text: string): text is FindingKind =>
  (findingKinds as readonly string[]).includes(text);

/** Gives the moments of one run. */
export class Moments {
  private readonly trace: Trace;
  private readonly facts: MachineFacts;
  private readonly seeker: Seeker;
  private readonly index: TraceIndex;

  constructor(trace: Trace, facts: MachineFacts) {
    this.trace = trace;
    this.facts = facts;
    this.seeker = new Seeker(trace);
    this.index = new TraceIndex(trace);
  }

  /** Reads so far that moments before event `seq` are at hand. */
  readTo(seq: number): void {
    this.seeker.at(seq);
    this.index.refresh(seq);
  }

  /** The folded state before event `seq`. Throws RangeError when there are fewer events. */
  foldAt(seq: number): Fold {
    return this.seeker.at(seq);
  }

  /** The moment before event `seq`. Throws RangeError when there are fewer events. */
  at(seq: number): Moment {
    const { trace, index } = this;
    index.refresh();
    const fold = this.seeker.at(seq);
    const naming = new Naming(trace, fold, index);
    const { real } = this.facts;
    const waits = real ? nothingSeen : waitsOf(naming);
    return {
      seq,
      timeNs: fold.timeNs,
      waits,
      panel: panelOf(trace, fold, this.facts),
      detectors: real ? [] : detectorsOf(naming, waits.cycles),
      cast: index.cast,
      terminals: terminalsOf(trace, fold),
      blocked: waits.things.filter(({ kind, state }) => kind === 'task' && state === 'waits')
        .length,
      findings: this.findings(fold),
    };
  }

  /** Every task that has been in play in the whole run. */
  cast(): readonly CastMember[] {
    this.index.refresh();
    return this.index.cast;
  }

  /** An oops is an event of its own beside its report: it is told once. */
  private findings(fold: Fold): MomentFinding[] {
    const { trace } = this;
    const first = new Map<FindingKind, MomentFinding>();
    for (const seq of [...fold.findings, ...fold.reports].sort((a, b) => a - b)) {
      const { kind, object, value, timeNs } = trace.event(seq);
      const name = trace.text(object);
      if (kind === K.oops || !isFindingKind(name) || first.has(name)) continue;
      first.set(name, { seq, timeNs, kind: name, text: trace.text(value) });
    }
    return [...first.values()];
  }
}
