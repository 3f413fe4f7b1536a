// Goal: from probe to link up the driver sends the card the commands that the real 6.1 driver sent
// (opcodes, modifiers, immediates, mailboxes, order), on a machine set up as the recorded one. Each
// difference stands here with its reason; nothing else may differ.
// Method: play the same steps; make the changes that the reasons explain in the recording; compare.

import { expect, test } from 'vitest';
import { INIT_HCA_CACHELINE_64 } from '#prm/firmware.ts';
import { cutLike, describeCommands, readRecording } from '#test/support/recorded-commands.ts';
import type { RecordedCommand } from '#test/support/recorded-commands.ts';
import { play, story } from '#test/support/story.ts';

/** One CPU, and the card of the recording. */
const machine = ['cpus: 1', 'card: { profile: trace61 }'];
const setting = { machine, modules: 'mlx4_core mlx4_en', mode: null };
const steps = ['run: ip link set eth0 up', 'sleep: 1500ms'];

/** Where INIT_HCA has the size of a cache line, and where a CQ context has its doorbell record. */
const cachelineAt = 2 * 0x0e;
const recordAt = 2 * 0x38;

/** What the two sides have in common by their nature. */
function comparable(command: RecordedCommand): RecordedCommand {
  const { name, mailbox, inModifier, input } = command;
  return {
    ...command,
    // Tokens count commands, so they shift with the first difference; sequence.test.ts holds them.
    token: 0,
    // The recorded machine named mailboxes by address; of ours the first use counts, too.
    input: input.startsWith('mailbox') ? 'mailbox' : asRecorded(input),
    // The recorded card's hash of every address was 0.
    inModifier: name === 'READ_MCG' || name === 'WRITE_MCG' ? 0 : inModifier,
    // Doorbell records lie elsewhere, and what follows them in the context.
    mailbox: name === 'SW2HW_CQ' ? mailbox.slice(0, recordAt) : mailbox,
  };
}

/** The recorder kept immediates as floating-point numbers: 53 bits of them. */
const asRecorded = (hex: string): string => BigInt(Number(`0x${hex}`)).toString(16);

/** The recorded machine had cache lines of 32 bytes; ours has 64. */
function withOurCacheLine(command: RecordedCommand): RecordedCommand {
  if (command.name !== 'INIT_HCA') return command;
  const { mailbox } = command;
  expect(mailbox.slice(cachelineAt, cachelineAt + 2)).toBe('30');
  const ours = INIT_HCA_CACHELINE_64.toString(16);
  const rest = mailbox.slice(cachelineAt + 2);
  return { ...command, mailbox: mailbox.slice(0, cachelineAt) + ours + rest };
}

const queryPort = (portNumber: number): RecordedCommand => ({
  name: 'QUERY_PORT',
  opcode: 0x43,
  inModifier: portNumber,
  opModifier: 0,
  token: 0,
  event: true,
  input: '0',
  mailbox: '',
});

/** Names of a part of the recording, to see that it is the one that is meant. */
const namesOf = (part: readonly RecordedCommand[]): string =>
  part.map(({ name }) => name).join(' ');

const filter = 'SET_MCAST_FLTR';
const attach = 'MGID_HASH READ_MCG WRITE_MCG';

/** The recording with the two differences in order. */
function expected(): RecordedCommand[] {
  const recording = readRecording('hcr-6.1-core-en-up.txt').map(withOurCacheLine);
  const part = (from: number, to: number, names: string): RecordedCommand[] => {
    const found = recording.slice(from, to);
    expect(namesOf(found)).toBe(names);
    return found;
  };
  const flushes = (addresses: number): string =>
    Array(addresses + 3)
      .fill(filter)
      .join(' ');
  const inProbe = recording.slice(0, 73);
  const toAddresses = recording.slice(73, 96);
  // The recorded firmware answered inside the register write, so the work that programs addresses
  // ran to its end at each wake-up: twice before the interface had the addresses of IPv4 and IPv6.
  // Ours takes microseconds for a command: the opener has added all of them by the first.
  part(96, 100, flushes(1));
  const allNodes = part(100, 103, attach);
  part(103, 107, flushes(1));
  const statistics = part(107, 109, 'DUMP_ETH_STATS MODIFY_CQ');
  const allThree = part(109, 115, flushes(3));
  const others = part(115, 121, `${attach} ${attach}`);
  const again = part(121, 127, flushes(3));
  const later = part(127, 131, Array(4).fill('DUMP_ETH_STATS').join(' '));
  return [
    ...inProbe,
    // The recorded card had its links at once and told nobody. Ours trains them and sends an event;
    // mlx4_en asks for the state of each port that has come up.
    queryPort(1),
    queryPort(2),
    ...toAddresses,
    ...allThree,
    ...allNodes,
    ...others,
    ...again,
    ...statistics,
    ...later,
  ];
}

test('131 commands from probe to link up, but for the reasons that stand here', () => {
  const { commands, result } = play(story(setting, steps), { variant: 'v6.1' });
  expect(result.outcome).toBe('settled');
  const recorded = expected();
  const ours = cutLike(describeCommands(commands.slice(0, recorded.length)), recorded);
  expect(ours.map(comparable)).toEqual(recorded.map(comparable));
});
