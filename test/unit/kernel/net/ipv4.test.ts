// IPv4 with a host of the fabric at the other end: ARP and the states of neighbours, ping both
// ways, errors, routes, gratuitous ARP, loopback.

import { describe, expect, it } from 'vitest';
import { ArpOperation, isGratuitous, parseArp } from '#bus/arp.ts';
import { EtherType, ethHeaderBytes, payloadType } from '#bus/frame.ts';
import { IcmpType, parseUnreachable } from '#bus/icmp.ts';
import { parseIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import { readMac } from '#bus/mac.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { __netdev_notify_peers } from '#kernel/net/dev.ts';
import { IFF_LIVE_ADDR_CHANGE } from '#kernel/net/flags.ts';
import { inet_add_addr, inet_del_addr, register_inetaddr_notifier } from '#kernel/net/inetdev.ts';
import { netif_carrier_off } from '#kernel/net/linkwatch.ts';
import { net_dev_init } from '#kernel/net/loopback.ts';
import { ping_close, ping_receive, ping_send, ping_socket } from '#kernel/net/ping.ts';
import type { PingEvent, PingSocket } from '#kernel/net/ping.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import {
  ipAddrAdd,
  ipAddrDelete,
  ipAddrList,
  ipNeighDelete,
  ipNeighFlush,
  ipNeighList,
  ipNeighSet,
  ipRouteAdd,
  ipRouteDelete,
  ipRouteGet,
  ipRouteList,
} from '#kernel/net/rtnl-addr.ts';
import type { Route } from '#kernel/net/route.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { unregister_netdev } from '#kernel/net/unregister.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import { kill_task, kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';
import { hostOn, WiredDevice, wiredPair } from './wired.ts';

const ip = parseIpv4Address;
const data = Uint8Array.from({ length: 56 }, (_, at) => at);

const arpOf = (frame: Uint8Array) =>
  payloadType(frame) === EtherType.arp ? parseArp(frame, ethHeaderBytes) : null;

/** One request and what comes of it. */
function* pingOnce(
  socket: PingSocket,
  to: string,
  sequence: number,
  timeoutNs = 1e9,
): MaySleep<PingEvent | number> {
  const sent = yield* ping_send(socket, ip(to), sequence, data);
  return sent < 0 ? sent : yield* ping_receive(socket, timeoutNs);
}

function* neighState(k: Kernel, address: string): MaySleep<string> {
  const found = (yield* ipNeighList(k)).find((neigh) => neigh.address === ip(address));
  return found?.state ?? 'none';
}

