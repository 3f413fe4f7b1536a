// Which member of a LAG a frame leaves by: one flow always takes the same one. The rule is our own
// and simple (a folded exclusive-or); switches differ here, and nothing in the lab depends on
// which.

import { EtherType, payloadOffset, payloadType } from '#bus/frame.ts';
import { IpProtocol, ipv4HeaderLength } from '#bus/ipv4.ts';

/** What a hash looks at: addresses of layer 2, of layer 2 and 3, or also the ports of layer 4. */
export type HashPolicy = 'layer2' | 'layer2+3' | 'layer3+4';

function xorBytes(frame: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value ^= frame[at]!;
  return value;
}

/** A number from 0 to 255 for the flow that the frame belongs to. */
export function flowHash(frame: Uint8Array, policy: HashPolicy): number {
  const macs = xorBytes(frame, 0, 12);
  if (policy === 'layer2' || payloadType(frame) !== EtherType.ipv4) return macs;
  const at = payloadOffset(frame);
  const addresses = xorBytes(frame, at + 12, at + 20);
  if (policy === 'layer2+3') return macs ^ addresses;
  const protocol = frame[at + 9];
  const fragment = (((frame[at + 6]! << 8) | frame[at + 7]!) & 0x3fff) !== 0;
  if ((protocol !== IpProtocol.tcp && protocol !== IpProtocol.udp) || fragment) return addresses;
  const l4 = at + ipv4HeaderLength(frame, at);
  return addresses ^ xorBytes(frame, l4, l4 + 4);
}
