// The module programs of kmod: modprobe, insmod, rmmod, lsmod, modinfo. Messages are kmod's. There
// are no module files: what can be loaded is what the machine has defined.

import { EEXIST, ENOENT, errnoText, EWOULDBLOCK } from '#kernel/errno.ts';
import { delete_module, init_module, modprobe as kernelModprobe } from '#kernel/module.ts';
import type { DefinedModule } from '#kernel/module.ts';
import type { MaySleep } from '#sim/task.ts';
import { baseName } from '../paths.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

const moduleName = (word: string): string =>
  baseName(word).replace(/\.ko$/, '').replaceAll('-', '_');

/** Where a module's file would be. */
function fileOf(process: Process, name: string): string {
  const folder = name === 'bonding' ? 'drivers/net/bonding' : 'drivers/net/ethernet/mellanox/mlx4';
  const where = name === 'mlx4_ib' ? 'drivers/infiniband/hw/mlx4' : folder;
  return `/lib/modules/${process.k.options.release}/kernel/${where}/${name}.ko`;
}

function insertText(error: number): string {
  if (error === -EEXIST) return 'Module already in kernel';
  if (error === -ENOENT) return 'Unknown symbol in module, or unknown parameter (see dmesg)';
  return errnoText(error);
}

function* load(process: Process, name: string, args: string): MaySleep<number> {
  const { modules } = process.k;
  if (modules.resolve(name).length === 0) {
    const where = `/lib/modules/${process.k.options.release}`;
    return yield* process.usage(`FATAL: Module ${name} not found in directory ${where}`, 1);
  }
  const error = yield* process.call(kernelModprobe(process.k, name, args));
  if (error === 0) return 0;
  return yield* process.usage(`ERROR: could not insert '${name}': ${insertText(error)}`, 1);
}

/** modprobe -r: the module, then what it used and nobody else does. */
function* unload(process: Process, word: string): MaySleep<number> {
  const { modules } = process.k;
  const name = moduleName(word);
  const module = modules.find(name);
  if (module === undefined) {
    if (modules.defined.has(name)) return 0;
    return yield* process.usage(`FATAL: Module ${word} not found.`, 1);
  }
  if (module.refcnt > 0) return yield* process.usage(`FATAL: Module ${name} is in use.`, 1);
  const error = yield* process.call(delete_module(process.k, name));
  if (error < 0) {
    return yield* process.usage(`ERROR: could not remove '${name}': ${errnoText(error)}`, 1);
  }
  for (const dependency of module.definition.depends) {
    if (modules.find(dependency)?.refcnt === 0) yield* unload(process, dependency);
  }
  return 0;
}

const modprobe: Command = {
  name: 'modprobe',
  summary: 'load a module and what it needs, or -r unload it; name=value sets parameters',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'rvqa', { remove: 'r' });
    if (error !== null) return yield* process.usage(error, 1);
    const [first, ...rest] = operands;
    if (first === undefined) return yield* process.usage('FATAL: missing parameters. See -h.', 1);
    let status = 0;
    if (flags.has('r')) {
      for (const name of operands) status = (yield* unload(process, name)) || status;
    } else if (flags.has('a')) {
      for (const name of operands) status = (yield* load(process, name, '')) || status;
    } else status = yield* load(process, first, rest.join(' '));
    return status;
  },
};

const insmod: Command = {
  name: 'insmod',
  summary: 'load one module',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const [file, ...parameters] = args;
    if (file === undefined) return yield* process.usage('ERROR: missing filename.', 1);
    const name = moduleName(file);
    if (!process.k.modules.defined.has(name)) {
      const text = `ERROR: could not load module ${file}: No such file or directory`;
      return yield* process.usage(text, 1);
    }
    const error = yield* process.call(init_module(process.k, name, parameters.join(' ')));
    if (error === 0) return 0;
    const text = error === -ENOENT ? 'Unknown symbol in module' : errnoText(error);
    return yield* process.usage(`ERROR: could not insert module ${file}: ${text}`, 1);
  },
};

