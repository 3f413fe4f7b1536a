// Datagrams of subnet administration (IB specification 13.4.8.1, 15.2; Linux 6.1, ib_mad.h: struct
// ib_sa_mad, ib_class_port_info; ib_sa.h: methods): what a port asks the subnet manager's node by
// QP1. Before the data come a header of RMPP, for what is longer than one datagram, and one of the
// class. Left out: the records.

import { be16, be32, be64, bits, bytes, layout, u8 } from './layout.ts';
import {
  IB_MGMT_METHOD_GET,
  IB_MGMT_METHOD_GET_RESP,
  IB_MGMT_METHOD_SET,
  madBytes,
  madHeader,
} from './mad.ts';

export const saMad = layout('ib_sa_mad', madBytes, {
  ...madHeader,
  rmpp_version: u8(24),
  rmpp_type: u8(25),
  rmpp_rtime_flags: u8(26),
  rmpp_status: u8(27),
  rmpp_seg_num: be32(28),
  rmpp_paylen_newwin: be32(32),
  sm_key: be64(36),
  /** Bytes of one record of a table, in units of eight. */
  attr_offset: be16(44),
  comp_mask: be64(48),
  data: bytes(56, 200),
});

export const IB_MGMT_CLASS_SUBN_ADM = 0x03;
/** class_version of subnet administration. */
export const IB_SA_CLASS_VERSION = 2;
export const IB_SA_ATTR_CLASS_PORTINFO = 0x0001;

/** Methods by their names in the specification, without SubnAdm. */
export const saMethods = {
  Get: IB_MGMT_METHOD_GET,
  Set: IB_MGMT_METHOD_SET,
  Report: 0x06,
  GetTable: 0x12,
  GetTraceTable: 0x13,
  GetMulti: 0x14,
  Delete: 0x15,
  GetResp: IB_MGMT_METHOD_GET_RESP,
  ReportResp: 0x86,
  GetTableResp: 0x92,
  GetMultiResp: 0x94,
  DeleteResp: 0x95,
} as const;

/** ClassPortInfo, in the data: what an agent of a class can do, and who answers in its place. */
export const classPortInfo = layout('ib_class_port_info', 72, {
  base_version: u8(0),
  class_version: u8(1),
  capability_mask: be16(2),
  capability_mask2: bits(4, 31, 5),
  /** An answer comes within 4.096 µs × 2^this. */
  resp_time: bits(4, 4, 0),
  redirect_gid: bytes(8, 16),
  redirect_tcslfl: be32(24),
  redirect_lid: be16(28),
  redirect_pkey: be16(30),
  redirect_qp: be32(32),
  redirect_qkey: be32(36),
  trap_gid: bytes(40, 16),
  trap_tcslfl: be32(56),
  trap_lid: be16(60),
  trap_pkey: be16(62),
  trap_hlqp: be32(64),
  trap_qkey: be32(68),
});
