// The subnet management agent in the firmware (facts/device 5.21; IB specification 14): answers
// management datagrams that the driver brings (MAD_IFC) or that come over an InfiniBand link from a
// subnet manager. Get of node and port attributes, Set of the node description and of PortInfo.
// Anything else answers "unsupported attribute" or "unsupported method" in the datagram itself.
// On a real card QP0 hands the manager's datagrams to the driver, which brings them back by
// MAD_IFC; here the firmware answers them itself.

import {
  CABLE_INF,
  IB_MAD_STATUS_INVALID_FIELD,
  IB_MAD_STATUS_UNSUP_ATTR,
  IB_MAD_STATUS_UNSUP_METHOD,
  IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE,
  IB_MGMT_METHOD_GET,
  IB_MGMT_METHOD_GET_RESP,
  IB_MGMT_METHOD_SET,
  IB_PORT_PHYS_STATE,
  IB_PORT_STATE,
  IB_SMP_ATTR_GUID_INFO,
  IB_SMP_ATTR_NODE_DESC,
  IB_SMP_ATTR_NODE_INFO,
  IB_SMP_ATTR_PKEY_TABLE,
  IB_SMP_ATTR_PORT_INFO,
  IB_SMP_ATTR_SL_TO_VL_TABLE,
  IB_SMP_DIRECTION,
  MLX4_CABLE_INFO,
  MLX4_EXT_PORT_INFO,
  isSubnetManagement,
  mad,
  madBytes,
  madDataOffset,
  nodeDescriptionBytes,
  nodeInfo,
  portInfo,
} from '#prm/mad.ts';
import { connectX3DeviceId } from '#prm/pci-config.ts';
import type { Hca } from './hca.ts';
import { boardGuid, portGuid64, systemImageGuid } from './guid.ts';
import type { PortInfoSetting } from './ib-port.ts';
import type { Port } from './port.ts';
import { agentNs } from './timing.ts';

const dataBytes = 192;
const channelAdapter = 1;
const defaultPkey = 0xffff;
const partitions = 128;
/**
 * Set and SubnetMgt: capabilities of a port (IsSMdisabled is clear), extended speeds among them.
 */
const portCapabilities = 0x0251_4868;
const width1xOr4x = 3;
const width4x = 2;
const allSpeeds = 7;
const speedSdr = 1;
const speedQdr = 4;
/** From this rate on a 4x link runs at FDR, an extended speed. */
const fdrMbps = 56_000;
const extendedFdr = 1;

/** The agent of one card. */
export class SubnetAgent {
  private readonly hca: Hca;

  constructor(hca: Hca) {
    this.hca = hca;
  }

  /** A datagram of subnet management came over a port's InfiniBand link; an answer is dropped. */
  received(port: Port, datagram: Uint8Array): void {
    if (mad.get(datagram, 'method') === IB_MGMT_METHOD_GET_RESP) {
      port.statistics.rxDropped++;
      return;
    }
    this.hca.after(agentNs, () => {
      port.phy.send(this.answer(port, datagram));
    });
  }

  /** The answer to a datagram, in bytes of its own. */
  answer(port: Port, request: Uint8Array): Uint8Array {
    const answer = request.slice(0, madBytes);
    const data = new Uint8Array(dataBytes);
    const status = this.carryOut(port, answer, data);
    const directed = mad.get(answer, 'mgmt_class') === IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE;
    mad.set(answer, 'method', IB_MGMT_METHOD_GET_RESP);
    mad.set(answer, 'status', directed ? status | IB_SMP_DIRECTION : status);
    if (status === 0) mad.set(answer, 'data', data);
    return answer;
  }

  /** Carries a request out and fills in the data. Gives the datagram's status. */
  private carryOut(port: Port, request: Uint8Array, data: Uint8Array): number {
    if (!isSubnetManagement(mad.get(request, 'mgmt_class'))) return IB_MAD_STATUS_UNSUP_ATTR;
    const method = mad.get(request, 'method');
    if (method === IB_MGMT_METHOD_SET) {
      const status = this.set(port, request);
      if (status !== 0) return status;
    } else if (method !== IB_MGMT_METHOD_GET) {
      return IB_MAD_STATUS_UNSUP_METHOD;
    }
    return this.get(port, request, data);
  }

  private set(port: Port, request: Uint8Array): number {
    switch (mad.get(request, 'attr_id')) {
      case IB_SMP_ATTR_NODE_DESC:
        this.hca.nodeDescription = request.slice(
          madDataOffset,
          madDataOffset + nodeDescriptionBytes,
        );
        return 0;
      case IB_SMP_ATTR_PORT_INFO:
        return port.manage(settingOf(request)) ? 0 : IB_MAD_STATUS_INVALID_FIELD;
      default:
        return IB_MAD_STATUS_UNSUP_ATTR;
    }
  }

