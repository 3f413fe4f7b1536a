// Port commands but SET_PORT: life, state, filters, counts (facts/device 5.8, 5.13, 5.16, 5.18 to
// 5.20,
// 5.23, 9). QUERY_PORT is live: it is the driver's only source of the link state.

import {
  MLX4_DUMP_ETH_STATS_FLOW_CONTROL,
  MLX4_DUMP_ETH_STATS_RESET,
  MLX4_IF_STAT_RESET,
  MLX4_MCAST_CLEAR_HIGH,
  MLX4_MCAST_CONFIG,
  MLX4_MCAST_ENABLE,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
  MLX4_PORT_TYPE_NONE,
  linkSpeedCodes,
  queryPort,
  vlanFilterBytes,
} from '#prm/port.ts';
import {
  MLX4_ACCESS_REG_CONSTANT1,
  MLX4_ACCESS_REG_QUERY,
  MLX4_ACCESS_REG_WRITE,
  MLX4_PTYS_EN,
  MLX4_REG_ID_PTYS,
  accessReg,
  accessRegLength,
  diagReport,
  ptys,
  ptysBytes,
  ptysOffset,
} from '#prm/mad.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import type { Port } from '../port.ts';
import { PortStatistics } from '../statistics.ts';
import { linkModeBits, speedsOfBits } from './link-modes.ts';

const portMask = 0xff;
/** Addresses of a port's multicast filter. */
const multicastMax = 4096;
const qsfp = 0x0d;
const ibMtu4096 = 5;
const width4x = 2;
const registerRefused = 1;

/** The port with this number. */
export function portOf(hca: Hca, portNumber: number): Port {
  demand(portNumber === 1 || portNumber === 2, 'BAD_INDEX', `port ${portNumber}`);
  return hca.port(portNumber);
}

export function queryPortCommand(hca: Hca, command: Command): void {
  const port = portOf(hca, command.inModifier);
  const { options, speedMbps, linkUp } = port;
  const ib = options.supportsIb ? MLX4_PORT_TYPE_IB : 0;
  const eth = options.supportsEth ? MLX4_PORT_TYPE_ETH : 0;
  command.answer(
    queryPort.make({
      link_up: linkUp,
      default_sense: options.defaultSense,
      suggested_eth: options.suggested === 'eth',
      supported_types: ib + eth,
      ib_mtu: ibMtu4096,
      eth_mtu: hca.options.ethMtuMax,
      link_speed: linkSpeedCodes.get(speedMbps) ?? 0,
      port_width: width4x,
      log_max_gid: 7,
      log_max_pkey: 7,
      log_max_vlan: 7,
      log_max_mac: 7,
      max_tc: 8,
      max_vl: 8,
      def_mac: options.mac,
      transceiver: qsfp,
    }),
  );
}

export function sensePort(hca: Hca, command: Command): void {
  const sensed = portOf(hca, command.inModifier).phy.sense();
  const types = { ib: MLX4_PORT_TYPE_IB, eth: MLX4_PORT_TYPE_ETH };
  command.result(0, sensed === null ? MLX4_PORT_TYPE_NONE : types[sensed]);
}

export function initPort(hca: Hca, command: Command): void {
  portOf(hca, command.inModifier).open();
}

export function closePort(hca: Hca, command: Command): void {
  portOf(hca, command.inModifier).close();
}

export function setVlanFilter(hca: Hca, command: Command): void {
  const { settings } = portOf(hca, command.inModifier);
  settings.vlanFilter = command.input.slice(0, vlanFilterBytes);
}

