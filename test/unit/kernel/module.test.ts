// Modules: states, dependencies, two loaders at once, unloading, sysfs, and what is left of a text
// that is gone.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import { vfs_read, vfs_readdir, vfs_readlink } from '#kernel/fs/vfs.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  delete_module,
  init_module,
  modprobe,
  module_put,
  module_text,
  request_module,
  request_module_nowait,
  try_module_get,
} from '#kernel/module.ts';
import { msleep } from '#kernel/time/delay.ts';
import { Oops } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';
import { install, run } from './module-rig.ts';

describe('loading', () => {
  it('goes through the states, and is told to user space at its end', () => {
    const k = bareKernel();
    const states: string[] = [];
    install(k, 'mlx4_core', [], {
      *init(module) {
        states.push(module.state, k.modules.describe());
        expect(k.uevents.queue).toEqual([]);
        return 0;
      },
    });
    run(k, function* () {
      expect(yield* init_module(k, 'mlx4_core')).toBe(0);
    });
    expect(states).toEqual(['coming', 'mlx4_core 4096 1 - Loading 0xffffffffc0a00000\n']);
    expect(k.modules.find('mlx4_core')!.state).toBe('live');
    expect(k.modules.describe()).toBe('mlx4_core 4096 0 - Live 0xffffffffc0a00000\n');
    expect(k.uevents.queue.map(({ action, devpath }) => `${action} ${devpath}`)).toEqual([
      'add /module/mlx4_core',
    ]);
  });

  it('twice is -EEXIST, of a file that is not there -ENOENT', () => {
    const k = bareKernel();
    install(k, 'a', []);
    const answers: number[] = [];
    run(k, function* () {
      answers.push(yield* init_module(k, 'a'), yield* init_module(k, 'a'));
      answers.push(yield* init_module(k, 'nothing'));
    });
    expect(answers).toEqual([0, -17, -2]);
  });

  it('without what it depends on misses a symbol, and leaves nothing behind', () => {
    const k = bareKernel();
    install(k, 'mlx4_core', []);
    install(k, 'mlx4_en', [], { depends: ['mlx4_core'] });
    run(k, function* () {
      expect(yield* init_module(k, 'mlx4_en')).toBe(-2);
    });
    expect(logLines(k)).toEqual(['mlx4_en: Unknown symbol mlx4_core_symbol_a (err -2)']);
    expect(k.modules.loaded).toEqual([]);
  });

  it('that fails in init undoes everything', () => {
    const k = bareKernel();
    install(k, 'mlx4_core', []);
    install(k, 'mlx4_en', [], {
      depends: ['mlx4_core'],
      *init() {
        return -12;
      },
    });
    run(k, function* () {
      yield* init_module(k, 'mlx4_core');
      expect(yield* init_module(k, 'mlx4_en')).toBe(-12);
      expect(k.modules.find('mlx4_core')!.users).toEqual([]);
      expect(vfs_readdir(k, '/sys/module/mlx4_en')).toBe(-2);
      expect(yield* delete_module(k, 'mlx4_core')).toBe(0);
    });
  });

  it('by modprobe brings what it depends on, and takes an alias for a name', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'mlx4_core', log, { aliases: ['pci:v000015B3d00001003sv*'] });
    install(k, 'mlx4_en', log, { depends: ['mlx4_core'], aliases: ['auxiliary:mlx4_core.eth'] });
    install(k, 'mlx4_ib', log, { depends: ['mlx4_core'], aliases: ['auxiliary:mlx4_core.ib'] });
    const answers: number[] = [];
    run(k, function* () {
      answers.push(yield* modprobe(k, 'mlx4-en'));
      answers.push(yield* modprobe(k, 'auxiliary:mlx4_core.ib'));
      answers.push(yield* modprobe(k, 'pci:v000015B3d00001003sv0sd0'));
      answers.push(yield* modprobe(k, 'nothing'));
    });
    expect(log).toEqual(['mlx4_core init', 'mlx4_en init', 'mlx4_ib init']);
    expect(answers).toEqual([0, 0, 0, -2]);
    expect(k.modules.describe().split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^mlx4_ib 4096 0 - Live/),
      expect.stringMatching(/^mlx4_en 4096 0 - Live/),
      expect.stringMatching(/^mlx4_core 4096 2 mlx4_en,mlx4_ib, Live/),
    ]);
  });
});

