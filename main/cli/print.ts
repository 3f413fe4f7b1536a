// Text for people: times, results, findings.

import type { RunResult } from '#lab/run.ts';

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printError = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** `   12.345678`, as the kernel log prints times. */
export const seconds = (timeNs: number): string => (timeNs / 1e9).toFixed(6).padStart(12);

/** Outcome, findings and checks of a run. */
export function resultText(result: RunResult): string {
  const lines = ['', `outcome: ${result.outcome}   (variant ${result.variant})`];
  for (const finding of result.findings.filter((one) => one.kind === 'deadlock')) {
    lines.push('', `deadlock at ${seconds(finding.timeNs).trim()} s:`, `  ${finding.text}`);
  }
  const others = new Map<string, number>();
  for (const { kind } of result.findings) {
    if (kind !== 'deadlock') others.set(kind, (others.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of others) lines.push(`finding: ${kind} × ${count}`);
  if (result.unfinished !== null) lines.push(`script: ${result.unfinished}`);
  if (result.checks.length > 0) lines.push('', 'checks:');
  for (const check of result.checks) {
    lines.push(`  ${check.holds ? 'ok  ' : 'FAIL'} ${check.reason}`);
    if (!check.holds) lines.push(`       line ${check.line}: saw ${check.seen}`);
  }
  const time = seconds(result.virtualNs).trim();
  lines.push('', `${time} s of virtual time, ${result.events} events`);
  return lines.join('\n');
}
