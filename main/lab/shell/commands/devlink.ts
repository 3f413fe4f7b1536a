// devlink of iproute2: dev, port, param, reload, info; -j and -p. Port and device handles are
// checked here, everything else is the kernel's business. Left out: regions, health, resources,
// monitor.

import { errnoText } from '#kernel/errno.ts';
import { DEVLINK_PORT_TYPE_ETH, DEVLINK_PORT_TYPE_NOTSET } from '#kernel/devlink.ts';
import type { Devlink, DevlinkPort } from '#kernel/devlink.ts';
import {
  devlink_nl_info_get,
  devlink_nl_param_get,
  devlink_nl_param_set,
  devlink_nl_port_set,
  devlink_nl_reload,
  devlinkTypeName,
} from '#kernel/devlink-netlink.ts';
import type { DevlinkParamValue } from '#kernel/devlink-netlink.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { jsonText } from './json.ts';
import type { Json } from './json.ts';

const deviceHandle = /^[^/]+\/[^/]+$/;
const portHandle = /^[^/]+\/[^/]+\/\d+$/;

/** One call of devlink. */
class Call {
  private readonly process: Process;
  private readonly words: string[];
  private readonly json: boolean;
  private readonly pretty: boolean;

  constructor(process: Process, words: string[], json: boolean, pretty: boolean) {
    this.process = process;
    this.words = words;
    this.json = json;
    this.pretty = pretty;
  }

  *run(): MaySleep<number> {
    const object = this.words.shift() ?? 'help';
    if (isShort(object, 'dev')) return yield* this.dev();
    if (isShort(object, 'port')) return yield* this.port();
    if (isShort(object, 'help')) {
      yield* this.process.err(
        'Usage: devlink [ OPTIONS ] OBJECT { COMMAND | help }\n' +
          'where  OBJECT := { dev | port }\n' +
          '       OPTIONS := { -j[son] | -p[retty] }\n',
      );
      return 0;
    }
    yield* this.process.err(`Object "${object}" not found\n`);
    return 1;
  }

  private *dev(): MaySleep<number> {
    const command = this.words.shift() ?? 'show';
    if (isShort(command, 'show') || command === 'list') return yield* this.devShow();
    if (isShort(command, 'param')) return yield* this.param();
    if (isShort(command, 'info')) return yield* this.info();
    if (isShort(command, 'reload')) return yield* this.reload();
    yield* this.process.err(`Command "${command}" not found\n`);
    return 1;
  }

  /** Registered instances: all, or the one of the handle; undefined after an error. */
  private *instances(): MaySleep<Devlink[] | undefined> {
    const registered = this.process.k.devlinks.list.filter((devlink) => devlink.registered);
    const handle = this.words.shift();
    if (handle === undefined) return registered;
    if (!deviceHandle.test(handle)) return yield* this.wrongHandle('device');
    const found = registered.filter((devlink) => devlink.handle === handle);
    if (found.length > 0) return found;
    yield* this.answers(-19);
    return undefined;
  }

  private *wrongHandle(what: 'device' | 'port'): MaySleep<undefined> {
    const expected =
      what === 'device'
        ? 'Expected "bus_name/dev_name".'
        : 'Expected "bus_name/dev_name/port_index" or "netdev_ifname".';
    yield* this.process.err(`Wrong identification string format.\n${expected}\n`);
    return undefined;
  }

  private *devShow(): MaySleep<number> {
    const list = yield* this.instances();
    if (list === undefined) return 1;
    if (this.json) {
      yield* this.print('dev', Object.fromEntries(list.map(({ handle }) => [handle, {}])));
    } else yield* this.process.out(list.map(({ handle }) => `${handle}\n`).join(''));
    return 0;
  }

  private *info(): MaySleep<number> {
    const isDump = this.words.length === 0;
    const list = yield* this.instances();
    if (list === undefined) return 1;
    const found: Record<string, Json> = {};
    for (const { handle } of list) {
      const info = yield* this.process.call(devlink_nl_info_get(this.process.k, handle));
      if (typeof info !== 'number') found[handle] = info;
      else if (!isDump) return yield* this.answers(info);
    }
    if (this.json) yield* this.print('info', found);
    else {
      for (const [handle, info] of Object.entries(found)) {
        const lines = Object.entries(info as Record<string, string>);
        const body = lines.map(([name, value]) => `  ${name} ${value}\n`).join('');
        yield* this.process.out(`${handle}:\n${body}`);
      }
    }
    return 0;
  }

