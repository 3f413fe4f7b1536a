// Runs as files, from views that show no library: the browser's own dialogs. What the lab refuses
// is said by the session.

import type { Session } from '../state/session.svelte.ts';

/** Gives the person a file. */
export function download(fileName: string, bytes: Uint8Array): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The run on the bench as a file; one that is still recorded cannot be one yet. */
export async function exportRun(session: Session, run: number): Promise<void> {
  const answer = await session.askWithPayload('runs.export', { run, format: 'mlx4run' });
  if (answer === null || answer.payload === null) return;
  download(answer.body.fileName, answer.payload);
}

/** Lets the person choose a file and takes it in; `onTaken` when one came in. */
export function importRun(session: Session, onTaken: () => void): void {
  const field = document.createElement('input');
  field.type = 'file';
  field.accept = '.mlx4run';
  field.onchange = () => {
    const file = field.files?.[0];
    if (file !== undefined) void takeFile(session, file).then((taken) => taken && onTaken());
  };
  field.click();
}

async function takeFile(session: Session, file: File): Promise<boolean> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const payload = bytes.length === 0 ? null : bytes;
  const body = { name: file.name.slice(0, 120) };
  return (await session.askWithPayload('runs.import', body, payload)) !== null;
}
