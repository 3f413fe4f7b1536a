// MAD_IFC and SET_NODE (facts/device 5.21): the driver's way to the subnet management agent. A
// datagram that the agent cannot serve says so in its own status; the command succeeds.

import { mad, madExtendedOffset, nodeDescriptionBytes } from '#prm/mad.ts';
import { demand } from '../command.ts';
import type { Command } from '../command.ts';
import type { Hca } from '../hca.ts';
import { portOf } from './port.ts';

export function setNode(hca: Hca, command: Command): void {
  hca.nodeDescription = command.input.slice(0, nodeDescriptionBytes);
}

/** Above it: the source LID of the extended information. */
const portMask = 0xffff;

/** Keys are not checked: no port has one. Extended information (bit 2) is accepted, not used. */
export function madInterface(hca: Hca, command: Command): void {
  const port = portOf(hca, command.inModifier & portMask);
  const request = command.input.subarray(0, madExtendedOffset);
  demand(mad.get(request, 'base_version') === 1, 'BAD_PKT', 'MAD base version');
  command.answer(hca.subnetAgent.answer(port, request));
}
