// What a window keeps for its own return, after a reload or when the page was lost: where it
// looked, which tabs, which zoom. It lies in the storage of this one window; a run needs none of
// it.

/** What is kept of one session. */
interface Kept {
  /** Number of the session, and its events when the window was there last. */
  session: number;
  events: number;
  /** Wall time at which the window was there last, ms. */
  wallMs: number;
  parts: Record<string, unknown>;
}

const storageKey = 'mlx4-lab.window';

function stored(storage: Storage): Kept | null {
  try {
    return JSON.parse(storage.getItem(storageKey) ?? 'null') as Kept | null;
  } catch {
    return null;
  }
}

/** The memory of a window. */
export class Memory {
  private readonly storage: Storage;
  private kept: Kept | null;
  private isBack = false;

  constructor(storage: Storage) {
    this.storage = storage;
    this.kept = stored(storage);
  }

  /**
   * A session is on the bench, for the first time or again. Another one than before: nothing that
   * was kept is of it. The first time in the life of a page it says how long the window was gone
   * from this very session, ms; otherwise null.
   */
  meet(session: number, events: number, wallMs: number): number | null {
    const isFirst = !this.isBack;
    this.isBack = true;
    const { kept } = this;
    // Fewer events than before: the number is the same, the lab another one.
    const isSame = kept?.session === session && kept.events <= events;
    if (!isSame) this.kept = { session, events, wallMs, parts: {} };
    return isFirst && isSame ? Math.max(0, wallMs - kept.wallMs) : null;
  }

  /** Keeps a part of how the window stands. */
  keep(part: string, value: unknown): void {
    if (this.kept !== null) this.kept.parts[part] = value;
  }

  /** What was kept of a part, as it was put in; null when nothing was. */
  recall<T>(part: string): T | null {
    return (this.kept?.parts[part] as T | undefined) ?? null;
  }

  /** The window is still there: what it knows is written down. */
  write(events: number, wallMs: number): void {
    if (this.kept === null) return;
    this.kept.events = events;
    this.kept.wallMs = wallMs;
    try {
      this.storage.setItem(storageKey, JSON.stringify(this.kept));
    } catch {
      // A browser that keeps nothing: the window comes back at the live end.
    }
  }
}
