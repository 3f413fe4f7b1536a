// Loading and unloading modules (kernel/module/main.c, kmod.c) and modprobe's part of it:
// dependencies first, aliases from uevents. The states and waits are the kernel's: a second loader
// waits for the first and never loads by itself, rmmod of a used module fails, exit runs without
// module_mutex. A wait for a module that is loading is a wait for its loader in the wait graph.
// Left out: forced unload, module notifiers.

import type { MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EACCES, EBUSY, EEXIST, EINVAL, EINTR, ENOENT, ERESTARTSYS, EWOULDBLOCK } from './errno.ts';
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
import {
  complete_all,
  init_completion,
  promiseCompletion,
  wait_for_completion_killable,
} from './locking/completion.ts';
import { mutex_lock, mutex_lock_interruptible, mutex_unlock } from './locking/mutex.ts';
import type { Module, ModuleInstance } from './module.ts';
import type { ParamDefinition } from './module-params.ts';
import { pr_err, pr_warn } from './printk.ts';
import { synchronize_rcu } from './rcu.ts';
import { actorOf, currentActor, user_task } from './sched.ts';
import { hrtimer_nanosleep } from './time/delay.ts';
import { wait_event_interruptible_timeout, wake_up, wait_event_interruptible } from './wait.ts';

/** Seconds for which a loader waits until a module that it uses is live. */
const dependencyWaitSeconds = 30;

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

/** Somebody waits, for a while, until another's loading of a module has ended. */
function* waitForLoader(
  k: Kernel,
  module: Module,
  wait: () => MaySleep<number>,
  timed: boolean,
): MaySleep<number> {
  const actor = currentActor(k);
  k.graph.wait(actor, module.loading, timed);
  const answer = yield* wait();
  k.graph.endWait(actor, module.loading);
  return answer;
}

/** Is the module of this name done loading, one way or the other? */
function finished_loading(k: Kernel, name: string): boolean {
  const state = k.modules.find(name)?.state;
  return state === undefined || state === 'live' || state === 'going';
}

/**
 * Puts the module on the list. Who finds another loading it waits and then has failed, unless the
 * other has made it live: loading it again at once would only delay everybody.
 */
function* add_unformed_module(k: Kernel, module: Module): MaySleep<number> {
  const { modules } = k;
  const { name } = module;
  yield* mutex_lock(modules.mutex);
  const old = modules.find(name);
  if (old === undefined) {
    modules.loaded.push(module);
    k.graph.hold(module.loading, currentActor(k), 'loads it');
    yield* mutex_unlock(modules.mutex);
    return 0;
  }
  if (old.state === 'coming' || old.state === 'unformed') {
    yield* mutex_unlock(modules.mutex);
    const done = (): boolean => finished_loading(k, name);
    const wait = (): MaySleep<number> => wait_event_interruptible(modules.wait, done);
    if ((yield* waitForLoader(k, old, wait, false)) < 0) return -ERESTARTSYS;
    yield* mutex_lock(modules.mutex);
  }
  const error = modules.find(name)?.state === 'live' ? -EEXIST : -EBUSY;
  yield* mutex_unlock(modules.mutex);
  return error;
}

/** Waits until a module that is coming is live: 0, or -EBUSY when that takes too long. */
function* resolve_symbol_wait(k: Kernel, module: Module, used: Module): MaySleep<number> {
  const settled = (): boolean => used.state !== 'coming';
  const wait = (): MaySleep<number> =>
    wait_event_interruptible_timeout(k.modules.wait, settled, dependencyWaitSeconds * k.HZ);
  if ((yield* waitForLoader(k, used, wait, true)) > 0) return 0;
  pr_warn(k, `${module.name}: gave up waiting for init of module ${used.name}.`);
  return -EBUSY;
}

/** Binds to the modules whose symbols are used; each must be loaded, or being loaded. */
function* resolve_symbols(k: Kernel, module: Module): MaySleep<number> {
  for (const name of module.definition.depends) {
    const used = k.modules.find(name);
    let error = used === undefined || used.state === 'unformed' ? -ENOENT : 0;
    if (used?.state === 'coming') error = yield* resolve_symbol_wait(k, module, used);
    if (error === 0 && used?.state !== 'live') error = -ENOENT;
    if (error === 0) {
      used!.users.push(module);
      continue;
    }
    const symbol = k.modules.defined.get(name)?.exports?.[0] ?? `${name}_symbol`;
    pr_warn(k, `${module.name}: Unknown symbol ${symbol} (err ${error})`);
    return error;
  }
  return 0;
}

