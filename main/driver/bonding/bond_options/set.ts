// Setting an option (bond_options.c: bond_opt_tryset_rtnl, __bond_opt_set_notify, __bond_opt_set;
// facts/driver 10.10). From sysfs RTNL is only tried for: who fails gives everything back and comes
// again. A change is told by CHANGEINFODATA of the bond.

import { EINVAL } from '#kernel/errno.ts';
import { NETDEV_CHANGEINFODATA } from '#kernel/net/events.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import { ASSERT_RTNL, rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { restart_syscall } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';
import type { bonding } from '../bonding.ts';
import {
  bond_opt_check_deps,
  bond_opt_error_interpret,
  bond_opt_parse,
  withoutNewline,
} from './parse.ts';
import { setters } from './setters.ts';
import { bond_opt_get } from './table.ts';
import type { OptionName } from './table.ts';

function* trySet(bond: bonding, name: OptionName, text: string): MaySleep<number> {
  const option = bond_opt_get(name);
  const refused = bond_opt_check_deps(bond, option);
  if (refused !== 0) return refused;
  const parsed = bond_opt_parse(option, text);
  return parsed === null ? -EINVAL : yield* setters[name](bond, parsed);
}

/** Sets an option. RTNL is held. 0 or a negative error, whose reason is in the log. */
export function* __bond_opt_set(
  bond: bonding,
  name: OptionName,
  text: string,
  extack: NetlinkExtack | null,
): MaySleep<number> {
  ASSERT_RTNL(bond.k, 'drivers/net/bonding/bond_options.c (737)');
  const err = yield* trySet(bond, name, text);
  if (err !== 0) {
    bond_opt_error_interpret(bond, bond_opt_get(name), err, withoutNewline(text), extack);
  }
  return err;
}

/** The same, and tells the chain. */
export function* __bond_opt_set_notify(
  bond: bonding,
  name: OptionName,
  text: string,
): MaySleep<number> {
  const err = yield* __bond_opt_set(bond, name, text, null);
  if (err === 0 && bond.dev.reg_state === 'registered') {
    yield* call_netdevice_notifiers(NETDEV_CHANGEINFODATA, bond.dev);
  }
  return err;
}

/** The same for sysfs: tries RTNL, else has the system call made again. */
export function* bond_opt_tryset_rtnl(
  bond: bonding,
  name: OptionName,
  text: string,
): MaySleep<number> {
  if (!(yield* rtnl_trylock(bond.k))) return restart_syscall();
  const err = yield* __bond_opt_set_notify(bond, name, text);
  yield* rtnl_unlock(bond.k);
  return err;
}