  private get(port: Port, request: Uint8Array, data: Uint8Array): number {
    switch (mad.get(request, 'attr_id')) {
      case IB_SMP_ATTR_NODE_DESC:
        data.set(this.hca.nodeDescription.subarray(0, nodeDescriptionBytes));
        return 0;
      case IB_SMP_ATTR_NODE_INFO:
        data.set(nodeInfoOf(this.hca, port));
        return 0;
      case IB_SMP_ATTR_PORT_INFO:
        data.set(portInfoOf(port));
        return 0;
      case IB_SMP_ATTR_GUID_INFO:
        // Eight GUIDs in a block; only the first one of the first block is set.
        if (mad.get(request, 'attr_mod') === 0) putGuid(this.hca, port, data);
        return 0;
      case IB_SMP_ATTR_PKEY_TABLE:
        if (mad.get(request, 'attr_mod') % 2 ** 16 === 0) data.fill(defaultPkey & 0xff, 0, 2);
        return 0;
      case IB_SMP_ATTR_SL_TO_VL_TABLE:
      case MLX4_EXT_PORT_INFO:
        return 0;
      case MLX4_CABLE_INFO:
        return (port.phy.connected ? CABLE_INF.NO_EEPRM : CABLE_INF.NOT_CONN) << 8;
      default:
        return IB_MAD_STATUS_UNSUP_ATTR;
    }
  }
}

function settingOf(request: Uint8Array): PortInfoSetting {
  const field = <N extends keyof typeof portInfo.fields>(name: N) =>
    portInfo.get(request, name, madDataOffset);
  return {
    state: field('speed_state') & 0xf,
    lid: field('lid'),
    smLid: field('sm_lid'),
    smSl: field('mtu_sm_sl') & 0xf,
    neighborMtu: field('mtu_sm_sl') >> 4,
    subnetTimeout: field('subnet_timeout') & 0x1f,
    lmc: field('mkey_lmc') & 7,
    gidPrefix: field('gid_prefix'),
  };
}

function putGuid(hca: Hca, port: Port, data: Uint8Array): void {
  new DataView(data.buffer).setBigUint64(0, portGuid64(hca.options, port.portNumber));
}

function nodeInfoOf(hca: Hca, port: Port): Uint8Array {
  return nodeInfo.make({
    base_version: 1,
    class_version: 1,
    node_type: channelAdapter,
    num_ports: hca.ports.length,
    system_image_guid: systemImageGuid(hca.options),
    node_guid: boardGuid(hca.options),
    port_guid: portGuid64(hca.options, port.portNumber),
    partition_cap: partitions,
    device_id: connectX3DeviceId,
    local_port_vendor: port.portNumber * 2 ** 24 + 0x0002c9,
  });
}

/** An Ethernet port has no manager: it is ACTIVE as soon as its link is up. */
function portInfoOf(port: Port): Uint8Array {
  const { ib, settings } = port;
  const { mtuCap, lanes } = settings.infiniBand;
  const ethernet = port.linkUp ? IB_PORT_STATE.ACTIVE : IB_PORT_STATE.DOWN;
  const state = port.type === 'eth' ? ethernet : ib.state;
  const physical = port.carrier ? IB_PORT_PHYS_STATE.LINK_UP : IB_PORT_PHYS_STATE.POLLING;
  return portInfo.make({
    gid_prefix: ib.gidPrefix,
    lid: ib.lid,
    sm_lid: ib.smLid,
    cap_mask: portCapabilities,
    local_port: port.portNumber,
    link_width_enabled: width1xOr4x,
    link_width_supported: width1xOr4x,
    link_width_active: width4x,
    speed_state: allSpeeds * 16 + state,
    phys_state: physical * 16 + IB_PORT_PHYS_STATE.POLLING,
    mkey_lmc: ib.lmc,
    link_speed: (port.carrier ? speedQdr : speedSdr) * 16 + allSpeeds,
    // Until a manager says what the other end can do, it is what this end can.
    mtu_sm_sl: Math.min(ib.neighborMtu || mtuCap, mtuCap) * 16 + ib.smSl,
    init_type_mtu_cap: mtuCap,
    subnet_timeout: ib.subnetTimeout,
    link_speed_ext: (port.speedMbps >= fdrMbps ? extendedFdr : 0) * 16 + extendedFdr,
    // Codes 1 to 4: 1, 2, 4 or 8 lanes.
    vl_cap_init: (Math.floor(Math.log2(lanes)) + 1) * 16,
  });
}
