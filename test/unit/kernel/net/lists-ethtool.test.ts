// Address lists of devices, and what ethtool asks of drivers.

import { describe, expect, it } from 'vitest';
import { vfs_read } from '#kernel/fs/vfs.ts';
import {
  dev_mc_add,
  dev_mc_del,
  dev_mc_sync,
  dev_mc_sync_multiple,
  dev_mc_unsync,
  dev_uc_add,
  dev_uc_del,
  netif_addr_lock_bh,
  netif_addr_unlock_bh,
} from '#kernel/net/addr-list.ts';
import {
  ethtool_drvinfo,
  ethtool_features,
  ethtool_pauseparam,
  ethtool_priv_flags,
  ethtool_ringparam,
  ethtool_set_feature,
  ethtool_set_priv_flag,
  ethtool_set_ringparam,
  ethtool_settings,
  ethtool_statistics,
} from '#kernel/net/ethtool-ioctl.ts';
import { ethtool_op_get_link } from '#kernel/net/ethtool.ts';
import type { EthtoolRingparam } from '#kernel/net/ethtool.ts';
import {
  NETIF_F_IP_CSUM,
  NETIF_F_LRO,
  NETIF_F_RXCSUM,
  NETIF_F_SG,
  NETIF_F_TSO,
} from '#kernel/net/flags.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { netdev_upper_dev_link } from '#kernel/net/upper.ts';
import { bareKernel } from '#test/support/machine.ts';
import { runTask, testDevice } from './rig.ts';

const sysfs = (name: string, file: string): string => `/sys/class/net/${name}/${file}`;

describe('address lists', () => {
  const mac = (last: number) => Uint8Array.of(1, 0, 0, 0, 0, last);

  it('count their users and have the filter set', () => {
    const k = bareKernel();
    const log: string[] = [];
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d', 1, log);
      yield* register_netdev(dev);
      yield* ipLinkSet(k, 'eth0', { up: true });
      log.length = 0;
      const before = dev.mc.length;
      yield* dev_mc_add(dev, mac(9));
      yield* dev_mc_add(dev, mac(9));
      expect(dev.mc.length).toBe(before + 1);
      expect(yield* dev_mc_del(dev, mac(9))).toBe(0);
      expect(yield* dev_mc_del(dev, mac(9))).toBe(0);
      expect(yield* dev_mc_del(dev, mac(9))).toBe(-2);
      expect(dev.mc.length).toBe(before);
      expect(log.every((call) => call === 'rx_mode eth0')).toBe(true);
      expect(log).toHaveLength(5);
      // A driver that cannot filter secondary addresses becomes promiscuous.
      yield* dev_uc_add(dev, Uint8Array.of(2, 0, 0, 0, 0, 7));
      expect(dev.promiscuity).toBe(1);
      yield* dev_uc_del(dev, Uint8Array.of(2, 0, 0, 0, 0, 7));
      expect(dev.promiscuity).toBe(0);
    });
  });

  it('are copied to devices below, one or several, and taken off again', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const [bond, a, b] = ['bond0', 'a', 'b'].map((name, at) => testDevice(k, name, at));
      for (const dev of [bond!, a!, b!]) yield* register_netdev(dev);
      const macs = (dev: NetDevice) => dev.mc.map((entry) => entry.addr[5]).sort();
      for (const dev of [bond!, a!, b!]) dev.mc.length = 0;
      yield* dev_mc_add(bond!, mac(1));
      yield* dev_mc_add(bond!, mac(2));
      yield* dev_mc_add(a!, mac(1));
      const syncAll = function* () {
        yield* netif_addr_lock_bh(bond!);
        yield* dev_mc_sync_multiple(a!, bond!);
        yield* dev_mc_sync_multiple(b!, bond!);
        yield* netif_addr_unlock_bh(bond!);
      };
      yield* syncAll();
      yield* syncAll();
      expect([macs(a!), macs(b!)]).toEqual([
        [1, 2],
        [1, 2],
      ]);
      yield* dev_mc_del(bond!, mac(2));
      yield* syncAll();
      expect([macs(a!), macs(b!), macs(bond!)]).toEqual([[1], [1], [1]]);
      yield* dev_mc_unsync(a!, bond!);
      yield* dev_mc_unsync(b!, bond!);
      // a had the address by itself.
      expect([macs(a!), macs(b!), macs(bond!)]).toEqual([[1], [], [1]]);
      yield* netif_addr_lock_bh(bond!);
      yield* dev_mc_sync(b!, bond!);
      yield* netif_addr_unlock_bh(bond!);
      yield* dev_mc_del(bond!, mac(1));
      yield* netif_addr_lock_bh(bond!);
      yield* dev_mc_sync(b!, bond!);
      yield* netif_addr_unlock_bh(bond!);
      expect([macs(b!), macs(bond!)]).toEqual([[], []]);
    });
  });
});

