// SET_PORT in all its forms (facts/device 5.14). The opcode modifier chooses the form, and with it
// the port's type: an InfiniBand form makes it an InfiniBand port, an Ethernet form an Ethernet
// port. Kept without effect: priorities, schedulers, VXLAN, RoCE addresses. Not offered: A0
// steering.

import {
  MLX4_MAC_VALID_HIGH,
  MLX4_SET_PORT,
  MLX4_SET_PORT_BEACON_OPCODE,
  MLX4_SET_PORT_IB_OPCODE,
  MLX4_VLAN_VALID,
  globalPause,
  mtuOnWire,
  setPortBeacon,
  setPortGeneral,
  setPortIb,
  setPortNumber,
  setPortType,
} from '#prm/port.ts';
import { readBe32 } from '#bus/bytes.ts';
import { readMac } from '#bus/mac.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import type { PortSettings } from '../port-settings.ts';
import type { Port } from '../port.ts';
import { portOf } from './port.ts';

const vlanIdMask = 0xfff;
const mtuMin = 64;
const vlCapMax = 8;
/** IB MTU codes: 256 to 4096 bytes. */
const mtuCodeMax = 5;

export function setPort(hca: Hca, command: Command): void {
  const { inModifier, input, opModifier } = command;
  const port = portOf(hca, setPortNumber(inModifier));
  if (opModifier === MLX4_SET_PORT_IB_OPCODE) {
    setInfiniBand(port, input);
  } else if (opModifier === MLX4_SET_PORT_BEACON_OPCODE) {
    port.settings.beaconSeconds = setPortBeacon.get(input, 'duration');
  } else {
    setEthernet(hca, port, setPortType(inModifier), input);
  }
}

/** Too many virtual lanes answer BAD_SIZE: the driver then asks for fewer. */
function setInfiniBand(port: Port, input: Uint8Array): void {
  demand(port.supports('ib'), 'BAD_PARAM', 'the port cannot do InfiniBand');
  const infiniBand = { ...port.settings.infiniBand };
  if (setPortIb.get(input, 'change_port_vl')) {
    const lanes = setPortIb.get(input, 'vl_cap');
    demand(lanes >= 1 && lanes <= vlCapMax, 'BAD_SIZE', `${lanes} virtual lanes`);
    infiniBand.lanes = lanes;
  }
  if (setPortIb.get(input, 'change_port_mtu')) {
    const code = setPortIb.get(input, 'mtu_cap');
    demand(code >= 1 && code <= mtuCodeMax, 'BAD_PARAM', `MTU code ${code}`);
    infiniBand.mtuCap = code;
  }
  port.settings.infiniBand = infiniBand;
  port.settings.ibCapabilityMask = setPortIb.get(input, 'ib_cap');
  port.setType('ib');
}

function setEthernet(hca: Hca, port: Port, type: number, input: Uint8Array): void {
  const { settings } = port;
  demand(port.supports('eth'), 'BAD_PARAM', 'the port cannot do Ethernet');
  switch (type) {
    case MLX4_SET_PORT.GENERAL:
      setGeneral(hca, settings, input);
      break;
    case MLX4_SET_PORT.MAC_TABLE:
      setMacTable(settings, input);
      break;
    case MLX4_SET_PORT.VLAN_TABLE:
      setVlanTable(settings, input);
      break;
    case MLX4_SET_PORT.GID_TABLE:
      settings.gidTable.set(input.subarray(0, settings.gidTable.length));
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

function setGeneral(hca: Hca, settings: PortSettings, input: Uint8Array): void {
  const value = <N extends keyof typeof setPortGeneral.fields>(name: N) =>
    setPortGeneral.get(input, name);
  if (value('v_mtu')) {
    const mtu = value('mtu');
    const most = mtuOnWire(hca.options.ethMtuMax);
    demand(mtu >= mtuMin && mtu <= most, 'BAD_PARAM', `MTU ${mtu}`);
    settings.mtuBytes = mtu;
  }
  if (value('v_user_mtu')) settings.userMtu = value('user_mtu');
  if (value('v_user_mac')) settings.userMac = readMac(value('user_mac'));
  const { pause } = settings;
  const tx = value('v_pptx') ? { pptx: value('pptx') & globalPause, pfctx: value('pfctx') } : {};
  const rx = value('v_pprx') ? { pprx: value('pprx') & globalPause, pfcrx: value('pfcrx') } : {};
  settings.pause = { ...pause, ...tx, ...rx };
}

function setMacTable({ macTable }: PortSettings, input: Uint8Array): void {
  for (let i = 0; i < macTable.length; i++) {
    const valid = readBe32(input, i * 8) >= MLX4_MAC_VALID_HIGH;
    macTable[i] = valid ? readMac(input, i * 8 + 2) : 0;
  }
}

function setVlanTable({ vlanTable }: PortSettings, input: Uint8Array): void {
  for (let i = 0; i < vlanTable.length; i++) {
    const entry = readBe32(input, i * 4);
    vlanTable[i] = entry >= MLX4_VLAN_VALID ? entry & vlanIdMask : -1;
  }
}
