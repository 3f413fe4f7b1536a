// What the story says between its lines: one text for each mark of bond-deadlock.yaml, per act.
// Texts are paragraphs; the terminal's width is worked out when they are printed.

/** One run of the scenario. */
export interface StoryAct {
  readonly variant: string;
  readonly title: string;
  /** By mark. */
  readonly texts: Readonly<Record<string, string>>;
  /** Log and terminals are shown from this mark on. */
  readonly showFrom: string;
  /** Said before the board of detectors. */
  readonly board: string;
}

export interface StoryText {
  readonly title: string;
  readonly opening: string;
  readonly acts: readonly StoryAct[];
  readonly closing: string;
}

const deadlockAct: StoryAct = {
  variant: 'naive',
  title: 'Act 1: the series without its patch 05',
  showFrom: 'load',
  texts: {
    load: `A machine with a two-port ConnectX-3. Three modules: mlx4_core drives the card,
      mlx4_en makes a network device of each port, bonding ties network devices together.`,
    bond: `Both ports become slaves of bond0. The card can bond, too: mlx4_en hears of the new
      slave, queues a work, and the work tells the firmware that both ports' traffic now leaves
      through port 1. While such a work waits it holds a reference on the network device that it
      is about. Remember that reference.`,
    traffic: 'Traffic flows. Port 2 stands by.',
    write: `Now one line of shell: port 1 shall be InfiniBand. The writer takes intf_mutex and
      unregisters eth0. That takes eth0 out of the bond, so bond works are queued, each with a
      reference on eth0, and the first one wants intf_mutex. Then the writer waits until nobody
      holds a reference on eth0. Watch the shell: it does not come back.`,
    others: `On a second terminal nothing seems wrong. RTNL is free, so ip answers; traffic goes
      through port 2; the port still says eth. Only ps shows two tasks in state D.`,
    time: `Time goes on. Every ten seconds the kernel warns about the reference. Look at the
      count: with each new look the writer broadcasts the event again, and one more work joins
      the queue, with one more reference. The hung task detector reports the worker at its
      second look.`,
  },
  board: 'What the detectors say. Only the wait graph sees the cycle; it is not in any kernel.',
};

const mergedAct: StoryAct = {
  variant: 'v6.6',
  title: 'Act 2: the driver as it was merged',
  showFrom: 'write',
  texts: {
    load: `The same machine, the same bond, the same line. But the bond work now lives in
      mlx4_core, on a queue of its own, and holds the PCI device, not the network device.`,
    write: `The work still waits for intf_mutex. The writer waits for nothing that the work has:
      it ends, and the work after it.`,
    others: 'Port 1 is InfiniBand, and nobody waits.',
  },
  board: 'What the detectors say now:',
};

export const storyText: StoryText = {
  title: 'The bond deadlock',
  opening: `In August 2023 a series of patches moved the mlx4 driver to the auxiliary bus. Its
    author explained in a mail why one of them must come before another: without it, changing
    the type of a port while the card is bonded never ends. The deadlock was never in a released
    kernel. Here it is.`,
  acts: [deadlockAct, mergedAct],
  closing: `Both runs are exact: run them again and every byte is the same. To make the deadlock
    by hand: npx mlx4-lab shell --variant naive. To try other schedules: npx mlx4-lab run
    main/lab/scenarios/bond-deadlock.yaml --variant early-unregister --seed 1.`,
};
