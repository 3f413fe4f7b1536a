// The IPv4 addresses of a netdev, as the GID code walks them (in_dev_for_each_ifa_rcu).

import type { NetDevice } from '../net/netdevice.ts';

/** Addresses in the netdev's order, host byte order. */
export const ipv4AddressesOf = (ndev: NetDevice): number[] =>
  ndev.ip_ptr === null ? [] : ndev.ip_ptr.addresses.map((each) => each.address);
