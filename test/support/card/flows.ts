// Flow steering rules as a driver builds them: head and specs back to back (facts/device 5.28).

import { macToBytes } from '#bus/mac.ts';
import type { ValuesOf } from '#prm/layout.ts';
import {
  MLX4_DOMAIN,
  MLX4_NET_TRANS_RULE_ID,
  flowRule,
  flowSpecEth,
  flowSpecIpv4,
  flowSpecTcpUdp,
} from '#prm/steering.ts';
import type { BareDriver } from './driver.ts';

const { ETH, IPV4, TCP, UDP } = MLX4_NET_TRANS_RULE_ID;
const words = (layout: { readonly sizeBytes: number }): number => layout.sizeBytes / 4;

/** Head of a rule; what is not given is as mlx4_en has it for an address. */
export type RuleHead = Partial<ValuesOf<typeof flowRule.fields>>;

/** An Ethernet spec. */
export const ethSpec = (fields: Partial<ValuesOf<typeof flowSpecEth.fields>>): Uint8Array =>
  flowSpecEth.make({ size: words(flowSpecEth), id: ETH, ...fields });

/** An Ethernet spec of one destination. */
export const toMac = (mac: number): Uint8Array =>
  ethSpec({ dst_mac: macToBytes(mac), dst_mac_msk: new Uint8Array(6).fill(0xff) });

/** An IPv4 spec. */
export const ipv4Spec = (fields: Partial<ValuesOf<typeof flowSpecIpv4.fields>>): Uint8Array =>
  flowSpecIpv4.make({ size: words(flowSpecIpv4), id: IPV4, ...fields });

/** A TCP or UDP spec. */
export const portSpec = (
  kind: 'TCP' | 'UDP',
  fields: Partial<ValuesOf<typeof flowSpecTcpUdp.fields>>,
): Uint8Array =>
  flowSpecTcpUdp.make({ size: words(flowSpecTcpUdp), id: kind === 'TCP' ? TCP : UDP, ...fields });

/** The mailbox of a rule. */
export function flowRuleOf(head: RuleHead, specs: readonly Uint8Array[] = []): Uint8Array {
  const made = flowRule.make({ prio: MLX4_DOMAIN.NIC, allow_loopback: true, port: 1, ...head });
  return Uint8Array.from([made, ...specs].flatMap((part) => [...part]));
}

/** Attaches a rule that the card must take. Gives its id. */
export function attach(
  driver: BareDriver,
  head: RuleHead,
  specs: readonly Uint8Array[] = [],
): number {
  driver.mapFor('mcg', 0);
  const rule = flowRuleOf(head, specs);
  const given = { in: rule, inMod: rule.length / 4 };
  const [high, low] = driver.commands.ok('MLX4_QP_FLOW_STEERING_ATTACH', given).immediate;
  return high * 2 ** 32 + low;
}
