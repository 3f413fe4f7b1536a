// Lists of a run: kernel log, firmware commands, packets, tasks. Rows are given from an event on,
// so that a window that follows asks only for what is new.

import * as v from 'valibot';
import type { CommandRow, Poster } from '#lab/lists/command-list.ts';
import type { ListPage } from '#lab/lists/list-page.ts';
import type { LogRow } from '#lab/lists/log-list.ts';
import type { PacketDetail, PacketRow } from '#lab/lists/packet-list.ts';
import type { TaskRow, TaskStack } from '#lab/lists/task-list.ts';
import { nothing, request, seqSchema, textSchema } from './request.ts';
import { momentSchema } from './session.ts';

/** From which event on, and where the cursor is. */
const ask = { from: seqSchema, cursor: seqSchema, words: textSchema };

const level = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7));

export const listRequests = {
  'list.log': request<ListPage<LogRow>>()(v.strictObject({ ...ask, level })),
  'list.commands': request<ListPage<CommandRow>>()(
    v.strictObject({ ...ask, by: textSchema, status: v.picklist(['any', 'open', 'bad']) }),
  ),
  /** Tasks that have posted commands. */
  'list.posters': request<readonly Poster[]>()(nothing),
  'list.packets': request<ListPage<PacketRow>>()(v.strictObject({ ...ask, port: textSchema })),
  /** Ports that packets passed. */
  'list.ports': request<readonly string[]>()(nothing),
  packet: request<PacketDetail | null>()(v.strictObject({ seq: seqSchema })),
  'list.tasks': request<readonly TaskRow[]>()(v.strictObject({ moment: momentSchema })),
  /** Null for a recording, and for a task that is gone. */
  'task.stack': request<TaskStack | null>()(v.strictObject({ task: seqSchema })),
} as const;
