// The data race of the list design (facts/driver 7.5): mlx4_do_bond() takes the part off the
// card's list for as long as a restart lasts, and holds no lock that anybody else waits for. Slow
// MAD_IFC commands make the window wide; the tests put the other task into it.

import { describe, expect, it } from 'vitest';
import { ib_register_client } from '#kernel/infiniband/client.ts';
import { ib_register_event_handler } from '#kernel/infiniband/event.ts';
import { ib_event_msg } from '#kernel/infiniband/ib-verbs.ts';
import { delete_module } from '#kernel/module.ts';
import { CMD_STAT } from '#prm/status.ts';
import { IbRig } from './rig.ts';

const ms = 1e6;
const slowMad = {
  name: 'slowCommand',
  command: 'MLX4_CMD_MAD_IFC',
  extraNs: 150 * ms,
} as const;

/** The restart has taken the part off the list: its remove or add is under way. */
const waitForRestart = (rig: IbRig): void => {
  rig.until('restarting', () => !rig.list().includes('mlx4_0'));
};

/** The last work of the bond is done. */
const waitForEnd = (rig: IbRig, mode: 'bonded' | 'unbonded'): void => {
  rig.until(mode, () => rig.log(/Device is /).endsWith(`Device is ${mode}`));
};

function loaded(modules: readonly string[], variant = 'v6.1'): IbRig {
  const rig = new IbRig({ variant });
  rig.k.modules.setOptions('mlx4_core', 'debug_level=1');
  rig.load(modules, true);
  rig.card.faults.set(slowMad);
  return rig;
}

describe('R1: rmmod mlx4_ib while the bond restarts the part', () => {
  it('does not find the part, frees the module, and the restart runs into freed text', () => {
    const rig = loaded(['mlx4_en', 'mlx4_ib']);
    rig.enslave();
    waitForRestart(rig);
    let result = -1;
    rig.run(function* () {
      result = yield* delete_module(rig.k, 'mlx4_ib');
    });
    expect(result).toBe(0);
    rig.wait(5);
    expect(rig.log(/Device is bonded/)).toBe('');
    expect(rig.oopses).toHaveLength(1);
    expect(rig.oopses[0]).toMatch(/^unable to handle page fault for address: ffffffffc0/);
    expect(rig.log(/^Workqueue: /)).toBe('Workqueue: mlx4_en mlx4_en_bond_work [mlx4_en]');
    expect(rig.k.modules.lastUnloaded).toBe('mlx4_ib');
  });

  it.each(['v6.1+bond-locks-intf', 'naive', 'v6.6'])('waits for the restart in %s', (variant) => {
    const rig = loaded(['mlx4_en', 'mlx4_ib'], variant);
    rig.enslave();
    waitForRestart(rig);
    rig.unload('mlx4_ib');
    waitForEnd(rig, 'bonded');
    expect(rig.oopses).toEqual([]);
    expect(rig.list()).toEqual([]);
  });
});

describe('R3: the card is bonded while mlx4_ib is being added', () => {
  /** Loads mlx4_ib slowly and bonds the card meanwhile. */
  function bondInWindow(variant: string): IbRig {
    const rig = loaded(['mlx4_en'], variant);
    const load = rig.start('modprobe', () => rig.modprobe('mlx4_ib'));
    rig.wait(0.2);
    rig.enslave();
    expect(load.done).toBe(false);
    waitForEnd(rig, 'bonded');
    rig.until('loaded', () => load.done);
    return rig;
  }

  it('loses the restart: bonded, but the device has two ports', () => {
    const rig = bondInWindow('v6.1');
    expect(rig.log(/restarted/)).toBe('');
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    rig.release('eth1');
    waitForEnd(rig, 'unbonded');
    rig.run(() => rig.write('class/net/bond0/bonding/slaves', '+eth1'));
    waitForEnd(rig, 'bonded');
    expect(rig.list('mlx4_0/ports')).toEqual(['1']);
  });

  it.each(['v6.1+bond-locks-intf', 'v6.6'])(
    'restarts the part after its probe in %s',
    (variant) => {
      const rig = bondInWindow(variant);
      expect(rig.list('mlx4_0/ports')).toEqual(['1']);
    },
  );
});