/** Undoes everything: the text is gone when this comes back. */
function* free_module(k: Kernel, module: Module): MaySleep<void> {
  const { modules, trace } = k;
  const { name } = module;
  if (module.kobj !== null) {
    yield* sysfs_remove_dir(module.kobj);
    module.kobj = null;
    k.uevents.send({
      action: 'remove',
      devpath: `/module/${name}`,
      subsystem: 'module',
      name,
      env: {},
    });
  }
  yield* mutex_lock(modules.mutex);
  module.state = 'unformed';
  for (const used of usedBy(k, module)) {
    used.users.splice(used.users.indexOf(module), 1);
    const holders = used.kobj?.children.get('holders');
    if (holders !== undefined) sysfs_remove_link(holders, name);
  }
  const at = modules.loaded.indexOf(module);
  if (at >= 0) modules.loaded.splice(at, 1);
  yield* synchronize_rcu(k);
  yield* mutex_unlock(modules.mutex);
  module.textFreed = true;
  trace.emit(K['module.unload'], trace.intern(name), 0);
}

/** The loader has come to an end: whoever waits for the module may look again. */
function* wakeWaiters(k: Kernel, module: Module): MaySleep<void> {
  k.graph.release(module.loading, currentActor(k));
  yield* wake_up(k.modules.wait);
}

function* do_one_initcall(instance: ModuleInstance): MaySleep<number> {
  return yield* instance.init();
}

function* do_init_module(k: Kernel, module: Module): MaySleep<number> {
  const instance = module.definition.create(k, module.params, module);
  module.instance = instance;
  // The loader's own reference, until init has ended.
  module.held++;
  const error = yield* do_one_initcall(instance);
  module.held--;
  if (error < 0) {
    module.state = 'going';
    yield* synchronize_rcu(k);
    return error;
  }
  module.state = 'live';
  const { name } = module;
  k.uevents.send({ action: 'add', devpath: `/module/${name}`, subsystem: 'module', name, env: {} });
  return 0;
}

function* load_module(k: Kernel, module: Module, args: string): MaySleep<number> {
  let error = yield* add_unformed_module(k, module);
  if (error !== 0) return error;
  error = yield* resolve_symbols(k, module);
  if (error === 0) error = yield* formAndInit(k, module, args);
  if (error !== 0) yield* free_module(k, module);
  yield* wakeWaiters(k, module);
  return error;
}

function* formAndInit(k: Kernel, module: Module, args: string): MaySleep<number> {
  module.state = 'coming';
  let error = parse_args(k, module, args);
  if (error === 0) error = mod_sysfs_setup(k, module);
  if (error !== 0) {
    module.state = 'going';
    return error;
  }
  k.trace.emit(K['module.load'], k.trace.intern(module.name), 0);
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
function call_modprobe(k: Kernel, name: string, ended: (error: number) => MaySleep<void>): Task {
  const count = (k.modules.helpers.get(name) ?? 0) + 1;
  k.modules.helpers.set(name, count);
  const taskName = count === 1 ? `modprobe ${name}` : `modprobe ${name} #${count}`;
  return user_task(k, taskName, 'modprobe', 2, function* body(): MaySleep<void> {
    yield* readModules(k, name);
    yield* ended(yield* modprobe(k, name));
  });
}

/** Reads the files; a modprobe that finds the module loaded has nothing to read. */
function* readModules(k: Kernel, nameOrAlias: string): MaySleep<void> {
  const { modules } = k;
  const missing = modules.resolve(nameOrAlias).filter((name) => modules.find(name) === undefined);
  const ns = Math.max(0, ...missing.map((name) => modules.readNs(name)));
  if (ns > 0) yield* hrtimer_nanosleep(k, ns);
}

/** Loads a module through a modprobe task and waits for it. */
export function* request_module(k: Kernel, name: string): MaySleep<number> {
  const done = init_completion(k, `modprobe ${name}`);
  let result = 0;
  const helper = call_modprobe(k, name, function* ended(error) {
    result = error;
    yield* complete_all(done);
  });
  promiseCompletion(done, actorOf(k, helper));
  const killed = yield* wait_for_completion_killable(done);
  return killed < 0 ? killed : result;
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
  yield* wake_up(modules.wait);
  return 0;
}

/** rmmod: 0, -ENOENT, -EWOULDBLOCK when it is used, -EBUSY while it comes or goes. */
export const delete_module = (k: Kernel, name: string): MaySleep<number> =>
  entry_SYSCALL_64_after_hwframe(() => __x64_sys_delete_module(k, name));
