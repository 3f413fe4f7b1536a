// Fault switches in scenario files: a name and its settings, each setting read by its own kind and
// each mistake found before anything runs. The switches are those of main/device/faults.ts and
// main/fabric/faults.ts; a scenario cannot name one that they do not have.

import { faultDescriptions } from '#device/faults.ts';
import type { Fault, FaultTarget } from '#device/faults.ts';
import type { FaultDirection } from '#fabric/faults.ts';
import { commandTable } from '#prm/opcodes.ts';
import type { CommandName } from '#prm/opcodes.ts';
import { CMD_STAT } from '#prm/status.ts';
import { labCard } from './names.ts';
import type { Names } from './names.ts';
import { mendWord } from './nearest.ts';
import { present } from './present.ts';
import type { Value } from './reader.ts';
import type { CableFaultName, FaultName, FaultSpec } from './scenario.ts';

/** Settings of one fault by key, as they stand in the file. */
type Settings = Readonly<Partial<Record<string, Value>>>;

/** A setting that must be there: its key, an example for the mend, and who reads it. */
interface Setting {
  readonly key: string;
  readonly example: string;
}

interface FaultReader {
  readonly required: readonly Setting[];
  readonly optional: readonly string[];
  /** One line for people. */
  readonly what: string;
  read(settings: Settings, names: Names): FaultSpec | undefined;
}

const timesMax = 1_000_000;
const prefix = 'MLX4_CMD_';
const commandNames = Object.keys(commandTable).map((name) => name.slice(prefix.length));

const command: Setting = { key: 'command', example: 'VIRT_PORT_MAP' };
const cablePort: Setting = { key: 'port', example: 'card0 port 1' };

/** A firmware command with or without its prefix, or `any`. */
export function parseCommand(value: Value): FaultTarget | undefined {
  const text = value.text();
  if (text === undefined || text === 'any') return text;
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (commandNames.includes(name)) return `${prefix}${name}` as CommandName;
  return value.fail(
    `knows no firmware command ${JSON.stringify(text)}`,
    mendWord(name, [...commandNames, 'any']),
  );
}

/** A status by its name in main/prm/status.ts. */
function parseStatus(value: Value): number | undefined {
  const failures = Object.keys(CMD_STAT).filter((name) => name !== 'OK');
  const name = value.oneOf(failures);
  return name === undefined ? undefined : CMD_STAT[name as keyof typeof CMD_STAT];
}

const count = (settings: Settings): { count?: number } =>
  present({ count: settings['count']?.integer(1, timesMax) });

const onCard = (fault: Fault): FaultSpec => ({ on: 'card', fault });

const slowCommand: FaultReader = {
  what: faultDescriptions.slowCommand,
  required: [command, { key: 'extra', example: '300ms' }],
  optional: [],
  read(settings) {
    const target = parseCommand(settings['command']!);
    const extraNs = settings['extra']!.time();
    if (target === undefined || extraNs === undefined) return undefined;
    return onCard({ name: 'slowCommand', command: target, extraNs });
  },
};

const holdCommand: FaultReader = {
  what: faultDescriptions.holdCommand,
  required: [command],
  optional: [],
  read(settings) {
    const target = parseCommand(settings['command']!);
    return target && onCard({ name: 'holdCommand', command: target });
  },
};

const failCommand: FaultReader = {
  what: faultDescriptions.failCommand,
  required: [command, { key: 'status', example: 'BAD_PARAM' }],
  optional: ['count'],
  read(settings) {
    const target = parseCommand(settings['command']!);
    const status = parseStatus(settings['status']!);
    const times = count(settings);
    if (target === undefined || status === undefined) return undefined;
    return onCard({ name: 'failCommand', command: target, status, ...times });
  },
};

const dropCommand: FaultReader = {
  what: faultDescriptions.dropCommand,
  required: [command],
  optional: ['count'],
  read(settings) {
    const target = parseCommand(settings['command']!);
    const times = count(settings);
    return target && onCard({ name: 'dropCommand', command: target, ...times });
  },
};