  private *reload(): MaySleep<number> {
    const handle = this.words.shift() ?? '';
    if (!deviceHandle.test(handle)) {
      yield* this.wrongHandle('device');
      return 1;
    }
    const [option, value] = this.words;
    const netns = option === 'netns' ? (value ?? '') : '';
    const { k } = this.process;
    const error = yield* this.process.call(devlink_nl_reload(k, handle, netns));
    if (error < 0) return yield* this.answers(error, k.devlinks.find(handle));
    const actions = ['driver_reinit'];
    if (this.json) yield* this.print('reload', { reload_actions_performed: actions });
    else yield* this.process.out(`reload_actions_performed:\n    ${actions.join(' ')}\n`);
    return 0;
  }

  private *param(): MaySleep<number> {
    const command = this.words.shift() ?? 'show';
    if (isShort(command, 'show') || command === 'list') return yield* this.paramShow();
    if (command === 'set') return yield* this.paramSet();
    yield* this.process.err(`Command "${command}" not found\n`);
    return 1;
  }

  /** `name NAME value VALUE cmode MODE` as a map. */
  private options(): Map<string, string> {
    const options = new Map<string, string>();
    while (this.words.length > 0) options.set(this.words.shift()!, this.words.shift() ?? '');
    return options;
  }

  private *paramShow(): MaySleep<number> {
    const [first] = this.words;
    const handle = first !== undefined && first !== 'name' ? this.words.shift() : undefined;
    const name = this.options().get('name');
    const list = this.process.k.devlinks.list.filter((devlink) => devlink.registered);
    const wanted = list.filter((devlink) => handle === undefined || devlink.handle === handle);
    if (handle !== undefined && wanted.length === 0) return yield* this.answers(-19);
    const found: Record<string, ParamShown[]> = {};
    for (const devlink of wanted) {
      const { k } = this.process;
      const values = yield* this.process.call(devlink_nl_param_get(k, devlink.handle));
      if (typeof values === 'number') return yield* this.answers(values);
      const params = shownParams(values).filter(
        (param) => name === undefined || param.name === name,
      );
      if (params.length > 0) found[devlink.handle] = params;
    }
    if (name !== undefined && Object.keys(found).length === 0) return yield* this.answers(-22);
    if (this.json) yield* this.print('param', found as unknown as Json);
    else {
      for (const [shown, params] of Object.entries(found)) {
        yield* this.process.out(`${shown}:\n${params.map(paramText).join('')}`);
      }
    }
    return 0;
  }

  private *paramSet(): MaySleep<number> {
    const handle = this.words.shift() ?? '';
    if (!deviceHandle.test(handle)) {
      yield* this.wrongHandle('device');
      return 1;
    }
    const options = this.options();
    for (const [key, text] of [
      ['name', 'Parameter name expected.'],
      ['value', 'Value to set expected.'],
      ['cmode', 'Configuration mode expected.'],
    ] as const) {
      if (options.has(key)) continue;
      yield* this.process.err(`${text}\n`);
      return 1;
    }
    const cmode = options.get('cmode')!;
    if (cmode !== 'runtime' && cmode !== 'driverinit' && cmode !== 'permanent') {
      yield* this.process.err(`Unknown configuration mode "${cmode}"\n`);
      return 1;
    }
    const { k } = this.process;
    const [name, value] = [options.get('name')!, options.get('value')!];
    const mode = cmode === 'permanent' ? 'runtime' : cmode;
    const error =
      cmode === 'permanent'
        ? -95
        : yield* this.process.call(devlink_nl_param_set(k, handle, name, value, mode));
    return error < 0 ? yield* this.answers(error, k.devlinks.find(handle)) : 0;
  }

  private *port(): MaySleep<number> {
    const command = this.words.shift() ?? 'show';
    if (isShort(command, 'show') || command === 'list') return yield* this.portShow();
    if (command === 'set') return yield* this.portSet();
    yield* this.process.err(`Command "${command}" not found\n`);
    return 1;
  }

  /** Every port with its handle. */
  private get ports(): [string, DevlinkPort][] {
    return this.process.k.devlinks.list
      .filter((devlink) => devlink.registered)
      .flatMap((devlink) =>
        devlink.ports.map((port): [string, DevlinkPort] => [
          `${devlink.handle}/${port.index}`,
          port,
        ]),
      );
  }

  /** A port's handle, for one that may be a netdev's name. */
  private handleOf(word: string): string | undefined {
    if (portHandle.test(word)) return word;
    return this.ports.find(([, port]) => word !== '' && port.deviceName() === word)?.[0];
  }

