// What a task is called in the window: as the kernel has it (ui.md section 4), everywhere the same.
// Its name in the trace is a birth path, stable across runs; that is for scenarios, comparisons and
// reports.

/**
 * `kworker/u8:0`: a worker's comm says which one it is. `sh:23`: others have theirs in common, so
 * that the pid stands behind it, as in the kernel's own reports.
 */
export const psName = (comm: string, pid: string): string =>
  comm.startsWith('kworker/') ? comm : `${comm}:${pid}`;
