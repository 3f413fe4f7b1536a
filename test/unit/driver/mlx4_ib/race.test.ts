// The data race of the list design (facts/driver 7.5): mlx4_do_bond() takes the part off the card's list for as
// long as a restart lasts, and holds no lock that anybody else waits for. Slow MAD_IFC commands make the window
// wide; the tests put the other task into it.

import { describe, expect, it } from 'vitest';
import { ib_register_event_handler } from '#kernel/infiniband/event.ts';
import { delete_module, modprobe } from '#kernel/module.ts';
import { IbRig } from './rig.ts';

const ms = 1e6;
const slowMad = {
  name: 'slowCommand',
  command: 'MLX4_CMD_MAD_IFC',
  extraNs: 150 * ms,
} as const;

/** The part is off the list: its remove or add is under way. */
function waitForRestart(rig: IbRig): void {
  for (let i = 0; i < 400 && rig.list().includes('mlx4_0'); i++) rig.wait(0.005);
  expect(rig.list()).toEqual([]);
}

const loaded = (modules: readonly string[], variant = 'v6.1'): IbRig => {
  const rig = new IbRig({ variant });
  rig.load(modules, true);
  rig.card.faults.set(slowMad);
  return rig;
};

describe('R1: rmmod mlx4_ib while the bond restarts the part', () => {
  it('does not find the part, frees the module, and the restart runs into freed text', () => {
    const rig = loaded(['mlx4_en', 'mlx4_ib']);
    const bond = rig.start('bond', () => rig.bond());
    waitForRestart(rig);
    let result = -1;
    rig.run(function* () {
      result = yield* delete_module(rig.k, 'mlx4_ib');
    });
    expect(result).toBe(0);
    rig.wait(5);
    expect(bond.done).toBe(false);
    expect(rig.oopses).toHaveLength(1);
    expect(rig.oopses[0]).toMatch(/^unable to handle page fault for address: ffffffffc0/);
    expect(rig.k.modules.lastUnloaded).toBe('mlx4_ib');
  });

  it.each(['v6.1+bond-locks-intf', 'v6.6'])('waits for the restart in %s', (variant) => {
    const rig = loaded(['mlx4_en', 'mlx4_ib'], variant);
    const bond = rig.start('bond', () => rig.bond());
    waitForRestart(rig);
    rig.unload('mlx4_ib');
    rig.wait(5);
    expect(bond.done).toBe(true);
    expect(rig.oopses).toEqual([]);
    expect(rig.list()).toEqual([]);
  });
});

describe('R3: the card is bonded while mlx4_ib is being added', () => {
  it('loses the restart: bonded, but the device has two ports', () => {
    const rig = loaded(['mlx4_en']);
    const load = rig.start('modprobe', () => modprobe(rig.k, 'mlx4_ib'));
    rig.wait(0.2);
    expect(load.done).toBe(false);
    rig.run(() => rig.bond());
    rig.wait(5);
    expect(load.done).toBe(true);
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    rig.run(() => rig.unbond());
    rig.run(() => rig.bond());
    expect(rig.list('mlx4_0/ports')).toEqual(['1']);
  });

  it('restarts the part after its probe in v6.6', () => {
    const rig = loaded(['mlx4_en'], 'v6.6');
    const load = rig.start('modprobe', () => modprobe(rig.k, 'mlx4_ib'));
    rig.wait(0.2);
    expect(load.done).toBe(false);
    rig.run(() => rig.bond());
    expect(load.done).toBe(true);
    expect(rig.list('mlx4_0/ports')).toEqual(['1']);
  });
});

describe('R4: a type change while the bond restarts the part, mlx4_ib first on the list', () => {
  /** Bonds the card, starts unbonding, and writes `ib` to port 1 while the part is off the list. */
  function typeChangeInWindow(rig: IbRig): { readonly result: number } {
    const state = { result: -1 };
    rig.run(() => rig.bond());
    const unbond = rig.start('unbond', () => rig.unbond());
    waitForRestart(rig);
    rig.run(function* () {
      state.result = yield* rig.setPortType(1, 'ib');
    }, 200);
    rig.wait(5);
    expect(unbond.done).toBe(true);
    return state;
  }

  it('loses the removal: the stale device lives on and the new one cannot have QP1', () => {
    const rig = loaded(['mlx4_ib', 'mlx4_en']);
    const { result } = typeChangeInWindow(rig);
    expect(result).toBeGreaterThan(0);
    expect(rig.log(/^infiniband/)).toBe(
      [
        "infiniband mlx4_1: Couldn't create ib_mad QP1",
        "infiniband mlx4_1: Couldn't open port 1",
      ].join('\n'),
    );
    expect(rig.list()).toEqual(['mlx4_0']);
    rig.card.faults.clear();
    for (const name of ['mlx4_ib', 'mlx4_en', 'mlx4_core']) rig.unload(name);
    expect(rig.oopses).toEqual([]);
    expect(rig.list()).toEqual([]);
  });
});

describe('R5: the part cannot be added again', () => {
  /** Bonds while firmware refuses MAD_IFC, so that add() gives NULL. */
  function nullContext(): IbRig {
    const rig = new IbRig({ variant: 'v6.1' });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.card.faults.set({
      name: 'failCommand',
      command: 'MLX4_CMD_MAD_IFC',
      status: 'BAD_PARAM',
    });
    rig.run(() => rig.bond());
    rig.card.faults.clear();
    expect(rig.list()).toEqual([]);
    return rig;
  }

  it('puts a NULL context on the list: the next event of the card dereferences it', () => {
    const rig = nullContext();
    rig.card.faults.set({ name: 'catastrophic' });
    rig.wait(10);
    expect(rig.oopses[0]).toMatch(/^kernel NULL pointer dereference, address: 0+[0-9a-f]{3}$/);
  });

  it('or the next removal does', () => {
    const rig = nullContext();
    rig.start('rmmod', () => delete_module(rig.k, 'mlx4_ib'));
    rig.wait(5);
    expect(rig.oopses).toHaveLength(1);
    expect(rig.oopses[0]).toContain('kernel NULL pointer dereference');
  });

  it('leaves the device without a driver in v6.6, and says so', () => {
    const rig = new IbRig({ variant: 'v6.6' });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.card.faults.set({
      name: 'failCommand',
      command: 'MLX4_CMD_MAD_IFC',
      status: 'BAD_PARAM',
    });
    rig.run(() => rig.bond());
    rig.card.faults.clear();
    expect(rig.log(/mlx4_core.ib.0/)).toContain('failed with error -22');
    rig.unload('mlx4_ib');
    expect(rig.oopses).toEqual([]);
  });
});

describe('R6: a port event while the part is off the list', () => {
  function heardInWindow(variant: string): readonly string[] {
    const rig = loaded(['mlx4_en', 'mlx4_ib'], variant);
    const heard: string[] = [];
    const bond = rig.start('bond', () => rig.bond());
    waitForRestart(rig);
    rig.card.faults.set({ name: 'portFlap', portNumber: 2, downNs: 50 * ms });
    rig.wait(0.3);
    expect(bond.done).toBe(false);
    for (let i = 0; i < 100 && !bond.done; i++) rig.wait(0.1);
    const device = rig.k.infiniband.devices.at(-1)!;
    rig.run(() =>
      ib_register_event_handler(device, {
        name: 'test',
        *handler(event) {
          heard.push(String(event.event));
        },
      }),
    );
    rig.wait(1);
    return heard;
  }

  it('is lost', () => {
    expect(heardInWindow('v6.1')).toEqual([]);
  });
});