describe('two loaders of one module', () => {
  it('the second waits, and finds it loaded', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'a', log, {
      *init() {
        yield* msleep(k, 100);
        log.push('done');
        return 0;
      },
    });
    thread(k, 'first', function* () {
      log.push(`first ${yield* init_module(k, 'a')}`);
    });
    thread(k, 'second', function* () {
      log.push(`second ${yield* init_module(k, 'a')}`);
    });
    k.sim.run(10 * second);
    expect(log).toEqual(['a init', 'done', 'first 0', 'second -17']);
  });

  it('the second has failed, too, when the first fails: it does not try by itself', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'a', log, {
      *init() {
        yield* msleep(k, 100);
        return -19;
      },
    });
    for (const name of ['first', 'second']) {
      thread(k, name, function* () {
        log.push(`${name} ${yield* init_module(k, 'a')}`);
      });
    }
    k.sim.run(10 * second);
    expect(log).toEqual(['a init', 'first -19', 'second -16']);
  });

  it('one who needs it waits, for 30 s at most', () => {
    for (const [length, answer] of [
      [1000, 0],
      [60_000, -16],
    ] as const) {
      const k = bareKernel();
      install(k, 'slow', [], {
        *init() {
          yield* msleep(k, length);
          return 0;
        },
      });
      install(k, 'user', [], { depends: ['slow'] });
      thread(k, 'first', function* () {
        yield* init_module(k, 'slow');
      });
      let result = 1;
      run(k, function* () {
        yield* msleep(k, 10);
        result = yield* init_module(k, 'user');
      });
      expect(result).toBe(answer);
      expect(logLines(k).filter((line) => line.includes('gave up'))).toEqual(
        answer === 0 ? [] : ['user: gave up waiting for init of module slow.'],
      );
    }
  });

  it('that wait for each other are a deadlock', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'rtnl_mutex');
    install(k, 'a', [], {
      *init() {
        yield* msleep(k, 50);
        yield* mutex_lock(lock);
        yield* mutex_unlock(lock);
        return 0;
      },
    });
    thread(k, 'loader', function* () {
      yield* init_module(k, 'a');
    });
    run(k, function* () {
      yield* mutex_lock(lock);
      yield* msleep(k, 10);
      yield* init_module(k, 'a');
    });
    expect(k.graph.deadlocks).toHaveLength(1);
    expect(deadlockSentence(k.graph.deadlocks[0]!)).toContain('the completion loading of a');
  });

  it('end in one state, whatever the schedule', () => {
    for (let seed = 1; seed <= count(60, 2000); seed++) {
      const k = bareKernel({ seed });
      const log: string[] = [];
      install(k, 'core', log);
      install(k, 'en', log, { depends: ['core'] });
      const results: number[] = [];
      for (let n = 0; n < 3; n++) {
        thread(k, `loader${n}`, function* () {
          results.push(yield* modprobe(k, 'en'));
        });
      }
      expect(k.sim.run(10 * second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(log.toSorted()).toEqual(['core init', 'en init']);
      expect(results).toEqual([0, 0, 0]);
      expect(k.modules.find('core')!.refcnt).toBe(1);
    }
  });
});

