// What a card says of its task: what it is there for, which function it stands in, what it has.

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ChoiceCard } from '#lab/choosing/cards.ts';
import type { Choosing } from '#lab/choosing/choosing.ts';
import { codePlace, kernelFiles, modules } from '#lab/choosing/code-place.ts';
import { Random } from '#test/support/card/random.ts';
import { beginChoosing, walk } from '#test/support/choosing.ts';

/** Every card that a walk by chance has come to. */
function cardsOf(choosing: Choosing, count: number, seed = 1): ChoiceCard[] {
  const all: ChoiceCard[] = [];
  walk(choosing, count, new Random(seed), (cards) => {
    all.push(...cards);
    return undefined;
  });
  return all;
}

const fromTheWrite = (): Choosing => beginChoosing('bond-deadlock', 'naive', 'from the mark');

test('the writer writes ib in terminal 1; workers run what they run, or are idle', () => {
  const cards = cardsOf(fromTheWrite(), 150);
  const writer = cards.filter(({ task }) => task === 'sh');
  expect(writer.length).toBeGreaterThan(0);
  for (const { role } of writer) expect(role).toEqual({ kind: 'writes', text: 'ib', tab: 1 });
  const starts = cards.filter((card) => card.kind === 'work.start');
  expect(starts.length).toBeGreaterThan(0);
  for (const { kind, object, role } of starts) {
    const said = role?.kind === 'work' ? role.work.shown : '';
    expect(said, `${kind} ${object}`).toMatch(/^(\w+ )?work \w+$/);
  }
  const idle = cards.filter(({ object }) => object === 'work');
  expect(idle.length).toBeGreaterThan(0);
  for (const { role } of idle) expect(role).toEqual({ kind: 'idle' });
});

test('a program belongs to the terminal that it was called in', () => {
  const choosing = fromTheWrite();
  choosing.run.machine.enter({ kind: 'type', terminal: 'second', line: 'ip link' });
  const roles = cardsOf(choosing, 150).map(({ role }) => role);
  expect(roles).toContainEqual({ kind: 'line', line: 'ip link', tab: 2 });
});

test('a task that runs a work has its references too, with their number and whose they are', () => {
  const held = cardsOf(fromTheWrite(), 150).flatMap(({ task, holds }) =>
    holds.map((thing) => ({ task, ...thing })),
  );
  expect(held).toContainEqual(
    expect.objectContaining({ task: 'sh', kind: 'lock', name: 'intf_mutex', letter: 'IM' }),
  );
  expect(held).toContainEqual(
    expect.objectContaining({
      task: 'worker of mlx4_en@card0',
      kind: 'reference',
      name: 'eth0',
      count: 1,
      by: expect.stringMatching(/^W\d+$/) as string,
    }),
  );
});

test('whoever stands at a point of the driver stands in one of its functions', () => {
  const cards = cardsOf(fromTheWrite(), 150);
  const places = cards.flatMap(({ place }) => place ?? []);
  expect(places).toContainEqual({ name: 'mlx4_en_close', file: 'mlx4/en_netdev.c' });
  for (const { name, file } of places) {
    expect(name).toMatch(/_/);
    expect(file).toMatch(/^([\w/]+\/\w+\.c)?$/);
  }
  // Only those have none that have not begun, or are of the lab itself.
  const atMutexes = cards.filter(({ kind }) => kind.startsWith('mutex'));
  expect(atMutexes.length).toBeGreaterThan(0);
  expect(atMutexes.filter(({ place }) => place === null).map(({ task }) => task)).toEqual([]);
});

test('every file that is called as one of Linux is there', () => {
  const main = new URL('../../../../main/', import.meta.url);
  const isThere = (path: string): boolean =>
    [path, `${path}.ts`].some((each) => existsSync(new URL(each, main)));
  const ours = [
    ...Object.entries(modules).flatMap(([name, { files }]) =>
      files.split(' ').map((file) => `driver/${name}/${file}`),
    ),
    ...Object.keys(kernelFiles).map((file) => `kernel/${file}`),
  ];
  expect(ours.filter((path) => !isThere(path))).toEqual([]);
});

test('a file is named where the path tells it, and left out where it does not', () => {
  const at = (...sites: string[]) => codePlace(sites);
  expect(
    at('mutex_lock@kernel/locking/mutex.ts:60', 'mlx4_do_bond@driver/mlx4_core/intf/do-bond.ts:9'),
  ).toEqual({ name: 'mlx4_do_bond', file: 'mlx4/intf.c' });
  expect(at('mlx4_ib_remove@driver/mlx4_ib/main/remove.ts:9')?.file).toBe('hw/mlx4/main.c');
  expect(at('bond_set_slave_link_state@driver/bonding/slave-state.ts:9')?.file).toBe('');
  expect(at('dev_close_many@kernel/net/dev-config.ts:9')?.file).toBe('');
  expect(at('netdev_run_todo@kernel/net/todo.ts:9')?.file).toBe('net/core/dev.c');
  // A helper of our own is no function of the kernel, and a program of the lab is no code of it.
  expect(
    at('writeRegister@driver/mlx4_core/cmd/post.ts:9', 'run_line@lab/shell/x.ts:9'),
  ).toBeNull();
});