describe('ping', () => {
  it('asks who has the address, sends what waited, and gets the same bytes back', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      const reply = yield* pingOnce(socket, '10.0.0.1', 7);
      expect(reply).toMatchObject({ kind: 'reply', sequence: 7, from: ip('10.0.0.1'), ttl: 64 });
      expect([...(reply as PingEvent).data]).toEqual([...data]);
      expect(wired.sent.map((frame) => payloadType(frame))).toEqual([
        EtherType.arp,
        EtherType.ipv4,
      ]);
      expect(yield* neighState(k, '10.0.0.1')).toBe('REACHABLE');
      ping_close(socket);
      yield* ping_send(socket, ip('10.0.0.1'), 8, data);
      expect(yield* ping_receive(socket, 1e6)).toBe(-110);
    });
  });

  it('is answered when the host asks', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const ping = wired.host.ping('10.0.0.2', { count: 3, intervalNs: 1e7 });
      yield* msleep(k, 100);
      expect(ping.replies).toBe(3);
      // The request taught the host's address, but nobody has proved that it answers.
      expect(yield* neighState(k, '10.0.0.1')).toBe('DELAY');
      k.net.sysctls.icmp_echo_ignore_all = 1;
      const ignored = wired.host.ping('10.0.0.2');
      yield* msleep(k, 100);
      expect(ignored.replies).toBe(0);
    });
  });

  it('a host that is not there is asked for three times, then each packet is an error', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* net_dev_init(k);
      yield* ipLinkSet(k, 'lo', { up: true });
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      const start = k.sim.now();
      for (let n = 1; n <= 5; n++) yield* ping_send(socket, ip('10.0.0.77'), n, data);
      const errors: PingEvent[] = [];
      for (;;) {
        const event = yield* ping_receive(socket, 5e9);
        if (typeof event === 'number') break;
        errors.push(event);
      }
      // Three packets wait at most; the oldest ones were thrown away.
      expect(errors.map(({ kind, sequence, code }) => [kind, sequence, code])).toEqual([
        ['unreachable', 3, 1],
        ['unreachable', 4, 1],
        ['unreachable', 5, 1],
      ]);
      expect(errors[0]!.from).toBe(ip('10.0.0.2'));
      expect(Math.round((errors[0]!.timeNs - start) / 1e8)).toBe(31);
      const requests = wired.sent.filter((frame) => arpOf(frame) !== null);
      expect(requests).toHaveLength(3);
      expect(yield* neighState(k, '10.0.0.77')).toBe('FAILED');
    });
  });

  it('fails at once without a route, with a long packet, and ends at a signal', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* wiredPair(k);
      const socket = ping_socket(k);
      expect(yield* ping_send(socket, ip('192.168.1.1'), 1, data)).toBe(-101);
      expect(yield* ping_send(socket, ip('10.0.0.1'), 1, new Uint8Array(1473))).toBe(-90);
      let result: unknown = null;
      const task = kthread_run(k, 'ping', 'ping', function* ping() {
        result = yield* ping_receive(socket, Infinity);
      });
      yield* msleep(k, 10);
      expect(task.sleepState).toBe('S');
      kill_task(k, task);
      yield* msleep(k, 10);
      expect(result).toBe(-512);
    });
  });

  it('to the machine itself goes through lo, and not while lo is down', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      expect(yield* pingOnce(socket, '10.0.0.2', 1)).toBe(-101);
      yield* net_dev_init(k);
      expect(k.net.devices.map((dev) => [dev.ifindex, dev.name])).toEqual([
        [1, 'lo'],
        [2, 'eth0'],
      ]);
      expect(yield* pingOnce(socket, '10.0.0.2', 2, 1e7)).toBe(-110);
      yield* ipLinkSet(k, 'lo', { up: true });
      expect(yield* pingOnce(socket, '10.0.0.2', 3)).toMatchObject({ kind: 'reply' });
      expect(yield* pingOnce(socket, '127.0.0.1', 4)).toMatchObject({ from: ip('127.0.0.1') });
      expect(wired.sent.filter((frame) => payloadType(frame) === EtherType.ipv4)).toEqual([]);
    });
  });
});

