// From call sites to the lines that the kernel prints: `function` or `function [module]`. Offsets
// are not modelled, so none are printed. Functions of our own have camelCase names, which no kernel
// function has: they count as inlined, as do those that the real compiler inlines.

const modulePattern = /(?:^|\/)(mlx4_core|mlx4_en|mlx4_ib|bonding)\//;

/** Kernel functions that have no frame of their own in real stacks (facts/driver 7.2). */
const inlined: ReadonlySet<string> = new Set([
  'del_adev',
  'delete_drivers',
  'add_drivers',
  'device_lock',
  'module_text',
  'netdev_wait_allrefs_any',
  'unregister_netdevice',
  'wait_event',
  'wait_event_idle',
  'wait_event_killable',
  'wait_event_interruptible',
  'wait_event_timeout',
  'wait_event_interruptible_timeout',
]);

/** Kernel functions that the real compiler gives another name (facts/driver 7.2). */
const compiledNames: ReadonlyMap<string, string> = new Map([
  ['__mutex_lock', '__mutex_lock.constprop.0'],
]);

/** What the kernel marks as scheduler code (__sched): /proc/PID/stack leaves it out. */
const schedulerFrames: readonly RegExp[] = [
  /^(__schedule|schedule|schedule_(preempt_disabled|timeout.*|hrtimeout.*)|do_nanosleep)$/,
  /^_{0,2}(cond_resched|mutex_lock.*)$/,
  /^(_{0,3}down(_.*)?|rwsem_down_.*)$/,
  /^(__|do_)?wait_for_(common|completion.*)$/,
];

/** Functions that a place is not named by: their caller is what one wants to know. */
const noPlaces: ReadonlySet<string> = new Set(['device_lock', 'module_text']);

/** Files of the primitives: a place in the code is named by the function that calls them. */
const primitives: readonly RegExp[] = [
  /^kernel\/(sched|wait|rcu|reference|workqueue)\.ts:/,
  /^kernel\/(locking|time|workqueue)\//,
  /^kernel\/fs\/(kernfs|sysfs)\.ts:/,
];

const matches = (patterns: readonly RegExp[], text: string): boolean =>
  patterns.some((pattern) => pattern.test(text));

/** Programs are functions of the lab; a kernel's stack ends where it was entered. */
const isUserSpace = (place: string): boolean => place.startsWith('lab/');

const isOurs = (name: string): boolean => /^[a-z][a-z0-9]*[A-Z]/.test(name);

/** Lines of a call trace from `function@path:line` call sites, innermost first. */
export function stackFrames(sites: readonly string[]): string[] {
  return sites.flatMap((site) => {
    const [name = '', place = ''] = site.split('@');
    if (isOurs(name) || inlined.has(name) || isUserSpace(place)) return [];
    const found = modulePattern.exec(place);
    const compiled = compiledNames.get(name) ?? name;
    return [found === null ? compiled : `${compiled} [${found[1]!}]`];
  });
}

/** The same without the frames that /proc/PID/stack leaves out. */
export function procStackFrames(sites: readonly string[]): string[] {
  return stackFrames(sites.filter((site) => !matches(schedulerFrames, site.split('@')[0]!)));
}

/** The innermost call site that is no primitive and no helper of ours; empty when there is none. */
export function placeOf(sites: readonly string[]): string {
  const found = sites.find((site) => {
    const [name = '', place = ''] = site.split('@');
    return !isOurs(name) && !noPlaces.has(name) && !matches(primitives, place);
  });
  return found ?? '';
}
