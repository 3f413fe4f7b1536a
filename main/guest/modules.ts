// Kernel modules as files. What each depends on is written in it, so that no depmod is needed to
// make the list that modprobe reads.

import type { PackedFile } from './packages/deb.ts';

/** A module. */
export interface ModuleFile extends PackedFile {
  /** As modprobe calls it: `mlx4_core`. */
  readonly name: string;
  readonly depends: readonly string[];
}

/** The module in a file. */
export function moduleOf(file: PackedFile): ModuleFile {
  const text = Buffer.from(file.bytes).toString('latin1');
  const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? '';
  const base = file.path.slice(file.path.lastIndexOf('/') + 1, -'.ko'.length);
  return {
    ...file,
    name: base.replaceAll('-', '_'),
    depends: depends.split(',').filter((name) => name !== ''),
  };
}

/**
 * Modules and all that they depend on, each once, what is needed first. A name that is not among
 * the files is built into the kernel.
 */
export function withDependencies(
  files: readonly ModuleFile[],
  names: readonly string[],
): ModuleFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const found = new Map<string, ModuleFile>();
  const add = (name: string): void => {
    const file = byName.get(name);
    if (file === undefined || found.has(name)) return;
    file.depends.forEach(add);
    found.set(name, file);
  };
  names.forEach(add);
  return [...found.values()];
}

/** The file that modprobe reads: each module with what it needs, from `modules.dep`'s folder. */
export function modulesDep(files: readonly ModuleFile[], pathOf: (file: ModuleFile) => string) {
  return files
    .map((file) => {
      const needed = withDependencies(files, file.depends).reverse();
      return `${pathOf(file)}: ${needed.map(pathOf).join(' ')}\n`;
    })
    .join('');
}
