// Every word of the terminals, in one table. What the machine's programs say is not among them: it
// comes from the machine.

/** Seconds without digits behind the point. */
const seconds = (ns: number): string => `${Math.floor(ns / 1e9)} s`;

export const terminalTexts = {
  prompt: 'lab# ',
  tabs: 'Terminals and lists',
  hangs: (ns: number) => `hangs ${seconds(ns)}`,
  alive: 'alive',
  left: 'closed',
  tabName: (label: string, state: string) =>
    state === '' ? `Terminal ${label}` : `Terminal ${label}, ${state}`,
  screen: (label: string) => `Terminal ${label}`,
  input: (label: string) => `Terminal ${label}, type a line`,
  split: 'Split',
  one: 'One',
  splitTitle: 'Show two at once',
  oneTitle: 'Show one',
  add: 'New terminal',
  addTitle: 'New terminal (Ctrl Shift `)',
  dmesg: 'dmesg',
  firmware: 'firmware',
  packets: 'packets',
  tasks: 'tasks',
  lookingBack: (time: string) => `You look at ${time}. Go to the live end (l) to type.`,
  recording: 'This is a recording. Fork here (f) to type.',
  realRecording: 'This is a recording of Linux itself: nothing more can be typed.',
  stopped: (why: string) => `The machine has stopped: ${why}.`,
  closed: 'This shell has left. Open a new terminal.',
  away: 'The lab is away.',
  choices: (words: readonly string[], more: number) =>
    `${words.join('  ')}${more === 0 ? '' : `  and ${more} more`}`,
  paused: 'The machine is paused. Run it (F5), and the line goes on.',
} as const;
