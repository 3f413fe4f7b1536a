// What the program around a window does for it: the system's file dialogs, and the menus. In a
// browser there is neither: there the page takes an `<input type=file>` and a download instead.

import * as v from 'valibot';
import { nothing, request } from './request.ts';

/** The program around a window. */
export interface HostState {
  readonly kind: 'electron' | 'browser';
  /** `host.save` and `host.open` are there; else the page helps itself. */
  readonly dialogs: boolean;
}

/** What the menus ask the window for: told to the window in front, as the event `menu`. */
export type MenuCommand = 'newRun' | 'import' | 'export' | 'palette' | 'keys';

/** A name for a new file: no folders, no control characters. */
const fileNameSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  // eslint-disable-next-line no-control-regex -- these are what is refused
  v.regex(/^[^/\\:*?"<>|\u0000-\u001f]+$/, 'a file name has no such character'),
);

export const hostRequests = {
  'host.state': request<HostState>()(nothing),
  /** Asks where to save and writes the payload there: the path, or null when the person left. */
  'host.save': request<string | null>()(v.strictObject({ name: fileNameSchema })),
  /** Asks for a file: its bytes are the payload; null when the person left. */
  'host.open': request<{ readonly name: string } | null>()(nothing),
} as const;
