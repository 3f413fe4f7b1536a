// Commands of device-managed flow steering (facts/device 4.8, 5.28): rules come and go by their
// registration ids. The QP range of InfiniBand ports is checked and has no effect: they move no
// data, and DMFS_IPOIB is not offered. While flow steering is off each answers BAD_SYS_STATE (3.6).

import { flowRuleBytes } from '#prm/steering.ts';
import { demand, parameter } from '../command.ts';
import type { Command } from '../command.ts';
import { readFlowRule } from '../flow-rule.ts';
import type { Hca } from '../hca.ts';

const qpnMax = 2 ** 24;

/** The input modifier is the size of the rule in 4-byte words; the result is its id. */
export function attachRule(hca: Hca, command: Command): void {
  const { input, inModifier: words } = command;
  // Before anything is said of the rule.
  hca.flows.demandTable();
  const fits = words * 4 >= flowRuleBytes && words * 4 <= input.length;
  demand(fits, 'BAD_PARAM', `a rule of ${words} words`);
  const id = hca.flows.attach(readFlowRule(input.subarray(0, words * 4)));
  command.result(Math.floor(id / 2 ** 32), id % 2 ** 32);
}

/** The input is the id of the rule. */
export function detachRule(hca: Hca, command: Command): void {
  hca.flows.detach(parameter(command.request.inHigh, command.request.inLow));
}

/** The input is the lowest and the highest QPN of unicast rules on InfiniBand ports. */
export function setIbRange(hca: Hca, command: Command): void {
  hca.flows.demandTable();
  const { inHigh: lowest, inLow: highest } = command.request;
  const makesSense = lowest <= highest && highest < qpnMax;
  demand(makesSense, 'BAD_PARAM', `QPNs 0x${lowest.toString(16)} to 0x${highest.toString(16)}`);
}
