// Flow control: what the other end asks is obeyed as far as SET_PORT allows it, counted, and over
// in its time; frames that carry it go no further.

import { expect, test } from 'vitest';
import { pauseFrame, priorityPauseFrame, stopOf } from '#bus/mac-control.ts';
import { FlowControl } from '#device/flow-control.ts';
import {
  MLX4_DUMP_ETH_STATS_FLOW_CONTROL,
  ethStats,
  flowStats,
  flowStatsBytes,
  globalPause,
  setPortGeneral,
} from '#prm/port.ts';
import { Network } from '#test/support/card/network.ts';
import { TestClock } from '#test/support/clock.ts';

const source = 0x0200_0000_0001;
const speedMbps = 40_000;
/** 1000 quanta at 40 Gb/s. */
const stopNs = (1000 * 512 * 1000) / speedMbps;
const allowed = { pptx: 0, pfctx: 0, pprx: globalPause, pfcrx: 0 };

function stand() {
  const clock = new TestClock();
  const flow = new FlowControl(clock);
  const counts = (priority: number, reset = false) => {
    const page = flow.report(reset);
    const entry = flowStats.read(page.subarray(priority * flowStatsBytes));
    return [entry.rx_pause, entry.rx_pause_duration, entry.rx_pause_transition];
  };
  const queue = {};
  const held = (priority: number, resume = (): void => undefined): boolean =>
    flow.holds(priority, queue, resume);
  return { clock, flow, counts, held };
}

test('a PAUSE stops every priority for its time, and no longer', () => {
  const { clock, flow, counts, held } = stand();
  const resumed: number[] = [];
  flow.take(pauseFrame(source, 1000), allowed, speedMbps);
  for (const priority of [0, 7]) expect(held(priority, () => resumed.push(priority))).toBe(true);
  expect(held(0, () => resumed.push(100))).toBe(true);
  clock.runFor(stopNs - 1);
  expect([held(7, () => resumed.push(7)), resumed]).toEqual([true, []]);
  clock.runFor(1);
  // The last that a queue pair has asked for is called: once.
  expect(resumed).toEqual([100, 7]);
  expect([held(0), held(7)]).toEqual([false, false]);
  expect(counts(0)).toEqual([1, 12, 1]);
  expect(counts(7)).toEqual([1, 12, 1]);
});

test('another one makes it longer, one of 0 quanta ends it', () => {
  const { clock, flow, counts, held } = stand();
  flow.take(pauseFrame(source, 1000), allowed, speedMbps);
  clock.runFor(stopNs / 2);
  flow.take(pauseFrame(source, 1000), allowed, speedMbps);
  clock.runFor(stopNs / 2);
  expect(held(0)).toBe(true);
  flow.take(pauseFrame(source, 0), allowed, speedMbps);
  expect(held(0)).toBe(false);
  expect(counts(0)).toEqual([3, 12, 1]);
  clock.runFor(10 * stopNs);
  expect(counts(0)).toEqual([3, 12, 1]);
});

test('priorities by themselves, those that the frame names and software allows', () => {
  const { clock, flow, counts, held } = stand();
  const frame = priorityPauseFrame(
    source,
    new Map([
      [2, 1000],
      [3, 1000],
    ]),
  );
  flow.take(frame, { ...allowed, pprx: 0, pfcrx: 1 << 2 }, speedMbps);
  expect([held(1), held(2), held(3)]).toEqual([false, true, false]);
  clock.runFor(stopNs);
  expect([counts(2), counts(3)]).toEqual([
    [1, 12, 1],
    [0, 0, 0],
  ]);
});

test('what software has not allowed is not obeyed or counted; other opcodes are nothing', () => {
  const { flow, counts, held } = stand();
  flow.take(pauseFrame(source, 1000), { ...allowed, pprx: 0 }, speedMbps);
  const unknown = pauseFrame(source, 1000);
  unknown[15] = 9;
  expect(stopOf(unknown)).toBeNull();
  flow.take(unknown, allowed, speedMbps);
  expect([held(0), counts(0)]).toEqual([false, [0, 0, 0]]);
});

test('counts start again after a reset, in the middle of a stop too; a lost link ends it', () => {
  const { clock, flow, counts, held } = stand();
  flow.take(pauseFrame(source, 2000), allowed, speedMbps);
  clock.runFor(stopNs);
  expect(counts(0, true)).toEqual([1, 12, 0]);
  clock.runFor(stopNs / 2);
  flow.release();
  expect(held(0)).toBe(false);
  expect(counts(0)).toEqual([0, 6, 1]);
});

/** A card whose software allows PAUSE, at the end of a cable that is ours. */
function card() {
  const net = new Network({ profile: 'full' });
  const wire: Uint8Array[] = [];
  const port = net.rig.card.wirePort(1);
  port.plugged({
    send: (frame) => wire.push(frame),
    offerChanged: () => undefined,
    peerOffer: () => null,
  });
  net.open(1);
  const general = setPortGeneral.make({ v_pprx: true, pprx: globalPause });
  net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: general, inMod: 1, opMod: 1 });
  port.linkChanged({ up: true, speedMbps });
  const dump = (inMod: number): Uint8Array =>
    net.driver.commands.ok('MLX4_CMD_DUMP_ETH_STATS', { inMod }).mailbox;
  return { net, port, wire, dump };
}

test('a queue pair waits with its descriptors; the frame that stops it reaches nobody', () => {
  const { net, port, wire, dump } = card();
  const { qp } = net.pair({ port: 1 });
  port.frameArrived(pauseFrame(source, 0xffff));
  qp.post([{ inline: new Uint8Array(40) }]);
  qp.ring();
  net.rig.clock.runFor(500_000);
  expect(wire).toHaveLength(0);
  net.rig.clock.runFor(500_000);
  expect(wire).toHaveLength(1);
  const counts = flowStats.read(dump(1 | MLX4_DUMP_ETH_STATS_FLOW_CONTROL));
  expect(counts).toMatchObject({ rx_pause: 1, rx_pause_duration: 838, rx_pause_transition: 1 });
  const stats = dump(1);
  expect([ethStats.get(stats, 'rx_dropped'), ethStats.get(stats, 'rx_good_frames')]).toEqual([
    0, 0,
  ]);
});

test('a card without the page refuses it', () => {
  const net = new Network();
  net.open(1);
  const inMod = 1 | MLX4_DUMP_ETH_STATS_FLOW_CONTROL;
  expect(net.driver.commands.status('MLX4_CMD_DUMP_ETH_STATS', { inMod })).toBe('BAD_PARAM');
});
