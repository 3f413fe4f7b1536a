// Which function of the kernel a task stands in, and its file, from call sites. Folders of the
// driver are called as files of Linux (main/driver/README.md), so a path gives the file's name. The
// kernel slice is cut otherwise: files of it that are taken from one file of Linux, as their heads
// say, are listed. What is in neither has a function and no file: none is guessed.

/** A function of the kernel; `file` is empty where it is not known. */
export interface CodePlace {
  readonly name: string;
  /** `mlx4/intf.c`: the end of the path in Linux. */
  readonly file: string;
}

/** Where the files of a module are, and which of ours are called as one of them. */
export const modules: Readonly<
  Record<string, { readonly folder: string; readonly files: string }>
> = {
  mlx4_core: {
    folder: 'mlx4',
    files: 'alloc catas cmd cq eq fw icm intf main mcg mr pd port profile qp reset sense srq',
  },
  mlx4_en: {
    folder: 'mlx4',
    files: 'en_cq en_ethtool en_main en_netdev en_port en_resources en_rx en_tx',
  },
  mlx4_ib: { folder: 'hw/mlx4', files: 'cq mad main mr qp' },
  bonding: {
    folder: 'bonding',
    files: 'bond_3ad bond_main bond_netlink bond_options bond_procfs bond_sysfs bond_sysfs_slave',
  },
};

/** Files of the kernel slice that are taken from one file of Linux. */
export const kernelFiles: Readonly<Record<string, string>> = {
  'base/auxiliary': 'base/auxiliary.c',
  'base/bus': 'base/bus.c',
  'base/dd': 'base/dd.c',
  'base/device': 'base/core.c',
  'base/driver': 'base/driver.c',
  'infiniband/gid-cache': 'core/cache.c',
  'infiniband/gid-table': 'core/cache.c',
  'infiniband/register': 'core/device.c',
  'infiniband/roce-gid-mgmt': 'core/roce_gid_mgmt.c',
  'infiniband/unregister': 'core/device.c',
  'net/register': 'net/core/dev.c',
  'net/todo': 'net/core/dev.c',
  'net/unregister': 'net/core/dev.c',
  'net/upper': 'net/core/dev.c',
  'workqueue/pool': 'kernel/workqueue.c',
};

/** Ways to a primitive: one wants to know who goes them. */
const ways: readonly RegExp[] = [
  /^kernel\/(sched|wait|rcu|reference|workqueue|notifier)\.ts:/,
  /^kernel\/(locking|time)\//,
  /^kernel\/workqueue\/flush\.ts:/,
  /^kernel\/net\/(rtnetlink|notifier)\.ts:/,
  /^kernel\/fs\/(kernfs|sysfs)\.ts:/,
];
const wayNames: ReadonlySet<string> = new Set([
  'dev_hold',
  'dev_put',
  'device_lock',
  'device_unlock',
  'get_device',
  'put_device',
  'module_text',
]);

/** Functions of the kernel have an underscore here; those of our own are camelCase or one word. */
const isKernelName = (name: string): boolean => name.includes('_') && !/[a-z][A-Z]/.test(name);

function fileOf(path: string): string {
  const [, module = '', base = ''] = /^driver\/(\w+)\/([\w-]+)/.exec(path) ?? [];
  const found = modules[module];
  if (found?.files.split(' ').includes(base) === true) return `${found.folder}/${base}.c`;
  const slice = /^kernel\/(.+)\.ts/.exec(path)?.[1] ?? '';
  return kernelFiles[slice] ?? '';
}

/** The innermost function that is no way to a primitive; null where none is known. */
export function codePlace(sites: readonly string[]): CodePlace | null {
  for (const site of sites) {
    const [name = '', path = ''] = site.split('@');
    if (!/^(kernel|driver)\//.test(path) || !isKernelName(name)) continue;
    if (wayNames.has(name) || ways.some((way) => way.test(path))) continue;
    return { name, file: fileOf(path) };
  }
  return null;
}
