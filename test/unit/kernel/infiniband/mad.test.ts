// MAD ports: which queue pairs a port gets, and what happens when the special ones belong to
// somebody else.

import { expect, it } from 'vitest';
import { ENODEV } from '#kernel/errno.ts';
import { ib_core_init } from '#kernel/infiniband/ib-core.ts';
import { IB_QPT_GSI, IB_QPT_SMI } from '#kernel/infiniband/ib-verbs.ts';
import { ib_register_mad_agent } from '#kernel/infiniband/mad-agent.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import { bareKernel } from '#test/support/machine.ts';
import { logLines, runTask } from './rig.ts';
import { softDevice, SoftDriver, softParent } from './soft-driver.ts';

it('InfiniBand ports get QP0 and QP1, Ethernet ports QP1 only, each brought to RTS', () => {
  const k = bareKernel();
  const driver = new SoftDriver(k, ['ib', 'eth']);
  runTask(k, function* () {
    yield* ib_core_init(k);
    const { device } = yield* softDevice(driver, yield* softParent(k, 'card0'));
    const qps = driver.log.filter((entry) => /_qp /.test(entry));
    const toRts = (port: number): string[] =>
      ['INIT', 'RTR', 'RTS'].map((state) => `modify_qp ${state} ${port}`);
    expect(qps).toEqual([
      ...['create_qp 1/QP0', 'create_qp 1/QP1', ...toRts(1), ...toRts(1)],
      ...['create_qp 2/QP1', ...toRts(2)],
    ]);
    yield* ib_unregister_device(device);
  });
  expect([...driver.qps]).toEqual([]);
  expect(driver.count('alloc_pd')).toBe(driver.count('dealloc_pd'));
  expect(driver.count('create_cq')).toBe(driver.count('destroy_cq'));
  expect(driver.count('get_dma_mr')).toBe(driver.count('dereg_mr'));
});

it('a second device on the same card cannot have QP1: no port is open, no agent registered', () => {
  const k = bareKernel();
  const card = new Set<string>();
  runTask(k, function* () {
    yield* ib_core_init(k);
    const parent = yield* softParent(k, 'card0');
    yield* softDevice(new SoftDriver(k, ['eth', 'eth'], card), parent);
    const late = new SoftDriver(k, ['ib', 'eth'], card);
    const { device, err } = yield* softDevice(late, parent);
    expect(err).toBe(0);
    // QP0 was free, and is given back.
    expect(late.log.filter((entry) => entry.includes('QP0'))).toEqual([
      'create_qp 1/QP0',
      'destroy_qp 1/QP0',
    ]);
    expect(yield* ib_register_mad_agent(device, 1, IB_QPT_SMI)).toBe(-ENODEV);
    expect(yield* ib_register_mad_agent(device, 1, IB_QPT_GSI)).toBe(-ENODEV);
    yield* ib_unregister_device(device);
  });
  expect(logLines(k)).toEqual([
    "infiniband soft_1: Couldn't create ib_mad QP1",
    "infiniband soft_1: Couldn't open port 1",
  ]);
  expect([...card]).toEqual(['1/QP1', '2/QP1']);
});

it('a port that fails gives back the ports that were opened before it', () => {
  const k = bareKernel();
  const card = new Set(['2/QP1']);
  const driver = new SoftDriver(k, ['eth', 'eth'], card);
  runTask(k, function* () {
    yield* ib_core_init(k);
    yield* softDevice(driver, yield* softParent(k, 'card0'));
  });
  expect([...card]).toEqual(['2/QP1']);
  expect(k.infiniband.ib_mad_port_list).toEqual([]);
  expect(k.infiniband.ib_agent_port_list).toEqual([]);
});
