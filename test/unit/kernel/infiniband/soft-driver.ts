// A small RDMA driver in software, as a stand-in for a card: two ports whose kind, state and
// tables a test sets, and a list of what the core asked of it. It lets the core be tested on its
// own.

import { Device, device_register } from '#kernel/base/device.ts';
import { EEXIST } from '#kernel/errno.ts';
import { ib_alloc_device } from '#kernel/infiniband/ib-device.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import type { GidContext, IbDeviceOps } from '#kernel/infiniband/ib-ops.ts';
import * as verbs from '#kernel/infiniband/ib-verbs.ts';
import { ib_register_device } from '#kernel/infiniband/register.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { dev_hold } from '#kernel/net/netdevice.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { currentActor } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';

export interface SoftPort {
  kind: 'ib' | 'eth';
  state: number;
  netdev: NetDevice | null;
}

/** The driver's settings and its log. */
export class SoftDriver {
  readonly k: Kernel;
  readonly ports: SoftPort[];
  /** What the core asked for: `query_port 1`, `create_qp 1/QP0`, … */
  readonly log: string[] = [];
  /** Special queue pairs that exist, by name, as on one card. */
  readonly qps: Set<string>;
  gidEntries = 2;
  pkeyEntries = 2;
  /** Error of the next calls of an operation. */
  readonly errors = new Map<string, number>();
  private nextGid = 0;

  constructor(k: Kernel, kinds: readonly ('ib' | 'eth')[], qps = new Set<string>()) {
    this.k = k;
    this.qps = qps;
    this.ports = kinds.map((kind) => ({ kind, state: verbs.IB_PORT_DOWN, netdev: null }));
  }

  private port(port: number): SoftPort {
    return this.ports[port - 1]!;
  }

  private note(what: string, port: number): number {
    this.log.push(`${what} ${port}`);
    return this.errors.get(what) ?? 0;
  }

  readonly ops: IbDeviceOps = {
    owner: null,
    device_group: [],
    query_device: () => this.device(),
    query_port: (_device, port) => this.queryPort(port),
    query_gid: (_device, port, index) => this.queryGid(port, index),
    query_pkey: (_device, port, index) => this.queryPkey(port, index),
    get_port_immutable: (_device, port) => this.immutable(port),
    get_link_layer: (_device, port) =>
      this.port(port).kind === 'ib' ? verbs.IB_LINK_LAYER_INFINIBAND : verbs.IB_LINK_LAYER_ETHERNET,
    get_netdev: (_device, port) => this.heldNetdev(port),
    get_dev_fw_str: () => '1.2.3',
    add_gid: (_device, attr) => this.addGid(attr.port_num),
    del_gid: (_device, attr) => this.simple('del_gid', attr.port_num),
    modify_device: () => this.simple('modify_device', 0),
    process_mad: () => this.processMad(),
    alloc_pd: () => this.simple('alloc_pd', 0),
    dealloc_pd: () => this.nothing('dealloc_pd'),
    get_dma_mr: (pd) => {
      pd.internal_mr = 'mr';
      return this.simple('get_dma_mr', 0);
    },
    dereg_mr: () => this.nothing('dereg_mr'),
    create_cq: () => this.simple('create_cq', 0),
    destroy_cq: () => this.nothing('destroy_cq'),
    *req_notify_cq() {
      return 0;
    },
    create_qp: (qp) => this.createQp(`${qp.port}/QP${qp.qp_type}`),
    modify_qp: (qp, attr) => this.simple(`modify_qp ${attr.qp_state}`, qp.port),
    destroy_qp: (qp) => this.destroyQp(`${qp.port}/QP${qp.qp_type}`),
    *post_recv() {
      return 0;
    },
    alloc_hw_stats: () => null,
    get_hw_stats: () => this.simple('get_hw_stats', 0),
  };

  private *device() {
    this.note('query_device', 0);
    return {
      fw_ver: '1.2.3',
      sys_image_guid: 0x0002_c903_0000_0003n,
      vendor_id: 0x2c9,
      vendor_part_id: 4099,
      hw_ver: 1,
      max_pkeys: 2,
      max_qp: 8,
      max_qp_wr: 8,
      max_sge: 8,
      max_cq: 8,
      max_cqe: 8,
      max_mr: 8,
      max_pd: 8,
      max_srq: 8,
      local_ca_ack_delay: 15,
      hasLocalDmaLkey: false,
    };
  }

