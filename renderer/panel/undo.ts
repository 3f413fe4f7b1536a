// Undo of what hands did to the panel. Nothing is ever taken back: undo makes the opposite input
// now, and the run has both. A new act forgets what could be made again.

/** An act and its opposite, each in lines for the lab or for a shell. */
export interface Act {
  /** Who takes the lines: the machine's hands, or a terminal. */
  readonly way: 'hand' | 'shell';
  readonly lines: readonly string[];
  readonly opposite: readonly string[];
}

/** What can be undone and made again. */
export class Undo {
  private readonly done: Act[] = [];
  private undone: Act[] = [];

  /** An act was done. */
  note(act: Act): void {
    this.done.push(act);
    this.undone = [];
  }

  /** The act that undo would turn round, or null. */
  get last(): Act | null {
    return this.done.at(-1) ?? null;
  }

  /** The act that redo would do again, or null. */
  get next(): Act | null {
    return this.undone.at(-1) ?? null;
  }

  /** The last act was turned round; one that could not be is forgotten. */
  undid(done: boolean): void {
    const act = this.done.pop();
    if (act !== undefined && done) this.undone.push(act);
  }

  /** The act that was turned round last was done again; one that could not be is forgotten. */
  redid(done: boolean): void {
    const act = this.undone.pop();
    if (act !== undefined && done) this.done.push(act);
  }

  /** Another session: nothing of the old one can be undone here. */
  clear(): void {
    this.done.length = 0;
    this.undone = [];
  }
}

/** Pulls the plug of a cable. */
export const pullAct = (port: string, cable: string): Act => ({
  way: 'hand',
  lines: [`pull ${port}`],
  opposite: [`plug ${port} ${cable}`],
});

/** Plugs a cable that hangs. */
export const plugAct = (port: string, cable: string): Act => ({
  way: 'hand',
  lines: [`plug ${port} ${cable}`],
  opposite: [`pull ${port}`],
});

/** Exchanges two plugs: its own opposite. */
export const swapAct = (port: string, other: string): Act => {
  const lines = [`swap ${port} with ${other}`];
  return { way: 'hand', lines, opposite: lines };
};

/** Writes a port type, as a shell would. */
export const typeAct = (slot: string, portNumber: number, type: string, was: string): Act => {
  const file = `/sys/bus/pci/devices/${slot}/mlx4_port${portNumber}`;
  return { way: 'shell', lines: [`echo ${type} > ${file}`], opposite: [`echo ${was} > ${file}`] };
};
