// ibstat (infiniband-diags), which reads sysfs, and ibv_devices and ibv_devinfo (rdma-core), which
// ask the RDMA core for each port. Left out: ibv_devinfo -v and -d, all that needs a subnet.

import { ib_query_port, rdma_port_get_link_layer } from '#kernel/infiniband/port.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import { IB_LINK_LAYER_ETHERNET, IB_LINK_LAYER_INFINIBAND } from '#kernel/infiniband/ib-verbs.ts';
import type { IbPortAttr } from '#kernel/infiniband/ib-verbs.ts';
import { vfs_readdir } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

const classPath = '/sys/class/infiniband';

function names(process: Process, path: string): string[] {
  const entries = vfs_readdir(process.k, path);
  return typeof entries === 'number' ? [] : entries.map((entry) => entry.name);
}

/** A file without its newline; empty when it cannot be read. */
function* file(process: Process, path: string): MaySleep<string> {
  const text = yield* process.read(path);
  return typeof text === 'number' ? '' : text.trimEnd();
}

/** `0002:c903:00a0:b0c0` as `0x0002c90300a0b0c0`. */
const guidNumber = (text: string): string => `0x${text.replaceAll(':', '').padStart(16, '0')}`;

const stateWords: Readonly<Record<string, string>> = {
  DOWN: 'Down',
  INIT: 'Initializing',
  ARMED: 'Armed',
  ACTIVE: 'Active',
};

/** Port GUID: the lower half of the first GID. */
const portGuid = (gid: string): string => guidNumber(gid.split(':').slice(4).join(''));

function* portLines(process: Process, ca: string, port: string): MaySleep<string> {
  const path = `${classPath}/${ca}/ports/${port}`;
  const state = (yield* file(process, `${path}/state`)).replace(/^\d+: /, '');
  const phys = (yield* file(process, `${path}/phys_state`)).replace(/^\d+: /, '');
  const rate = yield* file(process, `${path}/rate`);
  const number = Number.parseFloat(rate);
  const fdr10 = rate.includes('FDR10') ? ' (FDR10)' : '';
  const lid = Number(yield* file(process, `${path}/lid`));
  const lmc = Number(yield* file(process, `${path}/lid_mask_count`));
  const smLid = Number(yield* file(process, `${path}/sm_lid`));
  const mask = Number(yield* file(process, `${path}/cap_mask`));
  const gid = yield* file(process, `${path}/gids/0`);
  const layer = yield* file(process, `${path}/link_layer`);
  const lines = [
    `Port ${port}:`,
    `\tState: ${stateWords[state] ?? state}`,
    `\tPhysical state: ${phys}`,
    `\tRate: ${number === 2.5 ? '2.5' : Math.trunc(number)}${fdr10}`,
    `\tBase lid: ${lid}`,
    `\tLMC: ${lmc}`,
    `\tSM lid: ${smLid}`,
    `\tCapability mask: 0x${mask.toString(16).padStart(8, '0')}`,
    `\tPort GUID: ${portGuid(gid)}`,
    `\tLink layer: ${layer}`,
  ];
  return lines.map((line) => `\t${line}\n`).join('');
}

function* caLines(process: Process, ca: string): MaySleep<string> {
  const path = `${classPath}/${ca}`;
  const type = yield* file(process, `${path}/hca_type`);
  const firmware = yield* file(process, `${path}/fw_ver`);
  const hardware = yield* file(process, `${path}/hw_rev`);
  const node = yield* file(process, `${path}/node_guid`);
  const system = yield* file(process, `${path}/sys_image_guid`);
  const ports = names(process, `${path}/ports`);
  return (
    `CA '${ca}'\n\tCA type: ${type}\n\tNumber of ports: ${ports.length}\n` +
    `\tFirmware version: ${firmware}\n\tHardware version: ${hardware}\n` +
    `\tNode GUID: ${guidNumber(node)}\n\tSystem image GUID: ${guidNumber(system)}\n`
  );
}

const ibstat: Command = {
  name: 'ibstat',
  summary: 'show RDMA devices and their ports (-l -s -p)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'lsp');
    if (error !== null) return yield* process.usage(error, 1);
    const [wanted, wantedPort] = operands;
    const all = names(process, classPath);
    if (flags.has('l')) {
      yield* process.out(all.map((name) => `${name}\n`).join(''));
      return 0;
    }
    if (wanted !== undefined && !all.includes(wanted)) {
      yield* process.err(
        `ibpanic: [${process.k.sim.current.pid}] main: '${wanted}' IB device can't be found: ` +
          'No such file or directory\n',
      );
      return 1;
    }
    for (const ca of wanted === undefined ? all : [wanted]) {
      const ports = names(process, `${classPath}/${ca}/ports`);
      if (!flags.has('p') && wantedPort === undefined)
        yield* process.out(yield* caLines(process, ca));
      for (const port of ports.filter((each) => wantedPort === undefined || each === wantedPort)) {
        if (flags.has('p')) {
          const gid = yield* file(process, `${classPath}/${ca}/ports/${port}/gids/0`);
          yield* process.out(`${portGuid(gid)}\n`);
        } else if (!flags.has('s')) yield* process.out(yield* portLines(process, ca, port));
      }
    }
    return 0;
  },
};

