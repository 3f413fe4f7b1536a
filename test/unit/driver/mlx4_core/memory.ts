// How much DMA memory is in use: a test of what is left behind.

import type { Kernel } from '#kernel/kernel.ts';

/** Pages that are allocated and not freed. */
export const memoryInUse = (k: Kernel): number => {
  const { allocated } = k.memory as unknown as { readonly allocated: readonly boolean[] };
  return allocated.filter(Boolean).length;
};
