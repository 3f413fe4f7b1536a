// A bare driver: brings a card up by its registers and maps ICM in real memory, by the facts alone
// and independent of main/driver. Tables are small and mapped on demand, in chunks of 256 KiB.

import { MLX4_MTT_FLAG_PRESENT, hw_index_to_key, mptEntry, mttEntryBytes } from '#prm/contexts.ts';
import { queryDevCap } from '#prm/dev-cap.ts';
import {
  INIT_HCA_CACHELINE_64,
  INIT_HCA_FS_UDP_TCP_UC_EN,
  INIT_HCA_VERSION,
  MLX4_ICM_ALLOC_SIZE,
  initHca,
  mapEntry,
  queryFw,
  setInitHcaBase,
} from '#prm/firmware.ts';
import { reservedUars } from '#prm/registers.ts';
import { Commands } from './commands.ts';
import type { Rig } from './rig.ts';

const pageBytes = 4096;
const chunkPages = MLX4_ICM_ALLOC_SIZE / pageBytes;
const cmptEntries = 2 ** 24;

/** Logs of the tables' entries. */
export const logs = {
  qp: 12,
  srq: 8,
  cq: 10,
  eq: 7,
  mpt: 10,
  mtt: 16,
  mcg: 9,
  mcgBytes: 10,
} as const;
const logRdmarcs = 4;

type EntrySizeField = Extract<keyof typeof queryDevCap.fields, `${string}_entry_sz`>;

/** Where the tables are, by name. */
export interface Tables {
  readonly cmpt: number;
  readonly rdmarc: number;
  readonly qpc: number;
  readonly altc: number;
  readonly auxc: number;
  readonly srqc: number;
  readonly cqc: number;
  readonly eqc: number;
  readonly dmpt: number;
  readonly mtt: number;
  readonly mcg: number;
}

/** A buffer for a queue, and how a context names it. */
export interface Buffer {
  readonly address: number;
  readonly bytes: number;
  readonly mttOffset: number;
  readonly logPageSize: number;
}

/** The first UAR that is not for EQs. */
export const driverUar = reservedUars;
/** Protection domain and key of the region that is all of memory. */
export const driverPd = 5;
export const driverKey = hw_index_to_key(0x100);

/** A card that was brought up, and what a driver keeps of it. */
export class BareDriver {
  readonly rig: Rig;
  readonly commands: Commands;
  /** Entry sizes as QUERY_DEV_CAP told them. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly tables: Tables;
  /** Entries of the flow steering table, log2; null for steering by groups. */
  readonly logFlows: number | null;
  private readonly mapped = new Map<number, number>();
  private nextMtt = 0;

  /** Resets nothing: the rig is fresh. Goes as far as INIT_HCA. */
  constructor(rig: Rig, logFlows: number | null = null) {
    this.rig = rig;
    this.logFlows = logFlows;
    this.commands = new Commands(rig);
    rig.enable();
    this.startFirmware();
    const caps = this.commands.ok('MLX4_CMD_QUERY_DEV_CAP').mailbox;
    const size = (field: EntrySizeField) => queryDevCap.get(caps, field);
    this.sizes = {
      rdmarc: size('rdmarc_entry_sz'),
      qpc: size('qpc_entry_sz'),
      auxc: size('aux_entry_sz'),
      altc: size('altc_entry_sz'),
      eqc: size('eqc_entry_sz'),
      cqc: size('cqc_entry_sz'),
      srqc: size('srq_entry_sz'),
      cmpt: size('c_mpt_entry_sz'),
      dmpt: size('d_mpt_entry_sz'),
    };
    this.tables = this.layOut();
    this.commands.ok('MLX4_CMD_INIT_HCA', { in: this.initMailbox() });
  }

