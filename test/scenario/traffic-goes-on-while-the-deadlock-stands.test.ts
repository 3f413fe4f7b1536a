// Goal: while the story's deadlock stands, what does not need the card's locks works (facts/driver
// 7.2): RTNL is free, so `ip` answers; bond0 carries traffic over port 2, at once and after 400 s,
// until a user closes it; the port's file tells the old type; the parts of the card are gone from
// the auxiliary bus. Method: the story under naive, and a second terminal that tries these things
// while time goes on.

import { describe, expect, it } from 'vitest';
import { inBackground, onSecond, play, story, typeOf } from '#test/support/story.ts';

const ping = 'ping -c 3 10.0.0.1';
const received = '3 packets transmitted, 3 received, 0% packet loss';
const lost = '3 packets transmitted, 0 received';

const played = play(
  story({ continueUntil: '430s' }, [
    inBackground(`echo ib > ${typeOf(1)}`),
    'sleep: 1s',
    onSecond(ping),
    onSecond('ip -br link'),
    onSecond('ip addr add 10.0.1.2/24 dev lo; ip -br addr show dev lo'),
    onSecond(`cat ${typeOf(1)} ${typeOf(2)}`),
    onSecond('ls /sys/bus/auxiliary/devices; echo rc=$?'),
    onSecond('cat /sys/class/net/bond0/bonding/active_slave /sys/class/net/bond0/carrier'),
    'sleep: 400s',
    onSecond(`${ping} | tail -2`),
    onSecond('ip link set eth1 down'),
    onSecond('ping -c 3 -i 0.2 10.0.0.1'),
  ]),
  { variant: 'naive' },
);

describe('while the deadlock stands', () => {
  it('stands to the end, and the script is not held up', () => {
    expect(played.result.outcome).toBe('deadlock');
    expect(played.result.unfinished).toBeNull();
    expect(played.hangsIn('main')).toBe(`echo ib > ${typeOf(1)}`);
  });

  it('ip answers: the port is gone from the list, the other port and the bond are up', () => {
    const lines = played.output('ip -br link').trimEnd().split('\n');
    const states = lines.map((line) => line.split(/\s+/).slice(0, 2));
    expect(states).toEqual([
      ['lo', 'UNKNOWN'],
      ['eth1', 'UP'],
      ['bond0', 'UP'],
    ]);
  });

  it('RTNL can be taken for changes, too', () => {
    const line = 'ip addr add 10.0.1.2/24 dev lo; ip -br addr show dev lo';
    expect(played.output(line)).toContain('10.0.1.2/24');
  });

  it('the file of the port still tells the old type', () => {
    expect(played.output(`cat ${typeOf(1)} ${typeOf(2)}`)).toBe('eth\neth\n');
  });

  it('the auxiliary bus is empty: ib is deleted, and eth loses its link before its remove', () => {
    expect(played.output('ls /sys/bus/auxiliary/devices; echo rc=$?')).toBe('rc=0\n');
  });

  it('traffic flows over port 2, at once and after 400 s', () => {
    const state = 'cat /sys/class/net/bond0/bonding/active_slave /sys/class/net/bond0/carrier';
    expect(played.output(state)).toBe('eth1\n1\n');
    expect(played.output(ping)).toContain(received);
    expect(played.output(`${ping} | tail -2`)).toContain(received);
  });

  it('until port 2 is closed by hand', () => {
    expect(played.output('ip link set eth1 down')).toBe('');
    expect(played.output('ping -c 3 -i 0.2 10.0.0.1')).toContain(lost);
    const told = played.log.slice(played.log.indexOf('mlx4_en: eth1: Close port called'));
    expect(told.filter((line) => line.startsWith('bond0:'))).toEqual([
      'bond0: (slave eth1): link status definitely down, disabling slave',
      'bond0: now running without any active interface!',
    ]);
  });
});
