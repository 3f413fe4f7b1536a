// Kernel logs made comparable: times, PCI addresses, pids, worker numbers and code offsets are
// taken out of both sides; what a real log has and the emulation leaves out on purpose is dropped
// (Debian's taint and release line, the brackets that only x86-64 prints around a trace).

/** A line without what differs between machines. */
export function normalise(text: string): string {
  return text
    .replace(/^<\d>\s*/, '')
    .replace(/^\[\s*[\d.]+\] /, '')
    .replace(/\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d/g, 'PCI')
    .replace(/kworker\/u\d+:\d+(:\d+)?/g, 'kworker')
    .replace(/task:kworker\s+state/, 'task:kworker state')
    .replace(/pid:\d+\s+/, 'pid ')
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace('.constprop.0', '')
    .replace(/^\s+(Not tainted|Tainted:).*$/, 'taint and release')
    .trim();
}

/** Lines of mlx4, of bonding, of the network core, and of the hung task detector. */
const told = [
  /^(mlx4_core|mlx4_en|<mlx4_ib>)/,
  /^(bond\d+|bonding):/,
  /^(unregister_netdevice:|IPv6: ADDRCONF)/,
  /^(INFO: task|"echo 0 >|task:|Workqueue:|Call Trace:|taint and)/,
];

/** Frames of a call trace, which have no prefix of their own. */
const frame = /^(__)?[a-z_0-9]+( \[\w+\])?$/;

/**
 * Lines that the recordings leave out: what Debian's build prints, and the size of the card's
 * memory.
 */
const untold = /^mlx4_core: (loading|module verification)|: Mapped \d+ chunks/;

/** Normalised lines that the comparison is about, in order. */
export function toldLines(lines: readonly string[]): string[] {
  return lines
    .map(normalise)
    .filter((line) => [...told, frame].some((pattern) => pattern.test(line)))
    .filter((line) => !untold.test(line));
}

/** The log lines of one section (`--- heading`) of a recorded real log. */
export function realSection(recorded: string, heading: string): string[] {
  const sections = recorded.split(/^--- /m).slice(1);
  const found = sections.filter((section) => section.startsWith(heading));
  if (found.length !== 1) throw new Error(`${found.length} sections begin with "${heading}"`);
  return found[0]!
    .split('\n')
    .slice(1)
    .filter((line) => /^(<\d>\s*)?\[/.test(line) && !/\] MARK /.test(line));
}
