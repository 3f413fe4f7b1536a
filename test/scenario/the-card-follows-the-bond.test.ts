// Goal: the card's own port map and receive check follow the bond by the table of facts/driver 5.5,
// in every mode, with its quirks; and a ping over the bond loses no more than the monitor takes to
// look at the links.
// Method: bond both ports, pull and plug cables, and look into the card, never into the driver.

import { describe, expect, it } from 'vitest';
import type { Lab } from '#test/support/lab.ts';
import { quietLab } from '#test/support/lab.ts';

const variants = ['v6.1', 'v6.6'] as const;
/** Time for link, monitor, work and firmware; LACP needs more to agree. */
const settleSeconds = 1;
const lacpSeconds = 5;
const miimonMs = 100;

/** A machine whose two ports are slaves of bond0 in this mode, active port 1 where that matters. */
function bonded(variant: string, mode: string): Lab {
  const lab = quietLab({ variant });
  for (const line of [
    'modprobe -a mlx4_core mlx4_en',
    'modprobe bonding max_bonds=0',
    'sleep 1',
    `ip link add bond0 type bond mode ${mode} miimon ${miimonMs}`,
    'ip addr add 10.0.0.2/24 dev bond0',
    'ip link set eth0 master bond0',
    'ip link set eth1 master bond0',
    'ip link set bond0 up',
  ]) {
    lab.out(line);
  }
  return lab.run(lacpSeconds);
}

const cable = (lab: Lab, action: 'pull' | 'plug', portNumber: number): Lab => {
  const port = `card0 port ${portNumber}`;
  const refused = lab.machine.enter({ kind: 'cable', action, port, other: null });
  if (refused !== null) throw new Error(refused);
  return lab;
};

const map = ({ machine }: Lab): string => machine.card.portMap.join();

/** Commands about the card's bond, so far, without the CONFIG_DEV of probe that only asks. */
const bondCommands = ({ machine }: Lab): string[] =>
  machine.card.commandLog
    .filter(
      ({ name, opModifier }) =>
        name === 'VIRT_PORT_MAP' || (name === 'CONFIG_DEV' && opModifier === 0),
    )
    .map(({ name }) => name);

/** One row: what is done to the cables, and the map afterwards. */
type Row = readonly ['pull' | 'plug', 1 | 2, string];

function follow(lab: Lab, rows: readonly Row[]): void {
  for (const [action, portNumber, expected] of rows) {
    cable(lab, action, portNumber).run(settleSeconds + lacpSeconds);
    expect(map(lab), `${action} ${portNumber}`).toBe(expected);
    expect(lab.machine.card.rxPortCheck).toBe(false);
  }
}

describe.each(variants)('%s', (variant) => {
  it('active-backup: both virtual ports go by the active slave', () => {
    const lab = bonded(variant, 'active-backup');
    expect([map(lab), lab.machine.card.rxPortCheck]).toEqual(['1,1', false]);
    follow(lab, [
      ['pull', 1, '2,2'],
      ['plug', 1, '2,2'],
      ['pull', 2, '1,1'],
      ['plug', 2, '1,1'],
    ]);
    lab.out('echo eth1 > /sys/class/net/bond0/bonding/active_slave');
    expect(map(lab.run(settleSeconds))).toBe('2,2');
  });

  it('active-backup without any link: the last event counts', () => {
    const lab = bonded(variant, 'active-backup');
    const before = bondCommands(lab).length;
    follow(lab, [['pull', 2, '1,1']]);
    expect(bondCommands(lab).length).toBe(before);
    follow(lab, [['pull', 1, '2,2']]);
  });

  it.each(['balance-xor', '802.3ad'])('%s: each port for itself, or the other for both', (mode) => {
    const lab = bonded(variant, mode);
    expect([map(lab), lab.machine.card.rxPortCheck]).toEqual(['1,2', false]);
    // The map equals the driver's cache: CONFIG_DEV alone makes the bond.
    expect(bondCommands(lab)).toEqual(['CONFIG_DEV']);
    follow(lab, [
      ['pull', 1, '2,2'],
      ['plug', 1, '1,2'],
      ['pull', 2, '1,1'],
      ['plug', 2, '1,2'],
    ]);
  });

  it('balance-xor looks at the slave of the event only', () => {
    const lab = bonded(variant, 'balance-xor');
    follow(lab, [
      ['pull', 2, '1,1'],
      ['pull', 1, '2,2'],
      // Port 1 is still down, but this event is about port 2.
      ['plug', 2, '1,2'],
      ['plug', 1, '1,2'],
    ]);
  });

  it.each(['balance-rr', 'broadcast', 'balance-tlb', 'balance-alb'])(
    '%s: the card never bonds',
    (mode) => {
      const lab = bonded(variant, mode);
      cable(lab, 'pull', 1).run(settleSeconds);
      cable(lab, 'plug', 1).run(settleSeconds);
      expect([map(lab), lab.machine.card.rxPortCheck]).toEqual(['1,2', true]);
      expect(bondCommands(lab)).toEqual([]);
    },
  );

  it('a slave that leaves takes the bond out of the card', () => {
    const lab = bonded(variant, 'active-backup');
    lab.out('ip link set eth1 nomaster');
    expect([map(lab.run(settleSeconds)), lab.machine.card.rxPortCheck]).toEqual(['1,2', true]);
  });
});

describe.each(variants)('a ping every 10 ms over a bond of %s', (variant) => {
  const intervalMs = 10;
  /** Until the monitor has looked, and one more for what is under way. */
  const most = miimonMs / intervalMs + 1;

  /** Replies that did not come while `during` happens. */
  function lost(lab: Lab, during: () => void): number {
    const count = 300;
    lab.out('ping -c 1 10.0.0.1');
    const tty = lab.machine.terminal('main');
    const from = tty.screen.texts.length;
    const typed = tty.type(`ping -i 0.01 -c ${count} -q 10.0.0.1`);
    lab.run(0.5);
    during();
    lab.run(20);
    expect(typed.status).not.toBeNull();
    const said = tty.screen.texts.slice(from).map(({ text }) => text);
    const received = Number(/(\d+) received/.exec(said.join(''))?.[1]);
    return count - received;
  }

  it.each(['active-backup', 'balance-xor', '802.3ad'])('%s, either cable', (mode) => {
    const losses = ([1, 2] as const).map((portNumber) => {
      const lab = bonded(variant, mode);
      const count = lost(lab, () => cable(lab, 'pull', portNumber));
      expect(map(lab)).toBe(portNumber === 1 ? '2,2' : '1,1');
      return count;
    });
    // One of the two carried the ping; the other is not missed.
    expect(Math.max(...losses), String(losses)).toBeGreaterThan(0);
    expect(Math.max(...losses), String(losses)).toBeLessThanOrEqual(most);
    expect(Math.min(...losses), String(losses)).toBe(0);
  });

  // The bond sends through the new slave at once, the card only when the work has told it. The
  // answer to what went out in between comes in on the old slave, which is not to hear it.
  it('and one at most when a person changes the active slave', () => {
    const lab = bonded(variant, 'active-backup');
    const count = lost(lab, () => {
      lab.line('echo eth1 > /sys/class/net/bond0/bonding/active_slave', 'second', 1);
    });
    expect(count).toBeLessThanOrEqual(1);
    expect(map(lab)).toBe('2,2');
  });
});
