// Queue pairs as software changes them: the whole table of transitions, what a transition takes
// over, what is refused, and what ERR and SQD do with work that waits.

import { describe, expect, test } from 'vitest';
import type { CommandName } from '#prm/opcodes.ts';
import {
  MLX4_QP_OPTPAR,
  qpContext,
  qpTransitions,
  schedQueueOf,
  updateQp,
} from '#prm/qp-context.ts';
import type { QpStateName } from '#prm/qp-context.ts';
import { eqe, eqeQp } from '#prm/events.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';
import { BarePair } from '#test/support/card/pair.ts';
import type { PairOptions } from '#test/support/card/pair.ts';

const microsecond = 1000;

/** A queue pair in RESET, and its commands. */
function fresh(options: PairOptions = {}, qpn = 0x60) {
  const net = new Network();
  const cq = net.cq();
  const pair = new BarePair(net.driver, qpn, cq, cq, options);
  const give = (name: CommandName, inMod = qpn, mailbox = pair.mailbox) =>
    net.driver.commands.status(name, {
      in: mailbox,
      inMod,
      opMod: name === 'MLX4_CMD_2RST_QP' ? 2 : 0,
    });
  const state = () => net.rig.card.view.qpState(qpn);
  return { net, cq, pair, give, state };
}

/** How to get from RESET to a state. */
const ways: Readonly<Record<string, readonly CommandName[]>> = {
  RST: [],
  INIT: ['MLX4_CMD_RST2INIT_QP'],
  RTR: ['MLX4_CMD_RST2INIT_QP', 'MLX4_CMD_INIT2RTR_QP'],
  RTS: ['MLX4_CMD_RST2INIT_QP', 'MLX4_CMD_INIT2RTR_QP', 'MLX4_CMD_RTR2RTS_QP'],
  SQD: [
    'MLX4_CMD_RST2INIT_QP',
    'MLX4_CMD_INIT2RTR_QP',
    'MLX4_CMD_RTR2RTS_QP',
    'MLX4_CMD_RTS2SQD_QP',
  ],
  ERR: ['MLX4_CMD_RST2INIT_QP', 'MLX4_CMD_2ERR_QP'],
};
const states = Object.keys(ways) as QpStateName[];
const changes = [...new Set(qpTransitions.map(({ command }) => command))];

describe('transitions', () => {
  test.each(states)(
    'from %s every command leads where the table says, or answers BAD_QP_STATE',
    (from) => {
      for (const command of changes) {
        const { give, state } = fresh();
        for (const step of ways[from]!) expect(give(step)).toBe('OK');
        expect(state()).toBe(from);
        const row = qpTransitions.find((each) => each.from === from && each.command === command);
        expect([from, command, give(command)]).toEqual([
          from,
          command,
          row ? 'OK' : 'BAD_QP_STATE',
        ]);
        expect(state()).toBe(row?.to ?? from);
      }
    },
  );

  test('2RST leads to RESET from any state, and a second one changes nothing', () => {
    for (const from of states) {
      const { net, give, state } = fresh();
      for (const step of ways[from]!) give(step);
      expect([give('MLX4_CMD_2RST_QP'), give('MLX4_CMD_2RST_QP'), state()]).toEqual([
        'OK',
        'OK',
        'RST',
      ]);
      expect(net.rig.events('card.refused')).toEqual([]);
    }
  });

  test('a queue pair can be used again after RESET', () => {
    const { give, state } = fresh();
    for (let i = 0; i < 3; i++) {
      for (const step of ways['RTS']!) expect(give(step)).toBe('OK');
      expect(state()).toBe('RTS');
      give('MLX4_CMD_2RST_QP');
    }
  });
});

