// Loading and unloading modules (kernel/module/main.c, kmod.c) and modprobe's part of it:
// dependencies first, aliases from uevents. The states and waits are the kernel's: a second loader
// waits for the first, rmmod of a used module fails, exit runs without module_mutex.
// Left out: forced unload; the 30 s limit on waiting for a dependency that is being loaded.

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EACCES, EBUSY, EEXIST, EINVAL, EINTR, ENOENT, EWOULDBLOCK } from './errno.ts';
import type { KernfsNode } from './fs/kernfs.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_create_link,
  sysfs_remove_dir,
  sysfs_remove_link,
  textAttribute,
} from './fs/sysfs.ts';
import { entry_SYSCALL_64_after_hwframe } from './fs/syscalls.ts';
import type { Kernel } from './kernel.ts';
import { complete_all, init_completion, wait_for_completion } from './locking/completion.ts';
import { mutex_lock_interruptible, mutex_unlock } from './locking/mutex.ts';
import type { Module, ModuleInstance } from './module.ts';
import type { ParamDefinition } from './module-params.ts';
import { pr_err, pr_warn } from './printk.ts';
import { synchronize_rcu } from './rcu.ts';
import { user_task } from './sched.ts';
import { wait_event, wait_event_interruptible, wake_up } from './wait.ts';

function* param_attr_store(module: Module, param: ParamDefinition, buf: string): MaySleep<number> {
  const error = module.params.set(param.name, buf.replace(/\n$/, ''));
  return error < 0 ? error : buf.length;
}

function* module_attr_store(module: Module, param: ParamDefinition, buf: string): MaySleep<number> {
  if ((param.mode & 0o222) === 0) return -EACCES;
  return yield* param_attr_store(module, param, buf);
}

function addParameters(module: Module, kobj: KernfsNode): void {
  const shown = module.params.definitions.filter((param) => param.mode !== 0);
  if (shown.length === 0) return;
  const directory = sysfs_create_dir(kobj, 'parameters');
  if (typeof directory === 'number') return;
  for (const param of shown) {
    sysfs_create_file(directory, {
      ...textAttribute(param.name, () => `${module.params.text(param.name)}\n`, param.mode),
      store: (buf) => module_attr_store(module, param, buf),
    });
  }
}

/** /sys/module/NAME with its files. */
function mod_sysfs_setup(k: Kernel, module: Module): number {
  const kobj = sysfs_create_dir(k.vfs.directory('/sys/module'), module.name);
  if (typeof kobj === 'number') return kobj;
  module.kobj = kobj;
  sysfs_create_dir(kobj, 'holders');
  sysfs_create_file(
    kobj,
    textAttribute('refcnt', () => `${module.refcnt}\n`),
  );
  sysfs_create_file(
    kobj,
    textAttribute('initstate', () => `${module.state}\n`),
  );
  const { version } = module.definition;
  if (version !== undefined)
    sysfs_create_file(
      kobj,
      textAttribute('version', () => `${version}\n`),
    );
  addParameters(module, kobj);
  for (const used of usedBy(k, module)) {
    const holders = used.kobj?.children.get('holders');
    if (holders !== undefined) sysfs_create_link(holders, module.name, kobj);
  }
  return 0;
}

const usedBy = (k: Kernel, module: Module): Module[] =>
  k.modules.loaded.filter((each) => each.users.includes(module));

/** Sets parameters from `msi_x=0 debug_level=1`. */
function parse_args(k: Kernel, module: Module, args: string): number {
  for (const word of args.split(/\s+/).filter((each) => each !== '')) {
    const [name = '', ...rest] = word.split('=');
    const definition = module.params.definitions.find((each) => each.name === name);
    if (definition === undefined) {
      pr_warn(k, `${module.name}: unknown parameter '${name}' ignored`);
      continue;
    }
    const value = rest.length === 0 && definition.type === 'bool' ? 'Y' : rest.join('=');
    if (module.params.set(name, value) < 0) {
      pr_err(k, `${module.name}: \`${value}' invalid for parameter \`${name}'`);
      return -EINVAL;
    }
  }
  return 0;
}

/** Puts the module on the list; waits while another is loading it. */
function* add_unformed_module(k: Kernel, module: Module): MaySleep<number> {
  const { modules } = k;
  for (;;) {
    const error = yield* mutex_lock_interruptible(modules.mutex);
    if (error !== 0) return error;
    const old = modules.find(module.name);
    if (old === undefined) modules.loaded.push(module);
    yield* mutex_unlock(modules.mutex);
    if (old === undefined) return 0;
    if (old.state === 'live') return -EEXIST;
    const settled = (): boolean => old.textFreed || old.state === 'live';
    if ((yield* wait_event_interruptible(modules.wait, settled)) < 0) return -EINTR;
  }
}

/** Binds to the modules whose symbols are used; each must be loaded, or being loaded. */
function* resolve_symbols(k: Kernel, module: Module): MaySleep<number> {
  for (const name of module.definition.depends) {
    const used = k.modules.find(name);
    if (used !== undefined && used.state !== 'live') {
      yield* wait_event(k.modules.wait, () => used.state === 'live' || used.textFreed);
    }
    if (used?.state !== 'live') {
      const symbol = k.modules.defined.get(name)?.exports?.[0] ?? `${name}_symbol`;
      pr_err(k, `${module.name}: Unknown symbol ${symbol} (err -2)`);
      return -ENOENT;
    }
    used.users.push(module);
  }
  return 0;
}

