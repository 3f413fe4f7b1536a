// Goal: the mailbox of a flow steering rule is shown field by field, spec after spec.
// Method: mailboxes that the real 6.1 driver has sent (modprobe mlx4_core
// log_num_mgm_entry_size=-1; ethtool -N), and rules that only layouts can make here.

import { expect, test } from 'vitest';
import { mailboxFields } from '#lab/lists/mailbox-fields.ts';
import {
  MLX4_NET_TRANS_RULE_ID,
  flowRule,
  flowSpec,
  flowSpecEth,
  flowSpecIb,
  flowSpecVxlan,
} from '#prm/steering.ts';
import { ethSpec, flowRuleOf } from '#test/support/card/flows.ts';

/** Fields of the command that sends this; what is behind the rule is not the rule's. */
const fieldsOf = (rule: Uint8Array, words = rule.length / 4) =>
  mailboxFields({
    name: 'QP_FLOW_STEERING_ATTACH',
    inModifier: words,
    opModifier: 0,
    mailbox: Uint8Array.from([...rule, ...new Uint8Array(256 - rule.length)]),
  });

/** Those that are not zero, as name and value. */
const telling = (rule: Uint8Array, words?: number) =>
  Object.fromEntries(
    fieldsOf(rule, words).flatMap(({ name, value, isZero }) => (isZero ? [] : [[name, value]])),
  );

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

// ethtool -N eth0 flow-type tcp4 src-ip 10.0.0.1 dst-ip 10.0.0.2 dst-port 80 action 0 loc 3
const tcp = bytesOf(
  '20030008000000010000004100000000' +
    '0c00e0010000000000000002c9a0b0c10000ffffffffffff0000000000000000' +
    '00000000000000000000000000000000' +
    '0600e002000000000a000002ffffffff0a000001ffffffff' +
    '0600e00400000000000000500000ffff0000000000000000',
);

test('a rule of ethtool: head, Ethernet, IPv4, TCP', () => {
  expect(telling(tcp)).toEqual({
    prio: '0x2003',
    allow_loopback: '1',
    port: '1',
    qpn: '0x41',
    '[0].eth.size': '0xc',
    '[0].eth.id': '0xe001',
    '[0].eth.dst_mac': '0002c9a0b0c1',
    '[0].eth.dst_mac_msk': 'ffffffffffff',
    '[1].ipv4.size': '6',
    '[1].ipv4.id': '0xe002',
    '[1].ipv4.dst_ip': '0xa000002',
    '[1].ipv4.dst_ip_msk': '0xffffffff',
    '[1].ipv4.src_ip': '0xa000001',
    '[1].ipv4.src_ip_msk': '0xffffffff',
    '[2].tcp.size': '6',
    '[2].tcp.id': '0xe004',
    '[2].tcp.dst_port': '0x50',
    '[2].tcp.dst_port_msk': '0xffff',
  });
  const fields = fieldsOf(tcp);
  const placed = (name: string) => fields.find((field) => field.name === name);
  expect(placed('exclusive')).toMatchObject({ offset: 0, bits: [2, 2], value: '0' });
  expect(placed('type')).toMatchObject({ offset: 2, bytes: 1, bits: null, isZero: true });
  expect(placed('[0].eth.vlan_tag_msk')).toMatchObject({ offset: 60, bytes: 2, isZero: true });
  expect(placed('[2].tcp.dst_port')).toMatchObject({ offset: 98, bytes: 2 });
});