describe('unloading', () => {
  it('is refused while others use it, hold it, or while it comes or goes', () => {
    const k = bareKernel();
    const answers: number[] = [];
    install(k, 'core', [], {
      *exit() {
        yield* msleep(k, 100);
      },
    });
    install(k, 'en', [], {
      depends: ['core'],
      *init() {
        yield* msleep(k, 50);
        return 0;
      },
    });
    thread(k, 'loader', function* () {
      yield* msleep(k, 10);
      yield* init_module(k, 'en');
    });
    run(k, function* () {
      answers.push(yield* delete_module(k, 'core'));
      yield* init_module(k, 'core');
      yield* msleep(k, 20);
      answers.push(yield* delete_module(k, 'en'), yield* delete_module(k, 'core'));
      yield* msleep(k, 100);
      const core = k.modules.find('core')!;
      answers.push(yield* delete_module(k, 'en'));
      expect(yield* try_module_get(core)).toBe(true);
      answers.push(yield* delete_module(k, 'core'));
      yield* module_put(core);
      thread(k, 'other', function* () {
        answers.push(yield* delete_module(k, 'core'));
      });
      answers.push(yield* delete_module(k, 'core'));
      expect(yield* try_module_get(core)).toBe(false);
    });
    expect(answers).toEqual([-2, -16, -11, 0, -11, -16, 0]);
  });

  it('calls exit, frees the text after a grace period, and is told to user space', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'a', log, {
      *exit() {
        expect(k.modules.find('a')!.state).toBe('going');
        yield* msleep(k, 4);
      },
    });
    run(k, function* () {
      yield* init_module(k, 'a');
      const module = k.modules.find('a')!;
      module_text(module, 'mlx4_ib_event');
      yield* delete_module(k, 'a');
      expect(module.textFreed).toBe(true);
      expect(() => {
        module_text(module, 'mlx4_ib_event');
      }).toThrow(/^unable to handle page fault for address: ffffffffc0a0[0-9a-f]{4}$/);
    });
    expect(k.modules.lastUnloaded).toBe('a');
    expect(k.uevents.queue.map(({ action }) => action)).toEqual(['add', 'remove']);
    expect(vfs_readdir(k, '/sys/module')).toEqual([]);
  });

  it('gives each loading an address of its own', () => {
    const k = bareKernel();
    install(k, 'a', []);
    const addresses: string[] = [];
    run(k, function* () {
      for (let n = 0; n < 2; n++) {
        yield* init_module(k, 'a');
        addresses.push(k.modules.find('a')!.address);
        yield* delete_module(k, 'a');
      }
    });
    expect(new Set(addresses).size).toBe(2);
  });
});

describe('helpers', () => {
  it('load a module for the kernel, which waits for them', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'a', log, {
      *init() {
        log.push(k.sim.current.name);
        yield* msleep(k, 20);
        return 0;
      },
    });
    run(k, function* () {
      log.push(`${yield* request_module(k, 'a')}`, `${yield* request_module(k, 'nothing')}`);
    });
    expect(log).toEqual(['a init', 'modprobe a', '0', '-2']);
  });

  it('or which does not', () => {
    const k = bareKernel();
    const log: string[] = [];
    install(k, 'a', log);
    run(k, function* () {
      request_module_nowait(k, 'a');
      log.push('goes on');
      yield* k.sim.spend(1);
    });
    expect(log).toEqual(['goes on', 'a init']);
  });

  it('that need a lock of whoever waits for them close a cycle', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'rtnl_mutex');
    install(k, 'a', [], {
      *init() {
        yield* mutex_lock(lock);
        return 0;
      },
    });
    run(k, function* () {
      yield* mutex_lock(lock);
      yield* request_module(k, 'a');
    });
    expect(deadlockSentence(k.graph.deadlocks[0]!)).toContain(
      'the completion modprobe a in request_module, which must come from modprobe a',
    );
  });
});

it('sysfs shows state, use count, version and holders', () => {
  const k = bareKernel();
  install(k, 'core', []);
  install(k, 'en', [], { depends: ['core'] });
  run(k, function* () {
    yield* modprobe(k, 'en');
    const read = (name: string): MaySleep<string | number> =>
      vfs_read(k, `/sys/module/core/${name}`);
    expect([yield* read('initstate'), yield* read('refcnt'), yield* read('version')]).toEqual([
      'live\n',
      '1\n',
      '4.0-0\n',
    ]);
    expect(vfs_readlink(k, '/sys/module/core/holders/en')).toBe('../../en');
    yield* delete_module(k, 'en');
    expect(vfs_readdir(k, '/sys/module/core/holders')).toEqual([]);
  });
});

it('a module that dies in init stays loading for ever', () => {
  const k = bareKernel();
  install(k, 'a', [], {
    *init() {
      throw new Oops('kernel BUG at a.c:1!');
    },
  });
  let answer = 1;
  run(k, function* () {
    yield* init_module(k, 'a');
  });
  run(k, function* () {
    answer = yield* delete_module(k, 'a');
  });
  expect(answer).toBe(-16);
  expect(k.modules.describe()).toMatch(/Loading/);
});
