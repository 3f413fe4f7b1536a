// Interrupts: the test at load and its fall-back, vectors that are requested when they are first
// used, and every kind of event with its message.

import { describe, expect, it } from 'vitest';
import {
  mlx4_assign_eq,
  mlx4_eq_get_irq,
  mlx4_get_eqs_per_port,
  mlx4_is_eq_vector_valid,
  mlx4_release_eq,
  mlx4_test_interrupt,
} from '#driver/mlx4_core/eq.ts';
import { mlx4_NOP } from '#driver/mlx4_core/fw.ts';
import { mlx4_qp_alloc } from '#driver/mlx4_core/qp.ts';
import type { mlx4_qp } from '#driver/mlx4_core/mlx4.ts';
import {
  eqe,
  eqeBadCable,
  eqeCq,
  eqePortChange,
  eqeQp,
  eqeSrq,
  eqeWarming,
  MLX4_EVENT_TYPE,
} from '#prm/events.ts';
import { CoreRig, slot } from './rig.ts';

const prefix = `mlx4_core ${slot}: `;

function loaded(args = '', cpus = 2): CoreRig {
  const rig = new CoreRig({ kernel: { cpus } });
  rig.load(args);
  return rig;
}

describe('the interrupt test at load', () => {
  it('falls back to INTx when no MSI-X interrupt arrives', () => {
    const rig = new CoreRig();
    rig.card.faults.set({ name: 'dropInterrupt', count: 1 });
    const from = rig.k.sim.now();
    expect(rig.load()).toBe(0);
    expect(rig.k.sim.now() - from).toBeGreaterThan(60e9);
    const messages = rig.log(/NOP|Trying|timed out/).split('\n');
    expect(messages.map((line) => line.replace(prefix, ''))).toEqual([
      'command 0x31 timed out (go bit not cleared)',
      'NOP command failed to generate MSI-X interrupt IRQ 24)',
      'Trying again without MSI-X',
    ]);
    expect(rig.dev.caps.num_comp_vectors).toBe(1);
    expect(rig.k.irqs.describe()).toContain(`mlx4_core@pci:${slot}`);
    expect(rig.k.irqs.describe()).not.toContain('mlx4-async');
    // Both attempts are seen by the card; what the first made was taken back.
    const queues = rig.names().filter((name) => /_EQ$/.test(name) && name !== 'MAP_EQ');
    expect(queues.filter((name) => name === 'HW2SW_EQ').length).toBe(9);
    expect(queues.slice(-2)).toEqual(['SW2HW_EQ', 'SW2HW_EQ']);
    expect(rig.run(() => mlx4_NOP(rig.dev))).toBe(0);
  });

  it('gives the card up when INTx does not arrive either', () => {
    const rig = new CoreRig();
    rig.card.faults.set({ name: 'dropInterrupt', count: 2 });
    rig.load();
    expect(
      rig
        .log(/NOP command failed|BIOS/)
        .split('\n')
        .slice(-2),
    ).toEqual([
      `${prefix}NOP command failed to generate interrupt (IRQ 24), aborting`,
      `${prefix}BIOS or ACPI interrupt routing problem?`,
    ]);
    expect(() => rig.dev).toThrow('no driver');
  });

  it('with many vectors port 2 has no queue after the fall-back: a bug of Linux, kept', () => {
    const rig = new CoreRig({ kernel: { cpus: 8 } });
    rig.card.faults.set({ name: 'dropInterrupt', count: 1 });
    rig.load();
    expect([1, 2].map((port) => mlx4_get_eqs_per_port(rig.dev, port))).toEqual([1, 0]);
    expect(rig.run(() => mlx4_assign_eq(rig.dev, 2, 0))).toBe(-28);
  });
});

