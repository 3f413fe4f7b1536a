// ethtool: bare, -i -S -k -K -a -A -g -l -c -P --show-priv-flags --set-priv-flags. Tables are those
// of ethtool 6.1; what the driver does not have is `n/a`. Features that the kernel slice does not
// have are left out of -k.

import { formatMacAt } from '#bus/mac.ts';
import { ENODEV, errnoText } from '#kernel/errno.ts';
import {
  ethtool_channels,
  ethtool_coalesce,
  ethtool_drvinfo,
  ethtool_features,
  ethtool_pauseparam,
  ethtool_priv_flags,
  ethtool_ringparam,
  ethtool_set_feature,
  ethtool_set_pauseparam,
  ethtool_set_priv_flag,
  ethtool_settings,
  ethtool_statistics,
} from '#kernel/net/ethtool-ioctl.ts';
import type { EthtoolSettings, FeatureState } from '#kernel/net/ethtool-ioctl.ts';
import { SPEED_UNKNOWN } from '#kernel/net/ethtool.ts';
import type { EthtoolChannels, EthtoolCoalesce } from '#kernel/net/ethtool.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';

/** Exit statuses that ethtool uses for missing data and unsupported requests. */
const statusNoData = 75;
const statusUnsupported = 94;

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const onOff = (value: boolean): string => (value ? 'on' : 'off');
const orNone = (value: number | undefined): string => (value === undefined ? 'n/a' : String(value));

/** What ethtool says when a request over netlink fails. */
function* netlinkError(process: Process, error: number): MaySleep<number> {
  if (error === -ENODEV) {
    yield* process.err('netlink error: no device matches name (offset 24)\n');
  }
  yield* process.err(`netlink error: ${errnoText(error)}\n`);
  return error === -ENODEV ? 1 : statusUnsupported;
}

const portNames: Readonly<Record<string, string>> = {
  TP: 'Twisted Pair',
  FIBRE: 'FIBRE',
  DA: 'Direct Attach Copper',
  AUI: 'AUI',
};

/** Names in a column behind a title. */
function modeLines(title: string, modes: readonly string[] | undefined): string {
  const [first = 'Not reported', ...rest] = modes ?? [];
  const more = rest.map((mode) => `\t                        ${mode}\n`).join('');
  return `\t${title.padEnd(24)}${first}\n${more}`;
}

function settingsText(name: string, found: EthtoolSettings): string {
  const { settings, link, msglevel } = found;
  const lines = [`Settings for ${name}:\n`];
  if (settings !== null) {
    const speed = settings.speed === SPEED_UNKNOWN ? 'Unknown!' : `${settings.speed}Mb/s`;
    const duplexes = { full: 'Full', half: 'Half', unknown: 'Unknown! (255)' };
    const known = settings.port === 'Other' ? '' : ` ${settings.port}`;
    lines.push(
      `\tSupported ports: [${known} ]\n`,
      modeLines('Supported link modes:', settings.supported),
      '\tSupported pause frame use: No\n',
      `\tSupports auto-negotiation: No\n`,
      '\tSupported FEC modes: Not reported\n',
      modeLines('Advertised link modes:', settings.advertising),
      '\tAdvertised pause frame use: No\n',
      '\tAdvertised auto-negotiation: No\n',
      '\tAdvertised FEC modes: Not reported\n',
      `\tSpeed: ${speed}\n`,
      `\tDuplex: ${duplexes[settings.duplex]}\n`,
      `\tAuto-negotiation: ${onOff(settings.autoneg)}\n`,
      `\tPort: ${portNames[settings.port] ?? settings.port}\n`,
      '\tPHYAD: 0\n',
      '\tTransceiver: internal\n',
    );
  }
  if (msglevel !== null) lines.push(messageLevel(msglevel));
  if (link !== null) lines.push(`\tLink detected: ${yesNo(link)}\n`);
  return lines.join('');
}

const levelNames = ['drv', 'probe', 'link', 'timer', 'ifdown', 'ifup', 'rx_err', 'tx_err'];

function messageLevel(level: number): string {
  const names = levelNames.filter((_, bit) => (level & (1 << bit)) !== 0).join(' ');
  const hex = level.toString(16).padStart(8, '0');
  return (
    `        Current message level: 0x${hex} (${level})\n` +
    `                               ${names}\n`
  );
}

