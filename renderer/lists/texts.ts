// Every word of the lists (kernel log, firmware commands, packets, tasks), in one table. Names of
// the kernel's are not among them.

import { groupedCount } from '../ui/numbers.ts';

export const listTexts = {
  earlier: (count: number) => `${groupedCount(count)} earlier: narrow the filter, or export.`,
  later: (count: number) => `${groupedCount(count)} more: narrow the filter, or export.`,
  words: 'filter',
  any: 'any',
  time: 'time, s',
  dmesg: {
    label: 'Kernel log',
    level: 'least grave level',
    text: 'text',
    heads: ['l', 'time, s', 'text'],
    empty: 'The kernel has printed no such line.',
    /** By number, gravest first. */
    levels: ['emergency', 'alert', 'critical', 'failure', 'warning', 'notice', 'info', 'debug'],
    letters: ['M', 'A', 'C', 'E', 'W', 'N', 'I', 'D'],
    upTo: (level: string) => `to ${level}`,
  },
  firmware: {
    label: 'Firmware commands',
    heads: ['time, s', 'command', 'about', 'by', 'took', 'status'],
    numbers: ['took'],
    empty: 'No command yet.',
    who: 'who',
    status: 'status',
    statuses: { any: 'any', open: 'no answer', bad: 'not OK' },
    sent: 'sent',
    soFar: (count: number, bad: number) =>
      `${groupedCount(count)} so far, ${bad === 0 ? 'all OK' : `${groupedCount(bad)} not OK`}`,
  },
  packets: {
    label: 'Packets',
    heads: ['time, s', 'port', 'way', 'packet', 'bytes'],
    numbers: ['bytes'],
    empty: 'No packet has passed.',
    port: 'port',
    ways: { sent: 'out', received: 'in', dropped: 'lost' },
    detail: (bytes: number) => `${groupedCount(bytes)} bytes`,
    dropped: 'Nothing of a packet is kept that is lost before the wire.',
    close: 'Close',
  },
  tasks: {
    label: 'Tasks',
    heads: ['task', 'pid', 'ps', 'waits for', 'holds', 'top of stack', 'since, s'],
    numbers: ['pid', 'since, s'],
    empty: 'No task yet.',
    pid: (pid: number) => `pid ${pid}`,
    stack: (name: string) => `Stack of ${name}`,
    runs: 'It does not sleep: it has no stack to show.',
    notRecorded: 'Stacks are not in a recording.',
    past: 'Stacks are known at the live end only. Press l.',
    gone: 'This task has ended.',
    close: 'Close',
  },
} as const;
