// What reaches a machine from outside: typed lines, Ctrl-C, cables, fault switches. Everything goes
// through here, whoever does it, so that a person's inputs can be recorded and given again.

import type { CableFaultName, FaultName, FaultSpec, Input } from './scenario/scenario.ts';
import type { LabMachine } from './machine.ts';
import type { CableFaults } from '#fabric/faults.ts';

/** An input of a person, with the moment at which it entered. */
export interface RecordedInput {
  /** Points before it. */
  readonly point: number;
  /** Events before it: some come without a point. */
  readonly seq: number;
  /** The clock may have moved since the last event. */
  readonly timeNs: number;
  readonly input: Input;
}

/** Card that an input is for, if it is for one and not for the first. */
export function cardOfInput(input: Input): string | undefined {
  switch (input.kind) {
    case 'fault':
      return input.fault.on === 'card' ? input.fault.card : undefined;
    case 'clearFault':
    case 'release':
      return input.card;
    default:
      return undefined;
  }
}

function cardText(input: Input): string {
  const card = cardOfInput(input);
  return card === undefined ? '' : ` on ${card}`;
}

/** An input in words, for the trace and for logs. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'type':
      return `${input.terminal}$ ${input.line}`;
    case 'interrupt':
      return `${input.terminal} Ctrl-C`;
    case 'cable':
      return `${input.action} ${input.port}${input.other === null ? '' : `, ${input.other}`}`;
    case 'farPort':
      return `${input.enabled ? 'enable' : 'disable'} ${input.port}`;
    case 'fault':
      return `fault ${faultNameOf(input.fault)}${cardText(input)}`;
    case 'clearFault':
      return `clear fault ${input.name}${cardText(input)}`;
    case 'release':
      return `release ${input.command}${cardText(input)}`;
  }
}

/** Name of a fault switch. */
export const faultNameOf = (fault: FaultSpec): FaultName =>
  fault.on === 'card' ? fault.fault.name : fault.name;

/** Does it. Gives null, or in words why it was not done. */
export function applyInput(machine: LabMachine, input: Input): string | null {
  switch (input.kind) {
    case 'type':
      machine.terminal(input.terminal).type(input.line);
      return null;
    case 'interrupt':
      machine.terminal(input.terminal).interrupt();
      return null;
    default:
      return applyHand(machine, input);
  }
}

/** What hands reach around a computer, whichever it is. */
export type Reached = Pick<LabMachine, 'card' | 'fabric'>;

/** What hands do. */
export type HandInput = Exclude<Input, { readonly kind: 'type' | 'interrupt' }>;

/** The same for hands alone. */
export function applyHand(reached: Reached, input: HandInput): string | null {
  switch (input.kind) {
    case 'cable':
      return reached.fabric.act(input.action, input.port, input.other ?? undefined);
    case 'farPort':
      return setFarPort(reached, input.port, input.enabled);
    case 'fault':
      return setFault(reached, input.fault);
    case 'clearFault':
      return clearFault(reached, input.name);
    case 'release': {
      const count = reached.card.faults.release(input.command);
      return count > 0 ? null : `no command ${input.command} is held`;
    }
  }
}

function setFarPort({ fabric }: Reached, port: string, enabled: boolean): string | null {
  const host = fabric.hosts.find(({ name }) => name === port);
  const match = /^(.+) port (\d+)$/.exec(port);
  const owner = fabric.switches.find(({ name }) => name === match?.[1]);
  if (host !== undefined) host.setEnabled(enabled);
  else if (owner !== undefined) owner.port(Number(match![2])).setEnabled(enabled);
  else return `${port} is no port of a switch or host`;
  return null;
}

/** Switches a fault on. */
export function setFault({ card, fabric }: Reached, fault: FaultSpec): string | null {
  if (fault.on === 'card') {
    card.faults.set(fault.fault);
    return null;
  }
  const place = fabric.cableAt(fault.port);
  if (place === null) return `nothing is plugged into ${fault.port}`;
  place.cable.setFaults(fault.settings);
  return null;
}

/** What makes a cable whole again. */
const cableCures: Readonly<Record<CableFaultName, Partial<CableFaults>>> = {
  frameLoss: { dropEveryNth: 0 },
  frameDamage: { corruptEveryNth: 0 },
  cableFlap: { flap: null },
};

const isCableFault = (name: FaultName): name is CableFaultName => Object.hasOwn(cableCures, name);

/** Switches off every fault of this name, on the card and on all cables. */
function clearFault({ card, fabric }: Reached, name: FaultName): string | null {
  if (!isCableFault(name)) card.faults.clear(name);
  else for (const cable of fabric.cables) cable.setFaults(cableCures[name]);
  return null;
}