function* showSettings(process: Process, name: string): MaySleep<number> {
  const found = yield* process.call(ethtool_settings(process.k, name));
  if (typeof found === 'number') {
    yield* netlinkError(process, found);
    yield* process.out('No data available\n');
    return statusNoData;
  }
  yield* process.out(settingsText(name, found));
  return 0;
}

function* showDriver(process: Process, name: string): MaySleep<number> {
  const info = yield* process.call(ethtool_drvinfo(process.k, name));
  if (typeof info === 'number') {
    yield* process.err(`Cannot get driver information: ${errnoText(info)}\n`);
    return 71;
  }
  yield* process.out(
    `driver: ${info.driver}\nversion: ${info.version}\nfirmware-version: ${info.fw_version}\n` +
      `expansion-rom-version: \nbus-info: ${info.bus_info}\n` +
      `supports-statistics: ${yesNo((info.n_stats ?? 0) > 0)}\nsupports-test: no\n` +
      'supports-eeprom-access: no\nsupports-register-dump: no\n' +
      `supports-priv-flags: ${yesNo((info.n_priv_flags ?? 0) > 0)}\n`,
  );
  return 0;
}

function* showStatistics(process: Process, name: string): MaySleep<number> {
  const found = yield* process.call(ethtool_statistics(process.k, name));
  if (typeof found === 'number') {
    const text =
      found === -ENODEV
        ? `Cannot get stats strings information: ${errnoText(found)}\n`
        : 'no stats available\n';
    yield* process.err(text);
    return found === -ENODEV ? 96 : statusUnsupported;
  }
  const lines = found.map(([counter, value]) => `     ${counter}: ${value}\n`);
  yield* process.out(`NIC statistics:\n${lines.join('')}`);
  return 0;
}

/** Summaries of -k and the features that they stand for. */
const featureGroups: readonly (readonly [string, string, readonly string[]])[] = [
  ['rx-checksumming', 'rx', ['rx-checksum']],
  ['tx-checksumming', 'tx', ['tx-checksum-ipv4', 'tx-checksum-ipv6']],
  ['scatter-gather', 'sg', ['tx-scatter-gather']],
  ['tcp-segmentation-offload', 'tso', ['tx-tcp-segmentation']],
  ['generic-receive-offload', 'gro', ['rx-gro']],
  ['large-receive-offload', 'lro', ['rx-lro']],
  ['rx-vlan-offload', 'rxvlan', ['rx-vlan-hw-parse']],
  ['tx-vlan-offload', 'txvlan', ['tx-vlan-hw-insert']],
  ['ntuple-filters', 'ntuple', ['rx-ntuple-filter']],
  ['receive-hashing', 'rxhash', ['rx-hashing']],
];

/** Groups whose members are listed below them. */
const listed: ReadonlySet<string> = new Set([
  'tx-checksumming',
  'scatter-gather',
  'tcp-segmentation-offload',
]);

const featureText = ({ on, fixed, requested }: FeatureState): string =>
  `${onOff(on)}${fixed ? ' [fixed]' : requested ? ` [requested ${onOff(!on)}]` : ''}`;

function featureLines(features: readonly FeatureState[]): string[] {
  const rest = new Map(features.map((feature) => [feature.name, feature]));
  const lines = featureGroups.flatMap(([title, , names]) => {
    const members = names.flatMap((name) => rest.get(name) ?? []);
    for (const { name } of members) rest.delete(name);
    const on = members.some((member) => member.on);
    const fixed = members.every((member) => member.fixed);
    const head = `${title}: ${onOff(on)}${fixed && !listed.has(title) ? ' [fixed]' : ''}`;
    if (!listed.has(title)) return [head];
    return [head, ...members.map((member) => `\t${member.name}: ${featureText(member)}`)];
  });
  return [...lines, ...[...rest.values()].map((one) => `${one.name}: ${featureText(one)}`)];
}

function* showFeatures(process: Process, name: string): MaySleep<number> {
  const features = yield* process.call(ethtool_features(process.k, name));
  if (typeof features === 'number') return yield* netlinkError(process, features);
  const lines = featureLines(features).map((line) => `${line}\n`);
  yield* process.out(`Features for ${name}:\n${lines.join('')}`);
  return 0;
}