describe('neighbours', () => {
  it('go from reachable to stale, and are probed when they are used again', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      yield* pingOnce(socket, '10.0.0.1', 1);
      yield* msleep(k, 29_000);
      expect(yield* neighState(k, '10.0.0.1')).toBe('REACHABLE');
      yield* msleep(k, 4000);
      expect(yield* neighState(k, '10.0.0.1')).toBe('STALE');
      yield* pingOnce(socket, '10.0.0.1', 2);
      expect(yield* neighState(k, '10.0.0.1')).toBe('DELAY');
      wired.sent.length = 0;
      yield* msleep(k, 6000);
      expect(yield* neighState(k, '10.0.0.1')).toBe('REACHABLE');
      // The probe goes to the neighbour alone.
      expect(wired.sent.map((frame) => readMac(frame))).toEqual([wired.host.mac]);
    });
  });

  it('fail after three unanswered probes', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      yield* pingOnce(socket, '10.0.0.1', 1);
      yield* msleep(k, 33_000);
      wired.cut = true;
      yield* ping_send(socket, ip('10.0.0.1'), 2, data);
      yield* msleep(k, 6500);
      expect(yield* neighState(k, '10.0.0.1')).toBe('PROBE');
      yield* msleep(k, 4000);
      expect(yield* neighState(k, '10.0.0.1')).toBe('FAILED');
      expect(wired.sent.filter((frame) => arpOf(frame) !== null)).toHaveLength(4);
    });
  });

  it('a gratuitous ARP moves a known address at once; another answer waits for a second', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      yield* pingOnce(ping_socket(k), '10.0.0.1', 1);
      const impostor = hostOn(k, 9, '10.0.0.1');
      impostor.plugged({
        send: (frame) => wired.arrive(frame),
        offerChanged: () => undefined,
        peerOffer: () => null,
      });
      impostor.announce();
      yield* msleep(k, 10);
      expect(yield* ipNeighList(k)).toMatchObject([{ mac: '02:00:00:00:01:09', state: 'STALE' }]);
    });
  });

  it('are lost with the carrier, with the address of the device, and with the device', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const socket = ping_socket(k);
      const known = function* () {
        yield* pingOnce(socket, '10.0.0.1', 1);
        expect(yield* ipNeighList(k)).toHaveLength(1);
        return wired.dev.refs.count;
      };
      const held = yield* known();
      yield* netif_carrier_off(wired.dev);
      yield* msleep(k, 1100);
      expect(yield* ipNeighList(k)).toEqual([]);
      expect(wired.dev.refs.count).toBe(held - 1);
      yield* ipLinkSet(k, 'eth0', { up: false });
      yield* ipLinkSet(k, 'eth0', { up: true });
      yield* known();
      const address = Uint8Array.of(2, 0, 0, 0, 0, 8);
      // The address comes first, and this driver does not change it while it is open.
      expect(yield* ipLinkSet(k, 'eth0', { up: false, address })).toBe(-16);
      wired.dev.priv_flags |= IFF_LIVE_ADDR_CHANGE;
      expect(yield* ipLinkSet(k, 'eth0', { address })).toBe(0);
      expect(yield* ipNeighList(k)).toEqual([]);
      yield* known();
      yield* unregister_netdev(wired.dev);
      expect(yield* ipNeighList(k)).toEqual([]);
      expect(wired.dev.refs.count).toBe(1);
    });
  });

  it('can be set, deleted and flushed by hand; permanent ones stay', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const mac = Uint8Array.of(2, 0, 0, 0, 1, 1);
      expect(yield* ipNeighSet(k, 'eth0', ip('10.0.0.1'), mac)).toBe(0);
      yield* pingOnce(ping_socket(k), '10.0.0.1', 1);
      const asked = wired.sent.filter((frame) => arpOf(frame)?.operation === ArpOperation.request);
      expect(asked).toEqual([]);
      yield* ipNeighFlush(k);
      expect(yield* neighState(k, '10.0.0.1')).toBe('PERMANENT');
      expect(yield* ipNeighDelete(k, 'eth0', ip('10.0.0.1'))).toBe(0);
      expect(yield* ipNeighDelete(k, 'eth0', ip('10.0.0.1'))).toBe(-2);
      expect(yield* ipNeighDelete(k, 'eth9', ip('10.0.0.1'))).toBe(-19);
    });
  });
});

