// One line for a packet of either kind of wire: an Ethernet frame in the manner of tcpdump
// (bus/describe.ts), a management datagram of InfiniBand by the names of its specification:
//   InfiniBand SubnSet PortInfo
//   InfiniBand SubnAdmGetResp ClassPortInfo, status 0x000c

import { describeFrame } from '#bus/describe.ts';
import {
  IB_MGMT_METHOD_GET,
  IB_MGMT_METHOD_GET_RESP,
  IB_MGMT_METHOD_SET,
  IB_SMP_ATTR_GUID_INFO,
  IB_SMP_ATTR_NODE_DESC,
  IB_SMP_ATTR_NODE_INFO,
  IB_SMP_ATTR_PKEY_TABLE,
  IB_SMP_ATTR_PORT_INFO,
  IB_SMP_ATTR_SL_TO_VL_TABLE,
  IB_SMP_DIRECTION,
  isSubnetManagement,
  mad,
} from '#prm/mad.ts';
import { IB_SA_ATTR_CLASS_PORTINFO, saMethods } from '#prm/subnet-administration.ts';
import { isDatagram } from '../export/infiniband.ts';

/** How the specification names what a class has: a prefix, methods, attributes. */
interface ClassWords {
  readonly prefix: string;
  readonly methods: Readonly<Record<string, number>>;
  readonly attributes: Readonly<Record<string, number>>;
}

const management: ClassWords = {
  prefix: 'Subn',
  methods: { Get: IB_MGMT_METHOD_GET, Set: IB_MGMT_METHOD_SET, GetResp: IB_MGMT_METHOD_GET_RESP },
  attributes: {
    NodeDescription: IB_SMP_ATTR_NODE_DESC,
    NodeInfo: IB_SMP_ATTR_NODE_INFO,
    GUIDInfo: IB_SMP_ATTR_GUID_INFO,
    PortInfo: IB_SMP_ATTR_PORT_INFO,
    P_KeyTable: IB_SMP_ATTR_PKEY_TABLE,
    SLtoVLMappingTable: IB_SMP_ATTR_SL_TO_VL_TABLE,
  },
};
const administration: ClassWords = {
  prefix: 'SubnAdm',
  methods: saMethods,
  attributes: { ClassPortInfo: IB_SA_ATTR_CLASS_PORTINFO },
};

/** What a packet is, in one line. Never throws. */
export const describePacket = (bytes: Uint8Array): string =>
  isDatagram(bytes) ? describeDatagram(bytes) : describeFrame(bytes);

function describeDatagram(datagram: Uint8Array): string {
  const { mgmt_class, method, attr_id, status } = mad.read(datagram);
  const { prefix, methods, attributes } = isSubnetManagement(mgmt_class)
    ? management
    : administration;
  const what = `${prefix}${nameOf(methods, method, 2)} ${nameOf(attributes, attr_id, 4)}`;
  const failure = status & ~IB_SMP_DIRECTION;
  return `InfiniBand ${what}${failure === 0 ? '' : `, status ${hex(failure, 4)}`}`;
}

/** A number of the wire by its name, or as it is. */
const nameOf = (names: Readonly<Record<string, number>>, number: number, digits: number): string =>
  Object.entries(names).find(([, value]) => value === number)?.[0] ?? hex(number, digits);

const hex = (number: number, digits: number): string =>
  `0x${number.toString(16).padStart(digits, '0')}`;
