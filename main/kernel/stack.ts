// From call sites to the lines that the kernel prints: `function` or `function [module]`. Offsets are not
// modelled, so none are printed.

const modulePattern = /(?:^|\/)(mlx4_core|mlx4_en|mlx4_ib|bonding)\//;

/** Scheduler and mutex frames, which /proc/PID/stack leaves out. */
const schedulerFrames = new Set([
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

/** Lines of a call trace from `function@path:line` call sites, innermost first. */
export function stackFrames(sites: readonly string[]): string[] {
  return sites.map((site) => {
    const [name, place] = site.split('@');
    const found = modulePattern.exec(place ?? '');
    return found === null ? name! : `${name!} [${found[1]!}]`;
  });
}

/** The same without the frames that /proc/PID/stack leaves out. */
export function procStackFrames(sites: readonly string[]): string[] {
  const at = sites.findIndex((site) => !schedulerFrames.has(site.split('@')[0]!));
  return stackFrames(at < 0 ? [] : sites.slice(at));
}
