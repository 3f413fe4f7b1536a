// Parameters of modules: from the line and from the options, their types, their files in sysfs.

import { describe, expect, it } from 'vitest';
import { vfs_read, vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import { init_module, modprobe } from '#kernel/module.ts';
import { ModuleParams } from '#kernel/module-params.ts';
import type { ParamDefinition } from '#kernel/module-params.ts';
import { bareKernel } from '#test/support/machine.ts';
import { logLines } from '#test/support/threads.ts';
import { install, run } from './module-rig.ts';

describe('parameters', () => {
  const definitions: ParamDefinition[] = [
    { name: 'msi_x', type: 'int', value: '1', mode: 0o444, description: '' },
    { name: 'debug_level', type: 'int', value: '0', mode: 0o644, description: '' },
    { name: 'enable_qos', type: 'bool', value: 'N', mode: 0o444, description: '' },
    { name: 'num_vfs', type: 'ints', value: '0,0,0', mode: 0o444, description: '' },
    { name: 'log_num', type: 'uint', value: '20', mode: 0, description: '' },
    { name: 'mode', type: 'charp', value: '', mode: 0o444, description: '' },
  ];

  it('are set when the module is loaded, from the line and from the options', () => {
    const k = bareKernel();
    install(k, 'a', [], { params: definitions });
    k.modules.setOptions('a', 'msi_x=0 enable_qos');
    run(k, function* () {
      expect(yield* modprobe(k, 'a', 'num_vfs=1,2 unknown=5 mode=802.3ad')).toBe(0);
      const { params } = k.modules.find('a')!;
      expect([params.int('msi_x'), params.bool('enable_qos'), params.ints('num_vfs')]).toEqual([
        0,
        true,
        [1, 2],
      ]);
      expect(params.text('mode')).toBe('802.3ad');
    });
    expect(logLines(k)).toEqual(["a: unknown parameter 'unknown' ignored"]);
  });

  it('that do not fit stop the loading', () => {
    const k = bareKernel();
    install(k, 'a', [], { params: definitions });
    run(k, function* () {
      expect(yield* init_module(k, 'a', 'msi_x=many')).toBe(-22);
    });
    expect(logLines(k)).toEqual(["a: `many' invalid for parameter `msi_x'"]);
    expect(k.modules.loaded).toEqual([]);
  });

  it('are files, writable where the module says so', () => {
    const k = bareKernel();
    install(k, 'a', [], { params: definitions });
    const directory = '/sys/module/a/parameters';
    run(k, function* () {
      yield* init_module(k, 'a');
      const names = vfs_readdir(k, directory) as { name: string }[];
      expect(names.map(({ name }) => name)).toEqual([
        'debug_level',
        'enable_qos',
        'mode',
        'msi_x',
        'num_vfs',
      ]);
      expect(yield* vfs_write(k, `${directory}/debug_level`, '1\n')).toBe(2);
      expect(yield* vfs_read(k, `${directory}/debug_level`)).toBe('1\n');
      expect(yield* vfs_write(k, `${directory}/debug_level`, 'x\n')).toBe(-22);
      expect(yield* vfs_write(k, `${directory}/msi_x`, '0\n')).toBe(-13);
    });
  });

  it.each([
    ['int', '-0x10', '-16'],
    ['int', '2147483648', null],
    ['uint', '4294967295', '4294967295'],
    ['uint', '-1', null],
    ['bool', 'yes', 'Y'],
    ['bool', 'off', 'N'],
    ['bool', 'maybe', null],
    ['ints', '1,x', null],
    ['ints', '1,2,3,4', null],
    ['charp', 'a=b', 'a=b'],
  ] as const)('of type %s take "%s" as %s', (type, text, kept) => {
    const params = new ModuleParams([
      { name: 'p', type, value: type === 'ints' ? '0,0,0' : '0', mode: 0, description: '' },
    ]);
    expect(params.set('p', text)).toBe(kept === null ? -22 : 0);
    if (kept !== null) expect(params.text('p')).toBe(kept);
    expect(params.set('other', '1')).toBe(-22);
    expect(() => params.text('other')).toThrow();
  });
});
