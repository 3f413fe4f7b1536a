// Goal: what the kernel says when the default machine boots is what a real one says, line by line
// and with its levels (facts/driver 8.13), and says no more.
// Method: boot; compare what comes after the PCI scan. Lines of 8.13 that this card has no reason
// for: the steering rate (no device-managed steering), the PHC (no time stamps). Behind the list
// stand the links: the card trains them for 20 ms, and a real one says so when it is done, too.

import { describe, expect, it } from 'vitest';
import { quietLab } from '#test/support/lab.ts';

/** Level and text of a port's lines; ring counts follow the four CPUs. */
const port = (portNumber: number): string[] => [
  `6 mlx4_en 0000:06:00.0: Activating port:${portNumber}`,
  `6 mlx4_en: 0000:06:00.0: Port ${portNumber}: enabling only PFC DCB ops`,
  `4 mlx4_en: 0000:06:00.0: Port ${portNumber}: Using 4 TX rings`,
  `4 mlx4_en: 0000:06:00.0: Port ${portNumber}: Using 4 RX rings`,
  `4 mlx4_en: 0000:06:00.0: Port ${portNumber}: Initializing port`,
];

const core = [
  '6 mlx4_core: Mellanox ConnectX core driver v4.0-0',
  '6 mlx4_core: Initializing 0000:06:00.0',
  '6 mlx4_core 0000:06:00.0: 63.008 Gb/s available PCIe bandwidth (8.0 GT/s PCIe x8 link)',
];

const ethernet = [
  '6 mlx4_en: Mellanox ConnectX HCA Ethernet driver v4.0-0',
  '4 mlx4_en 0000:06:00.0: LSO not supported, please upgrade to later FW version to enable LSO',
  ...port(1),
  ...port(2),
  '6 mlx4_core 0000:06:00.0 ens1: renamed from eth0',
  '6 mlx4_core 0000:06:00.0 ens1d1: renamed from eth1',
];

const infiniband = (callback: string): string[] => [
  `6 <mlx4_ib> ${callback}: mlx4_ib: Mellanox ConnectX InfiniBand driver v4.0-0`,
  `6 <mlx4_ib> ${callback}: counter index 2 for port 1 allocated 1`,
  `6 <mlx4_ib> ${callback}: counter index 3 for port 2 allocated 1`,
];

const linkUp = /^6 mlx4_en: ens1(d1)?: Link Up$/;

describe.each([
  ['v6.1', 'mlx4_ib_add'],
  ['naive', 'mlx4_ib_probe'],
  ['early-unregister', 'mlx4_ib_probe'],
  ['v6.6', 'mlx4_ib_probe'],
])('the default machine boots with %s', (variant, callback) => {
  const lab = quietLab({ variant, autoload: true, rename: true }).run(2);
  const lines = lab.machine.k.log.records
    .filter(({ text }) => !text.startsWith('pci '))
    .map(({ level, text }) => `${level} ${text}`);

  it('says what a real kernel says', () => {
    const said = lines.filter((line) => !linkUp.test(line));
    expect(said).toEqual([...core, ...ethernet, ...infiniband(callback)]);
  });

  it('and of both ports that the link is up', () => {
    expect(lines.filter((line) => linkUp.test(line)).sort()).toEqual([
      '6 mlx4_en: ens1: Link Up',
      '6 mlx4_en: ens1d1: Link Up',
    ]);
  });
});