describe('ethtool', () => {
  it('asks the driver under RTNL, and says what is missing', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const dev = testDevice(k, 'eth%d');
      let flags = 1;
      let ring: EthtoolRingparam = {
        rx_max_pending: 8192,
        tx_max_pending: 8192,
        rx_pending: 1024,
        tx_pending: 1024,
      };
      dev.ethtool_ops = {
        *get_drvinfo() {
          expect(k.net.rtnl_mutex.owner).toBe(k.sim.current);
          return { driver: 'test', version: '1.0', fw_version: '2.42.5000', bus_info: 'here' };
        },
        get_link: ethtool_op_get_link,
        *get_link_ksettings() {
          return { speed: 40_000, duplex: 'full', autoneg: false, port: 'FIBRE' };
        },
        get_strings: (_dev, set) =>
          set === 'stats' ? ['rx_packets', 'tx_packets'] : set === 'priv-flags' ? ['a', 'b'] : [],
        *get_ethtool_stats() {
          return [5, 7];
        },
        *get_priv_flags() {
          return flags;
        },
        *set_priv_flags(_dev, wanted) {
          flags = wanted;
          return 0;
        },
        *get_ringparam() {
          return ring;
        },
        *set_ringparam(_dev, wanted) {
          ring = wanted;
          return 0;
        },
      };
      yield* register_netdev(dev);
      expect(yield* ethtool_drvinfo(k, 'eth0')).toEqual({
        driver: 'test',
        version: '1.0',
        fw_version: '2.42.5000',
        bus_info: 'here',
        n_stats: 2,
        n_priv_flags: 2,
      });
      expect(yield* ethtool_settings(k, 'eth0')).toMatchObject({ link: false, msglevel: null });
      expect(yield* ethtool_statistics(k, 'eth0')).toEqual([
        ['rx_packets', 5],
        ['tx_packets', 7],
      ]);
      expect(yield* ethtool_set_priv_flag(k, 'eth0', 'b', true)).toBe(0);
      expect(yield* ethtool_set_priv_flag(k, 'eth0', 'c', true)).toBe(-22);
      expect(yield* ethtool_priv_flags(k, 'eth0')).toEqual([
        ['a', true],
        ['b', true],
      ]);
      expect(yield* ethtool_set_ringparam(k, 'eth0', { ...ring, rx_pending: 512 })).toBe(0);
      expect(yield* ethtool_ringparam(k, 'eth0')).toMatchObject({ rx_pending: 512 });
      expect(yield* ethtool_pauseparam(k, 'eth0')).toBe(-95);
      expect(yield* ethtool_pauseparam(k, 'eth9')).toBe(-19);
      yield* ipLinkSet(k, 'eth0', { up: true });
      expect(yield* vfs_read(k, sysfs('eth0', 'speed'))).toBe('40000\n');
      expect(yield* vfs_read(k, sysfs('eth0', 'duplex'))).toBe('full\n');
    });
  });

  it('features follow wishes, dependencies, the driver, and devices above', () => {
    const k = bareKernel();
    runTask(k, function* () {
      const [bond, dev] = [testDevice(k, 'bond0', 1), testDevice(k, 'eth0', 2)];
      const all = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_TSO | NETIF_F_RXCSUM | NETIF_F_LRO;
      for (const each of [bond, dev]) {
        each.features = each.hw_features = all;
        yield* register_netdev(each);
      }
      const on = function* (name: string) {
        const features = yield* ethtool_features(k, 'eth0');
        if (typeof features === 'number') throw new Error('no features');
        return features.find((feature) => feature.name === name)!.on;
      };
      expect(yield* on('tx-tcp-segmentation')).toBe(true);
      yield* ethtool_set_feature(k, 'eth0', 'tx-checksum-ipv4', false);
      expect(yield* on('tx-tcp-segmentation')).toBe(false);
      yield* ethtool_set_feature(k, 'eth0', 'tx-checksum-ipv4', true);
      expect(yield* on('tx-tcp-segmentation')).toBe(true);
      expect(yield* ethtool_set_feature(k, 'eth0', 'rx-fcs', true)).toBe(-22);
      yield* rtnl_lock(k);
      yield* netdev_upper_dev_link(dev, bond);
      yield* rtnl_unlock(k);
      yield* ethtool_set_feature(k, 'bond0', 'rx-lro', false);
      expect(yield* on('rx-lro')).toBe(false);
    });
  });
});