describe('completion vectors', () => {
  it('have no interrupt until somebody is given them, and keep it', () => {
    const rig = loaded();
    const { dev, k } = rig;
    const lines = (): number => k.irqs.describe().split('\n').length - 2;
    expect(lines()).toBe(1);
    expect(rig.run(() => mlx4_assign_eq(dev, 1, 0))).toBe(0);
    expect(rig.run(() => mlx4_assign_eq(dev, 2, 2))).toBe(2);
    expect(k.irqs.describe()).toContain(`mlx4-1@${slot}`);
    expect(k.irqs.describe()).toContain(`mlx4-3@${slot}`);
    expect(lines()).toBe(3);
    rig.run(() => mlx4_release_eq(dev, 0));
    expect(lines()).toBe(3);
    expect(rig.priv.eq_table.eq[1]!.ref_count).toBe(0);
    expect(rig.priv.eq_table.eq[3]!.ref_count).toBe(1);
  });

  it('a vector that is not there means the one with the fewest users', () => {
    const rig = loaded();
    const { dev } = rig;
    const given = Array.from({ length: 5 }, () => rig.run(() => mlx4_assign_eq(dev, 1, 99)));
    expect(given).toEqual([0, 1, 2, 3, 0]);
  });

  it('a vector of the other port is counted from the own first one', () => {
    const rig = loaded('', 8);
    const { dev } = rig;
    expect(mlx4_is_eq_vector_valid(dev, 2, 1)).toBe(false);
    expect(rig.run(() => mlx4_assign_eq(dev, 2, 1))).toBe(9);
    expect(mlx4_is_eq_vector_valid(dev, 2, 9)).toBe(true);
    expect(mlx4_eq_get_irq(dev, 9)).toBe(rig.priv.eq_table.eq[10]!.irq);
  });

  it('can be tested one by one', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.run(() => mlx4_assign_eq(dev, 1, 1));
    expect(rig.run(() => mlx4_test_interrupt(dev, 1))).toBe(0);
    rig.card.faults.set({ name: 'dropInterrupt', count: 1 });
    expect(rig.run(() => mlx4_test_interrupt(dev, 1))).toBe(-16);
    expect(rig.run(() => mlx4_NOP(dev))).toBe(0);
  });
});

/** What a test needs of the card's inside: it sends most of these events never by itself. */
interface EventSource {
  readonly hca: {
    readonly events: { readonly queues: ReadonlyMap<number, { post(entry: Uint8Array): boolean }> };
  };
}

/** Lets the card post entries to the queue of asynchronous events, and the driver handle them. */
function deliver(rig: CoreRig, ...entries: readonly Uint8Array[]): void {
  const { eqn } = rig.priv.eq_table.eq[0]!;
  const queue = (rig.card as unknown as EventSource).hca.events.queues.get(eqn)!;
  for (const entry of entries) queue.post(entry);
  rig.wait(0.01);
}

/** An entry with two layouts laid over each other. */
function entryOf(
  type: number,
  subtype = 0,
  fill: (entry: Uint8Array) => void = () => undefined,
): Uint8Array {
  const entry = eqe.make({ type, subtype });
  fill(entry);
  return entry;
}

