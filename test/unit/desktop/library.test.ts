// Goal: the library and the bench over a real database: the session before is kept, forks know
// their parent, the same choices run on another driver, what is deleted can be brought back, files
// go out and come in, and wrong ones are named.
// Method: a desk without a window; its handlers are asked as a window would.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AnswerOf, BodyOf, RequestName } from '#contract/requests.ts';
import { Desk } from '#desktop/desk.ts';
import { handlers } from '#desktop/handlers/handlers.ts';
import type { WithPayload } from '#desktop/handlers/handlers.ts';
import type { RunSummary } from '#db/list.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-library-'));
let desk: Desk;

async function said<N extends RequestName>(
  name: N,
  body: BodyOf<N>,
  payload: Uint8Array | null = null,
): Promise<AnswerOf<N> | WithPayload<AnswerOf<N>>> {
  const handle = handlers[name] as (...given: readonly unknown[]) => unknown;
  return (await handle(desk.bench, body, payload)) as AnswerOf<N>;
}

const ask = async <N extends RequestName>(
  name: N,
  body: BodyOf<N>,
  payload: Uint8Array | null = null,
): Promise<AnswerOf<N>> => (await said(name, body, payload)) as AnswerOf<N>;

const runs = async (): Promise<readonly RunSummary[]> => (await ask('runs.list', {})).runs;