function* setFeatures(process: Process, name: string, words: readonly string[]): MaySleep<number> {
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [word = '', value] = words.slice(at, at + 2);
    const group = featureGroups.find(([title, short]) => title === word || short === word);
    for (const feature of group?.[2] ?? [word]) {
      const on = value === 'on';
      const error = yield* process.call(ethtool_set_feature(process.k, name, feature, on));
      if (error === 0) continue;
      yield* process.err(`Could not change any device features\n`);
      return 1;
    }
  }
  return 0;
}

const channelTitles = ['RX:\t', 'TX:\t', 'Other:\t', 'Combined:'] as const;

function channelText(name: string, channels: EthtoolChannels): string {
  const table = (values: readonly (number | undefined)[]): string =>
    channelTitles.map((title, at) => `${title}\t${orNone(values[at])}\n`).join('');
  const { max_rx, max_tx, max_combined, rx_count, tx_count, combined_count } = channels;
  return (
    `Channel parameters for ${name}:\nPre-set maximums:\n` +
    table([max_rx, max_tx, undefined, max_combined]) +
    'Current hardware settings:\n' +
    table([rx_count, tx_count, undefined, combined_count])
  );
}

function* showChannels(process: Process, name: string): MaySleep<number> {
  const channels = yield* process.call(ethtool_channels(process.k, name));
  if (typeof channels === 'number') return yield* netlinkError(process, channels);
  yield* process.out(channelText(name, channels));
  return 0;
}

function* showRings(process: Process, name: string): MaySleep<number> {
  const rings = yield* process.call(ethtool_ringparam(process.k, name));
  if (typeof rings === 'number') return yield* netlinkError(process, rings);
  const table = (rx: number, tx: number): string =>
    `RX:\t\t${rx}\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t${tx}\n`;
  yield* process.out(
    `Ring parameters for ${name}:\nPre-set maximums:\n` +
      table(rings.rx_max_pending, rings.tx_max_pending) +
      'Current hardware settings:\n' +
      table(rings.rx_pending, rings.tx_pending) +
      'RX Buf Len:\t\tn/a\nCQE Size:\t\tn/a\nTX Push:\toff\nTCP data split:\tn/a\n',
  );
  return 0;
}

function* showPause(process: Process, name: string): MaySleep<number> {
  const pause = yield* process.call(ethtool_pauseparam(process.k, name));
  if (typeof pause === 'number') return yield* netlinkError(process, pause);
  yield* process.out(
    `Pause parameters for ${name}:\nAutonegotiate:\t${onOff(pause.autoneg)}\n` +
      `RX:\t\t${onOff(pause.rx_pause)}\nTX:\t\t${onOff(pause.tx_pause)}\n\n`,
  );
  return 0;
}

function* setPause(process: Process, name: string, words: readonly string[]): MaySleep<number> {
  const { k } = process;
  const now = yield* process.call(ethtool_pauseparam(k, name));
  if (typeof now === 'number') return yield* netlinkError(process, now);
  const given = new Map<string, boolean>();
  for (let at = 0; at + 1 < words.length; at += 2) given.set(words[at]!, words[at + 1] === 'on');
  const wanted = {
    autoneg: given.get('autoneg') ?? now.autoneg,
    rx_pause: given.get('rx') ?? now.rx_pause,
    tx_pause: given.get('tx') ?? now.tx_pause,
  };
  const error = yield* process.call(ethtool_set_pauseparam(k, name, wanted));
  return error < 0 ? yield* netlinkError(process, error) : 0;
}

