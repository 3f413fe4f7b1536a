// The lessons, in their order: hit the deadlock, name its links, be the scheduler, the data race
// before the series, and the proof of the fix. What they say of driver and history is from
// facts/driver 4.4, 4.10, 5 and 7; whatever a check asks for is seen in the trainee's own session.

import type { Lesson, LessonCondition } from './lesson.ts';

const log = (text: string): LessonCondition => ({
  kind: 'machine',
  condition: { kind: 'log', text, count: 1 },
});
const noLog = (text: string): LessonCondition => ({
  kind: 'machine',
  condition: { kind: 'noLog', text },
});
const path = (kind: 'exists' | 'missing', name: string): LessonCondition => ({
  kind: 'machine',
  condition: { kind, path: name },
});
const variant = (name: string): LessonCondition => ({ kind: 'variant', variant: name });
const restarted = 'Interface for protocol 0 restarted with bonded mode enabled';
const secondPort = '/sys/class/infiniband/mlx4_0/ports/2';

const hit: Lesson = {
  name: 'hit-the-deadlock',
  title: 'Hit the deadlock',
  goal: 'Let the write of ib hang, and see what still works.',
  text: [
    'One card, two ports, one bond over both. Writing `ib` to `mlx4_port1` makes the driver ' +
      'unload both ports and load them again, under `intf_mutex`.',
    'This is the driver as the series describes it without its fifth patch: `naive`. It was ' +
      'never released; the patch exists so that it never would be.',
    'Begin, press Run, and wait for the write at about 6 s. The first terminal does not come ' +
      'back. The others do: the machine is alive, and still something in it cannot end.',
  ],
  start: { scenario: 'bond-deadlock', variant: 'naive', policy: 'until-blocked' },
  checks: [
    {
      expected: 'the card to be bonded',
      all: [log('Device is bonded')],
      where: 'Press Run and look at the bond table of the front panel.',
    },
    {
      expected: 'a cycle to close',
      all: [{ kind: 'cycle' }],
      where: 'Let the machine run past 6.2 s and look at Waits.',
    },
    {
      expected: 'the kernel to say what it waits for',
      all: [log('unregister_netdevice: waiting for eth0 to become free')],
      where: 'Let the machine run past 17 s and look at dmesg.',
    },
  ],
};

const name: Lesson = {
  name: 'name-each-link',
  title: 'Name each link',
  goal: 'Say for each member of the cycle what it waits for, and who has that.',
  text: [
    'A deadlock is a circle: each member can only be released by the next. No detector of the ' +
      'kernel shows this one. The hung task detector sees the worker, but not the writer, which ' +
      'wakes now and then to look again. Lockdep knows locks, and a reference is none.',
    'Begin, let the cycle close, and read Waits from step 1 on. Then name each link here.',
  ],
  start: { scenario: 'bond-deadlock', variant: 'naive', policy: 'until-blocked' },
  checks: [
    {
      expected: 'a cycle to close',
      all: [{ kind: 'cycle' }],
      where: 'Press Run and let the machine come past 6.2 s.',
    },
    {
      expected: 'what the first one waits for',
      all: [{ kind: 'link', link: 0 }],
      where: 'Look at Waits: its dashed line ends there.',
    },
    {
      expected: 'who has that',
      all: [{ kind: 'link', link: 1 }],
      where: 'Look at Waits: the line with a dot comes from there.',
    },
    {
      expected: 'what the second one waits for',
      all: [{ kind: 'link', link: 2 }],
      where: 'Look at Waits: its dashed line ends there.',
    },
    {
      expected: 'who has that, which closes the circle',
      all: [{ kind: 'link', link: 3 }],
      where: 'Look at Waits: follow the last line back to step 1.',
    },
  ],
};

const schedule: Lesson = {
  name: 'be-the-scheduler',
  title: 'Be the scheduler',
  goal: 'Close the cycle with your own choices, all of them.',
  text: [
    'From the write on the machine asks you who runs next. Each card says what a task would do, ' +
      'not what comes of it.',
    'When bond and port change have begun as here, the deadlock is no matter of luck: the work ' +
      'cannot get `intf_mutex` as long as the writer waits for it. What you decide is how soon.',
    'Ask for a hint with `h`: it comes from orders that were really run. At the end your choices ' +
      'stand beside the shortest order that is known.',
  ],
  start: { scenario: 'bond-deadlock', variant: 'naive', policy: 'you-choose' },
  checks: [
    {
      expected: 'the cycle to close by your choices, without the plain policy',
      all: [{ kind: 'chosen' }],
      where: 'Pick a card by its digit; take a choice back with Backspace.',
    },
  ],
};

const race: Lesson = {
  name: 'the-race-before',
  title: 'The data race before the series',
  goal: 'See a restart get lost in v6.1, and not get lost where the lock is taken.',
  text: [
    'Why did anybody want `intf_mutex` there? Before the series `mlx4_do_bond` walks the list of ' +
      'interfaces without it. A part that is just being added is on no list yet, and is missed.',
    'In `v6.1` this session loads `mlx4_ib` while the bond forms: `mlx4_ib` has read that the ' +
      'card is not bonded, the bond work finds nothing to restart, and a bonded card shows ' +
      'two ports.',
    'Then begin a new run of the same scenario on `naive`, where `mlx4_do_bond` takes the lock. ' +
      'It waits for the part, and restarts it. The lock mends the race, and makes the deadlock.',
  ],
  start: { scenario: 'lost-restart-race', variant: 'v6.1', policy: 'until-blocked' },
  checks: [
    {
      expected: 'a bonded card with two ports in v6.1: the restart is lost',
      all: [variant('v6.1'), log('Device is bonded'), noLog(restarted), path('exists', secondPort)],
      where: 'Press Run and look for Device is bonded in dmesg, without a restart after it.',
    },
    {
      expected: 'the restart to come in naive, and one port',
      all: [variant('naive'), log(restarted), path('missing', secondPort)],
      where: 'Begin lost-restart-race on naive with New run (N), and look at dmesg.',
    },
  ],
};

const proof: Lesson = {
  name: 'prove-the-fix',
  title: 'Prove the fix',
  goal: 'Run the very choices of a deadlock on v6.6, and see them settle.',
  text: [
    'The merged driver moves the bond work to `mlx4_core`. There it holds the PCI device and not ' +
      'the network device, and runs on the queue `mlx4`. Both are needed: without the first the ' +
      'writer waits for the reference, without the second for the flush of the queue.',
    'A fix is proved by the same choices. Begin, let the cycle close, and take ' +
      '“Same choices, v6.6” from the red bar.',
    'What this does not prove: a work that is still queued when the card goes is open in 6.12.',
  ],
  start: { scenario: 'bond-deadlock', variant: 'naive', policy: 'until-blocked' },
  checks: [
    {
      expected: 'a cycle to close on naive',
      all: [variant('naive'), { kind: 'cycle' }],
      where: 'Press Run and let the machine come past 6.2 s.',
    },
    {
      expected: 'the same choices to settle on v6.6',
      all: [{ kind: 'sameChoices', variant: 'v6.6' }],
      where: 'Take “Same choices, v6.6” from the red bar of the session.',
    },
  ],
};

/** Every lesson, in the order in which they are best taken. */
export const lessons: readonly Lesson[] = [hit, name, schedule, race, proof];
