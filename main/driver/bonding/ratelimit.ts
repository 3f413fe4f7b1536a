// net_ratelimit() (lib/ratelimit.c, net/core/utils.c): at most 10 lines in 5 seconds. 6.12 uses it
// for the lines about link delays, which repeat every jiffy while RTNL is busy (facts/driver 10.5,
// 10.12). In Linux the budget is shared by the whole network stack; here bonding is its only user.

import type { Kernel } from '#kernel/kernel.ts';
import { pr_warn } from '#kernel/printk.ts';

const intervalSeconds = 5;
const burst = 10;

/** A budget of lines. */
export class RateLimit {
  private readonly k: Kernel;
  private readonly name: string;
  private begin: number | null = null;
  private printed = 0;
  private missed = 0;

  /** `name` is the function that the line about suppressed callers names. */
  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
  }

  /** True when one more line may be printed now. */
  allow(): boolean {
    const now = this.k.jiffies;
    if (this.begin === null || now - this.begin > intervalSeconds * this.k.HZ) {
      if (this.missed > 0) pr_warn(this.k, `${this.name}: ${this.missed} callbacks suppressed`);
      this.begin = now;
      this.printed = 0;
      this.missed = 0;
    }
    if (this.printed < burst) {
      this.printed++;
      return true;
    }
    this.missed++;
    return false;
  }
}
