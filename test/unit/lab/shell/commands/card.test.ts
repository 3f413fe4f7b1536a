// ethtool, devlink, ibstat and ibv_devinfo on a real machine. Shapes are those of ethtool 6.1,
// iproute2 6.1 and rdma-core 44, compared with the real programs where those run without a card.

import { pauseFrame, quantaMax } from '#bus/mac-control.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bondedLab, bootedLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

describe('ethtool', () => {
  let lab: Lab;

  beforeAll(() => {
    lab = bootedLab();
    lab.out('ip link set ens1 up; ip addr add 10.0.0.2/24 dev ens1; sleep 1');
    lab.out('ping -c 2 -i 0.1 10.0.0.1; sleep 1');
  });

  test('a link that is up', () => {
    expect(lab.out('ethtool ens1')).toBe(
      [
        'Settings for ens1:',
        '\tSupported ports: [ ]',
        '\tSupported link modes:   10000baseT/Full',
        '\tSupported pause frame use: No',
        '\tSupports auto-negotiation: No',
        '\tSupported FEC modes: Not reported',
        '\tAdvertised link modes:  10000baseT/Full',
        '\tAdvertised pause frame use: No',
        '\tAdvertised auto-negotiation: No',
        '\tAdvertised FEC modes: Not reported',
        '\tSpeed: 40000Mb/s',
        '\tDuplex: Full',
        '\tAuto-negotiation: off',
        '\tPort: Other',
        '\tPHYAD: 0',
        '\tTransceiver: internal',
        '        Current message level: 0x00000014 (20)',
        '                               link ifdown',
        '\tLink detected: yes',
        '',
      ].join('\n'),
    );
  });

  test('a link that is down', () => {
    const text = lab.out('ethtool ens1d1');
    expect(text).toContain('\tLink detected: no\n');
  });

  test('-i', () => {
    expect(lab.out('ethtool -i ens1')).toBe(
      'driver: mlx4_en\nversion: 4.0-0\nfirmware-version: 2.42.5000\nexpansion-rom-version: \n' +
        'bus-info: 0000:06:00.0\nsupports-statistics: yes\nsupports-test: no\n' +
        'supports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: yes\n',
    );
  });

  test('-S counts what went through', () => {
    const lines = lab.out('ethtool -S ens1').trimEnd().split('\n');
    expect(lines[0]).toBe('NIC statistics:');
    const values = new Map(
      lines.slice(1).map((line) => line.trim().split(': ') as [string, string]),
    );
    expect(Number(values.get('rx_packets'))).toBeGreaterThanOrEqual(2);
    expect(values.get('rx_errors')).toBe('0');
    expect(lines[1]).toMatch(/^ {5}rx_packets: \d+$/);
    expect([...values.keys()]).toContain('tx0_packets');
  });

  test('-S counts how often and for how long the other end has stopped the card', () => {
    const card = { ...defaultMachineSpec.card, profile: 'full' as const };
    const cables = [{ a: 'card0 port 1', b: 'host0', speedMbps: 40_000 }];
    const full = bootedLab({
      card,
      topology: { hosts: [{ name: 'host0', ip: '10.0.0.1' }], cables },
    });
    full.out('ip link set ens1 up; sleep 1');
    const [host] = full.machine.fabric.hosts;
    host!.send(pauseFrame(host!.mac, quantaMax));
    full.run(1);
    const text = full.out('ethtool -S ens1');
    expect(text).toContain('     rx_pause: 1\n     rx_pause_duration: 838\n');
    expect(text).toContain('     rx_pause_transition: 1\n     tx_pause: 0\n');
  });

  test('-k', () => {
    const lines = lab.out('ethtool -k ens1').split('\n');
    expect(lines.slice(0, 6)).toEqual([
      'Features for ens1:',
      'rx-checksumming: on',
      'tx-checksumming: on',
      '\ttx-checksum-ipv4: on',
      '\ttx-checksum-ipv6: on',
      'scatter-gather: off',
    ]);
    expect(lines).toContain('rx-fcs: off [fixed]');
  });

  test('-K changes a feature, by its short name too', () => {
    lab.out('ethtool -K ens1 rx off');
    expect(lab.out('ethtool -k ens1')).toContain('rx-checksumming: off\n');
    lab.out('ethtool -K ens1 rx-checksum on');
    expect(lab.line('ethtool -K ens1 rx-fcs on')).toEqual({
      output: 'Could not change any device features\n',
      status: 1,
    });
  });

  test('-g -l -a -P', () => {
    const rings = 'RX:\t\t8192\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t8192\n';
    expect(lab.out('ethtool -g ens1')).toMatch(
      new RegExp(
        `^Ring parameters for ens1:\nPre-set maximums:\n${rings}` +
          'Current hardware settings:\nRX:\t\t1024\n',
      ),
    );
    const channels = 'RX:\t\t4\nTX:\t\t4\nOther:\t\tn/a\nCombined:\tn/a\n';
    expect(lab.out('ethtool -l ens1')).toBe(
      `Channel parameters for ens1:\nPre-set maximums:\n${channels}` +
        `Current hardware settings:\n${channels}`,
    );
    expect(lab.out('ethtool -a ens1')).toBe(
      'Pause parameters for ens1:\nAutonegotiate:\toff\nRX:\t\ton\nTX:\t\ton\n\n',
    );
    lab.out('ethtool -A ens1 rx off');
    expect(lab.out('ethtool -a ens1')).toContain('RX:\t\toff\nTX:\t\ton\n');
    expect(lab.out('ethtool -P ens1d1')).toBe('Permanent address: 00:02:c9:a0:b0:c2\n');
  });

  test('-c', () => {
    const lines = lab.out('ethtool -c ens1').split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'Coalesce parameters for ens1:',
      'Adaptive RX: on  TX: n/a',
      'stats-block-usecs: n/a',
      'sample-interval: 0',
      'pkt-rate-low: 400000',
      'pkt-rate-high: 450000',
      '',
    ]);
    expect(lines).toContain('rx-usecs: 16');
    expect(lines.at(-3)).toBe('CQE mode RX: n/a  TX: n/a');
  });

  test('private flags', () => {
    expect(lab.out('ethtool --show-priv-flags ens1')).toBe(
      'Private flags for ens1:\nblueflame: off\nphv-bit  : off\n',
    );
  });

  test.each([
    ['ethtool', 'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n', 1],
    [
      'ethtool -z ens1',
      'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n',
      1,
    ],
    [
      'ethtool nosuch',
      'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n' +
        'No data available\n',
      75,
    ],
    ['ethtool -i nosuch', 'Cannot get driver information: No such device\n', 71],
    ['ethtool -S lo', 'no stats available\n', 94],
    ['ethtool -g lo', 'netlink error: Operation not supported\n', 94],
  ])('%s', (line, output, status) => {
    expect(lab.line(line)).toEqual({ output, status });
  });
});

