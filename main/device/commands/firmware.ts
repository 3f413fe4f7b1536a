// Commands of the first steps of a load: firmware area, identity, capabilities, ICM pages
// (facts/device 5.1 to 5.5, 5.9, 5.12, 11.3). The limits that QUERY_DEV_CAP states are those of
// facts/device 13.3.

import { queryDevCap, setDevCapFlag, setDevCapFlag2 } from '#prm/dev-cap.ts';
import { mapEntriesMax, mapEntry, modStatCfg, queryAdapter, queryFw } from '#prm/firmware.ts';
import {
  blueFlameRegisterBytes,
  blueFlameRegistersPerPage,
  clearInterruptOffset,
  errorBufferDwords,
  errorBufferOffset,
  internalClockOffset,
} from '#prm/registers.ts';
import { demand, parameter } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { blockAddress, blockLog, icmBytesMax, icmPageBytes } from '../icm.ts';
import { intaPin } from '../interrupts.ts';
import type { CardOptions } from '../options.ts';
import { outstandingMax } from '../timing.ts';
import { boardGuid, portGuid } from '../guid.ts';
import { closeHca } from './init-hca.ts';

/** Largest block in a page list: 1 MiB. */
const blockLogMax = 8;
const barOfRegisters = 0;

export function queryFirmware(hca: Hca, command: Command): void {
  const { firmwareVersion, firmwarePages } = hca.options;
  command.answer(
    queryFw.make({
      fw_pages: firmwarePages,
      fw_ver_major: firmwareVersion.major,
      fw_ver_subminor: firmwareVersion.sub,
      fw_ver_minor: firmwareVersion.minor,
      cmd_if_rev: 3,
      log_max_cmds: Math.log2(outstandingMax),
      clr_int_base: clearInterruptOffset,
      clr_int_bar: barOfRegisters,
      catas_offset: errorBufferOffset,
      catas_size: errorBufferDwords,
      catas_bar: barOfRegisters,
      clock_offset: internalClockOffset,
      clock_bar: barOfRegisters,
    }),
  );
}

/** Calls `use` for each block of a page list. Refuses the whole list when one entry is bad. */
function forEachBlock(
  command: Command,
  use: (va: number, address: number, pages: number) => void,
): void {
  const { input, inModifier: count } = command;
  demand(count >= 1 && count <= mapEntriesMax, 'BAD_PARAM', `${count} list entries`);
  const blocks = Array.from({ length: count }, (_, i) => {
    const pa = mapEntry.get(input, 'pa', i * mapEntry.sizeBytes);
    const va = mapEntry.get(input, 'va', i * mapEntry.sizeBytes);
    const log = blockLog(pa);
    demand(log <= blockLogMax, 'BAD_SIZE', `block of 2^${log} pages`);
    const bytes = icmPageBytes * 2 ** log;
    demand(Number.isSafeInteger(pa), 'BAD_PARAM', 'no bus address is that large');
    demand(blockAddress(pa) % bytes === 0, 'BAD_PARAM', 'block is not aligned to its size');
    demand(va % icmPageBytes === 0, 'BAD_PARAM', 'ICM address is not page aligned');
    demand(va + bytes <= icmBytesMax, 'BAD_PARAM', 'ICM address is beyond the largest ICM');
    return { va, address: blockAddress(pa), pages: 2 ** log };
  });
  for (const { va, address, pages } of blocks) use(va, address, pages);
}

export function mapFirmwareArea(hca: Hca, command: Command): void {
  demand(hca.phase === 'power', 'BAD_SYS_STATE', 'the firmware runs already');
  forEachBlock(command, (_va, _address, pages) => {
    hca.firmwarePages += pages;
  });
}

/** Without its memory the firmware stops, and with it everything. */
export function unmapFirmwareArea(hca: Hca): void {
  closeHca(hca);
  hca.icm.clear();
  hca.auxPages = 0;
  hca.firmwarePages = 0;
  hca.phase = 'power';
}

export function runFirmware(hca: Hca): void {
  const { firmwarePages } = hca.options;
  demand(hca.phase === 'power', 'BAD_SYS_STATE', 'the firmware runs already');
  const enough = hca.firmwarePages >= firmwarePages;
  demand(enough, 'BAD_SYS_STATE', `${hca.firmwarePages} of ${firmwarePages} pages are mapped`);
  hca.phase = 'running';
}

/**
 * Opcode modifier 0 sets (the page size override is all there is), 2 reads a port's GUID.
 * Wake-on-LAN (1 and 3) is not offered.
 */
export function modStatConfig(hca: Hca, command: Command): void {
  if (command.opModifier === 0) {
    demand(modStatCfg.get(command.input, 'log_pg_sz') === 0, 'BAD_PARAM', 'only 4 KiB pages');
    return;
  }
  const portNumber = (command.inModifier >>> 8) & 0xff;
  demand(portNumber === 1 || portNumber === 2, 'BAD_INDEX', `port ${portNumber}`);
  const [high, low] = portGuid(hca.options, portNumber);
  command.answer(modStatCfg.make({ guid_hi: high, guid_lo: low }));
}

