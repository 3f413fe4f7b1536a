// Changing a netdev's address, and copying it to the card (en_netdev.c: mlx4_en_set_mac,
// mlx4_en_do_set_mac, mlx4_en_replace_mac). While the port is down only the netdev knows the
// address; the card learns it when the port starts. Callers hold RTNL; the change is made under
// state_lock. Left out: the address table of virtual functions.

import { readMac } from '#bus/mac.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { MLX4_STEERING_MODE_A0 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  __mlx4_replace_mac,
  mlx4_register_mac,
  mlx4_unregister_mac,
} from '../../mlx4_core/port.ts';
import { mlx4_en_uc_steer_add, mlx4_en_uc_steer_release } from '../en_rss.ts';
import { en_dbg, en_err } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';

/** Takes the old address out of table and steering and puts the new one in. */
function* mlx4_en_replace_mac(priv: mlx4_en_priv, mac: number, previous: number): MaySleep<number> {
  const { dev } = priv.mdev;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_A0) {
    return yield* __mlx4_replace_mac(dev, priv.port, priv.base_qpn, mac);
  }
  if (!priv.mac_hash.has(previous)) return 0;
  yield* mlx4_en_uc_steer_release(priv, previous);
  yield* mlx4_unregister_mac(dev, priv.port, previous);
  priv.mac_hash.delete(previous);
  const index = yield* mlx4_register_mac(dev, priv.port, mac);
  if (index < 0) return index;
  const err = yield* mlx4_en_uc_steer_add(priv, mac);
  if (err === 0) priv.mac_hash.add(mac);
  return err;
}

/** Makes `mac` the port's address on the card, when the port is up. state_lock is held. */
export function* mlx4_en_do_set_mac(priv: mlx4_en_priv, mac: number): MaySleep<number> {
  let err = 0;
  if (yield* priv.port_up.read()) {
    err = yield* mlx4_en_replace_mac(priv, mac, priv.current_mac);
    if (err !== 0) en_err(priv, 'Failed changing HW MAC address');
  } else en_dbg('DRV', priv, 'Port is down while registering mac, exiting...');
  if (err === 0) priv.current_mac = mac;
  return err;
}

/** ndo_set_mac_address. */
export function* mlx4_en_set_mac(dev: NetDevice, address: Uint8Array): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  yield* mutex_lock(priv.mdev.state_lock);
  const err = yield* mlx4_en_do_set_mac(priv, readMac(address));
  if (err === 0) dev.dev_addr = address.slice();
  yield* mutex_unlock(priv.mdev.state_lock);
  return err;
}