describe('numbers', () => {
  test('high bits of a number are kept, and the table is indexed by the low ones', () => {
    const qpn = 0x73_0060;
    const { net, give } = fresh({ logReceives: 2 }, qpn);
    for (const step of ways['RTS']!) expect(give(step)).toBe('OK');
    expect(net.rig.card.view.qpns).toEqual([qpn]);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_QUERY_QP', { inMod: qpn });
    expect(qpContext.get(mailbox, 'local_qpn', 8)).toBe(qpn);
  });

  test('another number of the same slot is refused, and its doorbell is not heard', () => {
    const { net, pair, give } = fresh({}, 0x73_0060);
    for (const step of ways['RTS']!) give(step);
    const local = pair.mailbox.slice();
    qpContext.set(local, 'local_qpn', 0x60, 8);
    expect(give('MLX4_CMD_RST2INIT_QP', 0x60, local)).toBe('BAD_RESOURCE');
    expect(give('MLX4_CMD_2ERR_QP', 0x60)).toBe('BAD_RESOURCE');
    expect(give('MLX4_CMD_RTS2RTS_QP', 0x60)).toBe('BAD_QP_STATE');
    net.rig.writeBe32(2, pair.uar * 4096 + 0x14, 0x60 * 256);
    expect(net.rig.events('card.refused').at(-1)).toMatch(/QP 0x60 in UAR 128: no such queue pair/);
  });

  test('steering by the wrong high bits drops the packet', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ logReceives: 2 });
    qp.receive(4, [256]);
    net.steer(1, portMacs[0], [qp.qpn + 0x1000]);
    net.open(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.poll()).toEqual([]);
    expect(net.rig.card.view.counts(1).dropped).toBe(1);
  });
});

describe('RST2INIT', () => {
  const refuse = (context: Parameters<typeof qpContext.make>[0]) =>
    fresh({ context }).give('MLX4_CMD_RST2INIT_QP');

  test('refuses sizes, queues and buffers that cannot be', () => {
    expect(refuse({ sq_size_stride: 0x10 | 7, rq_size_stride: 0 })).toBe('OK');
    expect(refuse({ cqn_send: 0x99 })).toBe('BAD_RESOURCE');
    expect(refuse({ cqn_recv: 0x99 })).toBe('BAD_RESOURCE');
    expect(refuse({ local_qpn: 0x61 })).toBe('BAD_PARAM');
    expect(refuse({ log_page_size: 30 })).toBe('BAD_SIZE');
    expect(refuse({ mtt_base_addr_l: 8 * 4000 })).toBe('BAD_PARAM');
    expect(refuse({ mtt_base_addr_h: 0xff })).toBe('ICM_ERROR');
  });

  test('a local number of 0 is as good as the right one', () => {
    expect(refuse({ local_qpn: 0 })).toBe('OK');
  });
});

