// Management datagrams (facts/device 5.21): Get of node and port attributes, Set of the node
// description. There is no subnet manager: an InfiniBand port stays in INIT and has no LID.
// Anything else answers "unsupported attribute" in the MAD, with command status OK.

import {
  IB_DEFAULT_GID_PREFIX,
  IB_MAD_STATUS_UNSUP_ATTR,
  IB_MGMT_METHOD_GET,
  IB_MGMT_METHOD_GET_RESP,
  IB_MGMT_METHOD_SET,
  IB_SMP_ATTR_GUID_INFO,
  IB_SMP_ATTR_NODE_DESC,
  IB_SMP_ATTR_NODE_INFO,
  IB_SMP_ATTR_PKEY_TABLE,
  IB_SMP_ATTR_PORT_INFO,
  IB_SMP_ATTR_SL_TO_VL_TABLE,
  MLX4_CABLE_INFO,
  MLX4_EXT_PORT_INFO,
  mad,
  madBytes,
  madDataOffset,
  nodeDescriptionBytes,
  nodeInfo,
  portInfo,
} from '#prm/mad.ts';
import { connectX3DeviceId } from '#prm/pci-config.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import type { Port } from '../port.ts';
import { nodeGuid } from './firmware.ts';
import { portGuid64 } from './guid.ts';
import { portOf } from './port.ts';

const dataBytes = 192;
const channelAdapter = 1;
const defaultPkey = 0xffff;
/** Set and SubnetMgt: capabilities of a port that nobody manages (IsSMdisabled is clear). */
const portCapabilities = 0x0251_0868;
/** Module information: "no EEPROM" in bits 15:8 of the status. */
const noEeprom = 4 << 8;
const stateDown = 1;
const stateInit = 2;
const stateActive = 4;
const physicalPolling = 2;
const physicalLinkUp = 5;
const width1xOr4x = 3;
const width4x = 2;
const allSpeeds = 7;

export function setNode(hca: Hca, command: Command): void {
  hca.nodeDescription = command.input.slice(0, nodeDescriptionBytes);
}

export function madInterface(hca: Hca, command: Command): void {
  const port = portOf(hca, command.inModifier);
  const answer = command.input.slice(0, madBytes);
  demand(mad.get(answer, 'base_version') === 1, 'BAD_PKT', 'MAD base version');
  const data = new Uint8Array(dataBytes);
  const status = answerAttribute(hca, port, answer, data);
  mad.set(answer, 'method', IB_MGMT_METHOD_GET_RESP);
  mad.set(answer, 'status', status);
  if (status === 0) mad.set(answer, 'data', data);
  command.answer(answer);
}

/** Fills in the data of one attribute. Gives the MAD's status. */
function answerAttribute(hca: Hca, port: Port, request: Uint8Array, data: Uint8Array): number {
  const method = mad.get(request, 'method');
  const attribute = mad.get(request, 'attr_id');
  if (method === IB_MGMT_METHOD_SET && attribute === IB_SMP_ATTR_NODE_DESC) {
    hca.nodeDescription = request.slice(madDataOffset, madDataOffset + nodeDescriptionBytes);
  } else if (method !== IB_MGMT_METHOD_GET) {
    return IB_MAD_STATUS_UNSUP_ATTR;
  }
  switch (attribute) {
    case IB_SMP_ATTR_NODE_DESC:
      data.set(hca.nodeDescription.subarray(0, nodeDescriptionBytes));
      return 0;
    case IB_SMP_ATTR_NODE_INFO:
      data.set(nodeInfoOf(hca, port));
      return 0;
    case IB_SMP_ATTR_PORT_INFO:
      data.set(portInfoOf(port));
      return 0;
    case IB_SMP_ATTR_GUID_INFO:
      new DataView(data.buffer).setBigUint64(0, portGuid64(hca.options, port.portNumber));
      return 0;
    case IB_SMP_ATTR_PKEY_TABLE:
      if (mad.get(request, 'attr_mod') % 2 ** 16 === 0) data.fill(defaultPkey & 0xff, 0, 2);
      return 0;
    case IB_SMP_ATTR_SL_TO_VL_TABLE:
    case MLX4_EXT_PORT_INFO:
      return 0;
    case MLX4_CABLE_INFO:
      return noEeprom;
    default:
      return IB_MAD_STATUS_UNSUP_ATTR;
  }
}

function nodeInfoOf(hca: Hca, port: Port): Uint8Array {
  return nodeInfo.make({
    base_version: 1,
    class_version: 1,
    node_type: channelAdapter,
    num_ports: hca.ports.length,
    system_image_guid: nodeGuid(hca),
    node_guid: nodeGuid(hca),
    port_guid: portGuid64(hca.options, port.portNumber),
    partition_cap: 128,
    device_id: connectX3DeviceId,
    local_port_vendor: port.portNumber * 2 ** 24 + 0x0002c9,
  });
}

function portInfoOf(port: Port): Uint8Array {
  const up = port.linkUp;
  const state = up ? (port.type === 'eth' ? stateActive : stateInit) : stateDown;
  return portInfo.make({
    gid_prefix: IB_DEFAULT_GID_PREFIX,
    cap_mask: portCapabilities,
    local_port: port.portNumber,
    link_width_enabled: width1xOr4x,
    link_width_supported: width1xOr4x,
    link_width_active: width4x,
    speed_state: allSpeeds * 16 + state,
    phys_state: (up ? physicalLinkUp : physicalPolling) * 16 + physicalPolling,
    link_speed: allSpeeds * 16 + allSpeeds,
    mtu_sm_sl: 5 * 16,
    vl_cap_init: 4 * 16,
  });
}
