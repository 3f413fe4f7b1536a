// ports/N/counters (core/sysfs.c): performance counters, each read with a datagram of the
// performance class that the driver answers: from the card's interface counters on Ethernet, from
// its firmware on InfiniBand. Whether the wide set is shown is asked when the port is set up,
// which is one more such datagram.

import type { MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import { sysfs_create_dir, sysfs_create_file } from '../fs/sysfs.ts';
import { opsOf } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import { IB_MGMT_MAD_SIZE } from './ib-verbs.ts';

const IB_MGMT_CLASS_PERF_MGMT = 4;
const IB_MGMT_METHOD_GET = 1;
const IB_PMA_CLASS_PORT_INFO = 0x0001;
const IB_PMA_PORT_COUNTERS = 0x0012;
const IB_PMA_PORT_COUNTERS_EXT = 0x001d;
/** Bit of ClassPortInfo: 64-bit counters. */
const IB_PMA_CLASS_CAP_EXT_WIDTH = 0x0200;

/** Offsets in a datagram: attribute id, data, and the attribute's own part of the data. */
const attributeOffset = 16;
const dataOffset = 24;
const attributeDataOffset = dataOffset + 40;
/** Byte of the data that names the port. */
const portSelectOffset = dataOffset + 41;
const capabilityOffset = attributeDataOffset + 2;

/** A counter: bits wide, and bits from the start of the attribute's data. */
interface PmaCounter {
  readonly attribute: number;
  readonly bits: number;
  readonly offsetBits: number;
}

const narrow = (bits: number, offsetBits: number): PmaCounter => ({
  attribute: IB_PMA_PORT_COUNTERS,
  bits,
  offsetBits,
});
const wide = (offsetBits: number): PmaCounter => ({
  attribute: IB_PMA_PORT_COUNTERS_EXT,
  bits: 64,
  offsetBits,
});

/** Counters that both sets have. */
const commonCounters = {
  symbol_error: narrow(16, 32),
  link_error_recovery: narrow(8, 48),
  link_downed: narrow(8, 56),
  port_rcv_errors: narrow(16, 64),
  port_rcv_remote_physical_errors: narrow(16, 80),
  port_rcv_switch_relay_errors: narrow(16, 96),
  port_xmit_discards: narrow(16, 112),
  port_xmit_constraint_errors: narrow(8, 128),
  port_rcv_constraint_errors: narrow(8, 136),
  local_link_integrity_errors: narrow(4, 152),
  excessive_buffer_overrun_errors: narrow(4, 156),
  VL15_dropped: narrow(16, 176),
  port_xmit_wait: narrow(32, 320),
};

const narrowCounters = {
  ...commonCounters,
  port_xmit_data: narrow(32, 192),
  port_rcv_data: narrow(32, 224),
  port_xmit_packets: narrow(32, 256),
  port_rcv_packets: narrow(32, 288),
};

const wideCounters = {
  ...commonCounters,
  port_xmit_data: wide(64),
  port_rcv_data: wide(128),
  port_xmit_packets: wide(192),
  port_rcv_packets: wide(256),
  unicast_xmit_packets: wide(320),
  unicast_rcv_packets: wide(384),
  multicast_xmit_packets: wide(448),
  multicast_rcv_packets: wide(512),
};

/** Asks for a performance attribute. The answer, or -EINVAL. */
function* get_perf_mad(
  device: IbDevice,
  port: number,
  attribute: number,
): MaySleep<Uint8Array | number> {
  const mad = new Uint8Array(IB_MGMT_MAD_SIZE);
  mad.set([1, IB_MGMT_CLASS_PERF_MGMT, 1, IB_MGMT_METHOD_GET]);
  mad.set([attribute >> 8, attribute & 0xff], attributeOffset);
  if (attribute !== IB_PMA_CLASS_PORT_INFO) mad[portSelectOffset] = port;
  const { success, reply } = yield* opsOf(device, 'process_mad').process_mad(device, port, mad);
  return success && reply !== null ? reply : -EINVAL;
}

/** The value of a counter in an answer. */
function counterValue(counter: PmaCounter, answer: Uint8Array): bigint {
  const at = attributeDataOffset + Math.floor(counter.offsetBits / 8);
  if (counter.bits < 8) {
    const shift = 8 - counter.bits - (counter.offsetBits % 8);
    return BigInt((answer[at]! >> shift) & (2 ** counter.bits - 1));
  }
  let value = 0n;
  for (let i = 0; i < counter.bits / 8; i++) value = (value << 8n) | BigInt(answer[at + i]!);
  return value;
}

function* show_pma_counter(
  device: IbDevice,
  port: number,
  counter: PmaCounter,
): MaySleep<string | number> {
  const answer = yield* get_perf_mad(device, port, counter.attribute);
  return typeof answer === 'number' ? answer : `${counterValue(counter, answer)}\n`;
}

/** get_counter_table(): the set that the port has. */
function* counterTable(device: IbDevice, port: number): MaySleep<Record<string, PmaCounter>> {
  const info = yield* get_perf_mad(device, port, IB_PMA_CLASS_PORT_INFO);
  if (typeof info === 'number') return narrowCounters;
  const capabilities = (info[capabilityOffset]! << 8) | info[capabilityOffset + 1]!;
  return (capabilities & IB_PMA_CLASS_CAP_EXT_WIDTH) === 0 ? narrowCounters : wideCounters;
}

/** counters/ in a port's directory. */
export function* addPmaCounters(
  device: IbDevice,
  port: number,
  parent: KernfsNode,
): MaySleep<void> {
  const table = yield* counterTable(device, port);
  const directory = sysfs_create_dir(parent, 'counters');
  if (typeof directory === 'number') return;
  for (const [name, counter] of Object.entries(table)) {
    sysfs_create_file(directory, {
      name,
      mode: 0o444,
      show: () => show_pma_counter(device, port, counter),
    });
  }
}