describe('what a transition takes over', () => {
  test('on the way to RTR and RTS: path and parameters, not geometry and queues', () => {
    const { net, pair, give } = fresh();
    give('MLX4_CMD_RST2INIT_QP');
    const later = pair.mailbox.slice();
    qpContext.write(
      later,
      {
        path_sched_queue: schedQueueOf(2, 3),
        vlan_strip_disable: true,
        cqn_send: 1,
        sq_size_stride: 0,
        pd: 9,
      },
      8,
    );
    give('MLX4_CMD_INIT2RTR_QP', 0x60, later);
    const seen = net.rig.card.view.qp(0x60);
    expect(seen).toMatchObject({ path_sched_queue: schedQueueOf(2, 3), vlan_strip_disable: true });
    expect(seen?.cqn_send).toBe(qpContext.get(pair.mailbox, 'cqn_send', 8));
    expect(seen?.pd).toBe(qpContext.get(pair.mailbox, 'pd', 8));
  });

  test('in RTS2RTS only what the mask names', () => {
    const cases = [
      [0, {}],
      [MLX4_QP_OPTPAR.SCHED_QUEUE, { path_sched_queue: 0xc3 }],
      [MLX4_QP_OPTPAR.COUNTER_INDEX, { path_counter_index: 9 }],
      [MLX4_QP_OPTPAR.VLAN_STRIPPING, { vlan_strip_disable: true }],
      [MLX4_QP_OPTPAR.Q_KEY, { qkey: 77 }],
      [MLX4_QP_OPTPAR.PRIMARY_ADDR_PATH, { path_sched_queue: 0xc3, path_counter_index: 9 }],
    ] as const;
    for (const [mask, changed] of cases) {
      const { net, pair, give } = fresh();
      for (const step of ways['RTS']!) give(step);
      const before = net.rig.card.view.qp(0x60)!;
      const later = pair.mailbox.slice();
      new DataView(later.buffer).setUint32(0, mask);
      const fields = {
        path_sched_queue: 0xc3,
        path_counter_index: 9,
        qkey: 77,
        vlan_strip_disable: true,
      };
      qpContext.write(later, fields, 8);
      expect(give('MLX4_CMD_RTS2RTS_QP', 0x60, later)).toBe('OK');
      expect(net.rig.card.view.qp(0x60)).toEqual({ ...before, ...changed });
    }
  });

  test('QUERY_QP gives the context at offset 8, zeros for one in RESET', () => {
    const { net, give } = fresh();
    const query = () => net.driver.commands.ok('MLX4_CMD_QUERY_QP', { inMod: 0x60 }).mailbox;
    expect(query().every((byte) => byte === 0)).toBe(true);
    for (const step of ways['RTR']!) give(step);
    expect(qpContext.get(query(), 'state', 8)).toBe(2);
    expect(qpContext.get(query(), 'sq_size_stride', 8)).toBe(0x22);
  });

  test('2RST with opcode modifier 0 gives the last context in a mailbox', () => {
    const { net, give } = fresh();
    for (const step of ways['RTS']!) give(step);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_2RST_QP', { inMod: 0x60, opMod: 0 });
    expect(qpContext.get(mailbox, 'local_qpn', 8)).toBe(0x60);
  });
});

describe('UPDATE_QP', () => {
  const update = (masks: Parameters<typeof updateQp.make>[0], strip: boolean) => {
    const mailbox = new Uint8Array(0x200);
    updateQp.write(mailbox, masks);
    qpContext.set(mailbox, 'vlan_strip_disable', !strip, 0x20);
    return mailbox;
  };

  test('changes VLAN stripping, and refuses everything else', () => {
    const { net, give } = fresh();
    for (const step of ways['RTS']!) give(step);
    const vsd = { qp_mask_h: 2 };
    expect(give('MLX4_CMD_UPDATE_QP', 0x60, update(vsd, false))).toBe('OK');
    expect(net.rig.card.view.qp(0x60)?.vlan_strip_disable).toBe(true);
    expect(give('MLX4_CMD_UPDATE_QP', 0x60, update({}, true))).toBe('OK');
    expect(net.rig.card.view.qp(0x60)?.vlan_strip_disable).toBe(true);
    const others = [{ qp_mask_h: 8 }, { qp_mask_l: 1 }, { primary_addr_path_mask_h: 1 << 19 }];
    for (const mask of others) {
      expect(give('MLX4_CMD_UPDATE_QP', 0x60, update(mask, true))).toBe('BAD_PARAM');
    }
  });

  test('wants a queue pair in RTR or RTS', () => {
    const { give } = fresh();
    expect(give('MLX4_CMD_UPDATE_QP', 0x60, update({}, true))).toBe('BAD_QP_STATE');
    give('MLX4_CMD_RST2INIT_QP');
    expect(give('MLX4_CMD_UPDATE_QP', 0x60, update({}, true))).toBe('BAD_QP_STATE');
  });
});

