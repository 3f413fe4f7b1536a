// What mlx4_ib gives to the RDMA core (main.c: mlx4_ib_dev_ops): from an ib_device back to the
// driver's structure around it, and on to the function that does it.

import { ibDriverOf } from '#kernel/infiniband/ib-device.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import type { IbDeviceOps } from '#kernel/infiniband/ib-ops.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '#kernel/locking/spinlock.ts';
import { nodeDescription, nodeDescriptionBytes, setNodeModifier } from '#prm/mad.ts';
import type { MaySleep } from '#sim/task.ts';
import { sendMailbox } from '../../mlx4_core/cmd/query.ts';
import { mlx4_ib_arm_cq, mlx4_ib_create_cq, mlx4_ib_destroy_cq } from '../cq.ts';
import { mlx4_ib_process_mad } from '../mad.ts';
import type { mlx4_ib_dev, mlx4_ib_module } from '../mlx4_ib.ts';
import {
  mlx4_ib_alloc_pd,
  mlx4_ib_dealloc_pd,
  mlx4_ib_dereg_mr,
  mlx4_ib_get_dma_mr,
} from '../mr.ts';
import {
  mlx4_ib_create_qp,
  mlx4_ib_destroy_qp,
  mlx4_ib_modify_qp,
  mlx4_ib_post_recv,
} from '../qp.ts';
import { fwVersionText, mlx4_class_attributes } from './attrs.ts';
import { mlx4_ib_alloc_hw_stats, mlx4_ib_get_hw_stats } from './counters.ts';
import { mlx4_ib_add_gid, mlx4_ib_del_gid } from './gids.ts';
import { mlx4_ib_get_netdev } from './netdev.ts';
import {
  mlx4_ib_port_link_layer,
  mlx4_ib_query_device,
  mlx4_ib_query_gid,
  mlx4_ib_query_pkey,
  mlx4_ib_query_port,
  mlx4_port_immutable,
} from './query.ts';

/** to_mdev(). */
const of = (device: IbDevice): mlx4_ib_dev => ibDriverOf<mlx4_ib_dev>(device);

/** A new node description: kept, and told to firmware, whose failure is ignored. */
function* mlx4_ib_modify_device(ibdev: mlx4_ib_dev, text: string): MaySleep<number> {
  yield* spin_lock_irqsave(ibdev.sm_lock);
  ibdev.ib_dev.node_desc = text.replace(/\n$/, '');
  yield* spin_unlock_irqrestore(ibdev.sm_lock);
  const bytes = new Uint8Array(nodeDescriptionBytes);
  for (let i = 0; i < Math.min(text.length, bytes.length); i++)
    bytes[i] = text.charCodeAt(i) & 0xff;
  yield* sendMailbox(ibdev.dev, 'MLX4_CMD_SET_NODE', nodeDescription.make({ text: bytes }), {
    in_modifier: setNodeModifier,
  });
  return 0;
}

/** The table for the devices of a loaded module. */
export const mlx4_ib_dev_ops = (state: mlx4_ib_module): IbDeviceOps => ({
  owner: state.module,
  query_device: (device) => mlx4_ib_query_device(of(device)),
  query_port: (device, port) => mlx4_ib_query_port(of(device), port),
  query_gid: (device, port, index) => mlx4_ib_query_gid(of(device), port, index),
  query_pkey: (device, port, index) => mlx4_ib_query_pkey(of(device), port, index),
  get_port_immutable: (device, port) => mlx4_port_immutable(of(device), port),
  get_link_layer: (device, port) => mlx4_ib_port_link_layer(of(device), port),
  get_netdev: (device, port) => mlx4_ib_get_netdev(of(device), port),
  get_dev_fw_str: (device) => fwVersionText(of(device).dev),
  add_gid: (device, attr) => mlx4_ib_add_gid(of(device), attr),
  del_gid: (device, attr, context) => mlx4_ib_del_gid(of(device), attr, context),
  modify_device: (device, text) => mlx4_ib_modify_device(of(device), text),
  process_mad: (device, port, mad) => mlx4_ib_process_mad(of(device), port, mad),
  alloc_pd: (pd) => mlx4_ib_alloc_pd(of(pd.device), pd),
  dealloc_pd: (pd) => mlx4_ib_dealloc_pd(of(pd.device), pd),
  get_dma_mr: (pd) => mlx4_ib_get_dma_mr(of(pd.device), pd),
  dereg_mr: (pd) => mlx4_ib_dereg_mr(of(pd.device), pd),
  create_cq: (cq, completed) => mlx4_ib_create_cq(of(cq.device), cq, completed),
  destroy_cq: (cq) => mlx4_ib_destroy_cq(of(cq.device), cq),
  req_notify_cq: (cq) => mlx4_ib_arm_cq(of(cq.device), cq),
  create_qp: (qp, init) => mlx4_ib_create_qp(of(qp.device), qp, init),
  modify_qp: (qp, attr) => mlx4_ib_modify_qp(of(qp.device), qp, attr),
  destroy_qp: (qp) => mlx4_ib_destroy_qp(of(qp.device), qp),
  post_recv: (qp, requests) => mlx4_ib_post_recv(of(qp.device), qp, requests),
  device_group: mlx4_class_attributes,
  alloc_hw_stats: (device, port) => mlx4_ib_alloc_hw_stats(of(device), port),
  get_hw_stats: (device, port, stats) => mlx4_ib_get_hw_stats(of(device), port, stats),
});
