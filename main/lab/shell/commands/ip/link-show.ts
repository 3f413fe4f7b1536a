// `ip link show`: devices in the forms of iproute2 (text, -br, -o, -s, -d, JSON). Left out of -d:
// sizes of segmentation offload and numbers of receive queues, which the kernel slice does not
// have.

import { ipLinkGet, ipLinkList } from '#kernel/net/rtnl-link.ts';
import type { LinkInfo } from '#kernel/net/rtnl-link.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Json } from '../json.ts';
import { IpError, isShort } from './request.ts';
import type { IpOptions, IpRequest } from './request.ts';

/** What a list may be restricted to. */
interface Filter {
  device: string | null;
  up: boolean;
  master: string | null;
  kind: string | null;
}

function readFilter(request: IpRequest): Filter {
  const filter: Filter = { device: null, up: false, master: null, kind: null };
  for (let word = request.next(); word !== undefined; word = request.next()) {
    if (word === 'up') filter.up = true;
    else if (word === 'dev') filter.device = request.value();
    else if (word === 'master') filter.master = request.value();
    else if (word === 'type') filter.kind = request.value();
    else filter.device = word;
  }
  return filter;
}

/** Devices that a filter lets through. Throws IpError for a device that is not there. */
export function* filteredLinks(request: IpRequest): MaySleep<LinkInfo[]> {
  const { k } = request.process;
  const filter = readFilter(request);
  if (filter.device !== null) {
    const link = yield* request.call(ipLinkGet(k, filter.device));
    if (typeof link === 'number') throw new IpError(`Device "${filter.device}" does not exist.`, 1);
    return [link];
  }
  const links = yield* request.call(ipLinkList(k));
  return links.filter(
    ({ flagNames, master, kind, slaveKind }) =>
      (!filter.up || flagNames.includes('UP')) &&
      (filter.master === null || master === filter.master) &&
      (filter.kind === null || kind === filter.kind || `${slaveKind}_slave` === filter.kind),
  );
}

/** First line: `2: eth0: <…> mtu 1500 …`. `mode DEFAULT` is said by `ip link` only. */
export function headLine(link: LinkInfo, withMode: boolean): string {
  const master = link.master === null ? '' : `master ${link.master} `;
  const mode = withMode ? 'mode DEFAULT ' : '';
  return (
    `${link.ifindex}: ${link.name}: <${link.flagNames.join(',')}> mtu ${link.mtu} ` +
    `qdisc ${link.qdisc} ${master}state ${link.state} ${mode}group default qlen ${link.txqueuelen}`
  );
}

/** Second line: addresses, and with -d what else there is to say. */
export function addressLine(link: LinkInfo, options: IpOptions): string[] {
  const perm = link.permaddr === null ? '' : ` permaddr ${link.permaddr}`;
  const line = `    link/${link.type} ${link.address} brd ${link.broadcast}${perm}`;
  return options.details ? detailLines(link, line) : [line];
}

function detailLines(link: LinkInfo, line: string): string[] {
  const { promiscuity, allmulti, minMtu, maxMtu, kind, slaveKind } = link;
  const lines = [
    `${line} promiscuity ${promiscuity}  allmulti ${allmulti} minmtu ${minMtu} maxmtu ${maxMtu} `,
  ];
  const pairs = (info: LinkInfo['info']): string =>
    Object.entries(info)
      .map(([name, value]) => `${name} ${value} `)
      .join('');
  if (kind !== '') lines.push(`    ${kind} ${pairs(link.info)}`);
  if (slaveKind !== '') lines.push(`    ${slaveKind}_slave ${pairs(link.slaveInfo)}`);
  const parent =
    link.parentName === '' ? '' : `parentbus ${link.parentBus} parentdev ${link.parentName} `;
  const last = lines.length - 1;
  lines[last] = `${lines[last]!}addrgenmode eui64 numtxqueues ${link.numTxQueues} ${parent}`;
  return lines;
}

/** Cells of a statistics line, each at least as wide as its header. */
const row = (widths: readonly number[], cells: readonly (string | number)[]): string =>
  cells.map((cell, at) => String(cell).padStart(widths[at] ?? 0)).join(' ');

