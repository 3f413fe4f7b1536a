// Operations that firmware asks for (fw.c: mlx4_opreq_action; facts/device 5.27): an event counts
// one, a work carries them all out. Firmware with management traffic of its own asks for multicast
// groups so.

import { EINVAL, EPERM } from '#kernel/errno.ts';
import {
  getOpReq,
  GET_OP_REQ_ACK,
  GET_OP_REQ_ADD_TO_MCG,
  GET_OP_REQ_QUERY,
  getOpReqDataOffset,
  MLX4_MAILBOX_SIZE,
} from '#prm/firmware.ts';
import { mgm, mgmMember, mgmQpOffset, MLX4_STEERING_MODE_DEVICE_MANAGED } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_cmd } from '../cmd.ts';
import { queryMailbox } from '../cmd/query.ts';
import { mlx4_multicast_attach, mlx4_multicast_detach } from '../mcg.ts';
import { mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** Byte of the group entry's second word that says "remove" in its lowest bit. */
const removeByte = 4;
/** Byte of a GID that holds the port. */
const portByte = 5;

/**
 * Adds queue pairs to a group or removes them. 0 or an error, positive for a refusal of our own.
 */
function* changeGroup(dev: mlx4_dev, entry: Uint8Array): MaySleep<number> {
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_DEVICE_MANAGED) {
    mlx4_warn(dev, 'ADD MCG operation is not supported in DEVICE_MANAGED steering mode');
    return EPERM;
  }
  const { protocol, members_count, gid } = mgm.read(entry);
  const remove = (entry[removeByte]! & 1) !== 0;
  for (let i = 0; i < members_count; i++) {
    const qp = { qpn: mgmMember.get(entry, 'qpn', mgmQpOffset(i)) };
    const err = remove
      ? yield* mlx4_multicast_detach(dev, qp, gid, protocol)
      : yield* mlx4_multicast_attach(dev, qp, gid, gid[portByte]!, false, protocol);
    if (err !== 0) return err;
  }
  return 0;
}

/** Asks for one operation and carries it out. 0, or an error of the asking or reporting. */
function* carryOutOperation(dev: mlx4_dev): MaySleep<number> {
  const op = 'MLX4_CMD_GET_OP_REQ';
  const answer = yield* queryMailbox(dev, op, MLX4_MAILBOX_SIZE, { op_modifier: GET_OP_REQ_QUERY });
  if (typeof answer === 'number') {
    mlx4_err(dev, `Failed to retrieve required operation: ${answer}`);
    return answer;
  }
  const type = getOpReq.get(answer, 'type');
  let result = EINVAL;
  if (type === GET_OP_REQ_ADD_TO_MCG) {
    result = yield* changeGroup(dev, answer.subarray(getOpReqDataOffset));
  } else mlx4_warn(dev, 'Bad type for required operation');
  // The token belongs into the upper half. Linux swaps its bytes first, so nothing of it arrives
  // there.
  const err = yield* mlx4_cmd(dev, 0, result >>> 0, GET_OP_REQ_ACK, op);
  if (err !== 0) mlx4_err(dev, `Failed to acknowledge required request: ${err}`);
  return err;
}

/** The work. */
export function* mlx4_opreq_action(dev: mlx4_dev): MaySleep<void> {
  const priv = mlx4_priv(dev);
  let left = priv.opreq_count;
  while (left > 0 && (yield* carryOutOperation(dev)) === 0) left = --priv.opreq_count;
}