  /** The INIT_HCA mailbox of this driver. */
  initMailbox(): Uint8Array {
    const { tables } = this;
    const mailbox = initHca.make({
      version: INIT_HCA_VERSION,
      cacheline_sz: INIT_HCA_CACHELINE_64,
      check_port: true,
      altc_base: tables.altc,
      auxc_base: tables.auxc,
      dmpt_base: tables.dmpt,
      log_mpt_sz: logs.mpt,
      mtt_base: tables.mtt,
      cmpt_base: tables.cmpt,
      log_uar_sz: 10,
      ...this.steeringFields(),
    });
    setInitHcaBase(mailbox, 'qpc', tables.qpc);
    setInitHcaBase(mailbox, 'srqc', tables.srqc);
    setInitHcaBase(mailbox, 'cqc', tables.cqc);
    setInitHcaBase(mailbox, 'eqc', tables.eqc);
    setInitHcaBase(mailbox, 'rdmarc', tables.rdmarc);
    initHca.write(mailbox, {
      log_qp: logs.qp,
      log_srq: logs.srq,
      log_cq: logs.cq,
      log_eq: logs.eq,
      log_rd: logRdmarcs,
    });
    return mailbox;
  }

  /** What a driver says of groups, or of flow steering (facts/device 5.10). */
  private steeringFields() {
    const { tables, logFlows } = this;
    if (logFlows !== null) {
      return {
        dmfs: true,
        fs_base: tables.mcg,
        fs_log_entry_sz: logs.mcgBytes,
        fs_log_table_sz: logFlows,
        fs_eth_bits: INIT_HCA_FS_UDP_TCP_UC_EN,
        fs_eth_num_addrs: 8,
      };
    }
    return {
      mc_base: tables.mcg,
      log_mc_entry_sz: logs.mcgBytes,
      log_mc_hash_sz: logs.mcg - 1,
      log_mc_table_sz: logs.mcg,
      uc_steering: true,
    };
  }

  /** Maps the pages that an object in this slot needs. */
  mapFor(kind: 'qp' | 'srq' | 'cq' | 'eq' | 'mpt' | 'mcg', slot: number): void {
    const { tables, sizes } = this;
    const block = { qp: 0, srq: 1, cq: 2, eq: 3 };
    if (kind === 'mpt') return this.need(tables.dmpt + slot * sizes['dmpt']!);
    if (kind === 'mcg') return this.need(tables.mcg + slot * 2 ** logs.mcgBytes);
    this.need(tables.cmpt + (block[kind] * cmptEntries + slot) * sizes['cmpt']!);
    this.need(tables[`${kind}c`] + slot * sizes[`${kind}c`]!);
    if (kind !== 'qp') return;
    this.need(tables.auxc + slot * sizes['auxc']!);
    this.need(tables.altc + slot * sizes['altc']!);
    this.need(tables.rdmarc + slot * 2 ** logRdmarcs * sizes['rdmarc']!);
  }

  /** Maps the chunk of an ICM address, once. */
  need(va: number): void {
    const chunk = va - (va % MLX4_ICM_ALLOC_SIZE);
    if (this.mapped.has(chunk)) return;
    const { address } = this.rig.memory.allocate(MLX4_ICM_ALLOC_SIZE);
    this.mapped.set(chunk, address);
    const entry = mapEntry.make({ va: chunk, pa: address + Math.log2(chunkPages) });
    this.commands.ok('MLX4_CMD_MAP_ICM', { in: entry, inMod: 1 });
  }

  /** Takes a chunk away again. */
  unmap(va: number): void {
    const chunk = va - (va % MLX4_ICM_ALLOC_SIZE);
    this.mapped.delete(chunk);
    const halves = [Math.floor(chunk / 2 ** 32), chunk % 2 ** 32] as const;
    this.commands.ok('MLX4_CMD_UNMAP_ICM', { in: halves, inMod: chunkPages });
  }

  /** Host address behind an ICM address that is mapped. */
  addressOf(va: number): number {
    const within = va % MLX4_ICM_ALLOC_SIZE;
    return this.mapped.get(va - within)! + within;
  }