/** Undoes everything: the text is gone when this comes back. */
function* free_module(k: Kernel, module: Module): MaySleep<void> {
  const { modules, trace } = k;
  for (const used of usedBy(k, module)) {
    used.users.splice(used.users.indexOf(module), 1);
    const holders = used.kobj?.children.get('holders');
    if (holders !== undefined) sysfs_remove_link(holders, module.name);
  }
  if (module.kobj !== null) yield* sysfs_remove_dir(module.kobj);
  module.kobj = null;
  yield* synchronize_rcu(k);
  const at = modules.loaded.indexOf(module);
  if (at >= 0) modules.loaded.splice(at, 1);
  module.textFreed = true;
  trace.emit(K['module.unload'], trace.intern(module.name), 0);
  yield* wake_up(modules.wait);
}

function* do_one_initcall(instance: ModuleInstance): MaySleep<number> {
  return yield* instance.init();
}

function* do_init_module(k: Kernel, module: Module): MaySleep<number> {
  const instance = module.definition.create(k, module.params, module);
  module.instance = instance;
  const error = yield* do_one_initcall(instance);
  if (error < 0) {
    module.state = 'going';
    yield* free_module(k, module);
    return error;
  }
  module.state = 'live';
  yield* wake_up(k.modules.wait);
  return 0;
}

function* load_module(k: Kernel, module: Module, args: string): MaySleep<number> {
  let error = yield* add_unformed_module(k, module);
  if (error !== 0) return error;
  error = yield* resolve_symbols(k, module);
  if (error === 0) error = parse_args(k, module, args);
  if (error === 0) error = mod_sysfs_setup(k, module);
  if (error !== 0) {
    module.state = 'going';
    yield* free_module(k, module);
    return error;
  }
  module.state = 'coming';
  const { name } = module;
  k.trace.emit(K['module.load'], k.trace.intern(name), 0);
  k.uevents.send({ action: 'add', devpath: `/module/${name}`, subsystem: 'module', name, env: {} });
  return yield* do_init_module(k, module);
}

function* __x64_sys_finit_module(k: Kernel, name: string, args: string): MaySleep<number> {
  const definition = k.modules.defined.get(name);
  if (definition === undefined) return -ENOENT;
  return yield* load_module(k, k.modules.make(definition), args);
}

/**
 * insmod: 0, -EEXIST when it is loaded, -ENOENT for a missing file or symbol, or what init gives.
 */
export const init_module = (k: Kernel, name: string, args = ''): MaySleep<number> =>
  entry_SYSCALL_64_after_hwframe(() => __x64_sys_finit_module(k, name, args));

/** Loads a module and what it depends on; loaded already is fine. */
function* loadWithDependencies(k: Kernel, name: string, args: string): MaySleep<number> {
  for (const dependency of k.modules.defined.get(name)?.depends ?? []) {
    const error = yield* loadWithDependencies(k, dependency, '');
    if (error !== 0) return error;
  }
  const options = k.modules.options.get(name) ?? '';
  const error = yield* init_module(k, name, `${options} ${args}`);
  return error === -EEXIST ? 0 : error;
}

/** modprobe in the current task: a module's name or an alias. 0 or a negative error. */
export function* modprobe(k: Kernel, nameOrAlias: string, args = ''): MaySleep<number> {
  const names = k.modules.resolve(nameOrAlias);
  if (names.length === 0) return -ENOENT;
  let result = 0;
  for (const name of names) {
    const error = yield* loadWithDependencies(k, name, args);
    if (error !== 0) result = error;
  }
  return result;
}

/** Starts a modprobe task as the kernel's helper does; `ended` gets its exit. */
function call_modprobe(k: Kernel, name: string, ended: (error: number) => MaySleep<void>): void {
  const count = (k.modules.helpers.get(name) ?? 0) + 1;
  k.modules.helpers.set(name, count);
  const taskName = count === 1 ? `modprobe ${name}` : `modprobe ${name} #${count}`;
  user_task(k, taskName, 'modprobe', 2, function* body(): MaySleep<void> {
    yield* ended(yield* modprobe(k, name));
  });
}

/** Loads a module through a modprobe task and waits for it. */
export function* request_module(k: Kernel, name: string): MaySleep<number> {
  const done = init_completion(k, `modprobe ${name}`);
  let result = 0;
  call_modprobe(k, name, function* ended(error) {
    result = error;
    yield* complete_all(done);
  });
  yield* wait_for_completion(done);
  return result;
}

/** Loads a module through a modprobe task and does not wait. */
export function request_module_nowait(k: Kernel, name: string): void {
  call_modprobe(k, name, function* ended() {
    // Nobody asks for the result.
  });
}

function* __x64_sys_delete_module(k: Kernel, name: string): MaySleep<number> {
  const { modules } = k;
  const interrupted = yield* mutex_lock_interruptible(modules.mutex);
  if (interrupted !== 0) return -EINTR;
  const module = modules.find(name);
  let error = 0;
  if (module === undefined) error = -ENOENT;
  else if (module.users.length > 0) error = -EWOULDBLOCK;
  else if (module.state !== 'live') error = -EBUSY;
  else if (module.held > 0) error = -EWOULDBLOCK;
  else module.state = 'going';
  yield* mutex_unlock(modules.mutex);
  if (module === undefined || error !== 0) return error;
  if (module.instance !== null) yield* module.instance.exit();
  modules.lastUnloaded = name;
  yield* free_module(k, module);
  return 0;
}

/** rmmod: 0, -ENOENT, -EWOULDBLOCK when it is used, -EBUSY while it comes or goes. */
export const delete_module = (k: Kernel, name: string): MaySleep<number> =>
  entry_SYSCALL_64_after_hwframe(() => __x64_sys_delete_module(k, name));
