// Flag bits and small enumerations of network devices (include/uapi/linux/if.h,
// include/linux/netdevice.h). Bits of priv_flags and features are ours where the kernel's value is
// never seen by anybody.

export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;
export const IFF_MASTER = 0x400;
export const IFF_SLAVE = 0x800;
export const IFF_MULTICAST = 0x1000;
export const IFF_LOWER_UP = 0x10000;
export const IFF_DORMANT = 0x20000;

/** priv_flags. */
export const IFF_BONDING = 1 << 2;
export const IFF_UNICAST_FLT = 1 << 17;
export const IFF_NO_QUEUE = 1 << 22;
export const IFF_NO_ADDRCONF = 1 << 30;
export const IFF_LIVE_ADDR_CHANGE = 1 << 20;

/** features. */
export const NETIF_F_SG = 1 << 0;
export const NETIF_F_IP_CSUM = 1 << 1;
export const NETIF_F_IPV6_CSUM = 1 << 2;
export const NETIF_F_RXCSUM = 1 << 3;
export const NETIF_F_RXHASH = 1 << 4;
export const NETIF_F_TSO = 1 << 5;
export const NETIF_F_GRO = 1 << 6;
export const NETIF_F_LRO = 1 << 7;
export const NETIF_F_HW_VLAN_CTAG_TX = 1 << 8;
export const NETIF_F_HW_VLAN_CTAG_RX = 1 << 9;
export const NETIF_F_HW_VLAN_CTAG_FILTER = 1 << 10;
export const NETIF_F_LOOPBACK = 1 << 11;
export const NETIF_F_NTUPLE = 1 << 12;
export const NETIF_F_LLTX = 1 << 13;
export const NETIF_F_HIGHDMA = 1 << 14;
export const NETIF_F_RXFCS = 1 << 15;
export const NETIF_F_RXALL = 1 << 16;

/** Names of the features as `ethtool -k` prints them, by bit number. */
export const netdev_features_strings: readonly string[] = [
  'tx-scatter-gather',
  'tx-checksum-ipv4',
  'tx-checksum-ipv6',
  'rx-checksum',
  'rx-hashing',
  'tx-tcp-segmentation',
  'rx-gro',
  'rx-lro',
  'tx-vlan-hw-insert',
  'rx-vlan-hw-parse',
  'rx-vlan-filter',
  'loopback',
  'rx-ntuple-filter',
  'tx-lockless',
  'highdma',
  'rx-fcs',
  'rx-all',
];

/** RFC 2863 operational states, by number as `operstate` holds them. */
export const IF_OPER_UNKNOWN = 0;
export const IF_OPER_DOWN = 2;
export const IF_OPER_LOWERLAYERDOWN = 3;
export const IF_OPER_DORMANT = 5;
export const IF_OPER_UP = 6;

/** Texts of the operational states in /sys/class/net/<if>/operstate. */
export const operstates: readonly string[] = [
  'unknown',
  'notpresent',
  'down',
  'lowerlayerdown',
  'testing',
  'dormant',
  'up',
];

/** addr_assign_type. */
export const NET_ADDR_PERM = 0;
export const NET_ADDR_RANDOM = 1;
export const NET_ADDR_STOLEN = 2;
export const NET_ADDR_SET = 3;

export const ARPHRD_ETHER = 1;
export const ARPHRD_INFINIBAND = 32;
export const ARPHRD_LOOPBACK = 772;

/** Answers of ndo_start_xmit. */
export const NETDEV_TX_OK = 0;
export const NETDEV_TX_BUSY = 0x10;

/** Answers of dev_queue_xmit(). */
export const NET_XMIT_SUCCESS = 0;
export const NET_XMIT_DROP = 1;
export const NET_XMIT_CN = 2;

/** Answers of netif_receive_skb(). */
export const NET_RX_SUCCESS = 0;
export const NET_RX_DROP = 1;