describe('work that waits', () => {
  test('in SQD nothing is sent until SQD2RTS; the drained event comes if asked for', () => {
    const { net, cq, pair, give } = fresh();
    for (const step of ways['RTS']!) give(step);
    expect(give('MLX4_CMD_RTS2SQD_QP', 0x8000_0060)).toBe('OK');
    const [event] = net.events.poll();
    expect([eqe.get(event!, 'type'), eqeQp.get(event!, 'qpn')]).toEqual([3, 0x60]);
    pair.send(udpTo(portMacs[1]));
    net.rig.clock.runFor(100 * microsecond);
    expect(cq.poll()).toEqual([]);
    give('MLX4_CMD_SQD2RTS_QP');
    net.rig.clock.runFor(100 * microsecond);
    expect(cq.poll()).toHaveLength(1);
    give('MLX4_CMD_RTS2SQD_QP');
    expect(net.events.poll()).toEqual([]);
  });

  test('2ERR flushes both queues; what is posted later is flushed at the doorbell', () => {
    const net = new Network();
    const { qp, sends, receives } = net.pair({ logReceives: 3 });
    qp.receive(5, [256]);
    qp.post([{ inline: new Uint8Array(20) }]);
    qp.post([{ inline: new Uint8Array(20) }]);
    net.driver.commands.ok('MLX4_CMD_2ERR_QP', { in: qp.mailbox, inMod: qp.qpn });
    const syndromes = (cq: typeof sends) =>
      cq.poll().map((entry) => [entry[0x1b], entry[0x1f]! & 0x5f]);
    expect(syndromes(sends)).toEqual([
      [5, 0x5e],
      [5, 0x5e],
    ]);
    expect(syndromes(receives)).toEqual(Array.from({ length: 5 }, () => [5, 0x1e]));
    qp.send(udpTo(portMacs[1]));
    net.rig.clock.runFor(microsecond);
    expect(syndromes(sends)).toEqual([[5, 0x5e]]);
    expect(net.events.poll()).toEqual([]);
  });

  test('a doorbell before RTS is refused', () => {
    const { net, pair, give } = fresh();
    give('MLX4_CMD_RST2INIT_QP');
    pair.ring();
    expect(net.rig.events('card.refused').at(-1)).toMatch(/it is in INIT/);
  });

  test('the way to RTS does not look at the send queue: its blocks may not be stamped yet', () => {
    const { net, cq, pair, give } = fresh();
    net.rig.memory.fill(pair.buffer.address, pair.buffer.bytes, 0);
    for (const step of ways['RTS']!) give(step);
    net.rig.clock.runFor(1e6);
    expect(cq.poll()).toEqual([]);
  });

  test('RX queue pairs deliver from RTR on', () => {
    const net = new Network();
    const cq = net.cq();
    const pair = new BarePair(net.driver, 0x60, cq, cq, { logReceives: 2 });
    pair.receive(4, [256]);
    net.steer(1, portMacs[0], [0x60]);
    net.open(1);
    const feed = () => {
      net.arrive(1, udpTo(portMacs[0]));
      return cq.poll().length;
    };
    const give = (name: CommandName) =>
      net.driver.commands.ok(name, { in: pair.mailbox, inMod: 0x60 });
    expect(feed()).toBe(0);
    give('MLX4_CMD_RST2INIT_QP');
    expect(feed()).toBe(0);
    give('MLX4_CMD_INIT2RTR_QP');
    expect(feed()).toBe(1);
  });
});

test('CONF_SPECIAL_QP keeps a base that is a multiple of eight, 0 takes it away', () => {
  const { net } = fresh();
  const conf = (inMod: number) => net.driver.commands.status('MLX4_CMD_CONF_SPECIAL_QP', { inMod });
  expect([conf(0x200), net.rig.card.view.specialQpBase]).toEqual(['OK', 0x200]);
  expect([conf(0x201), conf(0x1000)]).toEqual(['BAD_PARAM', 'BAD_INDEX']);
  expect([conf(0), net.rig.card.view.specialQpBase]).toEqual(['OK', 0]);
});