/** The board id is stored with its 4-byte words reversed. */
export function queryBoard(hca: Hca, command: Command): void {
  const id = new Uint8Array(16);
  new TextEncoder().encodeInto(hca.options.boardId, id);
  const swapped = id.map((_, i) => id[(i & ~3) + 3 - (i & 3)]!);
  command.answer(queryAdapter.make({ inta_pin: intaPin, board_id: swapped }));
}

export function queryDeviceCapabilities(hca: Hca, command: Command): void {
  const { options } = hca;
  const into = queryDevCap.make({ ...limits, ...sizesOf(options), rss: options.rss });
  for (const flag of options.flags) setDevCapFlag(into, flag);
  for (const flag of options.flags2) setDevCapFlag2(into, flag);
  if (options.flags.includes('COUNTERS')) {
    queryDevCap.set(into, 'max_counters', options.countersMax);
  }
  if (options.flags2.includes('FS_EN')) {
    queryDevCap.set(into, 'fs_max_num_qp_per_entry', options.flowQpsMax);
  }
  if (options.blueFlame) queryDevCap.write(into, blueFlame);
  command.answer(into);
}

/** Limits that every card of the lab has. */
const limits = {
  log_max_srq_sz: 14,
  log_max_qp_sz: 14,
  log_rsvd_qp: 6,
  log_max_qp: 24,
  rsvd_srq: 6 << 4,
  log_max_srq: 24,
  log_max_cq_sz: 22,
  log_rsvd_cq: 7,
  log_max_cq: 24,
  log_max_mpt: 24,
  log_rsvd_eq: 2,
  rsvd_mtt: 4 << 4,
  log_rsvd_mrw: 8,
  log_max_ra_req_qp: 4,
  log_max_ra_res_qp: 4,
  log_max_gso_sz: 17,
  log_max_rdma: 21,
  ack_delay: 15,
  mtu_width: (5 << 4) | 3,
  vl_port: (8 << 4) | 2,
  log_max_msg_sz: 30,
  log_max_gid: 7,
  log_max_pkey: 7,
  log_uar_sz: 2,
  log_page_sz: 12,
  max_sg_sq: 30,
  max_desc_sz_sq: 1008,
  max_sg_rq: 30,
  max_desc_sz_rq: 512,
  log_max_qp_mcg: 8,
  log_max_mcg: 21,
  rsvd_pd: 4 << 4,
  log_max_pd: 24,
  max_icm_sz: icmBytesMax,
} as const;

/** Two buffers of 256 bytes in each register, eight registers in a page. */
const blueFlame = {
  bf: 0x80,
  log_bf_reg_sz: Math.log2(blueFlameRegisterBytes),
  log_max_bf_regs: Math.log2(blueFlameRegistersPerPage),
} as const;

function sizesOf(options: CardOptions) {
  const { entrySizes } = options;
  return {
    log_max_eq: options.logMaxEqs,
    rdmarc_entry_sz: entrySizes.rdmarc,
    qpc_entry_sz: entrySizes.qpc,
    aux_entry_sz: entrySizes.auxc,
    altc_entry_sz: entrySizes.altc,
    eqc_entry_sz: entrySizes.eqc,
    cqc_entry_sz: entrySizes.cqc,
    srq_entry_sz: entrySizes.srqc,
    c_mpt_entry_sz: entrySizes.cmpt,
    mtt_entry_sz: entrySizes.mtt,
    d_mpt_entry_sz: entrySizes.dmpt,
  };
}

export function setIcmSize(hca: Hca, command: Command): void {
  const { inHigh, inLow } = command.request;
  const bytes = parameter(inHigh, inLow);
  demand(bytes > 0 && bytes <= icmBytesMax, 'EXCEED_LIM', `${bytes} bytes of ICM`);
  command.result(0, hca.options.auxPages);
}

/** The page tables of the ICM are in the auxiliary pages, so those come first (5.9). */
export function mapIcm(hca: Hca, command: Command): void {
  const { auxPages } = hca.options;
  const enough = hca.auxPages >= auxPages;
  demand(enough, 'BAD_SYS_STATE', `${hca.auxPages} of ${auxPages} auxiliary pages are mapped`);
  forEachBlock(command, (va, address, pages) => hca.icm.map(va, address, pages));
}

/** The driver always names 64 pages, whatever it mapped (11.3). */
export function unmapIcm(hca: Hca, command: Command): void {
  const { inHigh, inLow } = command.request;
  const pages = Math.min(command.inModifier, 2 ** 16);
  hca.icm.unmap(parameter(inHigh, inLow), pages);
}

export function mapIcmAux(hca: Hca, command: Command): void {
  forEachBlock(command, (_va, _address, pages) => {
    hca.auxPages += pages;
  });
}

export function unmapIcmAux(hca: Hca): void {
  hca.auxPages = 0;
}

/** GUID of the whole card, for node information. */
export const nodeGuid = (hca: Hca): bigint => boardGuid(hca.options);