describe('events', () => {
  const last = (rig: CoreRig): string => rig.log().split('\n').at(-1)!;

  it.each([
    [entryOf(MLX4_EVENT_TYPE.EQ_OVERFLOW), 'EQ overrun on EQN 4'],
    [
      entryOf(MLX4_EVENT_TYPE.CQ_ERROR, 0, (e) => eqeCq.write(e, { cqn: 0x85, syndrome: 1 })),
      'Async event for bogus CQ 00000085',
    ],
    [
      entryOf(MLX4_EVENT_TYPE.FATAL_WARNING, 0, (e) =>
        eqeWarming.write(e, { current_temperature: 99, warning_threshold: 90 }),
      ),
      'Temperature Threshold was reached! Threshold: 90 celsius degrees; Current Temperature: 99',
    ],
    [
      entryOf(MLX4_EVENT_TYPE.FATAL_WARNING, 7),
      'Unhandled event FATAL WARNING (1b), subtype 07 on EQ 4 at index 4. ' +
        'owner=0, nent=0x200, slave=0, ownership=SW',
    ],
    [
      entryOf(MLX4_EVENT_TYPE.RECOVERABLE_ERROR_EVENT, 1, (e) => eqeBadCable.set(e, 'port', 2)),
      'Bad cable detected on port 2',
    ],
    [entryOf(MLX4_EVENT_TYPE.RECOVERABLE_ERROR_EVENT, 2), 'Unsupported cable detected'],
    [
      entryOf(MLX4_EVENT_TYPE.RECOVERABLE_ERROR_EVENT, 9),
      'Unhandled recoverable error event detected: 3e(09) on EQ 4 at index 4. ' +
        'owner=0, nent=0x200, ownership=SW',
    ],
    [entryOf(MLX4_EVENT_TYPE.COMM_CHANNEL), 'Received comm channel event for non master device'],
    [entryOf(MLX4_EVENT_TYPE.FLR_EVENT), 'Non-master function received FLR event'],
    [
      entryOf(MLX4_EVENT_TYPE.SRQ_LIMIT, 0, (e) => eqeSrq.set(e, 'srqn', 0x41)),
      'Async event for bogus SRQ 00000041',
    ],
    [
      entryOf(MLX4_EVENT_TYPE.WQ_CATAS_ERROR, 0, (e) => eqeQp.set(e, 'qpn', 0x777)),
      'Async event for none existent QP 00000777',
    ],
    [
      entryOf(MLX4_EVENT_TYPE.ECC_DETECT, 3),
      'Unhandled event 0e(03) on EQ 4 at index 4. owner=0, nent=0x200, slave=0, ownership=SW',
    ],
  ])('%# has its message', (entry, message) => {
    const rig = loaded('debug_level=1', 1);
    const { cons_index } = rig.priv.eq_table.eq[0]!;
    deliver(rig, entry);
    expect(last(rig).replace(prefix, '').replace(`index ${cons_index}.`, 'index 4.')).toBe(message);
    expect(rig.priv.eq_table.eq[0]!.cons_index).toBe(cons_index + 1);
    expect(rig.findings).toEqual([]);
  });

  it('a CQ error says which kind it is', () => {
    const rig = loaded('', 1);
    for (const syndrome of [1, 2]) {
      const fill = (entry: Uint8Array): void => {
        eqeCq.write(entry, { cqn: 0x85, syndrome });
      };
      deliver(rig, entryOf(MLX4_EVENT_TYPE.CQ_ERROR, 0, fill));
    }
    expect(rig.log(/on CQN/)).toBe(
      `${prefix}CQ overrun on CQN 000085\n${prefix}CQ access violation on CQN 000085`,
    );
  });

  it('a port change says whether the port may be sensed', () => {
    const rig = loaded('', 1);
    const { do_sense_port } = rig.priv.sense;
    const change = (subtype: number): Uint8Array =>
      entryOf(MLX4_EVENT_TYPE.PORT_CHANGE, subtype, (e) => eqePortChange.set(e, 'port', 2));
    deliver(rig, change(1));
    expect([do_sense_port[1], do_sense_port[2]]).toEqual([do_sense_port[1], true]);
    deliver(rig, change(4));
    expect(do_sense_port[2]).toBe(false);
  });

  it('a queue pair hears of its events', () => {
    const rig = loaded('', 1);
    const { dev } = rig;
    const qp = rig.run(() => mlx4_qp_alloc(dev, 0x300)) as mlx4_qp;
    const heard: number[] = [];
    qp.event = function* (type) {
      heard.push(type);
    };
    const event = entryOf(MLX4_EVENT_TYPE.COMM_EST, 0, (e) => eqeQp.set(e, 'qpn', 0x300));
    deliver(rig, event);
    expect(heard).toEqual([MLX4_EVENT_TYPE.COMM_EST]);
    expect(qp.refcount).toBe(1);
  });

  it('an operation that firmware wants is asked for by a work', () => {
    const rig = loaded('', 1);
    deliver(rig, entryOf(MLX4_EVENT_TYPE.OP_REQUIRED));
    rig.wait(1);
    expect(rig.log(/required operation/)).toBe(
      `${prefix}Failed to retrieve required operation: -1`,
    );
    expect(rig.names().at(-1)).toBe('GET_OP_REQ');
  });

  it('tells the card of progress at least every 128 entries', () => {
    const rig = loaded('', 1);
    const eq = rig.priv.eq_table.eq[0]!;
    const first = eq.cons_index;
    const written: number[] = [];
    const { pdev } = rig.persist;
    const { barWrite } = pdev;
    pdev.barWrite = (bar, offset, size, value): void => {
      if (bar === 2) written.push(value);
      barWrite.call(pdev, bar, offset, size, value);
    };
    const entries = Array.from({ length: 300 }, () => entryOf(MLX4_EVENT_TYPE.EQ_OVERFLOW));
    deliver(rig, ...entries);
    expect(eq.cons_index).toBe(first + 300);
    // Twice in between, unarmed, and at the end with the arm bit (the lowest byte carries bit 31).
    expect(written.map((value) => (value & 0x80) !== 0)).toEqual([false, false, true]);
  });
});