describe('devlink', () => {
  let lab: Lab;
  const handle = 'pci/0000:06:00.0';

  beforeEach(() => {
    lab = bootedLab();
  });

  test('dev and port', () => {
    expect(lab.out('devlink dev')).toBe(`${handle}\n`);
    expect(lab.out('devlink port')).toBe(
      `${handle}/1: type eth netdev ens1\n${handle}/2: type eth netdev ens1d1\n`,
    );
    expect(lab.out('devlink port show ens1d1')).toBe(`${handle}/2: type eth netdev ens1d1\n`);
    expect(JSON.parse(lab.out('devlink -j port show'))).toEqual({
      port: {
        [`${handle}/1`]: { type: 'eth', netdev: 'ens1' },
        [`${handle}/2`]: { type: 'eth', netdev: 'ens1d1' },
      },
    });
    expect(lab.out('devlink -jp dev')).toBe(`{\n    "dev": {\n        "${handle}": {}\n    }\n}\n`);
  });

  test('port set type makes an InfiniBand port of it, and a netdev again', () => {
    lab.out(`devlink port set ${handle}/1 type ib`);
    expect(lab.out(`devlink port show ${handle}/1`)).toMatch(/^\S+: type ib( ibdev mlx4_0)?\n$/);
    expect(lab.out('cat /sys/bus/pci/devices/0000:06:00.0/mlx4_port1')).toBe('ib\n');
    lab.out('devlink port set pci/0000:06:00.0/1 type eth; sleep 1');
    expect(lab.out('cat /sys/bus/pci/devices/0000:06:00.0/mlx4_port1')).toBe('eth\n');
  });

  test('parameters', () => {
    expect(lab.out(`devlink dev param show ${handle} name internal_error_reset`)).toBe(
      `${handle}:\n  name internal_error_reset type generic\n    values:\n` +
        '      cmode runtime value true\n      cmode driverinit value true\n',
    );
    const set = `devlink dev param set ${handle} name internal_error_reset`;
    lab.out(`${set} value false cmode runtime`);
    expect(lab.out('cat /sys/module/mlx4_core/parameters/internal_err_reset')).toBe('0\n');
    expect(JSON.parse(lab.out('devlink -j dev param show'))).toMatchObject({
      param: {
        [handle]: [
          {
            name: 'internal_error_reset',
            type: 'generic',
            values: [
              { cmode: 'runtime', value: false },
              { cmode: 'driverinit', value: true },
            ],
          },
          { name: 'max_macs' },
          {},
          {},
          {},
        ],
      },
    });
  });

  test('reload starts the driver again; another namespace is refused with the reason', () => {
    expect(lab.out(`devlink dev reload ${handle}`)).toBe(
      'reload_actions_performed:\n    driver_reinit\n',
    );
    expect(lab.out('devlink dev')).toBe(`${handle}\n`);
    const { output, status } = lab.line(`devlink dev reload ${handle} netns other`);
    expect(output).toMatch(
      /^Error: .*Namespace change is not supported\.\nkernel answers: Operation not supported\n$/,
    );
    expect(status).toBe(1);
  });

  test.each([
    ['devlink foo', 'Object "foo" not found\n'],
    ['devlink dev foo', 'Command "foo" not found\n'],
    ['devlink dev show pci/0000:07:00.0', 'kernel answers: No such device\n'],
    [
      'devlink dev show pci',
      'Wrong identification string format.\nExpected "bus_name/dev_name".\n',
    ],
    ['devlink port set pci/0000:06:00.0/1 type fc', 'Unknown port type "fc"\n'],
    ['devlink port set pci/0000:06:00.0/1', 'Port type not set.\n'],
    ['devlink port set pci/0000:06:00.0/7 type ib', 'kernel answers: No such device\n'],
    [
      'devlink dev param set pci/0000:06:00.0 name x value 1 cmode runtime',
      'kernel answers: Invalid argument\n',
    ],
    ['devlink dev param set pci/0000:06:00.0 name x value 1', 'Configuration mode expected.\n'],
  ])('%s', (line, output) => {
    expect(lab.line(line)).toEqual({ output, status: 1 });
  });
});

