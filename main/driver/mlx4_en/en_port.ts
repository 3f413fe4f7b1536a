// Port commands of mlx4_en (en_port.c; facts/device 5.8, 5.18, 5.19): VLAN filter, link state,
// statistics. Packet and byte counters of the netdev come from the rings; the card's own counters
// feed errors, drops, multicast and the ethtool groups. Mailboxes are asked for before stats_lock
// is taken.

import { readBe32 } from '#bus/bytes.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  ethStats,
  ethStatsBytes,
  flowStats,
  flowStatsBytes,
  ifStat,
  linkSpeedMbps,
  MLX4_DUMP_ETH_STATS_FLOW_CONTROL,
  MLX4_DUMP_ETH_STATS_RESET,
  queryPort,
  rxFramesOffset,
  rxOctetsOffset,
  txFramesOffset,
  txOctetsOffset,
  vlanFilterBit,
  vlanFilterWord,
} from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_alloc_cmd_mailbox,
  mlx4_cmd,
  mlx4_cmd_box,
  mlx4_free_cmd_mailbox,
} from '../mlx4_core/cmd.ts';
import type { mlx4_cmd_mailbox } from '../mlx4_core/cmd/mailbox.ts';
import { mlx4_get_default_counter_index } from '../mlx4_core/fw.ts';
import { mlx4_get_counter_stats } from '../mlx4_core/main/counters.ts';
import { mlx4_has_cap2 } from '../mlx4_core/mlx4.ts';
import type { mlx4_dev } from '../mlx4_core/mlx4.ts';
import type { mlx4_en_dev, mlx4_en_priv } from './mlx4_en.ts';

/** Priorities of the statistics' groups, and the entry for frames without VLAN behind them. */
const priorities = 8;
const counterBytes = 8;

