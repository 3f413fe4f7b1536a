// Every lesson can be done, by doing what it says; before that each of its checks fails, and says
// what was expected, what was found, and where to look.

import { expect, test } from 'vitest';
import { Choosing } from '#lab/choosing/choosing.ts';
import { askFromMark } from '#lab/choosing/begin.ts';
import { ScheduleSearch } from '#lab/choosing/schedule.ts';
import { Course, lessonNamed } from '#lab/lessons/course.ts';
import type { LessonScene } from '#lab/lessons/course.ts';
import { lessons } from '#lab/lessons/lessons.ts';
import { CycleLinks } from '#lab/lessons/links.ts';
import { makePolicy } from '#lab/policy.ts';
import { rerun } from '#lab/replay/rerun.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { headOf } from '#test/support/heads.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';

interface Begun {
  readonly run: ScenarioRun;
  readonly scene: LessonScene;
}

/** The session of a lesson, or of another one, at its begin. */
function begun(name: string, variant = lessonNamed(name)!.start.variant): Begun {
  const { scenario: file, policy: policyName } = lessonNamed(name)!.start;
  const scenario = loadScenario(scenarioPath(file), scenarioText(file));
  const policy = makePolicy({ name: policyName, seed: null });
  const run = new ScenarioRun(scenario, { policy, variant, live: true });
  if (scenario.chooseFrom !== null) askFromMark(run, scenario.chooseFrom);
  const choosing = Choosing.of(run, policy);
  const links = new CycleLinks(run.machine.k.trace);
  const { machine } = run;
  return { run, scene: { variant, machine, end: null, hasParent: false, choosing, links } };
}

/** Lets time go on. */
function runTo({ run }: Begun, seconds: number): void {
  const stops = ['stopped', 'paused'];
  while (stops.includes(run.advance(seconds * 1e9, 20_000)));
}

const held = (course: Course, { scene }: Begun): boolean[] =>
  course.stateIn(scene).checks.map(({ holds }) => holds);

const course = (name: string): Course => new Course(lessonNamed(name)!);

test.each(lessons)(
  '$name: at its begin nothing holds, and each check says what to do',
  (lesson) => {
    const { checks, isDone } = new Course(lesson).stateIn(begun(lesson.name).scene);
    expect(isDone).toBe(false);
    for (const { holds, expected, found, where } of checks) {
      expect(holds).toBe(false);
      expect(expected).not.toMatch(/[.!]$/);
      for (const sentence of [found, where]) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  },
);

test('hit the deadlock: by letting it run', () => {
  const [lesson, session] = [course('hit-the-deadlock'), begun('hit-the-deadlock')];
  runTo(session, 3);
  expect(held(lesson, session)).toEqual([true, false, false]);
  runTo(session, 7);
  expect(held(lesson, session)).toEqual([true, true, false]);
  runTo(session, 17);
  expect(lesson.stateIn(session.scene).isDone).toBe(true);
});

test('name each link: a wrong name is told so, the right ones close the circle', () => {
  const [lesson, session] = [course('name-each-link'), begun('name-each-link')];
  expect(lesson.stateIn(session.scene).questions).toEqual([]);
  runTo(session, 7);
  const { questions } = lesson.stateIn(session.scene);
  expect(questions.map(({ of, waits }) => `${of}: ${waits ? 'waits' : 'held'}`)).toEqual([
    'sh: waits',
    'netdev eth0: held',
    'worker of mlx4_en@card0: waits',
    'intf_mutex: held',
  ]);
  lesson.answer(0, 'intf_mutex');
  const wrong = lesson.stateIn(session.scene);
  expect(wrong.checks[1]).toMatchObject({
    holds: false,
    found: 'sh does not wait for intf_mutex.',
  });
  expect(wrong.questions[0]).toMatchObject({ said: 'intf_mutex', isRight: false });
  const work = questions[1]!.names.find((name) => name.startsWith('mlx4_en_bond_work'))!;
  ['netdev eth0', work, 'intf_mutex', 'sh'].forEach((name, link) => {
    lesson.answer(link, name);
  });
  expect(lesson.stateIn(session.scene).isDone).toBe(true);
});

test('be the scheduler: by picks alone; with the plain policy in between it is not done', () => {
  const [lesson, session] = [course('be-the-scheduler'), begun('be-the-scheduler')];
  const { choosing } = session.scene;
  const goOn = (): void => {
    while (!choosing!.isClosed && session.run.advance(Infinity, 200) !== 'undecided');
  };
  goOn();
  const text = scenarioText('bond-deadlock');
  const ask = choosing!.here(headOf({ scenarioText: text, variant: 'naive' }));
  const search = new ScheduleSearch(ask, 2);
  while (search.step());
  for (const task of search.result.schedule!.picks) {
    expect(lesson.stateIn(session.scene).isDone).toBe(false);
    choosing!.pick(task);
    goOn();
  }
  expect(lesson.stateIn(session.scene).isDone).toBe(true);
  const other = begun('be-the-scheduler');
  while (other.run.advance() !== 'undecided');
  other.scene.choosing!.pick(other.scene.choosing!.state.question!.cards[0]!.task);
  other.scene.choosing!.letRun(true);
  runTo(other, 7);
  expect(course('be-the-scheduler').stateIn(other.scene).checks[0]!.found).toMatch(
    /^The plain policy made \d+ of the choices\.$/,
  );
});

test('the race before: lost in v6.1, not lost in naive', () => {
  const lesson = course('the-race-before');
  const before = begun('the-race-before');
  runTo(before, 30);
  expect(held(lesson, before)).toEqual([true, false]);
  const locked = begun('the-race-before', 'naive');
  runTo(locked, 30);
  expect(held(lesson, locked)).toEqual([true, true]);
});

test('prove the fix: the same choices on v6.6, recorded', () => {
  const lesson = course('prove-the-fix');
  const session = begun('prove-the-fix');
  runTo(session, 7);
  expect(held(lesson, session)).toEqual([true, false]);
  const record = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 20e9 });
  const scene = (variant: string): LessonScene => {
    const { end, trace } = rerun(record, variant);
    const links = new CycleLinks(trace);
    return { variant, machine: null, end, hasParent: true, choosing: null, links };
  };
  expect(lesson.stateIn(scene('early-unregister')).checks[1]!.found).toBe(
    'It is a rerun on early-unregister.',
  );
  expect(lesson.stateIn(scene('v6.6')).isDone).toBe(true);
});
