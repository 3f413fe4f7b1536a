// SET_PORT in all its forms (facts/device 5.14). The opcode modifier chooses the form, and with it
// the port's type: an InfiniBand form makes it an InfiniBand port, an Ethernet form an Ethernet
// port. Kept without effect: priorities, schedulers, VXLAN, RoCE addresses, pause. Not offered: A0
// steering.

import {
  MLX4_MAC_VALID_HIGH,
  MLX4_SET_PORT,
  MLX4_SET_PORT_BEACON_OPCODE,
  MLX4_SET_PORT_ETH_OPCODE,
  MLX4_SET_PORT_IB_OPCODE,
  MLX4_VLAN_VALID,
  setPortGeneral,
  setPortIb,
} from '#prm/port.ts';
import { readBe32 } from '#bus/bytes.ts';
import { readMac } from '#bus/mac.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import type { Port } from '../port.ts';
import { portOf } from './port.ts';

const vlanIdMask = 0xfff;
const mtuMin = 64;
const vlCapMax = 8;

export function setPort(hca: Hca, command: Command): void {
  const port = portOf(hca, command.inModifier);
  switch (command.opModifier) {
    case MLX4_SET_PORT_IB_OPCODE:
      setInfiniBand(port, command.input);
      return;
    case MLX4_SET_PORT_ETH_OPCODE:
      setEthernet(hca, port, command);
      return;
    case MLX4_SET_PORT_BEACON_OPCODE:
      port.beaconSeconds = readBe32(command.input, 0);
      return;
    default:
      demand(false, 'BAD_OP', `opcode modifier ${command.opModifier}`);
  }
}

function setInfiniBand(port: Port, input: Uint8Array): void {
  demand(port.supports('ib'), 'BAD_PARAM', 'the port cannot do InfiniBand');
  if (setPortIb.get(input, 'change_port_vl')) {
    const lanes = setPortIb.get(input, 'vl_cap');
    demand(lanes <= vlCapMax, 'BAD_SIZE', `${lanes} virtual lanes`);
  }
  port.ibCapabilityMask = setPortIb.get(input, 'ib_cap');
  port.setType('ib');
}

function setEthernet(hca: Hca, port: Port, command: Command): void {
  const { input } = command;
  const type = (command.inModifier >>> 8) & 0xff;
  demand(port.supports('eth'), 'BAD_PARAM', 'the port cannot do Ethernet');
  switch (type) {
    case MLX4_SET_PORT.GENERAL:
      setGeneral(hca, port, input);
      break;
    case MLX4_SET_PORT.MAC_TABLE:
      setMacTable(port, input);
      break;
    case MLX4_SET_PORT.VLAN_TABLE:
      setVlanTable(port, input);
      break;
    case MLX4_SET_PORT.GID_TABLE:
      port.gidTable.set(input.subarray(0, port.gidTable.length));
      break;
    case MLX4_SET_PORT.PRIO_MAP:
    case MLX4_SET_PORT.PRIO2TC:
    case MLX4_SET_PORT.SCHEDULER:
    case MLX4_SET_PORT.VXLAN:
    case MLX4_SET_PORT.ROCE_ADDR:
      break;
    default:
      demand(false, 'BAD_PARAM', `SET_PORT type ${type} is not offered`);
  }
  port.setType('eth');
}

function setGeneral(hca: Hca, port: Port, input: Uint8Array): void {
  if (setPortGeneral.get(input, 'v_mtu')) {
    const mtu = setPortGeneral.get(input, 'mtu');
    // Header, two tags and FCS on top of the largest MTU.
    const most = hca.options.ethMtuMax + 26;
    demand(mtu >= mtuMin && mtu <= most, 'BAD_PARAM', `MTU ${mtu}`);
    port.mtuBytes = mtu;
  }
  if (setPortGeneral.get(input, 'v_user_mtu')) {
    port.userMtu = setPortGeneral.get(input, 'user_mtu');
  }
  if (setPortGeneral.get(input, 'v_user_mac')) {
    port.userMac = readMac(setPortGeneral.get(input, 'user_mac'));
  }
  const [oldTx, oldTxPriorities, oldRx, oldRxPriorities] = port.pause;
  const tx = setPortGeneral.get(input, 'v_pptx');
  const rx = setPortGeneral.get(input, 'v_pprx');
  port.pause = [
    tx ? setPortGeneral.get(input, 'pptx') : oldTx,
    tx ? setPortGeneral.get(input, 'pfctx') : oldTxPriorities,
    rx ? setPortGeneral.get(input, 'pprx') : oldRx,
    rx ? setPortGeneral.get(input, 'pfcrx') : oldRxPriorities,
  ];
}

function setMacTable(port: Port, input: Uint8Array): void {
  for (let i = 0; i < port.macTable.length; i++) {
    const valid = readBe32(input, i * 8) >= MLX4_MAC_VALID_HIGH;
    port.macTable[i] = valid ? readMac(input, i * 8 + 2) : 0;
  }
}

function setVlanTable(port: Port, input: Uint8Array): void {
  for (let i = 0; i < port.vlanTable.length; i++) {
    const entry = readBe32(input, i * 4);
    port.vlanTable[i] = entry >= MLX4_VLAN_VALID ? entry & vlanIdMask : -1;
  }
}
