// Quiet stretches: nothing happens but what timers do by themselves. A timer may well send a
// packet, run a work or count a reference up; what is never quiet is listed here: somebody does
// something, something is born, ends, changes its state or is found.

import type { KindName } from '#trace/kinds.ts';
import { lowerBound, TimeColumn } from './columns.ts';
import type { LaneEvent, Take, Takes } from './event.ts';
import type { Marks } from './marks.ts';

/** What is not quiet. */
const loudKinds = [
  'task.create',
  'task.exit',
  'netdev.state',
  'netdev.going',
  'device.bind',
  'device.unbind',
  'module.load',
  'module.unload',
  'syscall',
  'oops',
  'card.port',
  'card.refused',
  'card.error',
  'card.reset',
  'card.map',
  'card.fault',
  'link',
  'cable',
  'input',
  'step',
  'bond.state',
  'bond.active',
  'bond.slave',
  'deadlock',
  'deadlock.end',
  'fault',
  'fault.held',
  'sysctl',
  'tty.run',
  'tty.done',
] as const satisfies readonly KindName[];

/** Stretches below this are not kept, ns. */
const shortestNs = 1e6;
/** How many view widths a stretch must have to be folded. */
const viewsMin = 20;
/** Part of a view that stays to be seen at both ends of a fold. */
const edgeViews = 0.25;

/** A stretch that can be folded. */
export interface FoldGap {
  readonly fromNs: number;
  readonly toNs: number;
  /** Warnings and reports in it. */
  readonly warnings: number;
  /** `239 s folded, 22 warnings`. */
  readonly said: string;
}

/** Collects the stretches between what is not quiet. */
export class Quiet {
  readonly takes: Takes;
  private readonly starts = new TimeColumn();
  private readonly ends = new TimeColumn();
  private count = 0;
  private lastNs = 0;

  constructor() {
    const loud: Take = ({ timeNs }: LaneEvent) => {
      this.loud(timeNs);
    };
    this.takes = Object.fromEntries(loudKinds.map((kind) => [kind, loud]));
  }

  private loud(timeNs: number): void {
    if (timeNs - this.lastNs >= shortestNs) {
      this.starts.set(this.count, this.lastNs);
      this.ends.set(this.count++, timeNs);
    }
    this.lastNs = timeNs;
  }

  /**
   * What can be folded between two times for a view of this width. The run is known up to `nowNs`;
   * a stretch that lasts until then leaves its end to be seen.
   */
  gaps(fromNs: number, toNs: number, viewNs: number, nowNs: number, marks: Marks): FoldGap[] {
    const found: FoldGap[] = [];
    const edgeNs = viewNs * edgeViews;
    const add = (startNs: number, endNs: number): void => {
      if (endNs - startNs <= viewNs * viewsMin) return;
      const gap = { fromNs: startNs + edgeNs, toNs: endNs - edgeNs };
      if (gap.toNs > fromNs && gap.fromNs < toNs) found.push({ ...gap, ...holds(gap, marks) });
    };
    const first = lowerBound(this.ends.values, fromNs, 0, this.count);
    for (let at = first; at < this.count && this.starts.values[at]! < toNs; at++) {
      add(this.starts.values[at]!, this.ends.values[at]!);
    }
    if (this.lastNs < toNs) add(this.lastNs, nowNs);
    return found;
  }
}

function holds(
  { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number },
  marks: Marks,
): { readonly warnings: number; readonly said: string } {
  const told = marks
    .between(fromNs, toNs)
    .filter(({ kind }) => kind === 'warning' || kind === 'report');
  const warnings = told.length;
  const length = `${lengthText(toNs - fromNs)} folded`;
  if (warnings === 0) return { warnings, said: length };
  return { warnings, said: `${length}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}` };
}

/** `239 s`, `1.2 s`, `35 ms`, `900 µs`. */
export function lengthText(ns: number): string {
  const units = [
    { ns: 1e9, name: 's' },
    { ns: 1e6, name: 'ms' },
    { ns: 1e3, name: 'µs' },
  ];
  const unit = units.find((candidate) => ns >= candidate.ns) ?? { ns: 1, name: 'ns' };
  const value = ns / unit.ns;
  const shown = value < 10 ? value.toFixed(1).replace('.0', '') : `${Math.round(value)}`;
  return `${shown} ${unit.name}`;
}
