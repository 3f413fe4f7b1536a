import { expect, test } from 'vitest';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';
import { defaultTopology } from '#fabric/topology.ts';

test('smoke', () => {
  const net = new Network({ topology: defaultTopology });
  const { receives, buffers, qp, sends } = net.receiver(1);
  net.open(1);
  expect(net.events.types()).toEqual([[9, 4]]);
  const frame = udpTo(portMacs[0]);
  net.arrive(1, frame);
  const [cqe] = receives.decoded();
  expect(cqe).toMatchObject({ byte_cnt: frame.length, qpn: qp.qpn, opcode: 1, checksum: 0xffff });
  expect(net.bytesAt(buffers[0]!, frame.length)).toEqual(frame);
  qp.send(udpTo(0x020000000001));
  net.rig.clock.runFor(1e6);
  expect(sends.decoded()).toMatchObject([{ qpn: qp.qpn, wqe_index: 0, opcode: 0xa, send: true }]);
  expect(net.rig.fabric!.host('host0').counters.received).toBe(1);
  expect(net.rig.host.violations).toEqual([]);
});
