// Device-managed flow steering: which cards offer it, rules and their ids, what each kind of spec
// matches, the order of rules, default rules, loopback, and what is refused.

import { describe, expect, test } from 'vitest';
import { buildFrame, insertVlan } from '#bus/frame.ts';
import { parseIpv4Address } from '#bus/ipv4.ts';
import { broadcastMac, macToBytes, parseMac } from '#bus/mac.ts';
import { hasDevCapFlag2, queryDevCap } from '#prm/dev-cap.ts';
import { initHca } from '#prm/firmware.ts';
import { MLX4_WQE_CTRL_FORCE_LOOPBACK } from '#prm/wqe.ts';
import { BareDriver } from '#test/support/card/driver.ts';
import {
  attach,
  ethSpec,
  flowRuleOf,
  ipv4Spec,
  portSpec,
  toMac,
} from '#test/support/card/flows.ts';
import type { RuleHead } from '#test/support/card/flows.ts';
import {
  Network,
  gidOf,
  groupEntry,
  portMacs,
  strangerMac,
  udpTo,
} from '#test/support/card/network.ts';
import { Rig } from '#test/support/card/rig.ts';

const allDefault = 1;
const multicastDefault = 3;
const multicastMac = parseMac('01:00:5e:00:00:01');
const address = (text: string) => parseIpv4Address(text);
/** Protocol byte of an IPv4 frame without tag. */
const protocolAt = 23;

/** A card with flow steering, port 1 open, and `count` queue pairs that can receive. */
function flows(count = 1, logFlows = 6) {
  const net = new Network({ profile: 'full', logFlows });
  const pairs = Array.from({ length: count }, () => {
    const made = net.pair({ port: 1, logReceives: 6 });
    made.qp.receive(60, [2048]);
    return made;
  });
  net.open(1);
  const add = (head: RuleHead, specs: readonly Uint8Array[] = []) =>
    attach(net.driver, head, specs);
  /** Which of the queue pairs got the frame, by position. */
  const got = (frame: Uint8Array, port: 1 | 2 = 1): number[] => {
    net.arrive(port, frame);
    return pairs.flatMap(({ receives }, at) => receives.poll().map(() => at));
  };
  const status = (mailbox: Uint8Array, inMod = mailbox.length / 4) =>
    net.driver.commands.status('MLX4_QP_FLOW_STEERING_ATTACH', { in: mailbox, inMod });
  const detach = (id: number) =>
    net.driver.commands.status('MLX4_QP_FLOW_STEERING_DETACH', { in: [0, id] });
  return { net, qpns: pairs.map(({ qp }) => qp.qpn), pairs, add, got, status, detach };
}

const reason = (net: Network) => net.rig.events('card.refused').at(-1);

