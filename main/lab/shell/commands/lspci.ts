// lspci: the cards that the kernel knows, read from their configuration space. Names come from a
// small part of pci.ids. -vv decodes what the lab's card has: command and status, BARs, power
// management, MSI-X, the PCI Express link. Left out: bridges (the lab's machine shows none), -t,
// -mm.

import type { PciDevice } from '#kernel/pci/pci-device.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

const classNames: ReadonlyMap<number, string> = new Map([
  [0x0200, 'Ethernet controller'],
  [0x0207, 'Infiniband controller'],
  [0x0280, 'Network controller'],
]);
const vendorNames: ReadonlyMap<number, string> = new Map([[0x15b3, 'Mellanox Technologies']]);
const deviceNames: ReadonlyMap<number, string> = new Map([
  [0x15b3_1003, 'MT27500 Family [ConnectX-3]'],
  [0x15b3_1007, 'MT27520 Family [ConnectX-3 Pro]'],
]);
const subsystemNames: ReadonlyMap<number, string> = new Map([
  [0x15b3_0055, 'ConnectX-3 10 GbE Single Port SFP+ Adapter'],
]);

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
/** `Mem+`, `Mem-`. */
const flag = (name: string, on: boolean): string => `${name}${on ? '+' : '-'}`;
const flags = (value: number, names: readonly (readonly [string, number])[]): string =>
  names.map(([name, bit]) => flag(name, (value & (1 << bit)) !== 0)).join(' ');