/** GUID in the four groups of ibv_devinfo. */
const guidGroups = (guid: bigint): string =>
  guid
    .toString(16)
    .padStart(16, '0')
    .replace(/(.{4})(?!$)/g, '$1:');

const devices = (process: Process): IbDevice[] =>
  process.k.infiniband.devices.filter((device) => device.registered);

const ibvDevices: Command = {
  name: 'ibv_devices',
  summary: 'list RDMA devices',
  builtin: false,
  *run(process): MaySleep<number> {
    const rows = devices(process).map((device) => {
      const guid = device.node_guid.toString(16).padStart(16, '0');
      return `    ${device.name.padEnd(16)}\t${guid}\n`;
    });
    const head = '    device          \t   node GUID\n    ------          \t----------------\n';
    yield* process.out(`${head}${rows.join('')}`);
    return 0;
  },
};

const portStates = ['NOP', 'DOWN', 'INIT', 'ARMED', 'ACTIVE', 'ACTIVE_DEFER'];
const mtuBytes = [0, 256, 512, 1024, 2048, 4096];

const layerNames: ReadonlyMap<number, string> = new Map([
  [IB_LINK_LAYER_INFINIBAND, 'InfiniBand'],
  [IB_LINK_LAYER_ETHERNET, 'Ethernet'],
]);

/** Column of the values of a device and of a port. */
const valueColumns: Readonly<Record<number, number>> = { 1: 40, 3: 48 };

/** `label:` and value in the columns of ibv_devinfo. */
function row(indent: number, label: string, value: string): string {
  const head = `${'\t'.repeat(indent)}${label}:`;
  const column = Math.floor((indent * 8 + label.length + 1) / 8) * 8;
  const tabs = ((valueColumns[indent] ?? 40) - column) / 8;
  return `${head}${'\t'.repeat(tabs)}${value}\n`;
}

function portText(device: IbDevice, port: number, attr: IbPortAttr): string {
  const mtu = (value: number): string => `${mtuBytes[value] ?? 'invalid MTU'} (${value})`;
  return (
    `\t\tport:\t${port}\n` +
    row(3, 'state', `PORT_${portStates[attr.state] ?? 'UNKNOWN'} (${attr.state})`) +
    row(3, 'max_mtu', mtu(attr.max_mtu)) +
    row(3, 'active_mtu', mtu(attr.active_mtu)) +
    row(3, 'sm_lid', String(attr.sm_lid)) +
    row(3, 'port_lid', String(attr.lid)) +
    row(3, 'port_lmc', `0x${attr.lmc.toString(16).padStart(2, '0')}`) +
    row(3, 'link_layer', layerNames.get(rdma_port_get_link_layer(device, port)) ?? 'Unspecified') +
    '\n'
  );
}

const ibvDevinfo: Command = {
  name: 'ibv_devinfo',
  summary: 'describe RDMA devices and their ports (-l)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const list = devices(process);
    if (args.includes('-l')) {
      const found = list.map((device) => `\t${device.name}\n`).join('');
      const noun = list.length === 1 ? 'HCA' : 'HCAs';
      yield* process.out(`${list.length} ${noun} found:\n${found}\n`);
      return 0;
    }
    if (list.length === 0) {
      yield* process.err('No IB devices found\n');
      return 255;
    }
    for (const device of list) {
      const { attrs } = device;
      const board = yield* file(process, `${classPath}/${device.name}/board_id`);
      yield* process.out(
        `hca_id:\t${device.name}\n` +
          row(1, 'transport', 'InfiniBand (0)') +
          row(1, 'fw_ver', attrs?.fw_ver ?? '') +
          row(1, 'node_guid', guidGroups(device.node_guid)) +
          row(1, 'sys_image_guid', guidGroups(attrs?.sys_image_guid ?? 0n)) +
          row(1, 'vendor_id', `0x${(attrs?.vendor_id ?? 0).toString(16).padStart(4, '0')}`) +
          row(1, 'vendor_part_id', String(attrs?.vendor_part_id ?? 0)) +
          row(1, 'hw_ver', `0x${(attrs?.hw_ver ?? 0).toString(16).toUpperCase()}`) +
          row(1, 'board_id', board) +
          row(1, 'phys_port_cnt', String(device.phys_port_cnt)),
      );
      for (let port = 1; port <= device.phys_port_cnt; port++) {
        const attr = yield* process.call(ib_query_port(device, port));
        if (typeof attr !== 'number') yield* process.out(portText(device, port, attr));
      }
    }
    return 0;
  },
};

export const ibCommands: readonly Command[] = [ibstat, ibvDevices, ibvDevinfo];
