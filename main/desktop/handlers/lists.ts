// Lists of the run on the bench. All come from its trace, but for a task's pid and stack, which
// only a live machine has.

import { procStackOf } from '#lab/lists/task-stack.ts';
import { taskRows } from '#lab/lists/task-list.ts';
import type { listRequests } from '#contract/lists.ts';
import { LiveSession } from '../bench/live-session.ts';
import type { HandlersOf } from './handlers.ts';

export const listHandlers: HandlersOf<keyof typeof listRequests> = {
  'list.log': (bench, ask) => bench.lists.log(ask),
  'list.commands': (bench, ask) => bench.lists.commands.page(ask),
  'list.posters': (bench) => bench.lists.commands.posters(),
  'list.packets': (bench, ask) => bench.lists.packets.page(ask),
  'list.ports': (bench) => bench.lists.packets.ports(),
  packet: (bench, { seq }) => bench.lists.packets.detail(seq),
  'list.tasks': (bench, { moment }) => taskRows(bench.session.trace, bench.foldAt(moment)),
  'task.stack': ({ session }, { task }) =>
    session instanceof LiveSession ? procStackOf(session.run.machine, task) : null,
};
