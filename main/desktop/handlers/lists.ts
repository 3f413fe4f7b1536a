// Lists of the run on the bench. All come from its trace, but for a task's stack, which only a live
// machine has.

import { procStackOf } from '#lab/lists/task-stack.ts';
import type { listRequests } from '#contract/lists.ts';
import type { Bench } from '../bench/bench.ts';
import { LiveSession } from '../bench/live-session.ts';
import type { HandlersOf } from './handlers.ts';

/** What is said of a stack that nobody knows. */
const noTop = (): string => '';

/** The function that a task of a live machine sleeps in. */
const topOf =
  (session: Bench['session']) =>
  (task: number): string => {
    if (!(session instanceof LiveSession)) return '';
    return procStackOf(session.run.machine, task)?.stack[0]?.replace(/\+0x0\/0x0/, '') ?? '';
  };

export const listHandlers: HandlersOf<keyof typeof listRequests> = {
  'list.log': (bench, ask) => bench.lists.log(ask),
  'list.commands': (bench, ask) => bench.lists.commands.page(ask),
  'list.posters': (bench) => bench.lists.commands.posters(),
  'list.packets': (bench, ask) => bench.lists.packets.page(ask),
  'list.ports': (bench) => bench.lists.packets.ports(),
  packet: (bench, { seq }) => bench.lists.packets.detail(seq),
  'list.tasks': (bench, { moment }) =>
    bench.lists.tasks(bench.foldAt(moment), moment.at === 'end' ? topOf(bench.session) : noTop),
  'task.stack': ({ session }, { task }) =>
    session instanceof LiveSession ? procStackOf(session.run.machine, task) : null,
};
