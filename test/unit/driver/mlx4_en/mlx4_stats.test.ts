// The order of `ethtool -S` (facts/driver 8.11).

import { expect, test } from 'vitest';
import { mlx4_en_set_stats_bitmap, rxRingStats, txRingStats } from '#driver/mlx4_en/mlx4_stats.ts';

const card = { flowStats: false, rxPfc: 0, txPfc: 0, rxPause: true, txPause: true };

test('a card without pause counters shows main, port, packet, XDP and phy counters', () => {
  const names = mlx4_en_set_stats_bitmap(card);
  expect(names.length).toBe(21 + 10 + 7 + 36 + 5 + 4);
  expect(names[0]).toBe('rx_packets');
  expect(names.slice(20, 23)).toEqual(['tx_window_errors', 'tso_packets', 'xmit_more']);
  expect(names.slice(30, 33)).toEqual([
    'tx_chksum_offload',
    'rx_multicast_packets',
    'rx_broadcast_packets',
  ]);
  expect(names.slice(38, 40)).toEqual(['rx_prio_0_packets', 'rx_prio_0_bytes']);
  expect(names.slice(54, 57)).toEqual([
    'rx_novlan_packets',
    'rx_novlan_bytes',
    'tx_prio_0_packets',
  ]);
  expect(names.at(-1)).toBe('tx_bytes_phy');
  expect(new Set(names).size).toBe(names.length);
});

test('global pause shows six counters, priority flow control 24 for its direction', () => {
  const pause = mlx4_en_set_stats_bitmap({ ...card, flowStats: true });
  expect(pause.slice(31, 37)).toEqual([
    'rx_pause',
    'rx_pause_duration',
    'rx_pause_transition',
    'tx_pause',
    'tx_pause_duration',
    'tx_pause_transition',
  ]);
  const pfc = mlx4_en_set_stats_bitmap({ ...card, flowStats: true, rxPfc: 0xff });
  expect(pfc.indexOf('rx_pause_transition_prio_7')).toBe(31 + 23);
  expect(pfc).not.toContain('rx_pause');
  expect(pfc).toContain('tx_pause');
});

test('counters of rings', () => {
  expect(txRingStats(2)).toEqual(['tx2_packets', 'tx2_bytes']);
  expect(rxRingStats(0)).toEqual([
    'rx0_packets',
    'rx0_bytes',
    'rx0_dropped',
    'rx0_xdp_drop',
    'rx0_xdp_redirect',
    'rx0_xdp_redirect_fail',
    'rx0_xdp_tx',
    'rx0_xdp_tx_full',
  ]);
});
