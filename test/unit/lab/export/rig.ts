// What the tests of exports share: files of a run as text or bytes, a run with InfiniBand on the
// wire, and the kinds of a trace counted without any code of the exports.

import { exportFormats } from '#lab/export/formats.ts';
import type { FormatName } from '#lab/export/formats.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { runScenario } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { recordOf, recordScenario } from '#test/support/run-record.ts';

/** A run in a format, as bytes. */
export function bytesOf(name: FormatName, record: RunRecord): Buffer {
  const pieces: Iterable<string | Uint8Array> = exportFormats[name].write(record);
  const bytes = (piece: string | Uint8Array): Uint8Array =>
    typeof piece === 'string' ? Buffer.from(piece) : piece;
  return Buffer.concat(Array.from(pieces, bytes));
}

/** A run in a format, as text. */
export const textOf = (name: FormatName, record: RunRecord): string =>
  bytesOf(name, record).toString();

/** The story, up to a while after the deadlock. */
export const deadlockRecord = (): RunRecord =>
  recordScenario('bond-deadlock', { variant: 'naive', untilNs: 30e9 });

/** A bond with LACP, with a ping through it. */
export const lacpRecord = (): RunRecord => recordScenario('bond-lacp');

const infinibandScenario = `
version: 1
name: infiniband-port
title: A subnet manager finds a port
machine:
  autoload: false
  ibPeers:
    - { name: ibpeer0, subnetManager: true }
  cables:
    - { a: card0 port 1, b: ibpeer0 }
steps:
  - run: modprobe -a mlx4_core mlx4_ib
  - run: echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1
  - sleep: 3s
`;

/** A port that a subnet manager leads to ACTIVE. */
export function infinibandRecord(): RunRecord {
  const scenario = loadScenario('infiniband-port.yaml', infinibandScenario);
  const { name, seed } = choosePolicy(undefined, 7);
  return recordOf(runScenario(scenario, { policy: makePolicy({ name, seed }) }), { seed });
}

/** How many events of these kinds a run has. */
export function countOf({ trace }: RunRecord, ...kinds: readonly KindName[]): number {
  const wanted = new Set<number>(kinds.map((name) => K[name]));
  return [...trace.events()].filter(({ kind }) => wanted.has(kind)).length;
}
