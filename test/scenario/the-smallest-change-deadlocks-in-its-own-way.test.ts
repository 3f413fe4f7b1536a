// Goal: the table of facts/driver 4.5: v6.1 whose mlx4_do_bond() takes intf_mutex (two lines) has
// the deadlock of the story too, but what a user sees beside it differs from naive: the RDMA
// device, the removal of mlx4_en, a reboot, the removal of the card.
// Method: each row of the table under both variants; what is registered, and where who hangs
// stands.

import { describe, expect, it } from 'vitest';
import { inBackground, onSecond, pci, play, story, typeOf } from '#test/support/story.ts';
import type { Played } from '#test/support/story.ts';

const small = 'v6.1+bond-locks-intf';
const modules = 'mlx4_core mlx4_en mlx4_ib bonding';

/** The story with mlx4_ib, its list of interfaces (en, ib), then `line` on the second terminal. */
const attempt = (variant: string, line: string): Played =>
  play(
    story({ modules, continueUntil: '30s' }, [
      inBackground(`echo ib > ${typeOf(1)}`),
      'sleep: 3s',
      onSecond('ls /sys/class/infiniband'),
      inBackground(line, 'second'),
      'sleep: 1s',
    ]),
    { variant },
  );

const deadlocks = (played: Played): string[] =>
  played.result.findings.filter(({ kind }) => kind === 'deadlock').map(({ text }) => text);

describe('mlx4_ib while the deadlock stands', () => {
  it('naive: it is gone before the port goes', () => {
    expect(attempt('naive', 'true').output('ls /sys/class/infiniband')).toBe('');
  });

  it('the smallest change: it comes after mlx4_en in the list, and is still registered', () => {
    expect(attempt(small, 'true').output('ls /sys/class/infiniband')).toBe('mlx4_0\n');
  });
});

describe('reboot -f while the deadlock stands', () => {
  it('naive: hangs on the lock of the eth part, in device_shutdown', () => {
    const played = attempt('naive', 'reboot -f');
    expect(played.stackOf('reboot').slice(0, 2)).toEqual(['device_shutdown', 'kernel_restart']);
    expect(played.told('mlx4_shutdown was called')).toEqual([]);
  });

  it('the smallest change: gets as far as the unload of the card, which still counts as up', () => {
    const played = attempt(small, 'reboot -f');
    expect(played.told('mlx4_shutdown was called')).toHaveLength(1);
    expect(played.stackOf('reboot').slice(0, 5)).toEqual([
      'mlx4_unregister_device [mlx4_core]',
      'mlx4_unload_one [mlx4_core]',
      'mlx4_shutdown [mlx4_core]',
      'pci_device_shutdown',
      'device_shutdown',
    ]);
  });
});

describe('removing the card from the bus while the deadlock stands', () => {
  const line = `echo 1 > ${pci}/remove`;

  it('naive: the interface is down, so nothing is torn down, and devlink_free warns', () => {
    const played = attempt('naive', line);
    expect(played.told('interface is down')).toHaveLength(1);
    expect(played.told('devlink_free')).not.toEqual([]);
  });

  it('the smallest change: waits for intf_mutex, too', () => {
    const played = attempt(small, line);
    expect(played.told('interface is down')).toEqual([]);
    expect(played.told('devlink_free')).toEqual([]);
    expect(played.stackOf('sh on second').slice(0, 4)).toEqual([
      'mlx4_unregister_device [mlx4_core]',
      'mlx4_unload_one [mlx4_core]',
      'mlx4_remove_one [mlx4_core]',
      'pci_device_remove',
    ]);
  });
});

describe('rmmod mlx4_en of a bonded card, without a write', () => {
  const remove = (variant: string): Played =>
    play(story({ modules, continueUntil: '30s' }, [inBackground('rmmod mlx4_en'), 'sleep: 3s']), {
      variant,
    });

  it('naive: the second deadlock, over the device_lock of the eth part', () => {
    const [sentence] = deadlocks(remove('naive'));
    expect(sentence).toContain('device_lock(mlx4_core.eth.0)');
  });

  it('the smallest change: the first one again, since unregistering holds intf_mutex', () => {
    const played = remove(small);
    const [sentence] = deadlocks(played);
    expect(sentence).toContain('rmmod waits for the last reference on netdev eth0');
    expect(sentence).toContain('waits for the mutex intf_mutex in mlx4_do_bond');
    expect(sentence).not.toContain('device_lock');
    expect(played.stackOf('rmmod').slice(4, 9)).toEqual([
      'mlx4_en_destroy_netdev [mlx4_en]',
      'mlx4_en_remove [mlx4_en]',
      'mlx4_remove_device [mlx4_core]',
      'mlx4_unregister_interface [mlx4_core]',
      'mlx4_en_cleanup [mlx4_en]',
    ]);
  });
});

describe.each(['naive', small])('%s: the race that the lock was for', (variant) => {
  it('is closed: rmmod mlx4_ib waits for the restart', () => {
    const played = play(
      story({ modules }, [
        'fault: { name: slowCommand, command: MAD_IFC, extra: 150ms }',
        'run: echo -eth1 > /sys/class/net/bond0/bonding/slaves',
        'sleep: 200ms',
        inBackground('rmmod mlx4_ib'),
        'sleep: 20s',
      ]),
      { variant },
    );
    expect(played.result.outcome).toBe('settled');
    expect(played.hangsIn('main')).toBeNull();
    expect(played.readNow('/proc/modules')).not.toContain('mlx4_ib');
  });
});
