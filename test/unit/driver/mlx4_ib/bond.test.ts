// The part restarts when the card is bonded or unbonded, in every design, and what it tells while
// it is bonded.

import { describe, expect, it } from 'vitest';
import { ib_register_event_handler } from '#kernel/infiniband/event.ts';
import {
  IB_EVENT_DEVICE_FATAL,
  ib_event_msg,
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_PORT_ERR,
} from '#kernel/infiniband/ib-verbs.ts';
import { IbRig } from './rig.ts';

/** Notes every event of the newest device. */
function listen(rig: IbRig): string[] {
  const heard: string[] = [];
  const device = rig.k.infiniband.devices.at(-1)!;
  rig.run(() =>
    ib_register_event_handler(device, {
      name: 'test',
      *handler(event) {
        heard.push(`${ib_event_msg(event.event)} ${event.port_num}`);
      },
    }),
  );
  return heard;
}

const designs = ['v6.1', 'v6.1+events-chain', 'v6.1+bond-locks-intf', 'naive', 'v6.6'];

describe.each(designs)('bonding in %s', (variant) => {
  function bonded(): IbRig {
    const rig = new IbRig({ variant });
    rig.k.modules.setOptions('mlx4_core', 'debug_level=1');
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.enslave();
    rig.until('restarted', () => rig.log(/Device is bonded/) !== '');
    return rig;
  }

  it('restarts the part with one port and one counter, and back with two', () => {
    const rig = bonded();
    expect(rig.list('mlx4_0/ports')).toEqual(['1']);
    expect(rig.log(/mlx4_ib> .*counter index/).split('\n')).toHaveLength(3);
    expect(rig.log(/restarted/)).toContain(
      'Interface for protocol 0 restarted with bonded mode enabled',
    );
    rig.release('eth1');
    rig.until('unbonded', () => rig.log(/Device is unbonded/) !== '');
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    expect(rig.log(/mlx4_ib> .*counter index/).split('\n')).toHaveLength(5);
    expect(rig.oopses).toEqual([]);
  });

  it('has the GIDs of the bond on port 1, and sends the table to port 2 as well', () => {
    const rig = bonded();
    rig.wait(2);
    const bond0 = rig.k.net.devices.find(({ name }) => name === 'bond0')!;
    expect(rig.read('mlx4_0/ports/1/gid_attrs/ndevs/0')).toBe(bond0.name);
    expect(rig.read('mlx4_0/ports/1/gids/0')).toBe('fe80:0000:0000:0000:0202:c9ff:fea0:b0c1');
    expect(rig.read('mlx4_0/ports/1/state')).toBe('4: ACTIVE');
    const tables = rig.commands.filter(
      ({ name, inModifier }) => name === 'SET_PORT' && inModifier >> 8 === 5,
    );
    expect(tables.slice(-2).map(({ inModifier }) => inModifier & 0xff)).toEqual([1, 2]);
  });

  it('tells of a port that loses and finds its link', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    const heard = listen(rig);
    rig.card.faults.set({ name: 'portFlap', portNumber: 2, downNs: 2e8 });
    rig.wait(3);
    const down = `${ib_event_msg(IB_EVENT_PORT_ERR)} 2`;
    const up = `${ib_event_msg(IB_EVENT_PORT_ACTIVE)} 2`;
    expect(heard).toContain(down);
    expect(heard.indexOf(up)).toBeGreaterThan(heard.indexOf(down));
  });

  it('reports port 1 active while bonded as long as either netdev has a carrier', () => {
    const rig = bonded();
    rig.wait(2);
    const heard = listen(rig);
    rig.card.faults.set({ name: 'portFlap', portNumber: 2, downNs: 2e8 });
    rig.wait(3);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every((text) => text === `${ib_event_msg(IB_EVENT_PORT_ACTIVE)} 1`)).toBe(true);
    expect(rig.isBonded).toBe(true);
  });

  it('tells of a dead card', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    const heard = listen(rig);
    rig.card.faults.set({ name: 'catastrophic' });
    rig.wait(15);
    expect(heard).toContain(`${ib_event_msg(IB_EVENT_DEVICE_FATAL)} 0`);
    expect(rig.log(/catas_error/).split('\n')).toEqual([
      '<mlx4_ib> mlx4_ib_handle_catas_error: mlx4_ib_handle_catas_error was started',
      '<mlx4_ib> mlx4_ib_handle_catas_error: mlx4_ib_handle_catas_error ended',
    ]);
  });

  it('leaves nothing behind, whatever the order of its tasks', () => {
    const rig = new IbRig({ variant, seed: 7 });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.enslave();
    rig.until('bonded', () => rig.list('mlx4_0/ports').join() === '1');
    rig.wait(1);
    rig.release('eth1');
    rig.until('unbonded', () => rig.list('mlx4_0/ports').join() === '1,2');
    rig.run(() => rig.write('class/net/bonding_masters', '-bond0'));
    for (const name of ['mlx4_ib', 'bonding', 'mlx4_en', 'mlx4_core']) rig.unload(name);
    expect(rig.list()).toEqual([]);
    expect(rig.k.infiniband.ib_mad_port_list).toEqual([]);
    expect(rig.k.findings).toEqual([]);
  });
});