describe('offer', () => {
  test('only the full card reports FS_EN, with 24 queue pairs in an entry', () => {
    const caps = (profile: 'default' | 'full' | 'trace61') => {
      const driver = new BareDriver(new Rig({ profile }));
      const { mailbox } = driver.commands.ok('MLX4_CMD_QUERY_DEV_CAP');
      const most = queryDevCap.get(mailbox, 'fs_max_num_qp_per_entry');
      return [hasDevCapFlag2(mailbox, 'FS_EN'), most, mailbox[0x76]! >> 7];
    };
    expect(caps('full')).toEqual([true, 24, 1]);
    expect(caps('default')).toEqual([false, 0, 0]);
    expect(caps('trace61')).toEqual([false, 0, 0]);
  });

  test('INIT_HCA: refused where it is not offered, and in high-rate mode', () => {
    const init = (profile: 'default' | 'full', mode: number) => {
      const net = new Network({ profile });
      const mailbox = net.driver.initMailbox();
      const fs = { dmfs: true, fs_log_entry_sz: 7, fs_log_table_sz: 17, fs_a0_mode: mode };
      initHca.write(mailbox, { ...fs, log_mc_entry_sz: 0 });
      net.driver.commands.ok('MLX4_CMD_CLOSE_HCA');
      return net.driver.commands.status('MLX4_CMD_INIT_HCA', { in: mailbox });
    };
    expect([init('full', 0), init('full', 2), init('default', 0)]).toEqual([
      'OK',
      'BAD_PARAM',
      'BAD_PARAM',
    ]);
  });

  test('INIT_HCA checks size and place of the table', () => {
    const net = new Network({ profile: 'full', logFlows: 4 });
    const good = net.driver.initMailbox();
    net.driver.commands.ok('MLX4_CMD_CLOSE_HCA');
    const wrong = [{ fs_log_entry_sz: 13 }, { fs_log_table_sz: 25 }, { fs_base: 2 ** 40 }];
    for (const fields of wrong) {
      const mailbox = good.slice();
      initHca.write(mailbox, fields);
      expect(net.driver.commands.status('MLX4_CMD_INIT_HCA', { in: mailbox })).toBe('BAD_PARAM');
    }
    expect(net.driver.commands.status('MLX4_CMD_INIT_HCA', { in: good })).toBe('OK');
  });

  test('off: all three commands answer BAD_SYS_STATE, on every card', () => {
    for (const profile of ['default', 'full'] as const) {
      const { commands } = new Network({ profile }).driver;
      const rule = { in: flowRuleOf({}, [toMac(strangerMac)]), inMod: 16 };
      expect(commands.status('MLX4_QP_FLOW_STEERING_ATTACH', rule)).toBe('BAD_SYS_STATE');
      expect(commands.status('MLX4_QP_FLOW_STEERING_DETACH')).toBe('BAD_SYS_STATE');
      expect(commands.status('MLX4_FLOW_STEERING_IB_UC_QP_RANGE')).toBe('BAD_SYS_STATE');
    }
  });

  test('on: there are no groups, and their commands are refused', () => {
    const { net } = flows();
    const { commands } = net.driver;
    const gid = gidOf(1, strangerMac);
    const entry = groupEntry(gid, [1]);
    const list = { in: entry, inMod: 0x1_0000, opMod: 1 };
    expect([
      commands.status('MLX4_CMD_READ_MCG', { inMod: 0 }),
      commands.status('MLX4_CMD_WRITE_MCG', { in: entry, inMod: 0 }),
      commands.status('MLX4_CMD_WRITE_MCG', list),
      commands.status('MLX4_CMD_MGID_HASH', { in: gid }),
    ]).toEqual(Array.from({ length: 4 }, () => 'BAD_SYS_STATE'));
    expect(reason(net)).toMatch(/there are no groups/);
  });

  test('the range of InfiniBand ports is checked', () => {
    const { commands } = flows().net.driver;
    const range = (low: number, high: number) =>
      commands.status('MLX4_FLOW_STEERING_IB_UC_QP_RANGE', { in: [low, high] });
    expect([range(0x100, 0x1ff), range(5, 5)]).toEqual(['OK', 'OK']);
    expect([range(6, 5), range(0, 2 ** 24)]).toEqual(['BAD_PARAM', 'BAD_PARAM']);
  });
});

