// Hosts behind a switch: ARP, ping with times, unreachable and lost, announcements, checksums.

import { expect, test } from 'vitest';
import { buildGratuitousArp } from '#bus/arp.ts';
import { describeFrame } from '#bus/describe.ts';
import { ethHeaderBytes } from '#bus/frame.ts';
import { IcmpType, buildEchoFrame } from '#bus/icmp.ts';
import { buildUdpFrame } from '#bus/l4.ts';
import { broadcastMac } from '#bus/mac.ts';
import { Fabric } from '#fabric/fabric.ts';
import { serialisationNs } from '#fabric/lane.ts';
import { TestClock } from '#test/support/clock.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { msNs, secondNs } from './rig.ts';

function rig() {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const fabric = new Fabric(
    {
      switches: [{ name: 'switch0', ports: 4 }],
      hosts: [
        { name: 'host0', ip: '10.0.0.1' },
        { name: 'host1', ip: ['10.0.0.2', '10.0.0.20'] },
        { name: 'host2', ip: '10.0.0.3' },
      ],
      cables: [0, 1, 2].map((n) => ({
        a: `host${n}`,
        b: `switch0 port ${n + 1}`,
        speedMbps: 10_000,
        propagationNs: 100,
      })),
    },
    { clock, trace, ports: new Map() },
  );
  clock.runFor(20 * msNs);
  const host = (n: number) => fabric.host(`host${n}`);
  const sentBy = (name: string) =>
    [...trace.events()]
      .filter((event) => event.kind === K['packet.send'] && trace.text(event.object) === name)
      .map((event) => describeFrame(trace.blobBytes(event.value)));
  return { clock, fabric, host, sentBy };
}

test('a ping asks by ARP first, then takes exactly the time of the wires', () => {
  const { clock, host, sentBy } = rig();
  const ping = host(0).ping('10.0.0.2', { count: 2 });
  clock.runFor(1500 * msNs);
  expect(ping.done).toBe(true);
  expect(ping.replies).toBe(2);
  const wire = (bytes: number) => 4 * (serialisationNs(bytes, 10_000) + 100);
  expect(ping.probes.map((probe) => probe.roundTripNs)).toEqual([wire(60) + wire(98), wire(98)]);
  expect(sentBy('host0')).toEqual([
    'ARP, Request who-has 10.0.0.2 tell 10.0.0.1',
    'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64',
    'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 2, length 64',
  ]);
  expect(sentBy('host1')).toEqual([
    'ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02',
    'IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 64',
    'IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 2, length 64',
  ]);
  expect(sentBy('host2')).toEqual([]);
  // host2 overheard the request, which is no reason to remember anybody.
  expect(host(2).counters.arpRequests).toBe(1);
  expect(host(2).arp.list()).toEqual([]);
  expect(host(1).counters).toMatchObject({ arpRequests: 1, echoRequests: 2 });
});

test('a host answers for each of its addresses, from the address that was asked', () => {
  const { clock, host, sentBy } = rig();
  const ping = host(0).ping('10.0.0.20', { dataBytes: 0 });
  clock.runFor(secondNs);
  expect(ping.replies).toBe(1);
  expect(sentBy('host1').at(-1)).toBe(
    'IP 10.0.0.20 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 8',
  );
});

test('nobody there: three ARP requests, unreachable; a silent link: lost', () => {
  const { clock, fabric, host } = rig();
  const nobody = host(0).ping('10.0.0.99', { timeoutNs: 10 * secondNs });
  clock.runFor(2900 * msNs);
  expect(nobody.probes[0]!.outcome).toBe('waiting');
  clock.runFor(200 * msNs);
  expect(nobody.probes[0]).toMatchObject({ outcome: 'unreachable', roundTripNs: null });
  expect(host(1).counters.arpRequests).toBe(3);

  host(0).ping('10.0.0.2');
  clock.runFor(secondNs);
  fabric.pull('host1');
  const lost = host(0).ping('10.0.0.2', { count: 3, intervalNs: 100 * msNs });
  clock.runFor(2 * secondNs);
  expect(lost.probes.map((probe) => probe.outcome)).toEqual(['lost', 'lost', 'lost']);
  expect([lost.done, lost.replies]).toEqual([true, 0]);
  expect(() => host(0).ping('10.0.0.2', { dataBytes: 1473 })).toThrow(RangeError);
});

test('a reply from another host than the one that was pinged does not count', () => {
  const { clock, host } = rig();
  const ping = host(0).ping('10.0.0.99');
  clock.runFor(msNs);
  const route = {
    sourceMac: host(2).mac,
    destinationMac: host(0).mac,
    source: host(2).ip,
    destination: host(0).ip,
  };
  host(2).send(buildEchoFrame(route, IcmpType.echoReply, ping.id, 1, new Uint8Array(56)));
  clock.runFor(msNs);
  expect(host(0).counters.echoReplies).toBe(1);
  expect(ping.probes[0]!.outcome).toBe('waiting');
});

test('a gratuitous ARP is believed: the address is then with the new MAC', () => {
  const { clock, host } = rig();
  host(1).announce();
  clock.runFor(msNs);
  const ip = 0x0a00_0002;
  expect(host(0).arp.lookup(ip)).toBe(host(1).mac);
  expect(
    host(2)
      .arp.list()
      .map((entry) => entry.ip),
  ).toEqual([ip, 0x0a00_0014]);
  host(2).send(buildGratuitousArp(host(2).mac, ip));
  clock.runFor(msNs);
  expect(host(0).arp.lookup(ip)).toBe(host(2).mac);
  clock.runFor(61 * secondNs);
  expect(host(0).arp.lookup(ip)).toBeNull();
});

test('what a host hears is judged: right, wrong checksums, not for it', () => {
  const { clock, host } = rig();
  host(0).sendUdp('10.0.0.2', { source: 5, destination: 6 }, new Uint8Array(100));
  clock.runFor(msNs);
  expect(host(1).counters.datagrams).toBe(1);
  const route = {
    sourceMac: host(0).mac,
    destinationMac: host(1).mac,
    source: host(0).ip,
    destination: host(1).ip,
  };
  const damage = (at: number) => {
    const frame = buildUdpFrame(route, { source: 5, destination: 6 }, new Uint8Array(100));
    frame[at] = frame[at]! ^ 0x40;
    host(0).send(frame);
  };
  damage(ethHeaderBytes + 40);
  damage(ethHeaderBytes + 8);
  const stray = buildUdpFrame(
    { ...route, destinationMac: host(1).mac + 0x50 },
    { source: 5, destination: 6 },
    new Uint8Array(1),
  );
  host(0).send(stray);
  const shouted = buildUdpFrame(
    { ...route, destinationMac: broadcastMac },
    { source: 5, destination: 6 },
    new Uint8Array(1),
  );
  host(0).send(shouted);
  clock.runFor(msNs);
  expect(host(1).counters).toMatchObject({
    datagrams: 2,
    badL4Checksum: 1,
    badIpChecksum: 1,
    notForUs: 1,
  });
  expect(host(2).counters).toMatchObject({ notForUs: 1, other: 1 });
});

test('a host that is switched off holds its link down', () => {
  const { clock, fabric, host } = rig();
  host(1).setEnabled(false);
  expect([host(1).link.up, fabric.switch('switch0').portState(2).link.up]).toEqual([false, false]);
  host(1).setEnabled(true);
  clock.runFor(20 * msNs);
  expect(host(1).link).toEqual({ up: true, speedMbps: 10_000 });
});