const dropInterrupt: FaultReader = {
  what: faultDescriptions.dropInterrupt,
  required: [],
  optional: ['count'],
  read: (settings) => onCard({ name: 'dropInterrupt', ...count(settings) }),
};

const catastrophic: FaultReader = {
  what: faultDescriptions.catastrophic,
  required: [],
  optional: [],
  read: () => onCard({ name: 'catastrophic' }),
};

const portFlap: FaultReader = {
  what: faultDescriptions.portFlap,
  required: [cablePort, { key: 'down', example: '200ms' }],
  optional: ['up', 'count'],
  read(settings, names) {
    const port = names.cardPort(settings['port']!);
    const downNs = settings['down']!.time();
    const more = { ...present({ upNs: settings['up']?.time() }), ...count(settings) };
    if (port === undefined || downNs === undefined) return undefined;
    const portNumber = port.endsWith('2') ? 2 : 1;
    const [card] = port.split(' ');
    const fault = onCard({ name: 'portFlap', portNumber, downNs, ...more });
    return card === labCard ? fault : { ...fault, ...present({ card }) };
  },
};

/** A fault of every nth frame. */
function everyNth(
  name: CableFaultName,
  key: 'dropEveryNth' | 'corruptEveryNth',
  what: string,
): FaultReader {
  const directions = ['both', 'fromA', 'fromB'] as const satisfies readonly FaultDirection[];
  return {
    what,
    required: [cablePort, { key: 'everyNth', example: '10' }],
    optional: ['direction'],
    read(settings, names) {
      const port = names.port(settings['port']!);
      const nth = settings['everyNth']!.integer(1, timesMax);
      const direction = settings['direction']?.oneOf(directions) ?? 'both';
      if (port === undefined || nth === undefined) return undefined;
      return { on: 'cable', name, port, settings: { [key]: nth, direction } };
    },
  };
}

const cableFlap: FaultReader = {
  what: 'a cable loses its signal for down, count times, up apart',
  required: [cablePort, { key: 'down', example: '200ms' }, { key: 'up', example: '1s' }],
  optional: ['count'],
  read(settings, names) {
    const port = names.port(settings['port']!);
    const downNs = settings['down']!.time();
    const upNs = settings['up']!.time();
    const times = settings['count']?.integer(1, timesMax) ?? 1;
    if (port === undefined || downNs === undefined || upNs === undefined) return undefined;
    return { on: 'cable', name: 'cableFlap', port, settings: { flap: { downNs, upNs, times } } };
  },
};

const readers: Readonly<Record<FaultName, FaultReader>> = {
  slowCommand,
  holdCommand,
  failCommand,
  dropCommand,
  dropInterrupt,
  catastrophic,
  portFlap,
  frameLoss: everyNth('frameLoss', 'dropEveryNth', 'every nth frame on a cable is lost'),
  frameDamage: everyNth('frameDamage', 'corruptEveryNth', 'every nth frame arrives damaged'),
  cableFlap,
};

/** Every fault switch that a scenario may name. */
export const faultNames = Object.keys(readers) as readonly FaultName[];

/** What a fault switch does, in one line. */
export const faultText = (name: FaultName): string => readers[name].what;

/** Parses `{ name: slowCommand, command: SET_PORT, extra: 300ms }`. */
export function parseFault(value: Value, names: Names): FaultSpec | undefined {
  const given = value.entries('name: slowCommand, then its settings');
  const nameValue = given.find(([key]) => key === 'name')?.[1];
  if (nameValue === undefined) {
    return value.isMap
      ? value.fail('names no fault', `add name: ${faultNames.join(' | ')}`)
      : undefined;
  }
  const name = nameValue.oneOf(faultNames);
  if (name === undefined) return undefined;
  const reader = readers[name];
  const known = ['name', ...reader.required.map(({ key }) => key), ...reader.optional];
  const settings: Settings = value.map(known);
  const missing = reader.required.filter(({ key }) => settings[key] === undefined);
  for (const { key, example } of missing) {
    value.fail(`(${name}) has no ${key}`, `add ${key}: ${example}`);
  }
  return missing.length > 0 ? undefined : reader.read(settings, names);
}
