// What kind of ConnectX-3 a card is, as data: capabilities, sizes, ports, addresses. `default` is
// the lab's card; `trace61` is the model on which the real 6.1 driver's commands were recorded
// (facts/traces/hcr-6.1-core.txt): its entry sizes and reserved counts follow from the ICM
// addresses and object numbers there. The driver learns all of this through commands only.

import { parseMac } from '#bus/mac.ts';
import type { DevCapFlag, DevCapFlag2 } from '#prm/dev-cap.ts';

/** Name of a ready-made card. */
export type CardProfile = 'default' | 'full' | 'trace61';

/** Bytes of each kind of context entry in the ICM. */
export interface EntrySizes {
  readonly rdmarc: number;
  readonly qpc: number;
  readonly auxc: number;
  readonly altc: number;
  readonly eqc: number;
  readonly cqc: number;
  readonly srqc: number;
  readonly cmpt: number;
  readonly mtt: number;
  readonly dmpt: number;
}

/** One port, as it leaves the factory. */
export interface PortOptions {
  /** Default MAC, a number below 2^48. */
  readonly mac: number;
  readonly supportsIb: boolean;
  readonly supportsEth: boolean;
  /** Type it starts with when it supports both. */
  readonly suggested: 'ib' | 'eth';
  /** The firmware's setting asks the driver to sense the type at load. */
  readonly defaultSense: boolean;
  /** Ethernet speeds, Mb/s. */
  readonly speedsMbps: readonly number[];
}

/** Everything that makes a card. */
export interface CardOptions {
  readonly flags: readonly DevCapFlag[];
  readonly flags2: readonly DevCapFlag2[];
  /** Byte 0x2e of QUERY_DEV_CAP: log2 table size, Toeplitz, XOR. */
  readonly rss: number;
  /** Interface counters; the last one is the sink. Used with the COUNTERS flag. */
  readonly countersMax: number;
  readonly entrySizes: EntrySizes;
  readonly logMaxEqs: number;
  readonly firmwarePages: number;
  /** Auxiliary pages that SET_ICM_SIZE asks for. */
  readonly auxPages: number;
  /** The upper half of BAR2 takes whole descriptors (facts/device 7.6). */
  readonly blueFlame: boolean;
  /** Queue pairs of one flow steering entry. Used with the FS_EN flag. */
  readonly flowQpsMax: number;
  /** MSI-X vectors; 0 = no MSI-X capability. */
  readonly msixVectors: number;
  readonly firmwareVersion: {
    readonly major: number;
    readonly minor: number;
    readonly sub: number;
  };
  readonly boardId: string;
  readonly coreClockMhz: number;
  /** Largest Ethernet MTU that QUERY_PORT offers. */
  readonly ethMtuMax: number;
  /** RX checksum mode of both ports in CONFIG_DEV. */
  readonly rxChecksumMode: number;
  readonly ports: readonly [PortOptions, PortOptions];
}

const port = (mac: string): PortOptions => ({
  mac: parseMac(mac),
  supportsIb: true,
  supportsEth: true,
  suggested: 'eth',
  defaultSense: false,
  speedsMbps: [10_000, 40_000, 56_000],
});

const ports: readonly [PortOptions, PortOptions] = [
  port('00:02:c9:a0:b0:c1'),
  port('00:02:c9:a0:b0:c2'),
];

/** facts/device 13.3. */
const entrySizes: EntrySizes = {
  rdmarc: 32,
  qpc: 256,
  auxc: 1,
  altc: 64,
  eqc: 128,
  cqc: 128,
  srqc: 128,
  cmpt: 64,
  mtt: 8,
  dmpt: 64,
};

const defaultOptions: CardOptions = {
  flags: [
    'RC',
    'UC',
    'UD',
    'SRQ',
    'IPOIB_CSUM',
    'DPDP',
    'IBOE',
    'UDP_RSS',
    'VEP_UC_STEER',
    'VEP_MC_STEER',
    'COUNTERS',
    'SENSE_SUPPORT',
  ],
  flags2: ['RSS_TOP', 'RSS_XOR', 'CONFIG_DEV', 'PORT_REMAP'],
  rss: 0x37,
  countersMax: 256,
  entrySizes,
  logMaxEqs: 9,
  firmwarePages: 256,
  auxPages: 64,
  blueFlame: false,
  flowQpsMax: 0,
  msixVectors: 128,
  firmwareVersion: { major: 2, minor: 42, sub: 5000 },
  boardId: 'MT_1090120019',
  coreClockMhz: 427,
  ethMtuMax: 9600,
  rxChecksumMode: 0,
  ports,
};

/**
 * The ICM of the trace adds up only with 128-byte dMPT entries, 32-byte AUXC entries and 64 EQs:
 * total 0x113802000. Firmware and auxiliary area were one list entry of 64 pages each.
 */
const trace61Options: CardOptions = {
  ...defaultOptions,
  flags: defaultOptions.flags.filter((flag) => flag !== 'COUNTERS' && flag !== 'IBOE'),
  flags2: ['RSS_TOP', 'RSS_XOR', 'PORT_REMAP'],
  entrySizes: { ...entrySizes, dmpt: 128, auxc: 32 },
  logMaxEqs: 6,
  firmwarePages: 64,
  msixVectors: 0,
};

/**
 * All that is modelled: large sends, BlueFlame and flow steering, which the real driver uses and
 * ours does not, and counts of flow control. 24 queue pairs fill an entry of 128 bytes, so that the
 * 2^17 entries for which the driver asks (facts/device 11.1) take 16 MiB of its memory; larger
 * entries would take up to 128.
 */
const fullOptions: CardOptions = {
  ...defaultOptions,
  flags: [...defaultOptions.flags, 'BLH'],
  flags2: [...defaultOptions.flags2, 'FS_EN', 'FLOWSTATS_EN'],
  blueFlame: true,
  flowQpsMax: 24,
};

/** The ready-made cards. */
export const cardProfiles: Readonly<Record<CardProfile, CardOptions>> = {
  default: defaultOptions,
  full: fullOptions,
  trace61: trace61Options,
};
