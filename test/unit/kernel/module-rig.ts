// Modules for tests: made of an init and an exit, they note when they come and go.

import type { Kernel } from '#kernel/kernel.ts';
import type { Module } from '#kernel/module.ts';
import type { ParamDefinition } from '#kernel/module-params.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

interface Parts {
  readonly depends?: readonly string[];
  readonly aliases?: readonly string[];
  readonly params?: readonly ParamDefinition[];
  readonly init?: (module: Module) => MaySleep<number>;
  readonly exit?: () => MaySleep<void>;
}

/** Installs a module that says when it comes and goes. */
export function install(k: Kernel, name: string, log: string[], parts: Parts = {}): void {
  k.modules.define(
    {
      name,
      description: name,
      depends: parts.depends ?? [],
      aliases: parts.aliases ?? [],
      params: parts.params ?? [],
      exports: [`${name}_symbol_a`],
      version: '4.0-0',
      sizeBytes: 4096,
      create: (_k, _params, _variant: null, module) => ({
        *init() {
          log.push(`${name} init`);
          return parts.init === undefined ? 0 : yield* parts.init(module);
        },
        *exit() {
          log.push(`${name} exit`);
          if (parts.exit !== undefined) yield* parts.exit();
        },
      }),
    },
    null,
  );
}

/** Runs one thread to its end and lets the rest of the machine settle. */
export function run(k: Kernel, body: () => MaySleep<void>): void {
  thread(k, 'user', body);
  k.sim.run(k.sim.now() + 100 * second);
}
