// The part restarts when the card is bonded or unbonded, in both designs, and meanwhile events may be lost.

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

describe.each(['v6.1', 'v6.1+bond-locks-intf', 'naive', 'v6.6'])('bonding in %s', (variant) => {
  it('restarts the part with one port and one counter, and back with two', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.run(() => rig.bond());
    expect(rig.list('mlx4_0/ports')).toEqual(['1']);
    expect(rig.log(/counter index/).split('\n')).toHaveLength(3);
    rig.run(() => rig.unbond());
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    expect(rig.log(/counter index/).split('\n')).toHaveLength(5);
    expect(rig.oopses).toEqual([]);
  });

  it('says with debug_level that protocol 0 was restarted', () => {
    const rig = new IbRig({ variant });
    rig.k.modules.setOptions('mlx4_core', 'debug_level=1');
    rig.load(['mlx4_en', 'mlx4_ib']);
    rig.run(() => rig.bond());
    expect(rig.log(/restarted/)).toContain(
      'Interface for protocol 0 restarted with bonded mode enabled',
    );
  });

  it('sends the GID table of port 1 to port 2 as well while bonded', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    const before = rig.commands.length;
    rig.run(() => rig.bond());
    const tables = rig.commands
      .slice(before)
      .filter(({ name, inModifier }) => name === 'MLX4_CMD_SET_PORT' && inModifier >> 8 === 5)
      .map(({ inModifier }) => inModifier);
    expect(tables.at(-1)).toBe(0x502);
    expect(tables).toContain(0x501);
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
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.run(() => rig.bond());
    const heard = listen(rig);
    rig.card.faults.set({ name: 'portFlap', portNumber: 2, downNs: 2e8 });
    rig.wait(3);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every((text) => text === `${ib_event_msg(IB_EVENT_PORT_ACTIVE)} 1`)).toBe(true);
  });

  it('tells of a dead card', () => {
    const rig = new IbRig({ variant });
    rig.k.modules.setOptions('mlx4_core', 'internal_err_reset=0');
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
});
