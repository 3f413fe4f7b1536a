// The statistics of an mlx4_en netdev: their names in the order of `ethtool -S`, the groups, and
// which are shown (mlx4_stats.h, en_ethtool.c: main_strings, en_netdev.c: mlx4_en_set_stats_bitmap;
// facts/driver 8.11). Pure. Left out: the groups of SR-IOV never show (no master, no slave).

/** Packet counters of the whole netdev, as in /sys/class/net/IF/statistics. */
export const mainStats = [
  'rx_packets',
  'tx_packets',
  'rx_bytes',
  'tx_bytes',
  'rx_errors',
  'tx_errors',
  'rx_dropped',
  'tx_dropped',
  'multicast',
  'collisions',
  'rx_length_errors',
  'rx_over_errors',
  'rx_crc_errors',
  'rx_frame_errors',
  'rx_fifo_errors',
  'rx_missed_errors',
  'tx_aborted_errors',
  'tx_carrier_errors',
  'tx_fifo_errors',
  'tx_heartbeat_errors',
  'tx_window_errors',
] as const;

/** Counters that the driver keeps, sums over its rings. */
export const portStats = [
  'tso_packets',
  'xmit_more',
  'queue_stopped',
  'wake_queue',
  'tx_timeout',
  'rx_alloc_pages',
  'rx_csum_good',
  'rx_csum_none',
  'rx_csum_complete',
  'tx_chksum_offload',
] as const;

const pfStats = ['pf_rx_packets', 'pf_rx_bytes', 'pf_tx_packets', 'pf_tx_bytes'] as const;

const priorities = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const flowPriorityStats = (direction: 'rx' | 'tx'): string[] =>
  priorities.flatMap((n) => [
    `${direction}_pause_prio_${n}`,
    `${direction}_pause_duration_prio_${n}`,
    `${direction}_pause_transition_prio_${n}`,
  ]);

const flowStats = (direction: 'rx' | 'tx'): string[] => [
  `${direction}_pause`,
  `${direction}_pause_duration`,
  `${direction}_pause_transition`,
];

const byPriority = (direction: 'rx' | 'tx'): string[] => [
  ...priorities.flatMap((n) => [`${direction}_prio_${n}_packets`, `${direction}_prio_${n}_bytes`]),
  `${direction}_novlan_packets`,
  `${direction}_novlan_bytes`,
];

/** Counters that the card keeps, from DUMP_ETH_STATS. */
export const packetStats: readonly string[] = [
  'rx_multicast_packets',
  'rx_broadcast_packets',
  'rx_jabbers',
  'rx_in_range_length_error',
  'rx_out_range_length_error',
  'tx_multicast_packets',
  'tx_broadcast_packets',
  ...byPriority('rx'),
  ...byPriority('tx'),
];

const xdpStats = [
  'rx_xdp_drop',
  'rx_xdp_redirect',
  'rx_xdp_redirect_fail',
  'rx_xdp_tx',
  'rx_xdp_tx_full',
] as const;

/** What the card counted at the port, whoever sent or received it. */
export const phyStats = [
  'rx_packets_phy',
  'rx_bytes_phy',
  'tx_packets_phy',
  'tx_bytes_phy',
] as const;

/** A group of names; mlx4_en_set_stats_bitmap() shows or hides it as a whole. */
interface StatsGroup {
  readonly names: readonly string[];
  shown(flow: FlowSetting): boolean;
}

/** What decides about the flow control groups. */
export interface FlowSetting {
  /** The card counts pause frames (FLOWSTATS_EN). */
  readonly flowStats: boolean;
  readonly rxPfc: number;
  readonly txPfc: number;
  readonly rxPause: boolean;
  readonly txPause: boolean;
}

const always = (): boolean => true;

const groups: readonly StatsGroup[] = [
  { names: mainStats, shown: always },
  { names: portStats, shown: always },
  { names: pfStats, shown: () => false },
  { names: flowPriorityStats('rx'), shown: (f) => f.flowStats && f.rxPfc !== 0 },
  { names: flowStats('rx'), shown: (f) => f.flowStats && f.rxPfc === 0 && f.rxPause },
  { names: flowPriorityStats('tx'), shown: (f) => f.flowStats && f.txPfc !== 0 },
  { names: flowStats('tx'), shown: (f) => f.flowStats && f.txPfc === 0 && f.txPause },
  { names: packetStats, shown: always },
  { names: xdpStats, shown: always },
  { names: phyStats, shown: always },
];

/** struct mlx4_en_stats_bitmap: the names that are shown, in order. */
export const mlx4_en_set_stats_bitmap = (flow: FlowSetting): readonly string[] =>
  groups.flatMap((group) => (group.shown(flow) ? group.names : []));

/** Names of a transmit ring's counters. */
export const txRingStats = (ring: number): string[] => [`tx${ring}_packets`, `tx${ring}_bytes`];

/** Names of a receive ring's counters. */
export const rxRingStats = (ring: number): string[] => [
  `rx${ring}_packets`,
  `rx${ring}_bytes`,
  `rx${ring}_dropped`,
  ...xdpStats.map((name) => name.replace('rx_', `rx${ring}_`)),
];
