// Making, zeroing and freeing the card's structures (main.c: mlx4_init_one's allocations,
// mlx4_clean_dev). struct mlx4_priv is the private part of the devlink instance, so it lives from
// probe to devlink_free(); its contents are zeroed at the end of every unload. persist is freed
// earlier, by mlx4_remove_one(). A bond work that comes late finds what is left of them
// (facts/driver 7.6, E9).

import type { Devlink } from '#kernel/devlink.ts';
import { mutex_init } from '#kernel/locking/mutex.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import { AtomicNotifierHead } from '#kernel/notifier.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { Shared, SharedList } from '#sim/shared.ts';
import type {
  mlx4_adev,
  mlx4_caps,
  mlx4_core_module,
  mlx4_dev,
  mlx4_dev_persistent,
  mlx4_device_context,
  mlx4_port_map,
  mlx4_priv,
} from '../mlx4.ts';
import { mlx4_adev_devices } from '../intf/adev.ts';
import { tellBonded, tellPortMap, tellRxPortCheck } from './beliefs.ts';
import { zeroCaps } from './caps.ts';
import { zeroTables } from './tables.ts';

/** v2p of a card that is not loaded. */
const zeroMap: mlx4_port_map = { port1: 0, port2: 0 };

function makePersist(module: mlx4_core_module, pdev: PciDevice): mlx4_dev_persistent {
  const { k } = module;
  const card = pdev.function.name;
  return {
    pdev,
    state: 0,
    device_state_mutex: mutex_init(k, `device_state_mutex(${card})`),
    interface_state: new Shared<number>(k.sim, `interface_state(${card})`, 0),
    interface_state_mutex: mutex_init(k, `interface_state_mutex(${card})`),
    pci_status: false,
    pci_status_mutex: mutex_init(k, `pci_status_mutex(${card})`),
    curr_port_type: [],
    curr_port_poss_type: [],
    freed: false,
  } as Partial<mlx4_dev_persistent> as mlx4_dev_persistent;
}

/** Everything that a probe allocates. */
export function makePriv(module: mlx4_core_module, devlink: Devlink, pdev: PciDevice): mlx4_priv {
  const { k } = module;
  const card = pdev.function.name;
  const persist = makePersist(module, pdev);
  const cell = <T>(name: string, value: T): Shared<T> =>
    new Shared<T>(k.sim, `${name}(${card})`, value);
  const dev = {
    k,
    persist,
    flags: cell('dev.flags', 0),
    caps: zeroCaps(),
    rev_id: 0,
  } as unknown as mlx4_dev;
  const priv = {
    k,
    module,
    devlink,
    dev,
    ctx_list: new SharedList<mlx4_device_context>(k.sim, `ctx_list(${card})`),
    ctx_lock: spin_lock_init(k, `ctx_lock(${card})`),
    adev: mlx4_adev_devices.map(({ suffix }) => cell<mlx4_adev | null>(`adev.${suffix}`, null)),
    adev_idx: -1,
    v2p: cell('v2p', zeroMap),
    sense: { do_sense_port: [], sense_allowed: [], sense_poll: null },
    catas_err: { map: null, timer: null },
    port: [null, null, null],
    removed: true,
    freed: false,
  } as unknown as mlx4_priv;
  Object.assign(dev, { priv });
  persist.dev = dev;
  initLocks(priv);
  zeroTables(priv);
  return priv;
}

/** The locks that mlx4_load_one() initialises, at each load anew. */
export function initLocks(priv: mlx4_priv): void {
  const { k } = priv;
  const card = priv.dev.persist.pdev.function.name;
  priv.port_mutex = mutex_init(k, `port_mutex(${card})`);
  priv.bond_mutex = mutex_init(k, `bond_mutex(${card})`);
  priv.event_nh = new AtomicNotifierHead<unknown>(k, `event_nh(${card})`);
}

/** memset() of the private part at the end of an unload; persist stays. */
export function mlx4_clean_dev(dev: mlx4_dev): void {
  const { priv } = dev;
  const caps: mlx4_caps = zeroCaps();
  dev.caps = caps;
  dev.flags.initialise(0);
  priv.v2p.initialise(zeroMap);
  tellPortMap(dev, zeroMap);
  tellBonded(dev, false);
  tellRxPortCheck(dev, true);
  priv.sense.sense_poll = null;
  priv.sense.do_sense_port.length = 0;
  priv.sense.sense_allowed.length = 0;
  priv.port.fill(null);
  priv.catas_err.map = null;
  priv.catas_err.timer = null;
  zeroTables(priv);
  priv.removed = true;
}
