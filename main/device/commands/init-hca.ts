// INIT_HCA, CLOSE_HCA, QUERY_HCA (facts/device 5.10, 5.11): where the ICM tables are and how large.
// Counts beyond the limits of QUERY_DEV_CAP are accepted, as the driver's profile exceeds them
// (11.1); features that are not offered are refused.

import { initHca, initHcaBase, queryHca } from '#prm/firmware.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';

const wireVersion = 2;
const logMax = 24;

export function initHcaCommand(hca: Hca, command: Command): void {
  const { input } = command;
  demand(hca.phase === 'running', 'BAD_SYS_STATE', 'the HCA is initialised already');
  demand(initHca.get(input, 'version') === wireVersion, 'BAD_PARAM', 'INIT_HCA version');
  demand(!initHca.get(input, 'eqe64'), 'BAD_PARAM', '64-byte EQEs are not offered');
  demand(!initHca.get(input, 'cqe64'), 'BAD_PARAM', '64-byte CQEs are not offered');
  demand(!initHca.get(input, 'dmfs'), 'BAD_PARAM', 'flow steering is not offered');
  demand(initHca.get(input, 'uar_page_sz') === 0, 'BAD_PARAM', 'UAR pages are 4 KiB');
  const logs = (['log_qp', 'log_srq', 'log_cq', 'log_eq'] as const).map((n) =>
    initHca.get(input, n),
  );
  logs.push(initHca.get(input, 'log_mpt_sz'));
  demand(
    logs.every((log) => log <= logMax),
    'EXCEED_LIM',
    'a table is too large',
  );
  setGroupTable(hca, input);
  const [logQps, logSrqs, logCqs, logEqs, logMpts] = logs as [
    number,
    number,
    number,
    number,
    number,
  ];
  hca.tables = {
    qpc: initHcaBase(input, 'qpc'),
    logQps,
    srqc: initHcaBase(input, 'srqc'),
    logSrqs,
    cqc: initHcaBase(input, 'cqc'),
    logCqs,
    eqc: initHcaBase(input, 'eqc'),
    logEqs,
    dmpt: initHca.get(input, 'dmpt_base'),
    logMpts,
    mtt: initHca.get(input, 'mtt_base'),
  };
  hca.completions.slotMask = 2 ** logCqs - 1;
  hca.regions.slotMask = 2 ** logMpts - 1;
  hca.initImage = input.slice(0, initHca.sizeBytes);
  hca.phase = 'initialised';
}

function setGroupTable(hca: Hca, input: Uint8Array): void {
  const logEntry = initHca.get(input, 'log_mc_entry_sz');
  const logTable = initHca.get(input, 'log_mc_table_sz');
  const logHash = initHca.get(input, 'log_mc_hash_sz');
  demand(logEntry >= 6 && logEntry <= 12, 'BAD_PARAM', `group entries of 2^${logEntry} bytes`);
  demand(logTable <= logMax && logHash <= logTable, 'BAD_PARAM', 'group table');
  hca.steering.table = {
    base: initHca.get(input, 'mc_base'),
    entryBytes: 2 ** logEntry,
    entries: 2 ** logTable,
    buckets: 2 ** logHash,
  };
}

/** Everything that INIT_HCA began ends; pages stay mapped until they are unmapped. */
export function closeHca(hca: Hca): void {
  if (hca.phase !== 'initialised') return;
  for (const port of hca.ports) port.close();
  for (const queue of hca.completions.queues.values()) queue.remove();
  hca.completions.queues.clear();
  for (const eqn of [...hca.events.queues.keys()]) hca.events.remove(eqn);
  for (const qp of hca.qps.values()) qp.state = 'RST';
  hca.qps.clear();
  hca.srqs.clear();
  hca.regions.bySlot.clear();
  hca.regions.givenBack.clear();
  hca.steering.clear();
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