  /** Memory for a queue, with its MTT entries: pages of 4 KiB, or one page of the whole size. */
  buffer(bytes: number, onePage = false): Buffer {
    const { memory } = this.rig;
    const { address, sizeBytes } = memory.allocate(bytes);
    const logPageSize = onePage ? Math.log2(sizeBytes / pageBytes) : 0;
    const count = onePage ? 1 : sizeBytes / pageBytes;
    const mttOffset = this.nextMtt * mttEntryBytes;
    for (let i = 0; i < count; i++) this.setMtt(this.nextMtt++, address + i * pageBytes);
    return { address, bytes: sizeBytes, mttOffset, logPageSize };
  }

  /** Writes a translation entry. */
  setMtt(index: number, address: number, present = true): void {
    const va = this.tables.mtt + index * mttEntryBytes;
    this.need(va);
    const at = this.addressOf(va);
    this.rig.memory.writeBe32(at, Math.floor(address / 2 ** 32));
    this.rig.memory.writeBe32(at + 4, (address % 2 ** 32) + (present ? MLX4_MTT_FLAG_PRESENT : 0));
  }

  /** Translation entries that were given out so far. */
  get mttsUsed(): number {
    return this.nextMtt;
  }

  /** Hands over the region that is all of memory, as mlx4_en does (facts/device 6.6). */
  registerMemory(): void {
    const slot = 0x100;
    this.mapFor('mpt', slot);
    this.commands.ok('MLX4_CMD_SW2HW_MPT', { in: wholeMemory(slot), inMod: slot });
  }

  private startFirmware(): void {
    const { commands } = this;
    const firmware = commands.ok('MLX4_CMD_QUERY_FW').mailbox;
    this.mapPages('MLX4_CMD_MAP_FA', queryFw.get(firmware, 'fw_pages'));
    commands.ok('MLX4_CMD_RUN_FW');
    const aux = commands.ok('MLX4_CMD_SET_ICM_SIZE', { in: [2, 0] }).immediate[1];
    this.mapPages('MLX4_CMD_MAP_ICM_AUX', aux);
  }

  private mapPages(command: 'MLX4_CMD_MAP_FA' | 'MLX4_CMD_MAP_ICM_AUX', pages: number): void {
    const chunks = Math.ceil(pages / chunkPages);
    const list = new Uint8Array(chunks * mapEntry.sizeBytes);
    for (let i = 0; i < chunks; i++) {
      const { address } = this.rig.memory.allocate(MLX4_ICM_ALLOC_SIZE);
      mapEntry.write(list, { pa: address + Math.log2(chunkPages) }, i * mapEntry.sizeBytes);
    }
    this.commands.ok(command, { in: list, inMod: chunks });
  }

  private layOut(): Tables {
    const { sizes } = this;
    let next = 0;
    const place = (entries: number, entryBytes: number): number => {
      const at = next;
      const bytes = Math.max(entries * entryBytes, MLX4_ICM_ALLOC_SIZE);
      next += Math.ceil(bytes / MLX4_ICM_ALLOC_SIZE) * MLX4_ICM_ALLOC_SIZE;
      return at;
    };
    return {
      cmpt: place(4 * cmptEntries, sizes['cmpt']!),
      rdmarc: place(2 ** (logs.qp + logRdmarcs), sizes['rdmarc']!),
      qpc: place(2 ** logs.qp, sizes['qpc']!),
      altc: place(2 ** logs.qp, sizes['altc']!),
      auxc: place(2 ** logs.qp, sizes['auxc']!),
      srqc: place(2 ** logs.srq, sizes['srqc']!),
      cqc: place(2 ** logs.cq, sizes['cqc']!),
      eqc: place(2 ** logs.eq, sizes['eqc']!),
      dmpt: place(2 ** logs.mpt, sizes['dmpt']!),
      mtt: place(2 ** logs.mtt, mttEntryBytes),
      mcg: place(2 ** logs.mcg, 2 ** logs.mcgBytes),
    };
  }
}

/** The dMPT entry of a region that is all of memory. */
export const wholeMemory = (slot: number): Uint8Array =>
  mptEntry.make({
    status: 0xf,
    mio: true,
    local_write: true,
    local_read: true,
    physical: true,
    region: true,
    key: slot,
    pd: driverPd,
    enable_invalidate: 3,
    length: 2n ** 64n - 1n,
    entity_size: 12,
  });