/** `1M`, `32M`. */
function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['G', 2 ** 30],
    ['M', 2 ** 20],
    ['K', 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

/** Text of one card. */
class Card {
  private readonly pdev: PciDevice;
  private readonly flags: ReadonlyMap<string, string>;
  private readonly level: number;

  constructor(pdev: PciDevice, given: ReadonlyMap<string, string>, level: number) {
    this.pdev = pdev;
    this.flags = given;
    this.level = level;
  }

  private read(offset: number, size: 1 | 2 | 4): number {
    return this.pdev.configRead(offset, size);
  }

  get text(): string {
    const lines = [this.headline];
    const gone = this.read(0, 4) === 0xffff_ffff;
    if (this.level > 0 && gone) lines.push('\t!!! Unknown header type 7f');
    else if (this.level > 0) lines.push(...this.details());
    else if (this.flags.has('k')) lines.push(`\tSubsystem: ${this.subsystem}`);
    if (this.level > 0 || this.flags.has('k')) lines.push(...this.kernelLines());
    if (this.flags.has('x')) lines.push(...this.dump());
    const more = this.level > 0 || this.flags.has('x');
    return `${lines.join('\n')}\n${more ? '\n' : ''}`;
  }

  private get headline(): string {
    const { pdev, flags: given } = this;
    const slot = given.has('D') ? pdev.slot : pdev.slot.replace(/^0000:/, '');
    const code = pdev.class >> 8;
    const ids = `${hex(pdev.vendor, 4)}:${hex(pdev.device, 4)}`;
    const revision = this.read(8, 1);
    const rev = revision === 0 ? '' : ` (rev ${hex(revision, 2)})`;
    if (given.has('n')) return `${slot} ${hex(code, 4)}: ${ids}${rev}`;
    const kind = classNames.get(code) ?? `Class ${hex(code, 4)}`;
    const name = `${vendorNames.get(pdev.vendor) ?? 'Unknown vendor'} ${this.deviceName}`;
    if (given.has('N')) return `${slot} ${kind} [${hex(code, 4)}]: ${name} [${ids}]${rev}`;
    return `${slot} ${kind}: ${name}${rev}`;
  }

  private get deviceName(): string {
    const key = this.pdev.vendor * 0x1_0000 + this.pdev.device;
    return deviceNames.get(key) ?? `Device ${hex(this.pdev.device, 4)}`;
  }

  private get subsystem(): string {
    const { subsystemVendor: vendor, subsystemDevice: device } = this.pdev;
    if (this.flags.has('n')) return `${hex(vendor, 4)}:${hex(device, 4)}`;
    const name = subsystemNames.get(vendor * 0x1_0000 + device) ?? `Device ${hex(device, 4)}`;
    const known = `${vendorNames.get(vendor) ?? 'Unknown vendor'} ${name}`;
    return this.flags.has('N') ? `${known} [${hex(vendor, 4)}:${hex(device, 4)}]` : known;
  }

  private details(): string[] {
    const command = this.read(4, 2);
    const lines = [`\tSubsystem: ${this.subsystem}`];
    if (this.level === 1) {
      const master = (command & 4) !== 0 ? 'bus master, ' : '';
      lines.push(`\tFlags: ${master}fast devsel, latency 0, IRQ ${this.irq}`);
    } else lines.push(...this.registers(command));
    for (const [bar, resource] of this.pdev.resources.entries()) {
      if (resource === null) continue;
      const width = resource.is64Bit ? '64-bit' : '32-bit';
      const kind = resource.prefetchable ? 'prefetchable' : 'non-prefetchable';
      const off = (command & 2) !== 0 ? '' : ' [disabled]';
      const place = this.level === 1 ? '' : `Region ${bar}: `;
      const size = sizeText(resource.sizeBytes);
      lines.push(
        `\t${place}Memory at ${hex(resource.start, 8)} (${width}, ${kind})${off} [size=${size}]`,
      );
    }
    return [...lines, ...this.capabilities()];
  }

  private get irq(): number {
    return this.pdev.msix?.descs[0]?.irq ?? this.pdev.irq;
  }

  private registers(command: number): string[] {
    const status = this.read(6, 2);
    const control = flags(command, [
      ['I/O', 0],
      ['Mem', 1],
      ['BusMaster', 2],
      ['SpecCycle', 3],
      ['MemWINV', 4],
      ['VGASnoop', 5],
      ['ParErr', 6],
      ['Stepping', 7],
      ['SERR', 8],
      ['FastB2B', 9],
      ['DisINTx', 10],
    ]);
    const head = flags(status, [
      ['Cap', 4],
      ['66MHz', 5],
      ['UDF', 6],
      ['FastB2B', 7],
      ['ParErr', 8],
    ]);
    const tail = flags(status, [
      ['>TAbort', 11],
      ['<TAbort', 12],
      ['<MAbort', 13],
      ['>SERR', 14],
      ['<PERR', 15],
      ['INTx', 3],
    ]);
    return [
      `\tControl: ${control}`,
      `\tStatus: ${head} DEVSEL=fast ${tail}`,
      '\tLatency: 0',
      `\tInterrupt: pin A routed to IRQ ${this.irq}`,
    ];
  }

  private capabilities(): string[] {
    const lines: string[] = [];
    let at = this.read(0x34, 1) & 0xfc;
    for (let seen = 0; at >= 0x40 && seen < 48; seen++) {
      lines.push(...this.capability(this.read(at, 1), at));
      at = this.read(at + 1, 1) & 0xfc;
    }
    return lines;
  }

  private capability(id: number, at: number): string[] {
    const head = (text: string): string => `\tCapabilities: [${hex(at, 2)}] ${text}`;
    const deep = this.level > 1;
    switch (id) {
      case 0x01:
        return [head(`Power Management version ${this.read(at + 2, 2) & 7}`)];
      case 0x03:
        return [head('Vital Product Data')];
      case 0x09:
        return [head(`Vendor Specific Information: Len=${hex(this.read(at + 2, 1), 2)} <?>`)];
      case 0x10: {
        const version = deep ? ' (v2)' : '';
        return [head(`Express${version} Endpoint, MSI 00`), ...(deep ? this.express(at) : [])];
      }
      case 0x11:
        return this.msix(at, head, deep);
      default:
        return [head(`#${hex(id, 2)}`)];
    }
  }

  private msix(at: number, head: (text: string) => string, deep: boolean): string[] {
    const control = this.read(at + 2, 2);
    const count = (control & 0x7ff) + 1;
    const enabled = flag('Enable', (control & 0x8000) !== 0);
    const masked = flag('Masked', (control & 0x4000) !== 0);
    const line = head(`MSI-X: ${enabled} Count=${count} ${masked}`);
    if (!deep) return [line];
    const place = (offset: number): string => {
      const value = this.read(offset, 4);
      return `BAR=${value & 7} offset=${hex((value & ~7) >>> 0, 8)}`;
    };
    return [line, `\t\tVector table: ${place(at + 4)}`, `\t\tPBA: ${place(at + 8)}`];
  }

  private express(at: number): string[] {
    const speeds = ['', '2.5GT/s', '5GT/s', '8GT/s', '16GT/s'];
    const device = this.read(at + 4, 4);
    const control = this.read(at + 8, 2);
    const capable = this.read(at + 0x0c, 4);
    const now = this.read(at + 0x12, 2);
    const link = (value: number): string =>
      `Speed ${speeds[value & 15] ?? 'unknown'}, Width x${(value >> 4) & 63}`;
    const payload = (value: number): number => 128 << (value & 7);
    return [
      `\t\tDevCap:\tMaxPayload ${payload(device)} bytes, PhantFunc 0`,
      `\t\tDevCtl:\tMaxPayload ${payload(control >> 5)} bytes, ` +
        `MaxReadReq ${payload(control >> 12)} bytes`,
      `\t\tLnkCap:\tPort #0, ${link(capable)}, ASPM not supported`,
      `\t\tLnkSta:\t${link(now)}`,
    ];
  }

  private kernelLines(): string[] {
    const driver = this.pdev.driver?.name;
    const modules = this.pdev.k.modules.resolve(modaliasOf(this.pdev)).join(', ');
    return [
      ...(driver === undefined ? [] : [`\tKernel driver in use: ${driver}`]),
      ...(modules === '' ? [] : [`\tKernel modules: ${modules}`]),
    ];
  }

  private dump(): string[] {
    const bytes = this.flags.get('x') === 'all' ? 256 : 64;
    return Array.from({ length: bytes / 16 }, (_, row) => {
      const cells = Array.from({ length: 16 }, (_cell, at) => hex(this.read(row * 16 + at, 1), 2));
      return `${hex(row * 16, 2)}: ${cells.join(' ')}`;
    });
  }
}

/** What udev matches with the aliases of modules. */
const modaliasOf = (pdev: PciDevice): string => pdev.bus?.ops.uevent?.(pdev)['MODALIAS'] ?? '';

/** `[[domain]:][bus]:[slot][.function]`, empty parts match everything; null for no address. */
function slotPattern(text: string): RegExp | null {
  const match = /^(?:(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):)?([0-9a-f]{1,2})?(?:\.([0-7]))?$/i.exec(
    text,
  );
  if (match === null) return null;
  const part = (value: string | undefined, digits: number): string =>
    value === undefined ? '[0-9a-f]+' : value.toLowerCase().padStart(digits, '0');
  const [, domain, bus, slot, fn] = match;
  return new RegExp(`^${part(domain, 4)}:${part(bus, 2)}:${part(slot, 2)}\\.${part(fn, 1)}$`);
}

/** Levels of -v and kinds of -n and -x, which getopt would fold. */
function readFlags(args: readonly string[]): {
  level: number;
  rest: string[];
  extra: Map<string, string>;
} {
  let level = 0;
  const extra = new Map<string, string>();
  const rest = args.map((arg) => {
    if (!/^-[a-zA-Z]+$/.test(arg)) return arg;
    level += arg.split('v').length - 1;
    if (/n.*n/.test(arg)) extra.set('N', '');
    else if (arg.includes('n')) extra.set('n', '');
    if (arg.includes('x')) extra.set('x', arg.includes('xxx') ? 'all' : '');
    return arg.replace(/[vnx]/g, '') || '-';
  });
  return { level, rest: rest.filter((arg) => arg !== '-'), extra };
}

function* select(
  process: Process,
  given: ReadonlyMap<string, string>,
): MaySleep<PciDevice[] | null> {
  const slot = slotPattern(given.get('s') ?? '');
  if (slot === null) {
    yield* process.usage('-s: Invalid slot number', 1);
    return null;
  }
  const [vendor = '', device = ''] = (given.get('d') ?? ':').split(':');
  return process.k.pci.devices.filter(
    (pdev) =>
      slot.test(pdev.slot) &&
      (vendor === '' || Number.parseInt(vendor, 16) === pdev.vendor) &&
      (device === '' || Number.parseInt(device, 16) === pdev.device),
  );
}

export const lspci: Command = {
  name: 'lspci',
  summary: 'list PCI devices (-n -nn -v -vv -k -x -xxx -D -s SLOT -d VENDOR:DEVICE)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { level, rest, extra } = readFlags(args);
    const options = readOptions(rest, 'kDs:d:');
    if (options.error !== null) return yield* process.usage(options.error, 1);
    const given = new Map([...options.flags, ...extra]);
    const devices = yield* select(process, given);
    if (devices === null) return 1;
    for (const pdev of devices) yield* process.out(new Card(pdev, given, level).text);
    return 0;
  },
};
