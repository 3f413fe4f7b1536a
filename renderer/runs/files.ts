// Files in and out: by the system's dialogs where the program around the window has them, else as
// any page does it, by a field and a download.

import type { Session } from '../state/session.svelte.ts';

/** A file that was chosen. */
export interface ChosenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export class Files {
  private readonly session: Session;
  private dialogs: boolean | null = null;

  constructor(session: Session) {
    this.session = session;
  }

  async hasDialogs(): Promise<boolean> {
    this.dialogs ??= (await this.session.ask('host.state', {}))?.dialogs ?? null;
    return this.dialogs === true;
  }

  /** The system's dialog; null when the person left it. */
  async open(): Promise<ChosenFile | null> {
    // Null is no refusal: the person has left the dialog.
    const answer = await this.session.askWithPayload('host.open', {});
    const name = answer?.body?.name;
    return name === undefined ? null : { name, bytes: answer?.payload ?? new Uint8Array() };
  }

  /** True when it was written. */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    if (await this.hasDialogs()) {
      const answer = await this.session.askWithPayload('host.save', { name }, bytes);
      return (answer?.body ?? null) !== null;
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
    return true;
  }
}
