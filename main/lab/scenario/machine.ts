// The machine of a scenario: CPUs, HZ, variant, card, network, module parameters. What is not said
// is as in the default machine. Module parameters are checked by name; their values are the
// module's business.

import { cardProfiles } from '#device/options.ts';
import type { CardOptions, PortOptions } from '#device/options.ts';
import { moduleDefinitions } from '#driver/modules.ts';
import { MLX4_DEV_CAP_FLAG, MLX4_DEV_CAP_FLAG2 } from '#prm/dev-cap.ts';
import type { DevCapFlag, DevCapFlag2 } from '#prm/dev-cap.ts';
import { defaultMachineSpec } from '../default-machine.ts';
import { mendWord } from './nearest.ts';
import { Names } from './names.ts';
import type { VariantCheck } from './names.ts';
import { networkKeys, parseNetwork } from './network.ts';
import { present } from './present.ts';
import type { Value } from './reader.ts';
import type { CardSpec, MachineSpec } from './scenario.ts';

const hzValues = ['100', '250', '300', '1000'] as const;
const profiles = ['default', 'full', 'trace61'] as const;

/** Parses the machine; without one it is the default machine. */
export function parseMachine(value: Value | undefined, variantMend: VariantCheck): MachineSpec {
  const keys =
    value?.map([
      'cpus',
      'hz',
      'variant',
      'card',
      'modules',
      'rename',
      'autoload',
      ...networkKeys,
    ]) ?? {};
  const topology = parseNetwork(keys, value);
  const names = new Names(topology, variantMend);
  const hz = keys.hz?.oneOf(hzValues);
  return {
    ...defaultMachineSpec,
    ...present({
      cpus: keys.cpus?.integer(1, 64),
      hz: hz === undefined ? undefined : Number(hz),
      variant: keys.variant === undefined ? undefined : names.variant(keys.variant),
      card: keys.card === undefined ? undefined : parseCard(keys.card),
      rename: keys.rename?.boolean(),
      autoload: keys.autoload?.boolean(),
    }),
    topology,
    moduleOptions: parseModules(keys.modules),
  };
}

/** `name=value name=value` for each module; names are checked, values are the module's business. */
function parseModules(value: Value | undefined): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  const moduleNames = moduleDefinitions.map(({ name }) => name);
  for (const [name, parameters] of value?.entries() ?? []) {
    const text = parameters.text() ?? '';
    const definition = moduleDefinitions.find((each) => each.name === name);
    if (definition === undefined) {
      parameters.fail('is not a module of the lab', mendWord(name, moduleNames));
      continue;
    }
    const known = definition.params.map((param) => param.name);
    for (const word of text.split(/\s+/).filter((each) => each !== '')) {
      const [parameter = ''] = word.split('=');
      if (known.includes(parameter)) continue;
      parameters.fail(`names no parameter: ${JSON.stringify(word)}`, mendWord(parameter, known));
    }
    options.set(name, text);
  }
  return options;
}

/** `default`, or a map with what differs from a profile. */
function parseCard(value: Value): CardSpec {
  const { card } = defaultMachineSpec;
  if (!value.isMap) return { ...card, profile: value.oneOf(profiles) ?? card.profile };
  const keys = value.map(['profile', 'slot', 'msixVectors', 'with', 'without', 'port1', 'port2']);
  const profile = keys.profile?.oneOf(profiles) ?? card.profile;
  const base = cardProfiles[profile];
  const added = keys.with?.list().flatMap((item) => flagOf(item) ?? []) ?? [];
  const removed = keys.without?.list().flatMap((item) => flagOf(item) ?? []) ?? [];
  const wanted = <F extends string>(
    flags: readonly F[],
    known: Readonly<Record<F, unknown>>,
  ): F[] =>
    [...flags, ...added.filter((flag): flag is F => Object.hasOwn(known, flag))].filter(
      (flag, index, all) => !removed.includes(flag) && all.indexOf(flag) === index,
    );
  const options: Partial<CardOptions> = {
    flags: wanted<DevCapFlag>(base.flags, MLX4_DEV_CAP_FLAG),
    flags2: wanted<DevCapFlag2>(base.flags2, MLX4_DEV_CAP_FLAG2),
    ports: [parsePort(keys.port1, base.ports[0]), parsePort(keys.port2, base.ports[1])],
    ...present({ msixVectors: keys.msixVectors?.integer(0, 128) }),
  };
  return { profile, slot: parseSlot(keys.slot) ?? card.slot, options };
}

/** Domain, bus, device and function, as in sysfs. */
function parseSlot(value: Value | undefined): string | undefined {
  const text = value?.text();
  if (text === undefined || /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/.test(text)) return text;
  return value?.fail('is no PCI address', 'write it as sysfs does: "0000:06:00.0"');
}

/** A capability flag by its name in main/prm/dev-cap.ts. */
function flagOf(value: Value): string | undefined {
  const known = [...Object.keys(MLX4_DEV_CAP_FLAG), ...Object.keys(MLX4_DEV_CAP_FLAG2)];
  const name = value.text();
  if (name === undefined || known.includes(name)) return name;
  return value.fail(`knows no capability ${JSON.stringify(name)}`, mendWord(name, known));
}

/** How a port left the factory: its types, and whether the driver shall sense. */
function parsePort(value: Value | undefined, base: PortOptions): PortOptions {
  const keys = value?.map(['type', 'types', 'sense']) ?? {};
  const types = keys.types?.list().flatMap((item) => item.oneOf(['ib', 'eth']) ?? []);
  if (types?.length === 0) keys.types?.fail('names no type', 'write [ib], [eth] or [ib, eth]');
  return {
    ...base,
    ...present({
      suggested: keys.type?.oneOf(['ib', 'eth']),
      defaultSense: keys.sense?.boolean(),
      supportsIb: types?.includes('ib'),
      supportsEth: types?.includes('eth'),
    }),
  };
}
