// Where the tables of the ICM are, from INIT_HCA (facts/device 5.10, 11.1 to 11.3), and which
// entries an object needs: the driver maps pages for its context and for every side table before it
// hands the object over. What is in the side tables (AUXC, ALTC, RDMARC, cMPT) is the hardware's
// own business: this card keeps nothing there, but it wants them mapped.

import { initHca, initHcaBase } from '#prm/firmware.ts';
import type { EntrySizes } from './options.ts';

/** Bases are ICM addresses; a log is that of a table's entries. */
export interface IcmTables {
  readonly qpc: number;
  readonly logQps: number;
  readonly srqc: number;
  readonly logSrqs: number;
  readonly cqc: number;
  readonly logCqs: number;
  readonly eqc: number;
  readonly logEqs: number;
  readonly auxc: number;
  readonly altc: number;
  readonly rdmarc: number;
  /** RDMARC entries of one queue pair, log2. */
  readonly logRdmarcs: number;
  readonly dmpt: number;
  readonly logMpts: number;
  readonly cmpt: number;
  readonly mtt: number;
}

/** Before INIT_HCA. */
export const noTables: IcmTables = {
  qpc: 0,
  logQps: 0,
  srqc: 0,
  logSrqs: 0,
  cqc: 0,
  logCqs: 0,
  eqc: 0,
  logEqs: 0,
  auxc: 0,
  altc: 0,
  rdmarc: 0,
  logRdmarcs: 0,
  dmpt: 0,
  logMpts: 0,
  cmpt: 0,
  mtt: 0,
};

/** The tables that an INIT_HCA mailbox states. */
export const tablesOf = (mailbox: Uint8Array): IcmTables => ({
  qpc: initHcaBase(mailbox, 'qpc'),
  logQps: initHca.get(mailbox, 'log_qp'),
  srqc: initHcaBase(mailbox, 'srqc'),
  logSrqs: initHca.get(mailbox, 'log_srq'),
  cqc: initHcaBase(mailbox, 'cqc'),
  logCqs: initHca.get(mailbox, 'log_cq'),
  eqc: initHcaBase(mailbox, 'eqc'),
  logEqs: initHca.get(mailbox, 'log_eq'),
  auxc: initHca.get(mailbox, 'auxc_base'),
  altc: initHca.get(mailbox, 'altc_base'),
  rdmarc: initHcaBase(mailbox, 'rdmarc'),
  logRdmarcs: initHca.get(mailbox, 'log_rd'),
  dmpt: initHca.get(mailbox, 'dmpt_base'),
  logMpts: initHca.get(mailbox, 'log_mpt_sz'),
  cmpt: initHca.get(mailbox, 'cmpt_base'),
  mtt: initHca.get(mailbox, 'mtt_base'),
});

/** Entries of each kind in the cMPT table, and which block of them is whose. */
const cmptBlockEntries = 2 ** 24;
const cmptBlocks = { qp: 0, srq: 1, cq: 2, eq: 3 } as const;

/** Kinds of object with a context. */
export type ContextKind = keyof typeof cmptBlocks;

/** ICM address of an object's context. */
export function contextAddress(
  tables: IcmTables,
  sizes: EntrySizes,
  kind: ContextKind,
  slot: number,
): number {
  switch (kind) {
    case 'qp':
      return tables.qpc + slot * sizes.qpc;
    case 'srq':
      return tables.srqc + slot * sizes.srqc;
    case 'cq':
      return tables.cqc + slot * sizes.cqc;
    case 'eq':
      return tables.eqc + slot * sizes.eqc;
  }
}

/** Names and ICM addresses of every entry that an object needs. */
export function entriesOf(
  tables: IcmTables,
  sizes: EntrySizes,
  kind: ContextKind,
  slot: number,
): readonly (readonly [name: string, address: number])[] {
  const entry = cmptBlocks[kind] * cmptBlockEntries + slot;
  const both: (readonly [string, number])[] = [
    [`${kind.toUpperCase()}C`, contextAddress(tables, sizes, kind, slot)],
    ['cMPT', tables.cmpt + entry * sizes.cmpt],
  ];
  if (kind !== 'qp') return both;
  return [
    ...both,
    ['AUXC', tables.auxc + slot * sizes.auxc],
    ['ALTC', tables.altc + slot * sizes.altc],
    ['RDMARC', tables.rdmarc + slot * 2 ** tables.logRdmarcs * sizes.rdmarc],
  ];
}
