// Numbers of the netdev events (enum netdev_cmd, include/linux/netdevice.h; facts/driver 9.6). Code
// compares the constants below, which are those of 6.1; 6.12 puts PRE_UNINIT in as 18 and moves the
// later ones by one, which netdev_event_number() gives for texts and views.

import type { Kernel } from '../kernel.ts';

const names = [
  'UP',
  'DOWN',
  'REBOOT',
  'CHANGE',
  'REGISTER',
  'UNREGISTER',
  'CHANGEMTU',
  'CHANGEADDR',
  'PRE_CHANGEADDR',
  'GOING_DOWN',
  'CHANGENAME',
  'FEAT_CHANGE',
  'BONDING_FAILOVER',
  'PRE_UP',
  'PRE_TYPE_CHANGE',
  'POST_TYPE_CHANGE',
  'POST_INIT',
  'RELEASE',
  'NOTIFY_PEERS',
  'JOIN',
  'CHANGEUPPER',
  'RESEND_IGMP',
  'PRECHANGEMTU',
  'CHANGEINFODATA',
  'BONDING_INFO',
  'PRECHANGEUPPER',
  'CHANGELOWERSTATE',
  'UDP_TUNNEL_PUSH_INFO',
  'UDP_TUNNEL_DROP_INFO',
  'CHANGE_TX_QUEUE_LEN',
] as const;

type Name = (typeof names)[number];
const number = (name: Name): number => names.indexOf(name) + 1;

export const NETDEV_UP = number('UP');
export const NETDEV_DOWN = number('DOWN');
export const NETDEV_REBOOT = number('REBOOT');
export const NETDEV_CHANGE = number('CHANGE');
export const NETDEV_REGISTER = number('REGISTER');
export const NETDEV_UNREGISTER = number('UNREGISTER');
export const NETDEV_CHANGEMTU = number('CHANGEMTU');
export const NETDEV_CHANGEADDR = number('CHANGEADDR');
export const NETDEV_PRE_CHANGEADDR = number('PRE_CHANGEADDR');
export const NETDEV_GOING_DOWN = number('GOING_DOWN');
export const NETDEV_CHANGENAME = number('CHANGENAME');
export const NETDEV_FEAT_CHANGE = number('FEAT_CHANGE');
export const NETDEV_BONDING_FAILOVER = number('BONDING_FAILOVER');
export const NETDEV_PRE_UP = number('PRE_UP');
export const NETDEV_PRE_TYPE_CHANGE = number('PRE_TYPE_CHANGE');
export const NETDEV_POST_TYPE_CHANGE = number('POST_TYPE_CHANGE');
export const NETDEV_POST_INIT = number('POST_INIT');
export const NETDEV_RELEASE = number('RELEASE');
export const NETDEV_NOTIFY_PEERS = number('NOTIFY_PEERS');
export const NETDEV_JOIN = number('JOIN');
export const NETDEV_CHANGEUPPER = number('CHANGEUPPER');
export const NETDEV_RESEND_IGMP = number('RESEND_IGMP');
export const NETDEV_PRECHANGEMTU = number('PRECHANGEMTU');
export const NETDEV_CHANGEINFODATA = number('CHANGEINFODATA');
export const NETDEV_BONDING_INFO = number('BONDING_INFO');
export const NETDEV_PRECHANGEUPPER = number('PRECHANGEUPPER');
export const NETDEV_CHANGELOWERSTATE = number('CHANGELOWERSTATE');
export const NETDEV_CHANGE_TX_QUEUE_LEN = number('CHANGE_TX_QUEUE_LEN');
/** Exists in 6.12 only; see netdev_event_number() for its number there. */
export const NETDEV_PRE_UNINIT = 0x100;

/** The event's name without `NETDEV_`, or `?` for an unknown number. */
export function netdev_cmd_to_name(event: number): string {
  return event === NETDEV_PRE_UNINIT ? 'PRE_UNINIT' : (names[event - 1] ?? '?');
}

/** The number that the event has in the kernel of this profile. */
export function netdev_event_number(k: Kernel, event: number): number {
  if (event === NETDEV_PRE_UNINIT) return NETDEV_POST_INIT + 1;
  return k.is612 && event > NETDEV_POST_INIT ? event + 1 : event;
}
