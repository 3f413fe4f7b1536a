// Why the real driver's commands and ours differ where they do: each difference that is no fault of
// ours, in one sentence. A difference without a row here is a fault. What is left is time: the real
// machine is some hundred times slower than virtual time, so works find other things done.

/** A difference that is known. */
export interface Reason {
  readonly chapter: RegExp;
  /** Who has sent it where the other has not. */
  readonly side: 'real' | 'ours';
  /** The command in words. */
  readonly command: RegExp;
  readonly reason: string;
}

const filters =
  'the work that mlx4_en_set_rx_mode queues programs the whole filter each time it runs; ' +
  'how many changes it finds at once depends on when it runs';
const looks =
  'mlx4_en asks for the state of a port whenever its speed is wanted or a link event comes; ' +
  'how many of these fall together depends on time';
const macRemoved =
  'while the first port goes away, the statistics work of the second finds mac_removed set ' +
  'and puts its own MAC back; in virtual time the port is gone before that work runs';

export const reasons: readonly Reason[] = [
  ...(['real', 'ours'] as const).flatMap((side) => [
    { chapter: /^(up|down|bond|failover)$/, side, command: /^SET_MCAST_FLTR /, reason: filters },
    { chapter: /^(bond|failover|portType)$/, side, command: /^QUERY_PORT /, reason: looks },
  ]),
  {
    chapter: /^portType$/,
    side: 'real',
    command: /^(SET_PORT in 0x202 op 0x1|(MGID_HASH|READ_MCG|WRITE_MCG) .*)$/,
    reason: macRemoved,
  },
];

/** A difference in a mailbox that is known. */
export interface FieldReason {
  readonly command: RegExp;
  readonly field: RegExp;
  readonly reason: string;
}

export const fieldReasons: readonly FieldReason[] = [
  {
    command: /^INIT_HCA$/,
    field: /^cacheline_sz$/,
    reason: 'the emulated PC has cache lines of 32 bytes, the machine of the lab 64',
  },
  {
    command: /^(SW2HW_CQ|.*_QP)$/,
    field: /^usr_page$/,
    reason: 'with BlueFlame the real mlx4_en takes a UAR more for its rings; ours has no BlueFlame',
  },
  {
    command: /^SET_PORT$/,
    field: /^data$/,
    reason:
      'the table of GIDs is written whole at each change; how many changes are in it depends on ' +
      'when the work runs',
  },
];
