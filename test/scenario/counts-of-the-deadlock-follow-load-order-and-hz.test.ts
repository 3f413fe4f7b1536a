// Goal: the numbers that a user sees while the story's deadlock stands (facts/driver 7.2b). They
// follow the order of loading and HZ, and nothing else: not the bond's mode, not mlx4_ib, not the
// way of the deadlock. Method: the story with each of these changed; the counts of the netdev
// warnings and their times from the log, the wait's rounds and rebroadcasts from the trace, the
// works from the card's queue.

import { describe, expect, it } from 'vitest';
import { inBackground, pci, play, story, typeOf } from '#test/support/story.ts';
import type { Played, Setting } from '#test/support/story.ts';
import { K } from '#trace/kinds.ts';

const enFirst = 'mlx4_core mlx4_en bonding';
const bondingFirst = 'bonding mlx4_core mlx4_en';
const withIb = 'mlx4_core mlx4_en mlx4_ib bonding';
const driver = '/sys/bus/auxiliary/drivers/mlx4_core.eth';

function deadlock(setting: Setting, variant = 'naive'): Played {
  const steps = ['sleep: 5s', inBackground(`echo ib > ${typeOf(1)}`), 'sleep: 900ms'];
  return play(story({ continueUntil: '75s', ...setting }, steps), { variant });
}

const countsOf = (played: Played): number[] =>
  played.told('waiting for eth0 to become free').map((line) => Number(line.split('= ')[1]));

/** When each bond work was queued (ms), and for which event. */
function queuedWorks({ result: { trace } }: Played): (readonly [timeMs: number, event: string])[] {
  const pattern = /^mlx4_en_bond_work#\d+ (.*)$/;
  return [...trace.events()]
    .filter(({ kind }) => kind === K['work.queue'])
    .flatMap(({ timeNs, object }) => {
      const event = pattern.exec(trace.text(object))?.[1];
      return event === undefined ? [] : [[timeNs / 1e6, event] as const];
    });
}

/** Events for which works were queued from the write on, before the first rebroadcast. */
function worksOf(played: Played): string[] {
  const from = played.toldAt('eth0: Close port called') * 1e3;
  return queuedWorks(played).flatMap(([time, event]) =>
    time >= from && time < from + 1000 ? [event] : [],
  );
}

describe.each(['active-backup', 'balance-xor', '802.3ad'])('%s', (mode) => {
  it.each([
    ['naive', enFirst, [12, 21, 30, 38, 47, 56]],
    ['naive', withIb, [12, 21, 30, 38, 47, 56]],
    ['naive', bondingFirst, [13, 22, 31, 39, 48, 57]],
    ['v6.1+bond-locks-intf', enFirst, [12, 21, 30, 38, 47, 56]],
    ['v6.1+bond-locks-intf', withIb, [12, 21, 30, 38, 47, 56]],
    ['v6.1+bond-locks-intf', bondingFirst, [13, 22, 31, 39, 48, 57]],
  ])('%s, %s: %j', (variant, modules, counts) => {
    const played = deadlock({ mode, modules }, variant);
    expect(played.result.outcome).toBe('deadlock');
    expect(countsOf(played).slice(0, 6)).toEqual(counts);
  });
});

describe('the other ways into it', () => {
  it.each([
    ['PCI remove', `echo 1 > ${pci}/remove`],
    ['rmmod, the second deadlock', 'rmmod mlx4_en'],
    ['unbind, the second deadlock', `echo mlx4_core.eth.0 > ${driver}/unbind`],
    ['devlink', 'devlink port set pci/0000:06:00.0/1 type ib'],
    ['devlink reload', 'devlink dev reload pci/0000:06:00.0'],
  ])('%s', (_name, line) => {
    const steps = ['sleep: 5s', inBackground(line), 'sleep: 900ms'];
    const played = play(story({ continueUntil: '55s' }, steps), { variant: 'naive' });
    expect(played.result.outcome).toBe('deadlock');
    expect(countsOf(played)).toEqual([12, 21, 30, 38]);
  });
});