function coalesceText(name: string, c: EthtoolCoalesce): string {
  const none = 'n/a';
  const groups: readonly (readonly (readonly [string, string])[])[] = [
    [
      ['stats-block-usecs', none],
      ['sample-interval', orNone(c.rate_sample_interval)],
      ['pkt-rate-low', orNone(c.pkt_rate_low)],
      ['pkt-rate-high', orNone(c.pkt_rate_high)],
    ],
    [
      ['rx-usecs', String(c.rx_coalesce_usecs)],
      ['rx-frames', String(c.rx_max_coalesced_frames)],
      ['rx-usecs-irq', none],
      ['rx-frames-irq', none],
    ],
    [
      ['tx-usecs', String(c.tx_coalesce_usecs)],
      ['tx-frames', String(c.tx_max_coalesced_frames)],
      ['tx-usecs-irq', none],
      ['tx-frames-irq', orNone(c.tx_max_coalesced_frames_irq)],
    ],
    [
      ['rx-usecs-low', orNone(c.rx_coalesce_usecs_low)],
      ['rx-frame-low', none],
      ['tx-usecs-low', none],
      ['tx-frame-low', none],
    ],
    [
      ['rx-usecs-high', orNone(c.rx_coalesce_usecs_high)],
      ['rx-frame-high', none],
      ['tx-usecs-high', none],
      ['tx-frame-high', none],
    ],
    [['CQE mode RX', `${none}  TX: ${none}`]],
  ];
  const tables = groups.map((rows) => rows.map(([key, value]) => `${key}: ${value}\n`).join(''));
  const adaptive = `Adaptive RX: ${onOff(c.use_adaptive_rx_coalesce)}  TX: ${none}\n`;
  return `Coalesce parameters for ${name}:\n${adaptive}${tables.join('\n')}\n`;
}

function* showCoalesce(process: Process, name: string): MaySleep<number> {
  const coalesce = yield* process.call(ethtool_coalesce(process.k, name));
  if (typeof coalesce === 'number') return yield* netlinkError(process, coalesce);
  yield* process.out(coalesceText(name, coalesce));
  return 0;
}

function* showPermanent(process: Process, name: string): MaySleep<number> {
  const dev = process.k.net.devices.find((each) => each.name === name);
  if (dev === undefined) return yield* netlinkError(process, -ENODEV);
  const none = dev.perm_addr.every((byte) => byte === 0);
  yield* process.out(`Permanent address: ${none ? 'not set' : formatMacAt(dev.perm_addr)}\n`);
  return 0;
}

function* showPrivateFlags(process: Process, name: string): MaySleep<number> {
  const flags = yield* process.call(ethtool_priv_flags(process.k, name));
  if (typeof flags === 'number') return yield* netlinkError(process, flags);
  const width = Math.max(0, ...flags.map(([flag]) => flag.length));
  const lines = flags.map(([flag, on]) => `${flag.padEnd(width)}: ${onOff(on)}\n`);
  yield* process.out(`Private flags for ${name}:\n${lines.join('')}`);
  return 0;
}

function* setPrivateFlags(
  process: Process,
  name: string,
  words: readonly string[],
): MaySleep<number> {
  for (let at = 0; at + 1 < words.length; at += 2) {
    const on = words[at + 1] === 'on';
    const error = yield* process.call(ethtool_set_priv_flag(process.k, name, words[at]!, on));
    if (error < 0) return yield* netlinkError(process, error);
  }
  return 0;
}

type Action = (process: Process, name: string, words: readonly string[]) => MaySleep<number>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['-i', showDriver],
  ['--driver', showDriver],
  ['-S', showStatistics],
  ['--statistics', showStatistics],
  ['-k', showFeatures],
  ['--show-features', showFeatures],
  ['--show-offload', showFeatures],
  ['-K', setFeatures],
  ['--features', setFeatures],
  ['-a', showPause],
  ['--show-pause', showPause],
  ['-A', setPause],
  ['--pause', setPause],
  ['-g', showRings],
  ['--show-ring', showRings],
  ['-l', showChannels],
  ['--show-channels', showChannels],
  ['-c', showCoalesce],
  ['--show-coalesce', showCoalesce],
  ['-P', showPermanent],
  ['--show-permaddr', showPermanent],
  ['--show-priv-flags', showPrivateFlags],
  ['--set-priv-flags', setPrivateFlags],
]);

export const ethtool: Command = {
  name: 'ethtool',
  summary: 'driver and card of a network device (-i -S -k -K -a -A -g -l -c -P)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const [first, ...rest] = args;
    const bad = 'bad command line argument(s)\nFor more information run ethtool -h';
    if (first === undefined) return yield* process.usage(bad, 1);
    if (!first.startsWith('-')) return yield* showSettings(process, first);
    const action = actions.get(first);
    const [name, ...words] = rest;
    if (action === undefined || name === undefined) return yield* process.usage(bad, 1);
    return yield* action(process, name, words);
  },
};
