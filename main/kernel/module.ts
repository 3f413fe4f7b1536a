// Modules (kernel/module/): what is defined, what is loaded, who uses whom. A loaded module's text
// goes away with it: module_text() is the page fault that calling into it afterwards is
// (facts/driver 7.5 R1). Loading and unloading are in module-load.ts. Left out: signatures,
// versions of symbols, relocation.

import { Resource } from '#detect/graph.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { KernfsNode } from './fs/kernfs.ts';
import type { Kernel } from './kernel.ts';
import { mutex_init } from './locking/mutex.ts';
import type { Mutex } from './locking/mutex.ts';
import { ModuleParams } from './module-params.ts';
import type { ParamDefinition } from './module-params.ts';
import { WaitQueue } from './wait.ts';

/** What a module's code gives when it is created. */
export interface ModuleInstance {
  /** 0 or a negative error. */
  init(): MaySleep<number>;
  exit(): MaySleep<void>;
}

/** A module that can be loaded. `V` is what the machine says of its variant. */
export interface ModuleDefinition<V = unknown> {
  readonly name: string;
  readonly description: string;
  readonly version?: string;
  /** Modules whose symbols it uses, loaded first by modprobe. */
  readonly depends: readonly string[];
  /** Globs that MODALIAS values are matched with. */
  readonly aliases: readonly string[];
  readonly params: readonly ParamDefinition[];
  /** Symbols for others, the first is named when one misses it. */
  readonly exports?: readonly string[];
  /** Size that lsmod shows. */
  readonly sizeBytes?: number;
  create(k: Kernel, params: ModuleParams, variant: V, module: Module): ModuleInstance;
}

/** A definition with its variant filled in. */
export interface DefinedModule extends Omit<ModuleDefinition, 'create'> {
  create(k: Kernel, params: ModuleParams, module: Module): ModuleInstance;
}

export type ModuleState = 'unformed' | 'coming' | 'live' | 'going';

/** A loaded module. */
export class Module {
  readonly k: Kernel;
  readonly definition: DefinedModule;
  readonly params: ModuleParams;
  /** Start of its text, hexadecimal. */
  readonly address: string;
  state: ModuleState = 'unformed';
  /** Its code, from the start of init on. */
  instance: ModuleInstance | null = null;
  /** Loaded modules that use its symbols. */
  readonly users: Module[] = [];
  /** References besides those of users: try_module_get(). */
  held = 0;
  /** /sys/module/NAME while loaded. */
  kobj: KernfsNode | null = null;
  /** Held by its loader until it is live, or has failed. */
  readonly loading: Resource;
  /** The module was unloaded: its code is gone. */
  textFreed = false;

  constructor(k: Kernel, definition: DefinedModule, address: string) {
    this.k = k;
    this.definition = definition;
    this.params = new ModuleParams(definition.params);
    this.loading = new Resource(`loading of ${definition.name}`, 'completion', 'any');
    this.address = address;
  }

  get name(): string {
    return this.definition.name;
  }

  /** What lsmod shows as use count. */
  get refcnt(): number {
    return this.users.length + this.held;
  }
}

/** Text addresses of modules start here and are never used again. */
const textStart = 0xa0_0000;
const textStep = 0x4_0000;

/** A MODALIAS glob as a regular expression. */
function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/** Modules of one machine. */
export class ModuleTable {
  /** What modprobe finds, by name. */
  readonly defined = new Map<string, DefinedModule>();
  /** What lsmod shows, the youngest last. */
  readonly loaded: Module[] = [];
  /** Name of the module unloaded last, for oops reports. */
  lastUnloaded = '';
  /** Parameters that modprobe adds, by module (the `options` lines of modprobe.d). */
  readonly options = new Map<string, string>();
  /**
   * How long a modprobe that the kernel or udev starts reads a module, with all that it needs, from
   * the disk, ns. Set by whoever plays user space.
   */
  readNs: (name: string) => number = () => 0;
  /** module_mutex. */
  readonly mutex: Mutex;
  /** module_wq: waits for the end of another's loading. */
  readonly wait: WaitQueue;
  /** modprobe helpers by module, so that their names are stable. */
  readonly helpers = new Map<string, number>();
  private readonly k: Kernel;
  private loads = 0;

  constructor(k: Kernel) {
    this.k = k;
    this.mutex = mutex_init(k, 'module_mutex');
    this.wait = new WaitQueue(k, 'module_wq');
  }

  /** Installs a module file in the machine, so that modprobe finds it. */
  define<V>(definition: ModuleDefinition<V>, variant: V): void {
    this.defined.set(definition.name, {
      ...definition,
      create: (k, params, module) => definition.create(k, params, variant, module),
    });
  }

  /** Sets the `options` line of a module, for example `msi_x=0`; used when it is loaded next. */
  setOptions(name: string, options: string): void {
    this.options.set(name, options);
  }

  /** A loaded module, in any state. */
  find(name: string): Module | undefined {
    return this.loaded.find((module) => module.name === name);
  }

  /** Names of the modules that a name or an alias stands for. */
  resolve(nameOrAlias: string): string[] {
    const name = nameOrAlias.replaceAll('-', '_');
    if (this.defined.has(name)) return [name];
    return [...this.defined.values()]
      .filter((each) => each.aliases.some((alias) => globPattern(alias).test(nameOrAlias)))
      .map((each) => each.name);
  }

  /** A new module object with text of its own. */
  make(definition: DefinedModule): Module {
    const address = textStart + this.loads++ * textStep;
    return new Module(this.k, definition, `ffffffffc0${address.toString(16).padStart(6, '0')}`);
  }

  /** Text of /proc/modules, the youngest first. */
  describe(): string {
    const states = { unformed: 'Loading', coming: 'Loading', live: 'Live', going: 'Unloading' };
    return this.loaded
      .toReversed()
      .filter((module) => module.state !== 'unformed')
      .map((module) => {
        const users = module.users.map((user) => `${user.name},`).join('');
        const size = module.definition.sizeBytes ?? 0x1_0000;
        const { name, refcnt, state, address } = module;
        return `${name} ${size} ${refcnt} ${users || '-'} ${states[state]} 0x${address}\n`;
      })
      .join('');
  }
}

/**
 * Fetching an instruction of this module. Throws an Oops when the module is unloaded. Call it at
 * the start of code that can run after that: works, timers, callbacks.
 */
export function module_text(module: Module, functionName = ''): void {
  if (!module.textFreed) return;
  let hash = 0;
  for (const letter of functionName) hash = (hash * 31 + letter.charCodeAt(0)) % 0xf000;
  const low = parseInt(module.address.slice(10), 16) + 0x1000 + hash;
  const address = `${module.address.slice(0, 10)}${low.toString(16).padStart(6, '0')}`;
  throw new Oops(`unable to handle page fault for address: ${address}`);
}

/** Keeps a live module from being unloaded; false when it is going. */

export function* try_module_get(module: Module): Atomic<boolean> {
  if (module.state === 'going' || module.state === 'unformed' || module.textFreed) return false;
  module.held++;
  return true;
}

export function* module_put(module: Module): Atomic<void> {
  module.held--;
}

export {
  delete_module,
  init_module,
  modprobe,
  request_module,
  request_module_nowait,
} from './module-load.ts';