  private *queryPort(port: number): MaySleep<verbs.IbPortAttr | number> {
    const err = this.note('query_port', port);
    if (err !== 0) return err;
    const { kind, state } = this.port(port);
    return {
      ...verbs.emptyPortAttr(),
      state,
      phys_state: state === verbs.IB_PORT_ACTIVE ? 5 : 3,
      gid_tbl_len: this.gidEntries,
      pkey_tbl_len: kind === 'ib' ? this.pkeyEntries : 1,
      active_width: verbs.IB_WIDTH_4X,
      active_speed: verbs.IB_SPEED_QDR,
      port_cap_flags: 0x10000,
      lid: 7,
    };
  }

  private *queryGid(port: number, index: number): MaySleep<Uint8Array | number> {
    const err = this.note('query_gid', port);
    if (err !== 0) return err;
    const gid = new Uint8Array(16);
    if (index === 0) gid.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0xc9, 3, 0, 0, 0, port]);
    return gid;
  }

  private *queryPkey(port: number, index: number): MaySleep<number> {
    const err = this.note('query_pkey', port);
    return err === 0 ? (index === 0 ? 0xffff : 0) : err;
  }

  private *immutable(port: number): MaySleep<verbs.IbPortImmutable | number> {
    const err = this.note('immutable', port);
    if (err !== 0) return err;
    const ib = this.port(port).kind === 'ib';
    return {
      core_cap_flags: ib ? verbs.RDMA_CORE_PORT_IBA_IB : verbs.RDMA_CORE_PORT_IBA_ROCE,
      max_mad_size: 256,
      pkey_tbl_len: ib ? this.pkeyEntries : 1,
      gid_tbl_len: this.gidEntries,
    };
  }

  private *heldNetdev(port: number) {
    const { netdev } = this.port(port);
    if (netdev !== null) yield* dev_hold(netdev, currentActor(this.k), 'get_netdev');
    return netdev;
  }

  private *addGid(port: number): MaySleep<GidContext | number> {
    const err = this.note('add_gid', port);
    return err === 0 ? { real_index: this.nextGid++, refcount: 1 } : err;
  }

  private *processMad() {
    return { success: true, consumed: false, reply: new Uint8Array(256) };
  }

  private *simple(what: string, port: number): MaySleep<number> {
    return this.note(what, port);
  }

  private *nothing(what: string): MaySleep<void> {
    this.note(what, 0);
  }

  private *createQp(name: string): MaySleep<number> {
    this.log.push(`create_qp ${name}`);
    if (this.qps.has(name)) return -EEXIST;
    this.qps.add(name);
    return this.errors.get('create_qp') ?? 0;
  }

  private *destroyQp(name: string): MaySleep<void> {
    this.log.push(`destroy_qp ${name}`);
    this.qps.delete(name);
  }

  /** Entries of the log that begin with a word. */
  count(word: string): number {
    return this.log.filter((entry) => entry.startsWith(word)).length;
  }
}

/** A parent for devices: registered, with memory for DMA. */
export function* softParent(k: Kernel, name: string): MaySleep<PciDevice> {
  const parent = new Device(k, name, null);
  parent.release = function* release() {
    // Static, as the parents of tests are.
  };
  yield* device_register(parent);
  return parent as PciDevice;
}

/** Allocates and registers a device of the driver; gives it and what registration gave. */
export function* softDevice(
  driver: SoftDriver,
  parent: PciDevice,
  name = 'soft',
): MaySleep<{ readonly device: IbDevice; readonly err: number }> {
  const device = yield* ib_alloc_device(driver.k, name, parent, driver.ops);
  device.driverData = driver;
  device.phys_port_cnt = driver.ports.length;
  device.node_guid = 0x0002_c903_0000_0000n;
  device.node_desc = 'soft node';
  const err = yield* ib_register_device(device, 'soft_%d', parent);
  return { device, err };
}