describe('addresses', () => {
  it('are announced by gratuitous ARP when peers are to be told', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      yield* ipAddrAdd(k, 'eth0', ip('10.0.1.2'), 24);
      wired.sent.length = 0;
      yield* rtnl_lock(k);
      yield* __netdev_notify_peers(wired.dev);
      yield* rtnl_unlock(k);
      const packets = wired.sent.map(arpOf);
      expect(packets.every((arp) => arp !== null && isGratuitous(arp))).toBe(true);
      expect(packets.map((arp) => arp!.senderIp)).toEqual([ip('10.0.0.2'), ip('10.0.1.2')]);
      expect(packets.every((arp) => arp!.operation === ArpOperation.request)).toBe(true);
    });
  });

  it('bring their routes, and keep only the local one while the device is down', () => {
    const k = bareKernel();
    const texts = function* (table: 'main' | 'local') {
      const list = yield* ipRouteList(k, table);
      return list.map((route) => `${route.type} ${route.destination}/${route.prefixLength}`);
    };
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const net = ip('10.0.0.0');
      expect(yield* texts('main')).toEqual([`unicast ${net}/24`]);
      expect(yield* texts('local')).toEqual([`local ${net + 2}/32`, `broadcast ${net + 255}/32`]);
      yield* ipLinkSet(k, 'eth0', { up: false });
      expect(yield* texts('main')).toEqual([]);
      expect(yield* texts('local')).toEqual([`local ${net + 2}/32`]);
      yield* ipLinkSet(k, 'eth0', { up: true });
      expect(yield* texts('main')).toEqual([`unicast ${net}/24`]);
      expect(yield* ipAddrDelete(k, 'eth0', net + 2, 24)).toBe(0);
      expect(yield* ipAddrDelete(k, 'eth0', net + 2, 24)).toBe(-99);
      expect(yield* texts('local')).toEqual([]);
      yield* unregister_netdev(wired.dev);
      expect(wired.dev.refs.count).toBe(1);
    });
  });

  it('a second one of a network is secondary and goes with the first', () => {
    const k = bareKernel();
    const events: string[] = [];
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      yield* register_inetaddr_notifier(k, {
        name: 'looks',
        priority: 0,
        *notifier_call(event, ifa) {
          events.push(`${event === 1 ? 'up' : 'down'} ${ifa.toString()}`);
          return NOTIFY_DONE;
        },
      });
      yield* rtnl_lock(k);
      yield* inet_add_addr(wired.dev, '10.0.0.3', 24);
      expect(yield* inet_add_addr(wired.dev, '10.0.0.3', 24)).toBe(-17);
      yield* inet_add_addr(wired.dev, '10.0.9.9', 24);
      yield* rtnl_unlock(k);
      const list = yield* ipAddrList(k);
      expect(list.map((each) => [each.address, each.secondary])).toEqual([
        [ip('10.0.0.2'), false],
        [ip('10.0.9.9'), false],
        [ip('10.0.0.3'), true],
      ]);
      yield* rtnl_lock(k);
      yield* inet_del_addr(wired.dev, '10.0.0.2');
      yield* rtnl_unlock(k);
      expect((yield* ipAddrList(k)).map((each) => each.address)).toEqual([ip('10.0.9.9')]);
    });
    expect(events).toEqual([
      'up 10.0.0.3/24',
      'up 10.0.9.9/24',
      'down 10.0.0.3/24',
      'down 10.0.0.2/24',
    ]);
  });
});

describe('routes', () => {
  it('the default route sends to the gateway, whose neighbour is asked for', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const defaultRoute = { destination: 0, prefixLength: 0, gateway: ip('10.0.0.1') };
      expect(yield* ipRouteAdd(k, { ...defaultRoute, gateway: ip('10.9.9.9') })).toBe(-101);
      expect(yield* ipRouteAdd(k, defaultRoute)).toBe(0);
      expect(yield* ipRouteAdd(k, defaultRoute)).toBe(-17);
      const { nexthop, source, dev } = (yield* ipRouteGet(k, ip('8.8.8.8'))) as Route;
      expect([nexthop, source]).toEqual([ip('10.0.0.1'), ip('10.0.0.2')]);
      expect(dev).toBe(wired.dev);
      yield* ping_send(ping_socket(k), ip('8.8.8.8'), 1, data);
      yield* msleep(k, 10);
      expect(arpOf(wired.sent[0]!)!.targetIp).toBe(ip('10.0.0.1'));
      expect(readMac(wired.sent[1]!)).toBe(wired.host.mac);
      expect(yield* ipRouteDelete(k, { destination: 0, prefixLength: 0 })).toBe(0);
      expect(yield* ipRouteDelete(k, { destination: 0, prefixLength: 0 })).toBe(-3);
    });
  });

  it('the longest prefix wins, then the lowest metric', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      const second_ = new WiredDevice(k, 'eth%d', 2, hostOn(k, 2, '10.1.0.1'));
      yield* register_netdev(second_.dev);
      yield* ipLinkSet(k, 'eth1', { up: true });
      yield* ipAddrAdd(k, 'eth1', ip('10.1.0.2'), 16);
      yield* ipRouteAdd(k, { destination: ip('10.1.2.0'), prefixLength: 24, device: 'eth0' });
      const far = { destination: ip('20.0.0.0'), prefixLength: 8 };
      yield* ipRouteAdd(k, { ...far, device: 'eth0', metric: 200 });
      yield* ipRouteAdd(k, { ...far, device: 'eth1', metric: 100 });
      const devOf = function* (address: string) {
        const route = yield* ipRouteGet(k, ip(address));
        return typeof route === 'number' ? route : route.dev;
      };
      expect(yield* devOf('10.1.2.3')).toBe(wired.dev);
      expect(yield* devOf('10.1.3.3')).toBe(second_.dev);
      expect(yield* devOf('20.1.1.1')).toBe(second_.dev);
    });
  });
});

