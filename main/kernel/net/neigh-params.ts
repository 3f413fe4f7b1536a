// Parameters of the neighbour table of IPv4 (net/ipv4/arp.c: arp_tbl), in seconds unless said. They
// are the kernel's defaults but for the length of the queue, which Linux gives in bytes.

/** Unicast probes of an entry that is in doubt; broadcast requests for one that is unknown. */
export const UCAST_PROBES = 3;
export const MCAST_PROBES = 3;
/** Between two requests. */
export const RETRANS_TIME = 1;
/** How long an answer is good for. */
export const BASE_REACHABLE_TIME = 30;
/** After a packet to an entry in doubt, before it is probed. */
export const DELAY_PROBE_TIME = 5;
/** How long the first answer is kept against others. */
export const LOCKTIME = 1;
/** Packets that wait for one neighbour. */
export const NEIGH_QUEUE_LEN = 3;