describe('the RDMA programs', () => {
  test('two Ethernet ports', () => {
    const lab = bootedLab();
    lab.out('ip link set ens1 up; sleep 1');
    const lines = lab.out('ibstat').split('\n');
    expect(lines.slice(0, 5)).toEqual([
      "CA 'mlx4_0'",
      '\tCA type: MT4099',
      '\tNumber of ports: 2',
      '\tFirmware version: 2.42.5000',
      '\tHardware version: 0',
    ]);
    expect(lines.slice(7, 17)).toEqual([
      '\tPort 1:',
      '\t\tState: Active',
      '\t\tPhysical state: LinkUp',
      '\t\tRate: 40',
      '\t\tBase lid: 0',
      '\t\tLMC: 0',
      '\t\tSM lid: 0',
      '\t\tCapability mask: 0x00010000',
      '\t\tPort GUID: 0x0202c9fffea0b0c1',
      '\t\tLink layer: Ethernet',
    ]);
    expect(lab.out('ibstat -l')).toBe('mlx4_0\n');
    expect(lab.out('ibstat -p | head -1')).toBe('0x0202c9fffea0b0c1\n');
    expect(lab.line('ibstat mlx5_0').output).toMatch(/'mlx5_0' IB device can't be found/);
    expect(lab.out('ibv_devices')).toBe(
      '    device          \t   node GUID\n    ------          \t----------------\n' +
        '    mlx4_0          \t0002c90300a0b0c0\n',
    );
    const info = lab.out('ibv_devinfo');
    expect(info).toMatch(
      /^hca_id:\tmlx4_0\n\ttransport:\t\t\tInfiniBand \(0\)\n\tfw_ver:\t\t\t\t2\.42\.5000\n/,
    );
    expect(info).toContain(
      '\t\tport:\t1\n\t\t\tstate:\t\t\tPORT_ACTIVE (4)\n\t\t\tmax_mtu:\t\t4096 (5)\n',
    );
    expect(lab.out('ibv_devinfo -l')).toBe('1 HCA found:\n\tmlx4_0\n\n');
  });

  test('a bonded card has one port', () => {
    const lab = bondedLab('v6.6');
    expect(lab.out('ibstat')).toContain('\tNumber of ports: 1\n');
    expect(lab.out('ibv_devinfo')).toContain('\tphys_port_cnt:\t\t\t1\n');
  });

  test('without a device', () => {
    const lab = bootedLab({ autoload: false });
    expect(lab.line('ibstat')).toEqual({ output: '', status: 0 });
    expect(lab.line('ibv_devinfo')).toEqual({ output: 'No IB devices found\n', status: 255 });
  });
});