/** The immediate is a MAC, with bit 63 "clear the list first"; address 0 adds nothing. */
export function setMulticastFilter(hca: Hca, command: Command): void {
  const { settings } = portOf(hca, command.inModifier);
  const { inHigh, inLow } = command.request;
  if (command.opModifier !== MLX4_MCAST_CONFIG) {
    settings.multicastFilter = command.opModifier === MLX4_MCAST_ENABLE;
    return;
  }
  if (inHigh >= MLX4_MCAST_CLEAR_HIGH) settings.multicast.clear();
  const mac = (inHigh & 0xffff) * 2 ** 32 + inLow;
  if (mac === 0) return;
  const room = settings.multicast.size < multicastMax || settings.multicast.has(mac);
  demand(room, 'EXCEED_LIM', `${multicastMax} addresses`);
  settings.multicast.add(mac);
}

export function dumpStatistics(hca: Hca, command: Command): void {
  const { inModifier } = command;
  const port = portOf(hca, inModifier & portMask);
  const reset = (inModifier & MLX4_DUMP_ETH_STATS_RESET) !== 0;
  if ((inModifier & MLX4_DUMP_ETH_STATS_FLOW_CONTROL) !== 0) {
    const offered = hca.options.flags2.includes('FLOWSTATS_EN');
    demand(offered, 'BAD_PARAM', 'flow control statistics are not offered');
    command.answer(port.flow.report(reset));
    return;
  }
  command.answer(port.statistics.report());
  if (reset) port.statistics = new PortStatistics();
}

export function queryCounter(hca: Hca, command: Command): void {
  const reset = command.inModifier >= MLX4_IF_STAT_RESET;
  const index = command.inModifier % MLX4_IF_STAT_RESET;
  demand(hca.counters.has(index), 'BAD_INDEX', `counter ${index}`);
  command.answer(hca.counters.report(index, reset));
}

export function diagnosticReport(hca: Hca, command: Command): void {
  if (command.inModifier !== 0) portOf(hca, command.inModifier);
  command.answer(diagReport.make({}));
}

/**
 * PTYS: what a port can do, may do and does. A write leaves the speeds whose modes it names; the
 * link trains again. What the register cannot do is refused in its own status, not in the
 * command's.
 */
export function accessRegister(hca: Hca, command: Command): void {
  const { input } = command;
  const answer = input.slice(0, ptysOffset + ptys.sizeBytes);
  const header = accessReg.get(input, 'constant1') === MLX4_ACCESS_REG_CONSTANT1;
  demand(header, 'BAD_PARAM', 'not an access register mailbox');
  const done = accessPtys(hca, input, answer);
  accessReg.set(answer, 'status', done ? 0 : registerRefused);
  command.answer(answer);
}

/** False when it is no PTYS, or asks for what the port cannot do. */
function accessPtys(hca: Hca, input: Uint8Array, answer: Uint8Array): boolean {
  const portNumber = ptys.get(input, 'local_port', ptysOffset);
  const known =
    accessReg.get(input, 'reg_id') === MLX4_REG_ID_PTYS &&
    accessReg.get(input, 'len_const') === accessRegLength(ptysBytes) &&
    ptys.get(input, 'proto_mask', ptysOffset) === MLX4_PTYS_EN &&
    (portNumber === 1 || portNumber === 2);
  if (!known) return false;
  const port = hca.port(portNumber);
  const method = accessReg.get(input, 'method');
  if (method === MLX4_ACCESS_REG_WRITE) {
    const wanted = ptys.get(input, 'eth_proto_admin', ptysOffset);
    const speeds = speedsOfBits(wanted, port.options.speedsMbps);
    if (speeds.length === 0) return false;
    port.offerSpeeds(speeds);
  } else if (method !== MLX4_ACCESS_REG_QUERY) {
    return false;
  }
  const now = port.linkUp && port.type === 'eth' ? [port.speedMbps] : [];
  ptys.set(answer, 'eth_proto_cap', linkModeBits(port.options.speedsMbps), ptysOffset);
  ptys.set(answer, 'eth_proto_admin', linkModeBits(port.offeredMbps), ptysOffset);
  ptys.set(answer, 'eth_proto_oper', linkModeBits(now), ptysOffset);
  return true;
}