  private *portShow(): MaySleep<number> {
    const word = this.words.shift();
    const handle = word === undefined ? undefined : this.handleOf(word);
    if (word !== undefined && handle === undefined) {
      yield* this.wrongHandle('port');
      return 1;
    }
    const ports = this.ports.filter(([each]) => handle === undefined || each === handle);
    if (handle !== undefined && ports.length === 0) return yield* this.answers(-19);
    if (this.json) {
      const shown = ports.map(([each, port]) => [each, Object.fromEntries(portFields(port))]);
      yield* this.print('port', Object.fromEntries(shown) as Json);
    } else {
      for (const [each, port] of ports) {
        const fields = portFields(port).map(([name, value]) => ` ${name} ${value}`);
        yield* this.process.out(`${each}:${fields.join('')}\n`);
      }
    }
    return 0;
  }

  private *portSet(): MaySleep<number> {
    const word = this.words.shift() ?? '';
    const handle = this.handleOf(word);
    if (handle === undefined) {
      yield* this.wrongHandle('port');
      return 1;
    }
    const type = this.options().get('type');
    if (type === undefined || !['eth', 'ib', 'auto', 'notset'].includes(type)) {
      const text = type === undefined ? 'Port type not set.' : `Unknown port type "${type}"`;
      yield* this.process.err(`${text}\n`);
      return 1;
    }
    const { k } = this.process;
    const error = yield* this.process.call(devlink_nl_port_set(k, handle, type));
    const devlink = k.devlinks.find(handle.slice(0, handle.lastIndexOf('/')));
    return error < 0 ? yield* this.answers(error, devlink) : 0;
  }

  private *print(section: string, body: Json): MaySleep<void> {
    yield* this.process.out(`${jsonText({ [section]: body }, this.pretty)}\n`);
  }

  /** The error, after what the kernel said beside it. */
  private *answers(error: number, devlink?: Devlink): MaySleep<number> {
    const extack = devlink?.extack ?? '';
    if (extack !== '') yield* this.process.err(`Error: ${extack.replace(/\.$/, '')}.\n`);
    yield* this.process.err(`kernel answers: ${errnoText(error)}\n`);
    return 1;
  }
}

/** `dev` may be written `de`; iproute2 takes any beginning. */
const isShort = (word: string, whole: string): boolean => word !== '' && whole.startsWith(word);

/** What `devlink port` tells of a port, in its order. */
function portFields(port: DevlinkPort): [string, string][] {
  const fields: [string, string][] = [['type', devlinkTypeName(port.type)]];
  const desired = port.desiredType;
  if (desired !== DEVLINK_PORT_TYPE_NOTSET && desired !== port.type) {
    fields.push(['des_type', devlinkTypeName(desired)]);
  }
  const device = port.deviceName();
  const kind = port.type === DEVLINK_PORT_TYPE_ETH ? 'netdev' : 'ibdev';
  if (device !== '') fields.push([kind, device]);
  return fields;
}

/** A parameter with its values in each mode. */
interface ParamShown {
  readonly name: string;
  readonly type: string;
  readonly values: { readonly cmode: string; readonly value: boolean | number }[];
}

function shownParams(values: readonly DevlinkParamValue[]): ParamShown[] {
  const shown: ParamShown[] = [];
  for (const { param, value } of values) {
    const entry = {
      cmode: param.cmode,
      value: param.type === 'bool' ? value === 'true' : Number(value),
    };
    const known = shown.find((each) => each.name === param.name);
    if (known !== undefined) known.values.push(entry);
    else {
      const type = param.generic ? 'generic' : 'driver-specific';
      shown.push({ name: param.name, type, values: [entry] });
    }
  }
  return shown;
}

function paramText({ name, type, values }: ParamShown): string {
  const lines = values.map(({ cmode, value }) => `      cmode ${cmode} value ${value}\n`);
  return `  name ${name} type ${type}\n    values:\n${lines.join('')}`;
}

export const devlink: Command = {
  name: 'devlink',
  summary: 'devlink devices and ports: dev, port (-j -p)',
  builtin: false,
  run(process, args): MaySleep<number> {
    const words = [...args];
    let json = false;
    let pretty = false;
    while (words[0]?.startsWith('-') === true) {
      const option = words.shift()!;
      for (const letter of option.startsWith('--') ? option[2]! : option.slice(1)) {
        if (letter === 'j') json = true;
        if (letter === 'p') pretty = true;
      }
    }
    return new Call(process, words, json, pretty).run();
  },
};
