// From call sites to the lines that the kernel prints: `function` or `function [module]`. Offsets
// are not modelled, so none are printed. Functions of our own have camelCase names, which no kernel
// function has: they count as inlined, as do those that the real compiler inlines.

const modulePattern = /(?:^|\/)(mlx4_core|mlx4_en|mlx4_ib|bonding)\//;

/** Kernel functions that have no frame of their own in real stacks (facts/driver 7.2). */
const inlined: ReadonlySet<string> = new Set([
  'del_adev',
  'delete_drivers',
  'add_drivers',
  'netdev_wait_allrefs_any',
  'unregister_netdevice',
]);

/** Scheduler and mutex frames, which /proc/PID/stack leaves out. */
const schedulerFrames: ReadonlySet<string> = new Set([
  '__schedule',
  'schedule',
  'schedule_preempt_disabled',
  '__mutex_lock',
  '__mutex_lock_slowpath',
  'mutex_lock',
  'mutex_lock_interruptible',
  'schedule_timeout',
  'schedule_timeout_uninterruptible',
]);

const isOurs = (name: string): boolean => /^[a-z][a-z0-9]*[A-Z]/.test(name);

/** Lines of a call trace from `function@path:line` call sites, innermost first. */
export function stackFrames(sites: readonly string[]): string[] {
  return sites.flatMap((site) => {
    const [name = '', place = ''] = site.split('@');
    if (isOurs(name) || inlined.has(name)) return [];
    const found = modulePattern.exec(place);
    return [found === null ? name : `${name} [${found[1]!}]`];
  });
}

/** The same without the frames that /proc/PID/stack leaves out. */
export function procStackFrames(sites: readonly string[]): string[] {
  const at = sites.findIndex((site) => !schedulerFrames.has(site.split('@')[0]!));
  return stackFrames(at < 0 ? [] : sites.slice(at));
}
