// /proc/net/dev, dev_mcast, arp, route, and the network's sysctls (net/core/net-procfs.c,
// sysctl_net_core.c; net/ipv4/arp.c, fib_trie.c). Left out: sockets, SNMP counters, softnet_stat,
// IPv6.

import { formatIpv4 } from '#bus/ipv4.ts';
import { formatMacAt } from '#bus/mac.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import { proc_create, register_sysctl } from '../fs/procfs.ts';
import { spin_lock_bh, spin_unlock_bh } from '../locking/spinlock.ts';
import { dev_get_stats } from './dev.ts';
import { inet_make_mask } from './fib.ts';
import type { FibRoute } from './fib.ts';
import type { Neighbour } from './neigh.ts';
import { isValidState } from './neigh.ts';
import type { Net, NetSysctls } from './net.ts';
import type { NetDevice } from './netdevice.ts';

const devHeader =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs ' +
  'drop fifo colls carrier compressed\n';

const columns = (values: readonly (readonly [value: number, width: number])[]): string =>
  values.map(([value, width]) => String(value).padStart(width)).join(' ');

function* dev_seq_printf_stats(dev: NetDevice): Atomic<string> {
  const s = yield* dev_get_stats(dev);
  const framing = s.rx_length_errors + s.rx_over_errors + s.rx_crc_errors + s.rx_frame_errors;
  const carrier =
    s.tx_carrier_errors + s.tx_aborted_errors + s.tx_window_errors + s.tx_heartbeat_errors;
  const received = columns([
    [s.rx_bytes, 7],
    [s.rx_packets, 7],
    [s.rx_errors, 4],
    [s.rx_dropped + s.rx_missed_errors, 4],
    [s.rx_fifo_errors, 4],
    [framing, 5],
    [0, 10],
    [s.multicast, 9],
  ]);
  const sent = columns([
    [s.tx_bytes, 8],
    [s.tx_packets, 7],
    [s.tx_errors, 4],
    [s.tx_dropped, 4],
    [s.tx_fifo_errors, 4],
    [s.collisions, 5],
    [carrier, 7],
    [0, 10],
  ]);
  return `${dev.name.padStart(6)}: ${received} ${sent}\n`;
}

function* dev_seq_show(net: Net): MaySleep<string> {
  let text = devHeader;
  for (const dev of [...net.devices]) text += yield* dev_seq_printf_stats(dev);
  return text;
}

function* dev_mc_seq_show(net: Net): MaySleep<string> {
  let text = '';
  for (const dev of [...net.devices]) {
    yield* spin_lock_bh(dev.addr_list_lock);
    for (const { addr, refcount } of dev.mc) {
      const mac = formatMacAt(addr).replaceAll(':', '');
      const [index, name] = [String(dev.ifindex).padEnd(4), dev.name.padEnd(15)];
      text += `${index} ${name} ${String(refcount).padEnd(5)} ${'0'.padEnd(5)} ${mac}\n`;
    }
    yield* spin_unlock_bh(dev.addr_list_lock);
  }
  return text;
}

/** ATF_COM: the MAC is known; ATF_PERM: for ever. */
function arp_state_to_flags(neigh: Neighbour): number {
  if (neigh.nud_state === 'permanent') return 0x6;
  return isValidState(neigh.nud_state) ? 0x2 : 0;
}

function arp_seq_show(net: Net): string {
  const header = 'IP address       HW type     Flags       HW address            Mask     Device\n';
  const lines = net.arp_tbl.entries
    .filter((neigh) => neigh.nud_state !== 'noarp' && neigh.nud_state !== 'none')
    .map((neigh) => {
      const address = formatIpv4(neigh.primary_key).padEnd(16);
      const type = `0x${neigh.dev.type.toString(16).padEnd(10)}`;
      const flags = `0x${arp_state_to_flags(neigh).toString(16).padEnd(10)}`;
      return `${address} ${type}${flags}${formatMacAt(neigh.ha)}     *        ${neigh.dev.name}\n`;
    });
  return header + lines.join('');
}

/** An address as its bytes lie in the memory of a little-endian machine. */
const rawHex = (address: number): string => {
  const bytes = [address, address >>> 8, address >>> 16, address >>> 24].map((byte) => byte & 0xff);
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
};

function routeLine(route: FibRoute): string {
  const flags = 0x1 | (route.gateway === 0 ? 0 : 0x2) | (route.prefixLength === 32 ? 0x4 : 0);
  const fields = [
    route.dev.name,
    rawHex(route.destination),
    rawHex(route.gateway),
    flags.toString(16).toUpperCase().padStart(4, '0'),
    0,
    0,
    route.metric,
    rawHex(inet_make_mask(route.prefixLength)),
    0,
    0,
    0,
  ];
  return `${fields.join('\t').padEnd(127)}\n`;
}

function fib_route_seq_show(net: Net): string {
  const names =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
  return `${names.padEnd(127)}\n${net.fib.main.map(routeLine).join('')}`;
}

/** A number of the sysctls within its bounds. */
function numberSysctl(
  net: Net,
  path: string,
  name: keyof NetSysctls,
  lowest = 0,
  highest = 0x7fff_ffff,
): void {
  register_sysctl(net.k, path, {
    get: () => net.sysctls[name],
    set(text) {
      const value = Number(text);
      if (!/^-?\d+$/.test(text) || value < lowest || value > highest) return -EINVAL;
      net.sysctls[name] = value;
      return 0;
    },
  });
}

/** Makes the files; called once by Net. */
export function createNetProcFiles(net: Net): void {
  const { k } = net;
  proc_create(k, 'net/dev', { show: () => dev_seq_show(net) });
  proc_create(k, 'net/dev_mcast', { show: () => dev_mc_seq_show(net) });
  proc_create(k, 'net/arp', {
    *show() {
      return arp_seq_show(net);
    },
  });
  proc_create(k, 'net/route', {
    *show() {
      return fib_route_seq_show(net);
    },
  });
  const timeout = 'netdev_unregister_timeout_secs';
  numberSysctl(net, `net/core/${timeout}`, timeout, 1, 3600);
  numberSysctl(net, 'net/core/netdev_budget', 'netdev_budget');
  numberSysctl(net, 'net/core/netdev_budget_usecs', 'netdev_budget_usecs');
  numberSysctl(net, 'net/core/netdev_max_backlog', 'netdev_max_backlog');
  numberSysctl(net, 'net/core/dev_weight', 'dev_weight', 1);
  numberSysctl(net, 'net/ipv4/conf/all/arp_notify', 'arp_notify');
  numberSysctl(net, 'net/ipv4/icmp_echo_ignore_all', 'icmp_echo_ignore_all');
}
