// INIT_HCA, CLOSE_HCA, QUERY_HCA (facts/device 5.10, 5.11): where the ICM tables are and how large.
// Counts beyond the limits of QUERY_DEV_CAP are accepted, as the driver's profile exceeds them
// (11.1); features that are not offered are refused. Steering is by groups (B0) or, with the DMFS
// flag, by rules: each has a table of its own.
// Without effect: which protocols and how many L2 addresses flow steering is enabled for.

import { INIT_HCA_VERSION, initHca, queryHca } from '#prm/firmware.ts';
import { uarAreaBytes, uarPageBytes } from '#prm/registers.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { FlowTable } from '../flow-steering.ts';
import type { Hca } from '../hca.ts';
import { tablesOf } from '../icm-tables.ts';
import type { IcmTables } from '../icm-tables.ts';
import { icmBytesMax } from '../icm.ts';

const logMax = 24;
const logUarsMax = Math.log2(uarAreaBytes / uarPageBytes);
/** Steering entries have 2^6 to 2^12 bytes. */
const logGroupBytesMin = 6;
const logGroupBytesMax = 12;

export function initHcaCommand(hca: Hca, command: Command): void {
  const { input } = command;
  demand(hca.phase === 'running', 'BAD_SYS_STATE', 'the HCA is initialised already');
  checkFeatures(hca, input);
  const tables = tablesOf(input);
  checkTables(tables);
  if (initHca.get(input, 'dmfs')) setFlowTable(hca, input);
  else setGroupTable(hca, input);
  hca.tables = tables;
  hca.qpMask = 2 ** tables.logQps - 1;
  hca.completions.slotMask = 2 ** tables.logCqs - 1;
  hca.regions.configure(tables.mtt, 2 ** tables.logMpts - 1);
  hca.initImage = input.slice(0, initHca.sizeBytes);
  hca.phase = 'initialised';
}

/** Refuses what the card did not offer. */
function checkFeatures(hca: Hca, input: Uint8Array): void {
  demand(initHca.get(input, 'version') === INIT_HCA_VERSION, 'BAD_PARAM', 'INIT_HCA version');
  demand(!initHca.get(input, 'big_endian_host'), 'BAD_PARAM', 'the host is little-endian');
  demand(!initHca.get(input, 'eqe64'), 'BAD_PARAM', '64-byte EQEs are not offered');
  demand(!initHca.get(input, 'cqe64'), 'BAD_PARAM', '64-byte CQEs are not offered');
  demand(initHca.get(input, 'eqe_cqe_stride') === 0, 'BAD_PARAM', 'strides are not offered');
  const flows = initHca.get(input, 'dmfs');
  const offered = hca.options.flags2.includes('FS_EN');
  demand(!flows || offered, 'BAD_PARAM', 'flow steering is not offered');
  const plain = !flows || initHca.get(input, 'fs_a0_mode') === 0;
  demand(plain, 'BAD_PARAM', 'high-rate flow steering is not offered');
  demand(initHca.get(input, 'num_sys_eqs') === 0, 'BAD_PARAM', 'system EQs are not offered');
  demand(initHca.get(input, 'uar_page_sz') === 0, 'BAD_PARAM', 'UAR pages are 4 KiB');
  const logUars = initHca.get(input, 'log_uar_sz');
  demand(logUars <= logUarsMax, 'EXCEED_LIM', `2^${logUars} UARs`);
}

function checkTables(tables: IcmTables): void {
  const { logQps, logSrqs, logCqs, logEqs, logMpts, ...bases } = tables;
  const largest = Math.max(logQps, logSrqs, logCqs, logEqs, logMpts);
  demand(largest <= logMax, 'EXCEED_LIM', `a table of 2^${largest} entries`);
  const farthest = Math.max(...Object.values(bases));
  demand(farthest < icmBytesMax, 'BAD_PARAM', 'a table begins beyond the largest ICM');
}

function setGroupTable(hca: Hca, input: Uint8Array): void {
  const logHash = initHca.get(input, 'log_mc_hash_sz');
  const logTable = initHca.get(input, 'log_mc_table_sz');
  const base = initHca.get(input, 'mc_base');
  const table = steeringTable(base, initHca.get(input, 'log_mc_entry_sz'), logTable);
  demand(logHash <= logTable, 'BAD_PARAM', 'more buckets than group entries');
  hca.steering.table = { ...table, buckets: 2 ** logHash };
}

function setFlowTable(hca: Hca, input: Uint8Array): void {
  const logTable = initHca.get(input, 'fs_log_table_sz');
  const base = initHca.get(input, 'fs_base');
  hca.flows.table = steeringTable(base, initHca.get(input, 'fs_log_entry_sz'), logTable);
}

/** Place and size of a steering table, when they make sense. */
function steeringTable(base: number, logEntry: number, logTable: number): FlowTable {
  const fits = logEntry >= logGroupBytesMin && logEntry <= logGroupBytesMax;
  demand(fits, 'BAD_PARAM', `steering entries of 2^${logEntry} bytes`);
  demand(logTable <= logMax, 'BAD_PARAM', `2^${logTable} steering entries`);
  demand(base < icmBytesMax, 'BAD_PARAM', 'the steering table begins beyond the largest ICM');
  return { base, entryBytes: 2 ** logEntry, entries: 2 ** logTable };
}

/** Everything that INIT_HCA began ends; pages stay mapped until they are unmapped. */
export function closeHca(hca: Hca): void {
  if (hca.phase !== 'initialised') return;
  for (const port of hca.ports) port.closeHca();
  for (const queue of hca.completions.queues.values()) queue.remove();
  hca.completions.queues.clear();
  hca.events.clear();
  for (const qp of hca.qps.values()) qp.state = 'RST';
  hca.qps.clear();
  hca.srqs.clear();
  hca.regions.clear();
  hca.steering.clear();
  hca.flows.clear();
  hca.portMap = [1, 2];
  hca.rxPortCheck = true;
  hca.specialQpBase = 0;
  hca.initImage = null;
  hca.phase = 'running';
}

/** The INIT_HCA image, with the clock in place of fields that mean something else there. */
export function queryHcaCommand(hca: Hca, command: Command): void {
  const image = hca.initImage?.slice() ?? new Uint8Array(queryHca.sizeBytes);
  queryHca.set(image, 'global_caps', 0);
  image.fill(0, queryHca.fields.core_clock_mhz.offset, queryHca.fields.core_clock_mhz.offset + 4);
  queryHca.set(image, 'core_clock_mhz', hca.options.coreClockMhz);
  command.answer(image);
}