function* removeModule(process: Process, word: string): MaySleep<number> {
  const { modules } = process.k;
  const name = moduleName(word);
  const module = modules.find(name);
  if (module === undefined) {
    return yield* process.usage(`ERROR: Module ${name} is not currently loaded`, 1);
  }
  if (module.users.length > 0) {
    const users = module.users.map((user) => user.name).join(' ');
    return yield* process.usage(`ERROR: Module ${name} is in use by: ${users}`, 1);
  }
  const error = yield* process.call(delete_module(process.k, name));
  if (error === 0) return 0;
  if (error === -EWOULDBLOCK) return yield* process.usage(`ERROR: Module ${name} is in use`, 1);
  const text = `ERROR: could not remove module ${name}: ${errnoText(error)}`;
  return yield* process.usage(text, 1);
}

const rmmod: Command = {
  name: 'rmmod',
  summary: 'unload modules',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { operands, error } = readOptions(args, 'vs');
    if (error !== null) return yield* process.usage(error, 1);
    if (operands.length === 0) return yield* process.usage('ERROR: missing module name.', 1);
    let status = 0;
    for (const word of operands) status = (yield* removeModule(process, word)) || status;
    return status;
  },
};

const lsmod: Command = {
  name: 'lsmod',
  summary: 'list loaded modules',
  builtin: false,
  *run(process): MaySleep<number> {
    yield* process.out('Module                  Size  Used by\n');
    const modules = yield* process.read('/proc/modules');
    for (const line of String(modules).split('\n')) {
      const [name = '', size = '', count = '', users = '-'] = line.split(' ');
      if (name === '') continue;
      const used = users === '-' ? '' : ` ${users.replace(/,$/, '')}`;
      yield* process.out(`${name.padEnd(19)} ${size.padStart(8)}  ${count}${used}\n`);
    }
    return 0;
  },
};

/** Kinds of parameter as modinfo names them. */
const typeNames: Readonly<Record<string, string>> = { ints: 'array of int', uint: 'uint' };

/** Every field of a module, in modinfo's order. */
function fieldsOf(process: Process, module: DefinedModule): [string, string][] {
  const { release } = process.k.options;
  return [
    ['filename', fileOf(process, module.name)],
    ...(module.version === undefined ? [] : [['version', module.version] as [string, string]]),
    ['license', 'Dual BSD/GPL'],
    ['description', module.description],
    ...module.aliases.map((alias): [string, string] => ['alias', alias]),
    ['depends', module.depends.join(',')],
    ['retpoline', 'Y'],
    ['intree', 'Y'],
    ['name', module.name],
    ['vermagic', `${release} SMP preempt mod_unload modversions `],
    ...module.params.map(({ name, description, type }): [string, string] => [
      'parm',
      `${name}:${description} (${typeNames[type] ?? type})`,
    ]),
  ];
}

const modinfo: Command = {
  name: 'modinfo',
  summary: 'describe a module (-p: its parameters, -F FIELD)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'pF:n');
    if (error !== null) return yield* process.usage(error, 1);
    if (operands.length === 0) {
      return yield* process.usage('ERROR: missing module or filename.', 1);
    }
    const wanted = flags.get('F') ?? (flags.has('p') ? 'parm' : flags.has('n') ? 'filename' : null);
    let status = 0;
    for (const word of operands) {
      const module = process.k.modules.defined.get(moduleName(word));
      if (module === undefined) {
        status = yield* process.usage(`ERROR: Module ${word} not found.`, 1);
        continue;
      }
      for (const [field, value] of fieldsOf(process, module)) {
        if (wanted === null) yield* process.out(`${`${field}:`.padEnd(16)}${value}\n`);
        else if (field === wanted) yield* process.out(`${value}\n`);
      }
    }
    return status;
  },
};

export const moduleCommands: readonly Command[] = [modprobe, insmod, rmmod, lsmod, modinfo];
