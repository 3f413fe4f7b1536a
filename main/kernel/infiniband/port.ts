// Queries of a port and of its table entries (core/device.c, include/rdma/ib_verbs.h). Every query
// goes to the driver, which asks the card: it sleeps. What the core remembers is in cache.ts.

import type { MaySleep } from '#sim/task.ts';
import { EINVAL, ENOENT } from '../errno.ts';
import { ib_get_cached_subnet_prefix } from './cache.ts';
import { opsOf, rdma_is_port_valid } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import {
  IB_GID_TYPE_IB,
  IB_GID_TYPE_ROCE,
  IB_GID_TYPE_ROCE_UDP_ENCAP,
  IB_LINK_LAYER_INFINIBAND,
  RDMA_CORE_CAP_IB_CM,
  RDMA_CORE_CAP_IB_MAD,
  RDMA_CORE_CAP_IB_SA,
  RDMA_CORE_CAP_IB_SMI,
  RDMA_CORE_CAP_PROT_IB,
  RDMA_CORE_CAP_PROT_ROCE,
  RDMA_CORE_CAP_PROT_ROCE_UDP_ENCAP,
} from './ib-verbs.ts';
import type { IbDeviceAttr, IbPortAttr } from './ib-verbs.ts';

const has = (device: IbDevice, port: number, flags: number): boolean =>
  ((device.port_data[port]?.immutable.core_cap_flags ?? 0) & flags) !== 0;

export const rdma_protocol_ib = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_PROT_IB);
export const rdma_protocol_roce = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_PROT_ROCE | RDMA_CORE_CAP_PROT_ROCE_UDP_ENCAP);
/** The port has MAD agents. */
export const rdma_cap_ib_mad = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_IB_MAD);
/** The port has QP0. */
export const rdma_cap_ib_smi = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_IB_SMI);
export const rdma_cap_ib_cm = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_IB_CM);
/** The port's subnet has a subnet administrator. */
export const rdma_cap_ib_sa = (device: IbDevice, port: number): boolean =>
  has(device, port, RDMA_CORE_CAP_IB_SA);

/** Bits of the kinds of GID that a port has. */
export function roce_gid_type_mask_support(device: IbDevice, port: number): number {
  if (!rdma_protocol_roce(device, port)) return 1 << IB_GID_TYPE_IB;
  const v1 = has(device, port, RDMA_CORE_CAP_PROT_ROCE) ? 1 << IB_GID_TYPE_ROCE : 0;
  const v2 = has(device, port, RDMA_CORE_CAP_PROT_ROCE_UDP_ENCAP);
  return v1 | (v2 ? 1 << IB_GID_TYPE_ROCE_UDP_ENCAP : 0);
}

/** rdma_port_get_link_layer(). */
export const rdma_port_get_link_layer = (device: IbDevice, port: number): number =>
  opsOf(device, 'get_link_layer').get_link_layer(device, port);

/** The port as it is now, or a negative error. */
export function* ib_query_port(device: IbDevice, port: number): MaySleep<IbPortAttr | number> {
  if (!rdma_is_port_valid(device, port)) return -EINVAL;
  const attr = yield* opsOf(device, 'query_port').query_port(device, port);
  if (typeof attr === 'number' || attr.subnet_prefix !== 0n) return attr;
  if (rdma_port_get_link_layer(device, port) === IB_LINK_LAYER_INFINIBAND) {
    attr.subnet_prefix = yield* ib_get_cached_subnet_prefix(device, port);
  }
  return attr;
}

/** The P_Key at an index, or a negative error. */
export function* ib_query_pkey(device: IbDevice, port: number, index: number): MaySleep<number> {
  if (!rdma_is_port_valid(device, port)) return -EINVAL;
  return yield* opsOf(device, 'query_pkey').query_pkey(device, port, index);
}

/**
 * Index of a P_Key, asked of the card entry by entry; a limited member counts when nothing else
 * does.
 */
export function* ib_find_pkey(device: IbDevice, port: number, pkey: number): MaySleep<number> {
  const { pkey_tbl_len } = device.port_data[port]!.immutable;
  let partial = -ENOENT;
  for (let index = 0; index < pkey_tbl_len; index++) {
    const found = yield* ib_query_pkey(device, port, index);
    if (found < 0) return found;
    if ((found & 0x7fff) !== (pkey & 0x7fff)) continue;
    if ((found & 0x8000) !== 0) return index;
    if (partial < 0) partial = index;
  }
  return partial;
}

/** What the device was when it was registered: ib_device.attrs, as ibv_query_device() gives it. */
export const ib_query_device = (device: IbDevice): IbDeviceAttr | null => device.attrs;

/** ib_get_device_fw_str(). */
export const ib_get_device_fw_str = (device: IbDevice): string =>
  opsOf(device, 'get_dev_fw_str').get_dev_fw_str(device);