describe('rules', () => {
  test('ids are never 0 and never come again; a detached rule catches nothing', () => {
    const { qpns, add, got, detach } = flows();
    const first = add({ qpn: qpns[0]! }, [toMac(portMacs[0])]);
    expect(first).toBeGreaterThan(0);
    expect(got(udpTo(portMacs[0]))).toEqual([0]);
    expect([detach(first), got(udpTo(portMacs[0]))]).toEqual(['OK', []]);
    expect([detach(first), detach(0)]).toEqual(['BAD_RES_STATE', 'BAD_RES_STATE']);
    expect(add({ qpn: qpns[0]! }, [toMac(portMacs[0])])).toBeGreaterThan(first);
    expect(got(udpTo(portMacs[0]))).toEqual([0]);
  });

  test('a rule is for its own port', () => {
    const { net, qpns, add, got } = flows();
    net.open(2);
    net.driver.commands.ok('MLX4_CMD_CONFIG_DEV', { in: rxPortCheckOff(), opMod: 0 });
    add({ qpn: qpns[0]!, port: 2 }, [toMac(strangerMac)]);
    expect([got(udpTo(strangerMac), 1), got(udpTo(strangerMac), 2)]).toEqual([[], [0]]);
  });

  test('a frame that nobody wants, or for a queue pair in reset, is dropped and counted', () => {
    const { net, add, got } = flows();
    const { dropped } = net.rig.card.view.counts(1);
    add({ qpn: 0x333 }, [toMac(strangerMac)]);
    expect([got(udpTo(strangerMac)), got(udpTo(portMacs[0]))]).toEqual([[], []]);
    expect(net.rig.card.view.counts(1).dropped).toBe(dropped + 2);
  });

  test('the view shows them in the order in which they are tried', () => {
    const { net, add } = flows();
    add({ qpn: 1, prio: 0, type: allDefault });
    add({ qpn: 2, prio: 0x5000 }, [toMac(strangerMac)]);
    add({ qpn: 3, prio: 0x2001 }, [toMac(strangerMac), ipv4Spec({}), portSpec('TCP', {})]);
    const seen = net.rig.card.view.flowRules(1);
    expect(seen.map(({ qpn, priority, type, specs }) => [qpn, priority, type, specs])).toEqual([
      [3, 0x2001, 'REGULAR', ['ETH', 'IPV4', 'TCP']],
      [2, 0x5000, 'REGULAR', ['ETH']],
      [1, 0, 'ALL_DEFAULT', []],
    ]);
    expect(net.rig.card.view.flowRules(2)).toEqual([]);
  });

  test('CLOSE_HCA forgets them', () => {
    const { net, add, detach, status } = flows(1, 1);
    const ids = [1, 2].map((at) => add({ qpn: at }, [toMac(strangerMac + at)]));
    net.driver.commands.ok('MLX4_CMD_CLOSE_HCA');
    net.driver.commands.ok('MLX4_CMD_INIT_HCA', { in: net.driver.initMailbox() });
    expect(net.rig.card.view.flowRules(1)).toEqual([]);
    expect(ids.map(detach)).toEqual(['BAD_RES_STATE', 'BAD_RES_STATE']);
    // The whole table is free again, under ids that are new.
    const again = [1, 3].map((at) => add({ qpn: at }, [toMac(strangerMac + at)]));
    expect(Math.min(...again)).toBeGreaterThan(Math.max(...ids));
    expect(status(flowRuleOf({ qpn: 5 }, [toMac(strangerMac)]))).toBe('EXCEED_LIM');
  });

  test('a full table is EXCEED_LIM; what is detached makes room', () => {
    const { add, status, detach } = flows(1, 2);
    const ids = [1, 2, 3, 4].map((at) => add({ qpn: at }, [toMac(strangerMac + at)]));
    expect(status(flowRuleOf({ qpn: 5 }, [toMac(strangerMac)]))).toBe('EXCEED_LIM');
    // The same rule for another queue pair needs no entry of its own.
    const second = add({ qpn: 6 }, [toMac(strangerMac + 4)]);
    detach(ids[3]!);
    expect(status(flowRuleOf({ qpn: 5 }, [toMac(strangerMac)]))).toBe('EXCEED_LIM');
    detach(second);
    expect(status(flowRuleOf({ qpn: 5 }, [toMac(strangerMac)]))).toBe('OK');
  });

  test('one entry has room for 24 queue pairs', () => {
    const { net, status } = flows();
    net.driver.mapFor('mcg', 0);
    const rule = (qpn: number) => status(flowRuleOf({ qpn }, [toMac(multicastMac)]));
    const answers = Array.from({ length: 25 }, (_, at) => rule(0x100 + at));
    expect(answers.filter((answer) => answer === 'OK')).toHaveLength(24);
    expect(answers.at(-1)).toBe('EXCEED_LIM');
  });

  test('an entry whose page is not mapped is ICM_ERROR', () => {
    const { net, status } = flows();
    net.driver.mapFor('mcg', 0);
    net.driver.unmap(net.driver.tables.mcg);
    const rule = flowRuleOf({ qpn: 1 }, [toMac(strangerMac)]);
    expect(status(rule)).toBe('ICM_ERROR');
    net.driver.mapFor('mcg', 0);
    expect(status(rule)).toBe('OK');
  });
});

