// GIDs of RoCE ports in the card (main.c: mlx4_ib_add_gid, mlx4_ib_del_gid, mlx4_ib_update_gids;
// facts/device 9.5, 10.6). The driver keeps the card's table and sends all of it at each change,
// by SET_PORT; while the card is bonded the same table goes to port 2 as well. iboe.lock protects
// the copy; a command is sent without it, so two changes may send their tables in the other order.

import { EINVAL, ENOSPC } from '#kernel/errno.ts';
import type { GidContext } from '#kernel/infiniband/ib-ops.ts';
import { rdma_is_zero_gid, sameGid } from '#kernel/infiniband/gid-table.ts';
import { IB_GID_TYPE_ROCE_UDP_ENCAP } from '#kernel/infiniband/ib-verbs.ts';
import type { IbGidAttr } from '#kernel/infiniband/ib-verbs.ts';
import { rdma_protocol_roce } from '#kernel/infiniband/port.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import {
  MLX4_SET_PORT,
  MLX4_SET_PORT_ETH_OPCODE,
  setPortModifier,
  setPortRoceEntry,
} from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd, mlx4_free_cmd_mailbox } from '../../mlx4_core/cmd.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import { mlx4_has_cap2 } from '../../mlx4_core/mlx4.ts';
import { MLX4_MAX_PORT_GIDS } from '../mlx4_ib.ts';
import type { gid_entry, mlx4_ib_dev } from '../mlx4_ib.ts';

const gidBytes = 16;
/** vlan_id of a GID without VLAN; the lab has no VLAN devices. */
const noVlan = 0xffff;

/** An empty table. */
export const emptyGids = (): gid_entry[] =>
  Array.from({ length: MLX4_MAX_PORT_GIDS }, () => ({
    gid: new Uint8Array(gidBytes),
    gid_type: 0,
    vlan_id: noVlan,
    ctx: null,
  }));

/** What a command is to carry: a copy that no later change reaches. */
const snapshot = (gids: readonly gid_entry[]): gid_entry[] => gids.map((entry) => ({ ...entry }));

/** True for an IPv4 address in an IPv6 one. */
const isV4Mapped = (gid: Uint8Array): boolean =>
  gid.subarray(0, 10).every((byte) => byte === 0) && gid[10] === 0xff && gid[11] === 0xff;

/** The table in the form that the card wants: bare GIDs, or entries with a version. */
function encode(gids: readonly gid_entry[], versions: boolean): Uint8Array {
  const entryBytes = versions ? setPortRoceEntry.sizeBytes : gidBytes;
  const table = new Uint8Array(gids.length * entryBytes);
  for (const [index, { gid, gid_type }] of gids.entries()) {
    if (!versions) table.set(gid, index * gidBytes);
    else {
      const v2 = gid_type === IB_GID_TYPE_ROCE_UDP_ENCAP;
      const type = v2 && !isV4Mapped(gid) ? 1 : 0;
      setPortRoceEntry.write(table, { gid, type, version: v2 ? 2 : 0 }, index * entryBytes);
    }
  }
  return table;
}

/** Sends the table of a port; while bonded to port 2 as well. 0 or the sum of the errors. */
function* mlx4_ib_update_gids(
  gids: readonly gid_entry[],
  ibdev: mlx4_ib_dev,
  port: number,
): MaySleep<number> {
  const { dev } = ibdev;
  const versions = mlx4_has_cap2(dev, 'ROCE_V1_V2');
  const type = versions ? MLX4_SET_PORT.ROCE_ADDR : MLX4_SET_PORT.GID_TABLE;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  mailbox.buf.write(0, encode(gids, versions));
  const send = (to: number): MaySleep<number> =>
    mlx4_cmd(
      dev,
      mailbox.dma,
      setPortModifier(type, to),
      MLX4_SET_PORT_ETH_OPCODE,
      'MLX4_CMD_SET_PORT',
    );
  let err = yield* send(port);
  if (yield* mlx4_is_bonded(dev)) err += yield* send(2);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

function freeEntry(entry: gid_entry): void {
  entry.gid = new Uint8Array(gidBytes);
  entry.ctx = null;
}

/** Puts a GID into the card's table, or counts one more user of it. */
export function* mlx4_ib_add_gid(
  ibdev: mlx4_ib_dev,
  attr: IbGidAttr,
): MaySleep<GidContext | number> {
  const { iboe, ib_dev } = ibdev;
  const { gid, gid_type, port_num } = attr;
  if (!rdma_protocol_roce(ib_dev, port_num)) return -EINVAL;
  const table = iboe.gids[port_num]!;
  yield* spin_lock_bh(iboe.lock);
  const found = table.find((entry) => sameGid(entry.gid, gid) && entry.gid_type === gid_type);
  if (found?.ctx) {
    found.ctx.refcount++;
    yield* spin_unlock_bh(iboe.lock);
    return found.ctx;
  }
  const free = table.findIndex((entry) => rdma_is_zero_gid(entry.gid));
  if (free < 0) {
    yield* spin_unlock_bh(iboe.lock);
    return -ENOSPC;
  }
  const ctx: GidContext = { real_index: free, refcount: 1 };
  table[free] = { gid: gid.slice(), gid_type, vlan_id: noVlan, ctx };
  const gids = snapshot(table);
  yield* spin_unlock_bh(iboe.lock);
  const err = yield* mlx4_ib_update_gids(gids, ibdev, port_num);
  if (err === 0) return ctx;
  yield* spin_lock_bh(iboe.lock);
  freeEntry(table[free]);
  yield* spin_unlock_bh(iboe.lock);
  return err;
}

/** Takes one user of a GID away; the last one takes it out of the card's table. */
export function* mlx4_ib_del_gid(
  ibdev: mlx4_ib_dev,
  attr: IbGidAttr,
  ctx: GidContext,
): MaySleep<number> {
  const { iboe, ib_dev } = ibdev;
  const { port_num } = attr;
  if (!rdma_protocol_roce(ib_dev, port_num)) return -EINVAL;
  const table = iboe.gids[port_num]!;
  yield* spin_lock_bh(iboe.lock);
  ctx.refcount--;
  let gids: gid_entry[] | null = null;
  if (ctx.refcount === 0) {
    freeEntry(table[ctx.real_index]!);
    gids = snapshot(table);
  }
  yield* spin_unlock_bh(iboe.lock);
  return gids === null ? 0 : yield* mlx4_ib_update_gids(gids, ibdev, port_num);
}
