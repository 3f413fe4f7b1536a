// A file of a run, chosen or dropped anywhere in the window. The lab checks it before anything of
// it is listed; what it refuses is shown in its words.

import type { Session } from '../state/session.svelte.ts';
import { runsTexts as texts } from './texts.ts';

/** Longest name that the lab takes. */
const nameMax = 120;

/** What came of a file. */
export interface Taken {
  readonly run: number;
  /** In words. */
  readonly said: string;
}

/** Puts a file into the library; null when it was refused, which is shown. */
export async function importFile(session: Session, file: File): Promise<Taken | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const name = file.name.slice(0, nameMax);
  const payload = bytes.length === 0 ? null : bytes;
  const answer = await session.askWithPayload('runs.import', { name }, payload);
  if (answer === null) return null;
  const { run, known } = answer.body;
  return { run, said: known ? texts.known(name) : texts.taken(name) };
}