/** Tables of received and sent packets; twice -s adds the kinds of errors. */
function statisticsLines({ stats }: LinkInfo, level: number): string[] {
  const rx = [
    stats.rx_bytes,
    stats.rx_packets,
    stats.rx_errors,
    stats.rx_dropped,
    stats.rx_missed_errors,
    stats.multicast,
  ];
  const tx = [
    stats.tx_bytes,
    stats.tx_packets,
    stats.tx_errors,
    stats.tx_dropped,
    stats.tx_carrier_errors,
    stats.collisions,
  ];
  const widths = [10, 7, 6, 7, 7, 7].map((width, at) =>
    Math.max(width, String(rx[at]).length, String(tx[at]).length),
  );
  const head = (name: string, titles: readonly string[]): string =>
    `    ${name}: ${row([widths[0]! - 4, ...widths.slice(1)], titles)}${' '.repeat(11)}`;
  const values = (cells: readonly number[]): string => `    ${row(widths, cells)} `;
  const errors = (name: string, titles: readonly string[], cells: readonly number[]): string[] => [
    `    ${name} errors:${' '.repeat(widths[0]! - 10)} ${row(widths.slice(1), titles)}`,
    `    ${' '.repeat(widths[0]!)} ${row(widths.slice(1), cells)} `,
  ];
  const rxErrors = [
    stats.rx_length_errors,
    stats.rx_crc_errors,
    stats.rx_frame_errors,
    stats.rx_fifo_errors,
    stats.rx_over_errors,
  ];
  const txErrors = [
    stats.tx_aborted_errors,
    stats.tx_fifo_errors,
    stats.tx_window_errors,
    stats.tx_heartbeat_errors,
    0,
  ];
  return [
    head('RX', ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast']),
    values(rx),
    ...(level > 1 ? errors('RX', ['length', 'crc', 'frame', 'fifo', 'overrun'], rxErrors) : []),
    head('TX', ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns']),
    values(tx),
    ...(level > 1
      ? errors('TX', ['aborted', 'fifo', 'window', 'heartbt', 'transns'], txErrors)
      : []),
  ];
}

/** `bond0            UP             00:02:c9:… <…> `. */
const briefLine = (link: LinkInfo): string =>
  `${link.name.padEnd(16)} ${link.state.padEnd(14)} ${link.address} <${link.flagNames.join(',')}> `;

/** What both `ip -j link` and `ip -j addr` say of a device. */
export function linkJson(link: LinkInfo, withMode: boolean): Record<string, Json> {
  return {
    ifindex: link.ifindex,
    ifname: link.name,
    flags: link.flagNames,
    mtu: link.mtu,
    qdisc: link.qdisc,
    ...(link.master === null ? {} : { master: link.master }),
    operstate: link.state,
    ...(withMode ? { linkmode: 'DEFAULT' } : {}),
    group: 'default',
    txqlen: link.txqueuelen,
    link_type: link.type,
    address: link.address,
    broadcast: link.broadcast,
    ...(link.permaddr === null ? {} : { permaddr: link.permaddr }),
  };
}

function detailJson(link: LinkInfo): Record<string, Json> {
  const master = link.kind === '' ? {} : { info_kind: link.kind, info_data: link.info };
  const slave =
    link.slaveKind === ''
      ? {}
      : { info_slave_kind: link.slaveKind, info_slave_data: link.slaveInfo };
  const info = { ...master, ...slave };
  return {
    promiscuity: link.promiscuity,
    allmulti: link.allmulti,
    min_mtu: link.minMtu,
    max_mtu: link.maxMtu,
    ...(Object.keys(info).length === 0 ? {} : { linkinfo: info }),
    inet6_addr_gen_mode: 'eui64',
    num_tx_queues: link.numTxQueues,
    ...(link.parentName === '' ? {} : { parentbus: link.parentBus, parentdev: link.parentName }),
  };
}

function statisticsJson({ stats }: LinkInfo): Record<string, Json> {
  return {
    stats64: {
      rx: {
        bytes: stats.rx_bytes,
        packets: stats.rx_packets,
        errors: stats.rx_errors,
        dropped: stats.rx_dropped,
        over_errors: stats.rx_over_errors,
        multicast: stats.multicast,
      },
      tx: {
        bytes: stats.tx_bytes,
        packets: stats.tx_packets,
        errors: stats.tx_errors,
        dropped: stats.tx_dropped,
        carrier_errors: stats.tx_carrier_errors,
        collisions: stats.collisions,
      },
    },
  };
}

/** Details and statistics of a device, as far as they were asked for. */
export const moreJson = (link: LinkInfo, options: IpOptions): Record<string, Json> => ({
  ...(options.details ? detailJson(link) : {}),
  ...(options.statistics > 0 ? statisticsJson(link) : {}),
});

/** Details and statistics as lines. */
export const moreLines = (link: LinkInfo, options: IpOptions): string[] =>
  options.statistics > 0 ? statisticsLines(link, options.statistics) : [];

/** `ip link [show] …`. */
export function* showLinks(request: IpRequest): MaySleep<number> {
  const { options } = request;
  const links = yield* filteredLinks(request);
  if (options.json) {
    const brief = (link: LinkInfo): Json => ({
      ifname: link.name,
      operstate: link.state,
      address: link.address,
      flags: link.flagNames,
    });
    const full = (link: LinkInfo): Json => ({
      ...linkJson(link, true),
      ...moreJson(link, options),
    });
    yield* request.json(links.map(options.brief ? brief : full));
    return 0;
  }
  for (const link of links) {
    if (options.brief) yield* request.out(`${briefLine(link)}\n`);
    else {
      yield* request.lines([
        headLine(link, true),
        ...addressLine(link, options),
        ...moreLines(link, options),
      ]);
    }
  }
  return 0;
}

/** True for the words that mean `show`. */
export const isShow = (word: string): boolean =>
  isShort(word, 'show') || isShort(word, 'list') || word === 'lst';