describe('R4: a type change while the bond restarts the part', () => {
  /** Bonds the card, unbonds it, and writes `ib` to port 1 while the part is off the list. */
  function typeChangeInWindow(modules: readonly string[], variant = 'v6.1'): IbRig {
    const rig = loaded(modules, variant);
    rig.enslave();
    waitForEnd(rig, 'bonded');
    rig.release('eth1');
    waitForRestart(rig);
    rig.run(() => rig.write(rig.portTypeFile(1), 'ib'), 200);
    rig.wait(5);
    return rig;
  }

  it('loses the removal with mlx4_ib first on the list: the new device cannot have QP1', () => {
    const rig = typeChangeInWindow(['mlx4_ib', 'mlx4_en']);
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

  it('is safe with mlx4_en first on the list (R4b)', () => {
    const rig = typeChangeInWindow(['mlx4_en', 'mlx4_ib']);
    expect(rig.log(/^infiniband/)).toBe('');
    expect(rig.read('mlx4_0/ports/1/link_layer')).toBe('InfiniBand');
    expect(rig.oopses).toEqual([]);
  });
});

describe('R5: the part cannot be added again', () => {
  /** Bonds while firmware refuses MAD_IFC, so that add() gives NULL. */
  function notAdded(variant: string): IbRig {
    const rig = new IbRig({ variant });
    rig.k.modules.setOptions('mlx4_core', 'debug_level=1');
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.card.faults.set({
      name: 'failCommand',
      command: 'MLX4_CMD_MAD_IFC',
      status: CMD_STAT.BAD_PARAM,
    });
    rig.enslave();
    waitForEnd(rig, 'bonded');
    rig.card.faults.clear();
    expect(rig.list()).toEqual([]);
    return rig;
  }
  /** Waits for an oops in a function. */
  const oopsIn = (rig: IbRig, name: string): void => {
    rig.until(`in ${name}`, () => rig.log(new RegExp(`^ ${name} `)) !== '', 60);
  };

  it('puts a NULL context on the list, which the next port event dereferences in its work', () => {
    const rig = notAdded('v6.1');
    oopsIn(rig, 'handle_bonded_port_state_event');
    expect(rig.oopses).toHaveLength(1);
    expect(rig.oopses[0]).toMatch(/^kernel NULL pointer dereference, address: 0+[0-9a-f]{3}$/);
    expect(rig.log(/^Workqueue: /)).toContain('Workqueue: mlx4_ib ');
  });

  it('so does a dead card, under ctx_lock with interrupts off', () => {
    const rig = notAdded('v6.1');
    rig.card.faults.set({ name: 'catastrophic' });
    oopsIn(rig, 'mlx4_ib_event');
    expect(rig.log(/^note: /)).toContain('exited with preempt_count 1');
  });

  it('and the next removal', () => {
    const rig = notAdded('v6.1');
    rig.start('rmmod', () => delete_module(rig.k, 'mlx4_ib'));
    oopsIn(rig, 'mlx4_ib_remove');
    expect(rig.log(/^CPU: .*Comm: /)).toContain('rmmod ');
  });

  it('leaves the device without a driver in v6.6, and says so', () => {
    const rig = notAdded('v6.6');
    expect(rig.log(/mlx4_core.ib.0/)).toContain('failed with error -22');
    rig.unload('mlx4_ib');
    expect(rig.oopses).toEqual([]);
  });
});

describe('R6: a port event while the part is off the list', () => {
  /** What users of every device hear when port 2 loses its link during a restart. */
  function heardOf(variant: string): readonly string[] {
    const rig = loaded(['mlx4_en', 'mlx4_ib'], variant);
    const heard: string[] = [];
    rig.run(() =>
      ib_register_client(rig.k, {
        name: 'test',
        *add(device) {
          yield* ib_register_event_handler(device, {
            name: 'test',
            *handler(event) {
              heard.push(`${ib_event_msg(event.event)} ${event.port_num}`);
            },
          });
          return 0;
        },
      }),
    );
    rig.enslave();
    waitForRestart(rig);
    heard.length = 0;
    rig.card.faults.set({ name: 'portFlap', portNumber: 2, downNs: 60_000 * ms });
    rig.wait(0.1);
    expect(rig.list()).toEqual([]);
    waitForEnd(rig, 'bonded');
    rig.wait(2);
    return heard;
  }

  it.each(['v6.1', 'v6.1+bond-locks-intf', 'v6.6'])('is lost in %s', (variant) => {
    expect(heardOf(variant)).toEqual([]);
  });
});
