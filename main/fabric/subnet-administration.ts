// Subnet administration, as the node of a plain subnet manager has it (IB specification 13.4.7, 15;
// OpenSM: osm_sa_class_port_info.c, osm_sa.c): it says what it can do, which is nothing that is
// optional, and has no records: any other question is answered with "unsupported". (OpenSM leaves
// attributes that it does not know without an answer.) RMPP is left out: no answer is longer than
// one datagram.

import {
  IB_MAD_STATUS_BAD_VERSION,
  IB_MAD_STATUS_UNSUP_ATTR,
  IB_MGMT_METHOD_RESP,
  IB_QP1_QKEY,
  madBytes,
} from '#prm/mad.ts';
import {
  IB_MGMT_CLASS_SUBN_ADM,
  IB_SA_ATTR_CLASS_PORTINFO,
  IB_SA_CLASS_VERSION,
  classPortInfo,
  saMad,
  saMethods,
} from '#prm/subnet-administration.ts';

const baseVersion = 1;

/**
 * The answer to a datagram, in bytes of its own; null when it is no question to subnet
 * administration, or has an SM_Key, which nobody was given. That of an answer is 0 (C15-0.1.5).
 * `subnetTimeout`: within which time an answer comes, 4.096 µs × 2^this.
 */
export function administrationAnswer(
  request: Uint8Array,
  subnetTimeout: number,
): Uint8Array | null {
  if (request.length !== madBytes) return null;
  const { mgmt_class, method, tid, attr_id, attr_mod, sm_key, comp_mask } = saMad.read(request);
  const asks = mgmt_class === IB_MGMT_CLASS_SUBN_ADM && (method & IB_MGMT_METHOD_RESP) === 0;
  if (!asks || sm_key !== 0n) return null;
  const status = statusOf(request);
  return saMad.make({
    base_version: baseVersion,
    mgmt_class,
    class_version: IB_SA_CLASS_VERSION,
    method: answerOf(method),
    status,
    tid,
    attr_id,
    attr_mod,
    comp_mask,
    data: status === 0 ? ownClassPortInfo(subnetTimeout) : new Uint8Array(0),
  });
}

function statusOf(request: Uint8Array): number {
  const { base_version, class_version, method, attr_id } = saMad.read(request);
  const isKnown = base_version === baseVersion && class_version === IB_SA_CLASS_VERSION;
  if (!isKnown) return IB_MAD_STATUS_BAD_VERSION;
  const isServed = method === saMethods.Get && attr_id === IB_SA_ATTR_CLASS_PORTINFO;
  return isServed ? 0 : IB_MAD_STATUS_UNSUP_ATTR;
}

/** The method of an answer: that of the question, but for two. */
function answerOf(method: number): number {
  if (method === saMethods.Set) return saMethods.GetResp;
  if (method === saMethods.GetTraceTable) return saMethods.GetTableResp;
  return method | IB_MGMT_METHOD_RESP;
}

/** No capability, no redirection: questions are for QP1 of this node. No traps to anybody. */
const ownClassPortInfo = (subnetTimeout: number): Uint8Array =>
  classPortInfo.make({
    base_version: baseVersion,
    class_version: IB_SA_CLASS_VERSION,
    resp_time: subnetTimeout,
    redirect_qp: 1,
    redirect_qkey: IB_QP1_QKEY,
    trap_qkey: IB_QP1_QKEY,
  });