describe('what comes in', () => {
  it('UDP without a socket is answered by "port unreachable", six times at once', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      for (let n = 0; n < 10; n++) {
        wired.host.sendUdp('10.0.0.2', { source: 1000, destination: 2000 }, data);
      }
      yield* msleep(k, 100);
      const errors = wired.sent.filter((frame) => {
        const header = parseIpv4(frame, ethHeaderBytes);
        return header !== null && parseUnreachable(frame, ethHeaderBytes, header)?.code === 3;
      });
      expect(errors).toHaveLength(6);
      expect(errors[0]![ethHeaderBytes + 20]).toBe(IcmpType.unreachable);
      expect(wired.host.counters.badIpChecksum).toBe(0);
    });
  });

  it('a damaged header, a packet for somebody else and a fragment are dropped', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const wired = yield* wiredPair(k);
      yield* pingOnce(ping_socket(k), '10.0.0.1', 1);
      const request = wired.sent.at(-1)!.slice();
      const mac = request.slice(0, 6);
      request.set(wired.dev.dev_addr, 0);
      request.set(mac, 6);
      wired.sent.length = 0;
      // The same request as if it had come from the host, to us, with one bit of the header
      // flipped.
      const flipped = request.slice();
      flipped[ethHeaderBytes + 8]! ^= 1;
      wired.arrive(flipped);
      wired.arrive(request);
      yield* msleep(k, 10);
      expect(wired.sent).toEqual([]);
      const reasons = [...k.trace.events()]
        .map((event) => k.trace.text(event.value))
        .filter((text) => text.includes('IPv4 checksum') || text.includes('not for us'));
      expect(reasons).toEqual(['bad IPv4 checksum']);
    });
  });

  it('a device is unregistered while packets flow, and nothing is left behind', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const k = bareKernel({ seed });
      runTask(k, function* () {
        const wired = yield* wiredPair(k);
        wired.host.ping('10.0.0.2', { count: 1000, intervalNs: 50_000 });
        yield* msleep(k, 10);
        yield* unregister_netdev(wired.dev);
        expect(wired.dev.refs.count).toBe(1);
        expect(k.net.devices).toEqual([]);
        expect(wired.polls.length).toBeGreaterThan(10);
      });
      expect(k.findings).toEqual([]);
      expect(k.sim.now()).toBeLessThan(second);
    }
  });

  it('a device that was never opened has no IPv6 line, an opened one has one', () => {
    const k = bareKernel();
    runTask(k, function* () {
      yield* register_netdev(testDevice(k, 'eth%d', 1));
      yield* register_netdev(testDevice(k, 'eth%d', 2));
      yield* ipLinkSet(k, 'eth1', { up: true });
      yield* msleep(k, 2000);
    });
    expect(k.log.records.map((record) => record.text)).toEqual([
      'IPv6: ADDRCONF(NETDEV_CHANGE): eth1: link becomes ready',
    ]);
  });
});
