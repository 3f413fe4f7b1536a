// Port commands but SET_PORT: life, state, filters, counts (facts/device 5.8, 5.13, 5.16, 5.18 to
// 5.20,
// 5.23, 9). QUERY_PORT is live: it is the driver's only source of the link state.

import {
  MLX4_DUMP_ETH_STATS_FLOW_CONTROL,
  MLX4_DUMP_ETH_STATS_RESET,
  MLX4_IF_STAT_RESET,
  MLX4_MCAST_CLEAR_HIGH,
  MLX4_MCAST_CONFIG,
  MLX4_MCAST_DISABLE,
  MLX4_MCAST_ENABLE,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
  MLX4_PORT_TYPE_NONE,
  linkSpeedCodes,
  queryPort,
} from '#prm/port.ts';
import { MLX4_REG_ID_PTYS, accessReg, diagReport, ptys, ptysOffset } from '#prm/mad.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import type { Port } from '../port.ts';
import { PortStatistics } from '../statistics.ts';
import { linkModeBits } from './link-modes.ts';

const portMask = 0xff;
const vlanFilterBytes = 512;
const qsfp = 0x0d;
const ibMtu4096 = 5;
const width4x = 2;
const registerQuery = 1;
const registerRefused = 1;

/** The port that the low bits of a modifier name. */
export function portOf(hca: Hca, modifier: number): Port {
  const portNumber = modifier & portMask;
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
  portOf(hca, command.inModifier).vlanFilter = command.input.slice(0, vlanFilterBytes);
}

/** The immediate is a MAC, with bit 63 "clear the list first"; address 0 adds nothing. */
export function setMulticastFilter(hca: Hca, command: Command): void {
  const port = portOf(hca, command.inModifier);
  const { inHigh, inLow } = command.request;
  if (command.opModifier === MLX4_MCAST_DISABLE) {
    port.multicastFilter = false;
  } else if (command.opModifier === MLX4_MCAST_ENABLE) {
    port.multicastFilter = true;
  } else {
    demand(command.opModifier === MLX4_MCAST_CONFIG, 'BAD_OP', 'opcode modifier');
    if (inHigh >= MLX4_MCAST_CLEAR_HIGH) port.multicast.clear();
    const mac = (inHigh & 0xffff) * 2 ** 32 + inLow;
    if (mac !== 0) port.multicast.add(mac);
  }
}

export function dumpStatistics(hca: Hca, command: Command): void {
  const { inModifier } = command;
  const port = portOf(hca, inModifier);
  const flow = (inModifier & MLX4_DUMP_ETH_STATS_FLOW_CONTROL) !== 0;
  demand(!flow, 'BAD_PARAM', 'flow control statistics are not offered');
  command.answer(port.statistics.report());
  if ((inModifier & MLX4_DUMP_ETH_STATS_RESET) !== 0) port.statistics = new PortStatistics();
}

export function queryCounter(hca: Hca, command: Command): void {
  const reset = command.inModifier >= MLX4_IF_STAT_RESET;
  const index = command.inModifier % MLX4_IF_STAT_RESET;
  demand(hca.counters.has(index), 'BAD_INDEX', `counter ${index}`);
  command.answer(hca.counters.report(index, reset));
}

export function diagnosticReport(hca: Hca, command: Command): void {
  const all = command.inModifier === 0;
  if (!all) portOf(hca, command.inModifier);
  command.answer(diagReport.make({}));
}

/**
 * PTYS can be read: what a port can do and does. Anything else is refused in the register's status.
 */
export function accessRegister(hca: Hca, command: Command): void {
  const { input } = command;
  const answer = input.slice(0, ptysOffset + ptys.sizeBytes);
  const id = accessReg.get(input, 'reg_id');
  const portNumber = ptys.get(input, 'local_port', ptysOffset);
  const known = id === MLX4_REG_ID_PTYS && (portNumber === 1 || portNumber === 2);
  if (!known || accessReg.get(input, 'method') !== registerQuery) {
    accessReg.set(answer, 'status', registerRefused);
    command.answer(answer);
    return;
  }
  const port = hca.port(portNumber);
  const { speedsMbps } = port.options;
  accessReg.set(answer, 'status', 0);
  ptys.set(answer, 'eth_proto_cap', linkModeBits(speedsMbps), ptysOffset);
  ptys.set(answer, 'eth_proto_admin', linkModeBits(speedsMbps), ptysOffset);
  const now = port.linkUp && port.type === 'eth' ? [port.speedMbps] : [];
  ptys.set(answer, 'eth_proto_oper', linkModeBits(now), ptysOffset);
  command.answer(answer);
}