/** Sends the VLANs that may pass, as a bitmap. */
export function* mlx4_SET_VLAN_FLTR(priv: mlx4_en_priv, vlans: Iterable<number>): MaySleep<number> {
  const { dev } = priv.mdev;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  if (typeof mailbox === 'number') return mailbox;
  for (const vlan of vlans) {
    const at = vlanFilterWord(vlan) * 4;
    const word = mailbox.buf.readBe32(at) | (1 << vlanFilterBit(vlan));
    mailbox.buf.writeBe32(at, word >>> 0);
  }
  const err = yield* mlx4_cmd(dev, mailbox.dma, priv.port, 0, 'MLX4_CMD_SET_VLAN_FLTR');
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

/** Reads link state, speed and autonegotiation into priv.port_state. */
export function* mlx4_en_QUERY_PORT(mdev: mlx4_en_dev, port: number): MaySleep<number> {
  const netdev = yield* mdev.pndev[port]!.read();
  if (netdev === null) return 0;
  const state = netdev_priv<mlx4_en_priv>(netdev).port_state;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(mdev.dev);
  if (typeof mailbox === 'number') return mailbox;
  const err = yield* mlx4_cmd_box(mdev.dev, 0, mailbox.dma, port, 0, 'MLX4_CMD_QUERY_PORT');
  if (err === 0) {
    const answer = new Uint8Array(queryPort.sizeBytes);
    mailbox.buf.read(0, answer);
    state.link_state = queryPort.get(answer, 'link_up');
    state.link_speed = linkSpeedMbps(queryPort.get(answer, 'link_speed'));
    state.transceiver = queryPort.get(answer, 'transceiver');
    state.autoneg = queryPort.get(answer, 'autoneg');
  }
  yield* mlx4_free_cmd_mailbox(mdev.dev, mailbox);
  return err;
}

/** Sums of the rings into dev.stats; stats_lock is held. Nothing while the port is down. */
export function mlx4_en_fold_software_stats(dev: NetDevice): void {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  if (!priv.port_up.peek) return;
  const { stats } = dev;
  const sum = <R>(rings: readonly R[], of: (ring: R) => number): number =>
    rings.reduce((total, ring) => total + of(ring), 0);
  stats.rx_packets = sum(priv.rx_ring, (ring) => ring.packets);
  stats.rx_bytes = sum(priv.rx_ring, (ring) => ring.bytes);
  stats.tx_packets = sum(priv.tx_ring, (ring) => ring.packets);
  stats.tx_bytes = sum(priv.tx_ring, (ring) => ring.bytes);
}

/** A 64-bit counter of the mailbox. */
const counter = (from: Uint8Array, at: number): number =>
  readBe32(from, at) * 2 ** 32 + readBe32(from, at + 4);

/** Sum over priorities and "no VLAN" of a group, given the offset of its last member. */
function group(from: Uint8Array, noVlanAt: number, stride = counterBytes): number {
  let total = 0;
  for (let i = 0; i <= priorities; i++) total += counter(from, noVlanAt - i * stride);
  return total;
}

type Counter = keyof typeof ethStats.fields;
const offsetOf = (name: Counter): number => ethStats.fields[name].offset;

function parseErrors(dev: NetDevice, priv: mlx4_en_priv, from: Uint8Array): void {
  const of = (name: Counter): number => ethStats.get(from, name);
  const { stats } = dev;
  const { rx_ring, tx_ring } = priv;
  stats.rx_errors =
    of('rx_jabbers') +
    of('rx_crc') +
    of('rx_runts') +
    of('rx_short') +
    of('rx_in_range_length_error') +
    of('rx_out_range_length_error');
  stats.multicast = group(from, offsetOf('rx_multicast_novlan'));
  stats.rx_dropped = of('rx_dropped') + rx_ring.reduce((sum, ring) => sum + ring.dropped, 0);
  stats.rx_length_errors = of('rx_dropped_length');
  stats.rx_crc_errors = of('rx_crc');
  stats.rx_fifo_errors = of('rx_dropped_overflow');
  stats.rx_missed_errors = of('rx_dropped_overflow');
  stats.tx_dropped = of('tx_dropped') + tx_ring.reduce((sum, ring) => sum + ring.tx_dropped, 0);
}

function parseCounters(hw: Map<string, number>, from: Uint8Array): void {
  const last = (at: (priority: number) => number): number => at(priorities);
  hw.set('rx_multicast_packets', group(from, offsetOf('rx_multicast_novlan')));
  hw.set('rx_broadcast_packets', group(from, offsetOf('rx_broadcast_novlan')));
  hw.set('rx_jabbers', ethStats.get(from, 'rx_jabbers'));
  hw.set('rx_in_range_length_error', ethStats.get(from, 'rx_in_range_length_error'));
  hw.set('rx_out_range_length_error', ethStats.get(from, 'rx_out_range_length_error'));
  hw.set('tx_multicast_packets', group(from, offsetOf('tx_multicast_novlan')));
  hw.set('tx_broadcast_packets', group(from, offsetOf('tx_broadcast_novlan')));
  for (let i = 0; i <= priorities; i++) {
    const name = i === priorities ? 'novlan' : `prio_${i}`;
    hw.set(`rx_${name}_packets`, counter(from, rxFramesOffset(i)));
    hw.set(`rx_${name}_bytes`, counter(from, rxOctetsOffset(i)));
    hw.set(`tx_${name}_packets`, counter(from, txFramesOffset(i)));
    hw.set(`tx_${name}_bytes`, counter(from, txOctetsOffset(i)));
  }
  const stride = rxFramesOffset(1) - rxFramesOffset(0);
  hw.set('rx_packets_phy', group(from, last(rxFramesOffset), stride));
  hw.set('rx_bytes_phy', group(from, last(rxOctetsOffset), stride));
  hw.set('tx_packets_phy', group(from, last(txFramesOffset), stride));
  hw.set('tx_bytes_phy', group(from, last(txOctetsOffset), stride));
}

/** What the port's own counter has: of this function alone. Another mode's fields are not these. */
function parseIfStat(hw: Map<string, number>, from: Uint8Array): void {
  if (ifStat.get(from, 'counter_mode') !== 0) return;
  hw.set('pf_rx_bytes', ifStat.get(from, 'rx_bytes'));
  hw.set('pf_tx_bytes', ifStat.get(from, 'tx_bytes'));
  hw.set('pf_rx_packets', ifStat.get(from, 'rx_frames'));
  hw.set('pf_tx_packets', ifStat.get(from, 'tx_frames'));
}

/**
 * Counts of the flow control page, by priority; without priorities in use all eight are the same.
 */
function parseFlow(hw: Map<string, number>, from: Uint8Array): void {
  const names = ['pause', 'pause_duration', 'pause_transition'] as const;
  for (let i = 0; i < priorities; i++) {
    const entry = from.subarray(i * flowStatsBytes, (i + 1) * flowStatsBytes);
    for (const direction of ['rx', 'tx'] as const) {
      for (const name of names) {
        const value = flowStats.get(entry, `${direction}_${name}`);
        hw.set(`${direction}_${name}_prio_${i}`, value);
        if (i === 0) hw.set(`${direction}_${name}`, value);
      }
    }
  }
}

/** What the card has counted at a port, as it was asked for. */
interface DumpedStats {
  readonly stats: Uint8Array;
  /** Of the port's own counter; null when it has none. */
  readonly counter: Uint8Array | null;
  /** Flow control; null when the card does not count it. */
  readonly flow: Uint8Array | null;
}

/** Sends the commands, with two mailboxes. A negative error. */
function* dumpStats(
  dev: mlx4_dev,
  [mailbox, flowMailbox]: readonly [mlx4_cmd_mailbox, mlx4_cmd_mailbox],
  port: number,
  reset: boolean,
): MaySleep<DumpedStats | number> {
  const modifier = port | (reset ? MLX4_DUMP_ETH_STATS_RESET : 0);
  const op = 'MLX4_CMD_DUMP_ETH_STATS';
  const err = yield* mlx4_cmd_box(dev, 0, mailbox.dma, modifier, 0, op);
  if (err !== 0) return err;
  const stats = new Uint8Array(ethStatsBytes);
  mailbox.buf.read(0, stats);
  const index = mlx4_get_default_counter_index(dev, port);
  const answer = yield* mlx4_get_counter_stats(dev, index, reset);
  const counter = typeof answer === 'number' ? null : answer;
  if (!mlx4_has_cap2(dev, 'FLOWSTATS_EN')) return { stats, counter, flow: null };
  const flowModifier = modifier | MLX4_DUMP_ETH_STATS_FLOW_CONTROL;
  const flowErr = yield* mlx4_cmd_box(dev, 0, flowMailbox.dma, flowModifier, 0, op);
  if (flowErr !== 0) return flowErr;
  const flow = new Uint8Array(priorities * flowStatsBytes);
  flowMailbox.buf.read(0, flow);
  return { stats, counter, flow };
}

/** Asks the card for the port's counters; `reset` sets them to 0 there. */
export function* mlx4_en_DUMP_ETH_STATS(
  mdev: mlx4_en_dev,
  port: number,
  reset: boolean,
): MaySleep<number> {
  const netdev = yield* mdev.pndev[port]!.read();
  if (netdev === null) return 0;
  const { dev } = mdev;
  const priv = netdev_priv<mlx4_en_priv>(netdev);
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  if (typeof mailbox === 'number') return mailbox;
  const flowMailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  if (typeof flowMailbox === 'number') {
    yield* mlx4_free_cmd_mailbox(dev, mailbox);
    return flowMailbox;
  }
  const dumped = yield* dumpStats(dev, [mailbox, flowMailbox], port, reset);
  if (typeof dumped !== 'number') {
    yield* spin_lock_bh(priv.stats_lock);
    mlx4_en_fold_software_stats(netdev);
    parseErrors(netdev, priv, dumped.stats);
    parseCounters(priv.hw_stats, dumped.stats);
    if (dumped.counter !== null) parseIfStat(priv.hw_stats, dumped.counter);
    if (dumped.flow !== null) parseFlow(priv.hw_stats, dumped.flow);
    yield* spin_unlock_bh(priv.stats_lock);
  }
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  yield* mlx4_free_cmd_mailbox(dev, flowMailbox);
  return typeof dumped === 'number' ? dumped : 0;
}