describe('specs', () => {
  /** Whether a rule of these specs takes a frame. */
  const takes = (specs: readonly Uint8Array[], frame: Uint8Array): boolean => {
    const { qpns, add, got } = flows();
    add({ qpn: qpns[0]! }, specs);
    return got(frame).length === 1;
  };
  const whole = new Uint8Array(6).fill(0xff);
  const udp = udpTo(portMacs[0], 100, { source: 0x1234, destination: 0x5678 });
  /** A TCP segment, or what a parser takes for one. */
  const tcp = udp.slice();
  tcp[protocolAt] = 6;
  const arp = buildFrame(portMacs[0], strangerMac, 0x0806, new Uint8Array(28));
  const tagged = insertVlan(udp, 0x6007);

  const { from, to } = { from: address('10.0.0.9'), to: address('10.0.0.2') };
  const all32 = 0xffff_ffff;
  const cases: readonly [string, Uint8Array[], Uint8Array, boolean][] = [
    ['no spec takes everything', [], arp, true],
    ['a destination', [toMac(portMacs[0])], udp, true],
    ['another destination', [toMac(portMacs[1])], udp, false],
    [
      'a destination under a mask',
      [ethSpec({ dst_mac: macToBytes(portMacs[1]), dst_mac_msk: macToBytes(0xffff_ffff_ff00) })],
      udp,
      true,
    ],
    ['a source', [ethSpec({ src_mac: macToBytes(strangerMac), src_mac_msk: whole })], udp, true],
    ['another source', [ethSpec({ src_mac: macToBytes(1), src_mac_msk: whole })], udp, false],
    ['an EtherType', [ethSpec({ ether_type_enable: 1, ether_type: 0x0806 })], arp, true],
    ['another EtherType', [ethSpec({ ether_type_enable: 1, ether_type: 0x0806 })], udp, false],
    [
      'the EtherType behind a tag',
      [ethSpec({ ether_type_enable: 1, ether_type: 0x800 })],
      tagged,
      true,
    ],
    ['an EtherType that is not enabled', [ethSpec({ ether_type: 0x0806 })], udp, true],
    ['a VLAN id', [ethSpec({ vlan_tag: 7, vlan_tag_msk: 0xfff })], tagged, true],
    ['another VLAN id', [ethSpec({ vlan_tag: 8, vlan_tag_msk: 0xfff })], tagged, false],
    ['the priority in a tag', [ethSpec({ vlan_tag: 7, vlan_tag_msk: 0xffff })], tagged, false],
    ['VLAN 0 and no tag', [ethSpec({ vlan_tag: 0, vlan_tag_msk: 0xfff })], udp, false],
    [
      'IPv4 addresses',
      [ipv4Spec({ dst_ip: to, dst_ip_msk: all32, src_ip: from, src_ip_msk: all32 })],
      udp,
      true,
    ],
    ['addresses behind a tag', [ipv4Spec({ dst_ip: to, dst_ip_msk: all32 })], tagged, true],
    ['another IPv4 destination', [ipv4Spec({ dst_ip: from, dst_ip_msk: all32 })], udp, false],
    ['another IPv4 source', [ipv4Spec({ src_ip: to, src_ip_msk: all32 })], udp, false],
    ['an IPv4 network', [ipv4Spec({ dst_ip: from, dst_ip_msk: 0xffff_ff00 })], udp, true],
    ['IPv4 and a frame that is none', [ipv4Spec({})], arp, false],
    ['UDP ports', [portSpec('UDP', { dst_port: 0x5678, dst_port_msk: 0xffff })], udp, true],
    ['another UDP port', [portSpec('UDP', { dst_port: 0x1234, dst_port_msk: 0xffff })], udp, false],
    ['a UDP source port', [portSpec('UDP', { src_port: 0x1234, src_port_msk: 0xffff })], udp, true],
    ['a range of ports', [portSpec('UDP', { dst_port: 0x5600, dst_port_msk: 0xff00 })], udp, true],
    ['TCP and a UDP packet', [portSpec('TCP', {})], udp, false],
    ['TCP ports', [portSpec('TCP', { src_port: 0x1234, src_port_msk: 0xffff })], tcp, true],
    ['every spec must match', [toMac(portMacs[0]), portSpec('TCP', {})], udp, false],
    ['all three', [toMac(portMacs[0]), ipv4Spec({}), portSpec('UDP', {})], udp, true],
  ];
  test.each(cases)('%s', (_, specs, frame, wanted) => {
    expect(takes(specs, frame)).toBe(wanted);
  });

  test('ports of a fragment are out of sight', () => {
    const fragment = udp.slice();
    fragment[20] = 0x20;
    expect(takes([portSpec('UDP', {})], fragment)).toBe(false);
  });
});

