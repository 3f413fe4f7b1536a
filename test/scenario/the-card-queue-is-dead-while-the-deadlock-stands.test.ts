// Goal: while the story's deadlock stands, the card's mlx4_en queue is dead (facts/driver 7.2): a
// pulled cable is not noticed, statistics freeze, a port that was closed cannot be opened again.
// Read from the card: after the two commands of the unbond it gets no command at all,
// DUMP_ETH_STATS included. Method: the story under naive; the cable of port 2 out; then everything
// that a user sees of port 2. The same hands on a machine without a deadlock (v6.6) show that each
// of these is noticed there.

import { describe, expect, it } from 'vitest';
import { inBackground, onSecond, play, story, typeOf } from '#test/support/story.ts';
import type { Played } from '#test/support/story.ts';

const carrier = 'cat /sys/class/net/eth1/carrier /sys/class/net/eth1/operstate';
const members = 'grep -A1 Slave /proc/net/bonding/bond0';
const counters = (name: string): string => `ethtool -S eth1 | grep -e ${name}`;

/** A bonded machine, the write (or none), then the cable of port 2 out and in. */
function cableOut(variant: string, write: boolean, continueUntil: string): Played {
  return play(
    story({ continueUntil }, [
      ...(write ? [inBackground(`echo ib > ${typeOf(1)}`), 'sleep: 5s'] : []),
      'mark: stands',
      'pull: card0 port 2',
      'sleep: 30s',
      onSecond(carrier),
      onSecond(members),
      onSecond('ping -c 2 -W 1 10.0.0.1'),
      'mark: looked',
    ]),
    { variant },
  );
}

describe('the cable of port 2 is pulled while the deadlock stands', () => {
  const played = cableOut('naive', true, '425s');

  it('the card has no link, and nobody notices', () => {
    expect(played.result.outcome).toBe('deadlock');
    expect(played.result.machine.card.port(2).linkUp).toBe(false);
    expect(played.output(carrier)).toBe('1\nup\n');
    expect(played.output(members)).toContain('MII Status: up');
    expect(played.told('link status definitely down')).toEqual([]);
    expect(played.told('mlx4_en: eth1: Link Down')).toEqual([]);
  });

  it('traffic is lost without a word', () => {
    expect(played.output('ping -c 2 -W 1 10.0.0.1')).toContain('100% packet loss');
    expect(played.told('NETDEV WATCHDOG')).toEqual([]);
  });

  it('the last commands are those of the unbond, then none at all up to 425 s', () => {
    const after = played.commandsBetween('bonded').map(({ name }) => name);
    expect(after.slice(-2)).toEqual(['CONFIG_DEV', 'VIRT_PORT_MAP']);
    const last = played.commands.at(-1)!;
    expect(last.timeNs).toBeLessThan(played.markNs('stands'));
    expect(played.result.virtualNs).toBe(425e9);
  });

  it('the unbond reaches the card: the map is (1,2), each port is alone', () => {
    const { card } = played.result.machine;
    expect(card.portMap).toEqual([1, 2]);
    expect(card.rxPortCheck).toBe(true);
  });
});

describe('the same cable on a machine that does not hang', () => {
  const played = cableOut('naive', false, '60s');

  it('is noticed at once, by driver and bond, and statistics go on being read', () => {
    expect(played.result.outcome).toBe('settled');
    expect(played.output(carrier)).toBe('0\ndown\n');
    expect(played.told('mlx4_en: eth1: Link Down')).toHaveLength(1);
    expect(played.told('bond0: (slave eth1): link status definitely down')).toHaveLength(1);
    const names = played.commandsBetween('stands').map(({ name }) => name);
    // Every 250 ms for each port, for 30 s.
    expect(names.filter((name) => name === 'DUMP_ETH_STATS').length).toBeGreaterThan(200);
  });
});

describe.each([true, false])(
  'counters of port 2 while it carries a ping (deadlock: %s)',
  (hangs) => {
    const ping = 'ping -c 5 -i 0.2 10.0.0.1';
    const first = hangs
      ? inBackground(`echo ib > ${typeOf(1)}`)
      : 'run: echo eth1 > /sys/class/net/bond0/bonding/active_slave';
    const played = play(
      story({ continueUntil: '20s' }, [
        first,
        'sleep: 5s',
        onSecond(`${counters('_phy')} > /tmp/hard; ${counters('tx_packets:')} > /tmp/soft`),
        onSecond(ping),
        'sleep: 1s',
        onSecond(`cat /tmp/hard; echo then; ${counters('_phy')}`),
        onSecond(`cat /tmp/soft; echo then; ${counters('tx_packets:')}`),
      ]),
      { variant: 'naive' },
    );
    const change = (name: string, file: string): [before: string, after: string] => {
      const text = played.output(`cat /tmp/${file}; echo then; ${counters(name)}`);
      const [before = '', after = ''] = text.split('then\n');
      return [before, after];
    };

    it('those of the driver go on', () => {
      expect(played.output(ping)).toContain('5 received');
      const [before, after] = change('tx_packets:', 'soft');
      expect(before).toContain('tx_packets: ');
      expect(after).not.toBe(before);
    });

    it(hangs ? 'those of the card are frozen' : 'those of the card do, too', () => {
      const [before, after] = change('_phy', 'hard');
      expect(before).toContain('tx_packets_phy: ');
      expect(after === before).toBe(hangs);
    });
  },
);

describe('port 2 is closed and opened while the deadlock stands', () => {
  const open = 'ip link set eth1 up';
  const played = play(
    story({ continueUntil: '60s' }, [
      inBackground(`echo ib > ${typeOf(1)}`),
      'sleep: 5s',
      onSecond('ip link set eth1 down'),
      'sleep: 1s',
      onSecond(`${open}; echo rc=$?`),
      onSecond('ip -br link show dev eth1'),
      onSecond(members),
    ]),
    { variant: 'naive' },
  );

  it('closes, but does not open: the card counts as down, error EBUSY', () => {
    expect(played.output('ip link set eth1 down')).toBe('');
    expect(played.told('Cannot open')).toEqual([
      'mlx4_en: eth1: Cannot open - device down/disabled',
    ]);
    expect(played.output(`${open}; echo rc=$?`)).toBe(
      'RTNETLINK answers: Device or resource busy\nrc=2\n',
    );
    expect(played.output('ip -br link show dev eth1')).toMatch(/^eth1\s+DOWN/);
  });

  it('bonding is left without a slave that works, in this order', () => {
    const from = played.log.indexOf('mlx4_en: eth1: Close port called');
    const told = played.log.slice(from).filter((line) => !line.startsWith('unregister_netdevice'));
    expect(told).toEqual([
      'mlx4_en: eth1: Close port called',
      'bond0: (slave eth1): link status definitely down, disabling slave',
      'bond0: now running without any active interface!',
      'mlx4_en: eth1: Cannot open - device down/disabled',
    ]);
    expect(played.output(members)).toContain('MII Status: down');
  });
});
