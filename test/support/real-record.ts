// A recorded run as one of Linux itself is, without Linux: a card and cables of the lab, lines that
// nobody carries out, and the events that a guest would tell of them. With two cards it is a run of
// two guests.

import { ConnectX3 } from '#device/connectx3.ts';
import { buildTopology } from '#fabric/topology.ts';
import { cardNameAt, terminalAt } from '#guest/names.ts';
import { networkOf } from '#guest/network.ts';
import { RealInputs, realRunEnd, realRunHead } from '#lab/real-run.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { TestClock } from './clock.ts';

/** The PCI address of a guest's card. */
const slot = '0000:00:04.0';

/** Lines that our driver can carry out as well. */
const lines = [
  'modprobe mlx4_core; sleep 2; modprobe mlx4_en',
  `cat /sys/bus/pci/devices/${slot}/mlx4_port1`,
];

/** About ten seconds of it, in which the card came to have a bond in hardware. */
export function realRecord(count = 1): RunRecord {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cards = Array.from(
    { length: count },
    (_, at) => new ConnectX3({ name: cardNameAt(at), trace, profile: 'full' }),
  );
  const topology = networkOf(count);
  const ports = new Map(cards.flatMap((card) => [...card.wirePorts()]));
  const fabric = buildTopology(clock, trace, topology, ports);
  const world = { trace, cards, fabric, now: () => clock.now() };
  const inputs = new RealInputs(world);
  const tell = (kind: number, object: string, value: string | number): void => {
    trace.emit(kind, trace.intern(object), typeof value === 'string' ? trace.intern(value) : value);
  };
  for (const at of cards.keys()) tell(K['tty.open'], terminalAt(at), 0);
  for (const line of lines) {
    clock.runFor(4e9);
    inputs.typed('main', line);
    tell(K['tty.run'], 'main', line);
    tell(K['tty.typed'], 'main', `$ ${line}\n`);
    tell(K['fw.command'], 'QUERY_IF_STAT in_mod=0x0 op_mod=0 token=0x10 ev=1', 0);
    tell(K['fw.done'], 'QUERY_IF_STAT', 0);
    tell(K['card.map'], 'card0 port map', 0x11);
    tell(K['card.map'], 'card0 rx port check', 0);
    tell(K.printk, 'mlx4_en: eth0: Link Up', 6);
    tell(K['tty.done'], 'main', 0);
  }
  inputs.hand({ kind: 'cable', action: 'pull', port: 'card0 port 1', other: null });
  inputs.hand({ kind: 'cable', action: 'pull', port: 'card0 port 1', other: null });
  if (count > 1) {
    inputs.typed(terminalAt(1), 'uname -r');
    tell(K['tty.text'], terminalAt(1), '6.1.0-50-686\n');
    inputs.hand({ kind: 'clearFault', name: 'holdCommand', card: cardNameAt(1) });
    inputs.hand({ kind: 'cable', action: 'pull', port: 'card1 port 2', other: null });
  }
  clock.runFor(2e9);
  const machine = { release: '6.1.0-50-686', slot };
  const head = realRunHead({ ...machine, ...(count > 1 && { topology }) });
  return {
    head: { ...head, engineVersion: '0.1.0', programHash: 'f'.repeat(64) },
    end: realRunEnd(clock.now(), null),
    inputs: inputs.inputs,
    choices: [],
    trace,
  };
}