describe('works that hold the netdev when the wait begins', () => {
  const [w1, w2, w3, w4] = [
    'CHANGEUPPER(eth0)',
    'CHANGELOWERSTATE(eth1)',
    'PRE_CHANGEADDR(eth0)',
    'CHANGEADDR(eth0)',
  ];
  const [w5, w7] = ['UNREGISTER(eth0)', 'BONDING_INFO(eth1)'];

  it.each([
    ['active-backup', enFirst, [w1, w2, w3, w4, w7]],
    ['active-backup', bondingFirst, [w1, w2, w3, w4, w5, w7]],
    ['balance-xor', enFirst, [w1, w3, w4]],
    ['balance-xor', bondingFirst, [w1, w3, w4, w5]],
    ['802.3ad', enFirst, [w1, w3, w4, w2]],
  ])('%s, %s', (mode, modules, works) => {
    expect(worksOf(deadlock({ mode, modules }))).toEqual(works);
  });

  it('a backup port is released without a change of the active slave', () => {
    const played = deadlock({ slaves: ['eth1', 'eth0'] });
    expect(worksOf(played)).toEqual([w1, w3, w4]);
    expect(played.told('(slave eth1): making interface the new active one')).toHaveLength(1);
    expect(countsOf(played).slice(0, 4)).toEqual([12, 21, 30, 38]);
  });

  it('with fail_over_mac active no address changes, so two works less', () => {
    const set = 'run: echo active > /sys/class/net/bond0/bonding/fail_over_mac';
    const text = story({ continueUntil: '45s' }, [
      inBackground(`echo ib > ${typeOf(1)}`),
      'sleep: 900ms',
    ]).replace('  - run: ip link set bond0 up', `  - ${set}\n  - run: ip link set bond0 up`);
    const played = play(text, { variant: 'naive' });
    expect(worksOf(played)).toEqual([w1, w2, w7]);
    expect(countsOf(played).slice(0, 3)).toEqual([10, 19, 28]);
  });
});

describe('lines of the modes', () => {
  const linesOf = (mode: string): string[] => {
    const { log } = deadlock({ mode, continueUntil: '8s' });
    const from = log.indexOf('mlx4_en: eth0: Close port called');
    return log.slice(from).filter((line) => line.startsWith('bond0:'));
  };
  const releasing = 'bond0: (slave eth0): Releasing backup interface';
  const address = expect.stringContaining('the permanent HWaddr of slave') as string;

  it('active-backup chooses another slave', () => {
    const chosen = 'bond0: (slave eth1): making interface the new active one';
    expect(linesOf('active-backup')).toEqual([releasing, address, chosen]);
  });

  it('balance-xor says nothing more', () => {
    expect(linesOf('balance-xor')).toEqual([releasing, address]);
  });

  it('802.3ad takes the aggregator away first', () => {
    const removing = 'bond0: (slave eth0): Removing an active aggregator';
    expect(linesOf('802.3ad')).toEqual([removing, releasing, address]);
  });
});

/** Differences of neighbours, in ms. */
const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => Math.round((time - times[index]!) * 1e3) / 1e3);

/** When the writer woke up in its wait, ms: then it waits for a grace period, or for two. */
function wakeTimes({ result: { trace, machine } }: Played): number[] {
  const writer = [...machine.k.sim.tasks.values()].find(({ name }) => name === 'sh')!.number;
  const times = [...trace.events()]
    .filter(({ kind, task }) => kind === K['rcu.barrier'] && task === writer)
    .map(({ timeNs }) => timeNs / 1e6);
  return times.filter((time, index) => index === 0 || time - times[index - 1]! > 100);
}

/** When UNREGISTER of the port was sent again, ms. */
const rebroadcastTimes = (played: Played): number[] =>
  queuedWorks(played).flatMap(([time, event]) => (event === 'UNREGISTER(eth0)' ? [time] : []));

describe.each([
  [100, 270, 1080, 10_260, [13, 22, 32, 41, 51, 60], 122_880],
  [250, 288, 1152, 10_080, [12, 21, 30, 38, 47, 56], 120_832],
  [300, 267, 1067, 10_133, [13, 22, 32, 41, 51, 60], 122_880],
  [1000, 256, 1024, 10_240, [13, 23, 33, 43, 53, 63], 122_880],
])('HZ %i', (hz, round, rebroadcast, warning, counts, check) => {
  const played = deadlock({ machine: [`hz: ${hz}`], continueUntil: '260s' });
  const rounded = (times: readonly number[]): number[] => [...new Set(times.map(Math.round))];

  it('the wait goes in rounds on the grid of the timer wheel', () => {
    expect(rounded(gaps(wakeTimes(played)).slice(10))).toEqual([round]);
  });

  it('a rebroadcast comes at the first round after more than a second', () => {
    expect(rounded(gaps(rebroadcastTimes(played)).slice(1))).toEqual([rebroadcast]);
  });

  it('warnings come at the first round after more than ten seconds, with these counts', () => {
    const { records } = played.result.machine.k.log;
    const times = records.filter(({ text }) => text.startsWith('unregister_netdevice'));
    expect(rounded(gaps(times.map(({ timeNs }) => timeNs / 1e6)))).toEqual([warning]);
    expect(countsOf(played).slice(0, 6)).toEqual(counts);
  });

  it('the hung task detector looks at its own interval', () => {
    const { checkTimesNs } = played.result.machine.k.hungTask;
    expect(gaps(checkTimesNs.map((ns) => ns / 1e6))).toEqual([check]);
    expect(played.told('INFO: task kworker')).toHaveLength(1);
  });
});
