// What bonding in hardware uses: the map from virtual to physical ports, and the RX port check
// (facts/device 5.15, 5.17, 10). Both are for the whole card. The card takes any map, also the
// crossed one that the driver never asks for.

import {
  MLX4_CONFIG_DEV_GET,
  MLX4_GET_PORT_VIRT2PHY,
  configDev,
  virtPortMap,
} from '#prm/firmware.ts';
import { K } from '#trace/kinds.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';

const isPort = (value: number): value is 1 | 2 => value === 1 || value === 2;

/** Leaves the map in the trace as 0x12 for (1, 2). */
function noteMap(hca: Hca, what: string, value: number): void {
  const { trace, name } = hca.link;
  trace.emit(K['card.map'], trace.intern(`${name} ${what}`), value);
}

/** What the card starts with, for pictures. */
export function noteMaps(hca: Hca): void {
  const [port1, port2] = hca.portMap;
  noteMap(hca, 'port map', port1 * 16 + port2);
  noteMap(hca, 'rx port check', hca.rxPortCheck ? 1 : 0);
}

/** Sets the map, or gives it (opcode modifier 0). */
export function virtualPortMap(hca: Hca, command: Command): void {
  demand(hca.options.flags2.includes('PORT_REMAP'), 'BAD_OP', 'PORT_REMAP is not offered');
  if (command.opModifier === MLX4_GET_PORT_VIRT2PHY) {
    const [port1, port2] = hca.portMap;
    command.answer(virtPortMap.make({ port1, port2 }));
    return;
  }
  const port1 = virtPortMap.get(command.input, 'port1');
  const port2 = virtPortMap.get(command.input, 'port2');
  demand(isPort(port1) && isPort(port2), 'BAD_PARAM', `map (${port1}, ${port2})`);
  hca.portMap = [port1, port2];
  noteMap(hca, 'port map', port1 * 16 + port2);
}

export function configDevice(hca: Hca, command: Command): void {
  if (command.opModifier === MLX4_CONFIG_DEV_GET) {
    const mode = hca.options.rxChecksumMode;
    command.answer(
      configDev.make({
        vxlan_udp_dport: hca.vxlanUdpPort,
        roce_v2_udp_dport: hca.roceV2UdpPort,
        rx_port_check_disabled: !hca.rxPortCheck,
        rx_checksum_val: mode * 16 + mode,
      }),
    );
    return;
  }
  const { input } = command;
  if (configDev.get(input, 'update_vxlan_port')) {
    hca.vxlanUdpPort = configDev.get(input, 'vxlan_udp_dport');
  }
  if (configDev.get(input, 'update_roce_v2_port')) {
    hca.roceV2UdpPort = configDev.get(input, 'roce_v2_udp_dport');
  }
  if (configDev.get(input, 'update_rx_port_check')) {
    hca.rxPortCheck = !configDev.get(input, 'rx_port_check_disabled');
    noteMap(hca, 'rx port check', hca.rxPortCheck ? 1 : 0);
  }
}