test('a rule of ethtool for UDP that drops, and one for a VLAN', () => {
  // … udp4 dst-ip 10.0.0.2 src-port 67 action -1 loc 9
  const udp = bytesOf(
    '20090008000000010000004200000000' +
      '0c00e0010000000000000002c9a0b0c10000ffffffffffff0000000000000000' +
      '00000000000000000000000000000000' +
      '0600e002000000000a000002ffffffff0000000000000000' +
      '0600e006000000000000000000000000000000430000ffff',
  );
  expect(telling(udp)).toMatchObject({
    prio: '0x2009',
    qpn: '0x42',
    '[2].udp.src_port': '0x43',
    '[2].udp.src_port_msk': '0xffff',
  });
  // … ether dst 02:c9:03:00:00:07 vlan 5 m 0xf000 action 0 loc 4
  const vlan = bytesOf(
    '20040008000000010000004100000000' +
      '0c00e00100000000000002c9030000070000ffffffffffff0000000000000000' +
      '000000000000000000000000' +
      '0fff0005',
  );
  expect(telling(vlan)).toMatchObject({
    '[0].eth.dst_mac': '02c903000007',
    '[0].eth.vlan_tag_msk': '0xfff',
    '[0].eth.vlan_tag': '5',
  });
});

test('promiscuous: a head, and nothing of what stands behind it', () => {
  const promiscuous = bytesOf('00000108000000010000004100000000');
  expect(telling(promiscuous)).toEqual({ type: '1', allow_loopback: '1', port: '1', qpn: '0x41' });
  expect(fieldsOf(promiscuous)).toHaveLength(Object.keys(flowRule.fields).length);
  expect(Object.keys(telling(tcp, 4))).toEqual(['prio', 'allow_loopback', 'port', 'qpn']);
});

const { IB, VXLAN, IPV6 } = MLX4_NET_TRANS_RULE_ID;

test('specs that the card does not take are shown too: VXLAN, InfiniBand', () => {
  const outer = ethSpec({ dst_mac: new Uint8Array(6).fill(2) });
  const tunnel = flowSpecVxlan.make({ size: 4, id: VXLAN, vni: 0x1234, vni_mask: 0xff_ffff });
  const inner = ethSpec({ ether_type_enable: 1, ether_type: 0x800 });
  const rule = flowRuleOf({ qpn: 0x41 }, [outer, tunnel, inner]);
  expect(telling(rule)).toMatchObject({
    '[0].eth.dst_mac': '020202020202',
    '[1].vxlan.vni': '0x1234',
    '[1].vxlan.vni_mask': '0xffffff',
    '[2].eth.ether_type': '0x800',
  });
  const gid = new Uint8Array(16).fill(0xfe);
  const ib = flowSpecIb.make({ size: 12, id: IB, l3_qpn: 0x48, qpn_mask: 0xff_ffff, dst_gid: gid });
  expect(telling(flowRuleOf({}, [ib]))).toMatchObject({
    '[0].ib.l3_qpn': '0x48',
    '[0].ib.dst_gid': 'fe'.repeat(16),
  });
});

test('a spec of no known kind is its head; one without a size ends the rule', () => {
  const unknown = flowSpec.make({ size: 1, id: 0xe0ff });
  const none = flowSpec.make({ size: 0, id: IPV6 });
  const rule = flowRuleOf({ port: 2 }, [unknown, ethSpec({}), none, ethSpec({})]);
  const names = fieldsOf(rule).map(({ name }) => name);
  expect(names.filter((name) => /^\[[023]\]/.test(name))).toEqual([
    '[0].size',
    '[0].id',
    '[2].size',
    '[2].id',
  ]);
  const own = Object.keys(flowSpecEth.fields).map((name) => `[1].eth.${name}`);
  expect(names.filter((name) => name.startsWith('[1]'))).toEqual(own);
});

test('a rule that is longer than what is kept of a mailbox ends there', () => {
  const long = flowRuleOf({}, [ethSpec({}), ethSpec({}), ethSpec({}), ethSpec({}), ethSpec({})]);
  expect(long.length).toBe(256);
  const more = mailboxFields({
    name: 'QP_FLOW_STEERING_ATTACH',
    inModifier: 1000,
    opModifier: 0,
    mailbox: long.subarray(0, 250),
  });
  expect(more.at(-1)!.name).toBe('[4].eth.ether_type_enable');
});