describe('order', () => {
  test('the lower priority value first, then first come first; a unicast frame goes to one', () => {
    const { qpns, add, got, detach } = flows(3);
    const spec = [toMac(strangerMac)];
    add({ qpn: qpns[0]! }, spec);
    add({ qpn: qpns[1]! }, spec);
    expect(got(udpTo(strangerMac))).toEqual([0]);
    const ethtool = add({ qpn: qpns[2]!, prio: 0x2001 }, spec);
    expect(got(udpTo(strangerMac))).toEqual([2]);
    detach(ethtool);
    expect(got(udpTo(strangerMac))).toEqual([0]);
  });

  test('LIFO: the last one of its priority first', () => {
    const { qpns, add, got } = flows(3);
    const spec = [toMac(strangerMac)];
    add({ qpn: qpns[0]!, prio: 0x3000, lifo: true }, spec);
    add({ qpn: qpns[1]!, prio: 0x3000, lifo: true }, spec);
    add({ qpn: qpns[2]!, prio: 0x3001, lifo: true }, spec);
    expect(got(udpTo(strangerMac))).toEqual([1]);
  });

  test('a multicast frame goes to every rule that matches, to a queue pair once', () => {
    const { qpns, add, got } = flows(3);
    for (const qpn of qpns.slice(0, 2)) add({ qpn }, [toMac(multicastMac)]);
    add({ qpn: qpns[0]!, prio: 0x2000 }, [ipv4Spec({})]);
    expect(got(udpTo(multicastMac))).toEqual([0, 1]);
    expect(got(udpTo(broadcastMac))).toEqual([0]);
  });

  test('an exclusive rule ends the search, for multicast frames too', () => {
    const { qpns, add, got } = flows(3);
    const spec = [toMac(multicastMac)];
    add({ qpn: qpns[2]! }, spec);
    add({ qpn: qpns[0]!, prio: 0x1000 }, spec);
    add({ qpn: qpns[1]!, prio: 0x3000, exclusive: true }, spec);
    expect(got(udpTo(multicastMac))).toEqual([0, 1]);
  });
});

describe('default rules', () => {
  test('take what no other rule takes, whatever their priority, until they go', () => {
    const { qpns, add, got, detach } = flows(2);
    const id = add({ qpn: qpns[1]!, prio: 0, type: allDefault });
    add({ qpn: qpns[0]! }, [toMac(portMacs[0])]);
    expect(got(udpTo(portMacs[0]))).toEqual([0]);
    expect([got(udpTo(strangerMac)), got(udpTo(multicastMac))]).toEqual([[1], [1]]);
    detach(id);
    expect([got(udpTo(strangerMac)), got(udpTo(multicastMac))]).toEqual([[], []]);
  });

  test('the multicast one takes no unicast frames', () => {
    const { qpns, add, got } = flows(2);
    add({ qpn: qpns[0]!, prio: 0, type: multicastDefault });
    expect([got(udpTo(strangerMac)), got(udpTo(multicastMac))]).toEqual([[], [0]]);
    add({ qpn: qpns[1]!, prio: 0, type: allDefault });
    expect([got(udpTo(strangerMac)), got(udpTo(multicastMac))]).toEqual([[1], [0, 1]]);
  });
});