const runOf = async (name: string): Promise<RunSummary> => {
  const found = (await runs()).find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no run ${name}`);
  return found;
};

beforeAll(async () => {
  desk = new Desk(join(folder, 'runs.db'));
  await desk.bench.begin();
}, 60_000);

afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the examples', () => {
  test('are the story on three drivers and a race, really run', async () => {
    const examples = (await ask('runs.list', { tag: 'example' })).runs;
    expect(examples.map(({ name, variant, outcome }) => [name, variant, outcome])).toEqual([
      ['The bond deadlock', 'naive', 'deadlock'],
      ['Same choices, v6.6', 'v6.6', 'settled'],
      ['Same choices, notifier first', 'early-unregister', 'settled'],
      ['A restart that is lost', 'v6.1', 'settled'],
    ]);
    const [story, fixed] = examples;
    expect(fixed?.parent?.run).toBe(story?.run);
    expect(desk.bench.library.state.checked?.damaged).toEqual([]);
  });

  test('are not made twice', async () => {
    const before = await runs();
    await desk.bench.begin();
    expect(await runs()).toEqual(before);
  }, 20_000);
});

describe('the bench', () => {
  test('keeps the session before another one is opened', async () => {
    const before = desk.bench.recording;
    desk.bench.machine.step('point');
    await vi.waitFor(() => {
      expect(desk.bench.state.events).toBeGreaterThan(0);
    });
    const { run } = await runOf('The bond deadlock');
    const state = await ask('session.open', { from: 'run', run });
    expect(state.record).toEqual({ kind: 'replay', run });
    const kept = (await runs()).find((each) => each.run === before);
    expect(kept?.outcome).not.toBe(null);
  });

  test('what cannot be opened leaves the session where it is', async () => {
    const { number } = desk.bench.state;
    await expect(ask('session.open', { from: 'run', run: 9999 })).rejects.toThrow('no run 9999');
    expect(desk.bench.state.number).toBe(number);
    expect(desk.bench.state.opening).toBe(null);
  });

  test('a fork goes on live from the event, under a person’s hands, with its parent', async () => {
    const story = await runOf('The bond deadlock');
    const state = await ask('session.open', { from: 'fork', run: story.run, seq: 15_000 });
    expect(state.live).toBe(true);
    expect(state.events).toBeGreaterThanOrEqual(15_000);
    expect(state.parent).toEqual({ run: story.run, seq: state.events });
    desk.bench.machine.hand('pull card0 port 1');
    const fork = await ask('session.open', { from: 'fork', run: null, seq: 14_000 });
    const parent = (await runs()).find((each) => each.run === fork.parent?.run);
    expect(parent?.parent?.run).toBe(story.run);
    expect(parent?.outcome).not.toBe(null);
  }, 30_000);

  test('the same choices on another driver are kept, opened, and comparable', async () => {
    const state = await ask('session.open', {
      from: 'fork',
      run: (await runOf('The bond deadlock')).run,
      seq: 15_000,
      variant: 'v6.6',
    });
    const kept = state.record.kind === 'replay' ? state.record.run : 0;
    expect(kept).toBeGreaterThan(0);
    expect(state.variant).toBe('v6.6');
    const story = await runOf('The bond deadlock');
    expect(state.parent?.run).toBe(story.run);
    // The library names the event at which the comparison says that they part.
    const compared = await ask('compare', { a: story.run, b: kept });
    expect(state.parent?.seq).toBe(compared.at.a.seq);
    const wrong = { from: 'fork', run: state.parent!.run, seq: 0, variant: 'v9' } as const;
    await expect(ask('session.open', wrong)).rejects.toThrow('There is no driver v9');
  }, 30_000);
});

describe('labels', () => {
  test('a run is renamed, tagged and noted, and found by all of it', async () => {
    const { run } = await runOf('A restart that is lost');
    await ask('runs.tag', { run, name: 'homework', there: true });
    await ask('runs.note', { run, text: 'look at the list', seq: 10 });
    await ask('runs.rename', { run, name: 'Mine now' });
    for (const search of ['homework', 'at the list', 'mine NOW']) {
      const found = (await ask('runs.list', { search })).runs;
      expect(found.map((each) => each.run)).toEqual([run]);
    }
    await ask('runs.tag', { run, name: 'homework', there: false });
    expect((await ask('runs.list', { search: 'homework' })).runs).toEqual([]);
    await ask('runs.rename', { run, name: 'A restart that is lost' });
  });

  test('what is deleted is gone from the list and comes back whole', async () => {
    const before = await runOf('Same choices, v6.6');
    await ask('runs.delete', { run: before.run });
    expect((await runs()).map(({ run }) => run)).not.toContain(before.run);
    expect(desk.bench.library.state.deleted?.run).toBe(before.run);
    await ask('runs.undelete', {});
    expect(await runOf('Same choices, v6.6')).toEqual(before);
    await expect(ask('runs.undelete', {})).rejects.toThrow('nothing to bring back');
  });

  test('the run that is being recorded is not deleted', async () => {
    await ask('session.open', {
      from: 'scenario',
      scenario: null,
      variant: 'naive',
      policy: 'until-blocked',
      seed: null,
    });
    await vi.waitFor(() => {
      expect(desk.bench.recording).not.toBe(null);
    });
    const run = desk.bench.recording!;
    await expect(ask('runs.delete', { run })).rejects.toThrow('being recorded');
  });
});

describe('files', () => {
  test('a run goes out and comes in with its name, in another library too', async () => {
    const { run, identity } = await runOf('The bond deadlock');
    const { body, payload } = (await said('runs.export', {
      run,
      format: 'mlx4run',
    })) as WithPayload<{ fileName: string }>;
    expect(body.fileName).toBe('The-bond-deadlock.mlx4run');
    expect(await ask('runs.import', { name: body.fileName }, payload)).toEqual({
      run,
      known: true,
    });
    const other = new Desk(join(folder, 'other.db'));
    const taken = await handlers['runs.import'](other.bench, { name: 'x.mlx4run' }, payload, {
      send: () => undefined,
    });
    const summary = other.bench.library.summary((taken as { run: number }).run);
    expect([summary.name, summary.identity]).toEqual(['The bond deadlock', identity]);
    await other.close();
  }, 20_000);

  test('other tools get theirs', async () => {
    const { run } = await runOf('A restart that is lost');
    const { body, payload } = (await said('runs.export', {
      run,
      format: 'dmesg',
    })) as WithPayload<{ fileName: string }>;
    expect(body.fileName).toBe('A-restart-that-is-lost.log');
    expect(new TextDecoder().decode(payload)).toContain('mlx4_core');
  });

  test.each([
    ['words', new TextEncoder().encode('no run at all'), 'notes.txt: it is no database'],
    ['nothing', null, 'notes.txt: the file is empty'],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47]), 'notes.txt: it is no database'],
  ])('%s is refused in one sentence', async (_what, bytes, sentence) => {
    const before = await runs();
    await expect(ask('runs.import', { name: 'notes.txt' }, bytes)).rejects.toThrow(sentence);
    expect(await runs()).toEqual(before);
  });
});

describe('what is worked out of runs', () => {
  test('a thumbnail has three lanes in 120 columns; the deadlock is endless', async () => {
    const { run } = await runOf('The bond deadlock');
    const { lanes, endless } = await ask('runs.thumbnail', { run });
    expect(lanes.map(({ name }) => name)).toEqual(['sh', 'worker of mlx4_en@card0', 'intf_mutex']);
    expect(endless).toBe(true);
    for (const { bars } of lanes) {
      expect(bars.every(({ from, to }) => from >= 0 && from < to && to <= 120)).toBe(true);
      expect(bars.at(-1)?.to).toBe(120);
    }
  });

  test('the tour has six stops, in the order of time', async () => {
    const { run } = await runOf('The bond deadlock');
    const stops = await ask('runs.stops', { run });
    expect(stops.map(({ stop }) => stop)).toEqual([
      'card',
      'written',
      'lock',
      'reference',
      'cycle',
      'fixed',
    ]);
    expect(stops.map(({ seq }) => seq)).toEqual(stops.map(({ seq }) => seq).sort((a, b) => a - b));
  });
});