test('loopback: what the card sent itself goes only to rules that allow it', () => {
  const { net, qpns, pairs, add } = flows(2);
  const send = () => {
    pairs[0]!.qp.send(udpTo(strangerMac), { flags: MLX4_WQE_CTRL_FORCE_LOOPBACK });
    net.rig.clock.runFor(100_000);
    return pairs.map(({ receives }) => receives.poll().length);
  };
  add({ qpn: qpns[0]!, prio: 1, allow_loopback: false }, [toMac(strangerMac)]);
  add({ qpn: qpns[0]!, type: allDefault, allow_loopback: false });
  expect(send()).toEqual([0, 0]);
  add({ qpn: qpns[1]!, prio: 2 }, [toMac(strangerMac)]);
  expect(send()).toEqual([0, 1]);
  net.arrive(1, udpTo(strangerMac));
  expect(pairs.map(({ receives }) => receives.poll().length)).toEqual([1, 0]);
});

describe('refused, with the reason in the trace', () => {
  const eth = toMac(strangerMac);
  const changed = (spec: Uint8Array, at: number, value: number) => {
    const copy = spec.slice();
    copy[at] = value;
    return copy;
  };
  test.each<[string, Uint8Array, RegExp]>([
    ['a port that is none', flowRuleOf({ port: 3 }, [eth]), /port 3/],
    ['a mirror', flowRuleOf({ type: 4 }), /MIRROR_RX_PORT are not modelled/],
    ['a sniffer', flowRuleOf({ type: 6 }), /UC_SNIFFER are not modelled/],
    ['an unknown type', flowRuleOf({ type: 2 }), /type 2 are not modelled/],
    ['InfiniBand', flowRuleOf({}, [changed(eth, 3, 5)]), /kind IB are not modelled/],
    ['VXLAN', flowRuleOf({}, [changed(eth, 3, 8)]), /kind VXLAN are not modelled/],
    ['an unknown spec', flowRuleOf({}, [changed(eth, 3, 0x77)]), /kind 0xe077 are not modelled/],
    ['a spec of size 0', flowRuleOf({}, [changed(eth, 0, 0)]), /kind ETH has 48 bytes/],
    ['a spec that is cut', flowRuleOf({}, [eth.slice(0, 44)]), /kind ETH has 48 bytes/],
    ['two specs of a kind', flowRuleOf({}, [eth, eth]), /two specs of kind ETH/],
    ['TCP and UDP', flowRuleOf({}, [portSpec('TCP', {}), portSpec('UDP', {})]), /TCP and UDP/],
    ['specs of a default rule', flowRuleOf({ type: 1 }, [eth]), /default rule has no specs/],
  ])('%s', (_, rule, why) => {
    const { net, status } = flows();
    expect(status(rule)).toBe('BAD_PARAM');
    expect(reason(net)).toMatch(why);
    expect(net.rig.card.view.flowRules(1)).toEqual([]);
  });

  test('a size without room for the head, or beyond the mailbox', () => {
    const { status } = flows();
    const rule = flowRuleOf({}, [eth]);
    expect([status(rule, 3), status(rule, 1025), status(rule, 0)]).toEqual([
      'BAD_PARAM',
      'BAD_PARAM',
      'BAD_PARAM',
    ]);
  });
});

/** CONFIG_DEV that lets queue pairs receive from either port. */
function rxPortCheckOff(): Uint8Array {
  const mailbox = new Uint8Array(132);
  mailbox.set([0, 4, 0, 0], 0);
  mailbox.set([0, 0, 0x80, 0], 0x18);
  return mailbox;
}
