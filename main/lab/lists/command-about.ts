// What a firmware command is about, in a word or two: the port, queue or region that its input
// modifier names, and what it does to it. From facts/device 4, as the handlers of the card read
// the modifiers.

import { MLX4_MAP_EQ_UNMAP } from '#prm/events.ts';
import { MLX4_CONFIG_DEV_GET, MLX4_SET_PORT_VIRT2PHY, virtPortMap } from '#prm/firmware.ts';
import {
  MLX4_DUMP_ETH_STATS_RESET,
  MLX4_IF_STAT_RESET,
  MLX4_MCAST_DISABLE,
  MLX4_MCAST_ENABLE,
  MLX4_SET_PORT,
  MLX4_SET_PORT_BEACON_OPCODE,
  MLX4_SET_PORT_IB_OPCODE,
  setPortNumber,
  setPortType,
} from '#prm/port.ts';
import { MLX4_UC_STEER, MLX4_WRITE_MCG_PROMISC, promiscPort, promiscSteer } from '#prm/steering.ts';

/** What is known of a command as it was given. */
export interface GivenCommand {
  /** Short name: `QUERY_FW`. */
  readonly name: string;
  readonly inModifier: number;
  readonly opModifier: number;
  /** First bytes of the input mailbox; empty without one. */
  readonly mailbox: Uint8Array;
}

type About = (command: GivenCommand) => string;

const hex = (value: number): string => `0x${value.toString(16)}`;
const port: About = ({ inModifier }) => `port ${inModifier & 0xff}`;
const numbered =
  (what: string): About =>
  ({ inModifier }) =>
    `${what} ${hex(inModifier)}`;
const pages: About = ({ inModifier }) => `${inModifier} ${inModifier === 1 ? 'block' : 'blocks'}`;

function portMap({ opModifier, mailbox }: GivenCommand): string {
  if (opModifier !== MLX4_SET_PORT_VIRT2PHY) return 'get';
  if (mailbox.length < virtPortMap.sizeBytes) return 'set';
  const { port1, port2 } = virtPortMap.read(mailbox);
  return `set 1→${port1} 2→${port2}`;
}

function setPort({ inModifier, opModifier }: GivenCommand): string {
  const name = `port ${setPortNumber(inModifier)}`;
  if (opModifier === MLX4_SET_PORT_IB_OPCODE) return `${name}, InfiniBand`;
  if (opModifier === MLX4_SET_PORT_BEACON_OPCODE) return `${name}, beacon`;
  const type = setPortType(inModifier);
  const form = Object.entries(MLX4_SET_PORT).find(([, value]) => value === type)?.[0];
  return `${name}, ${form?.toLowerCase().replaceAll('_', ' ') ?? hex(type)}`;
}

function multicastFilter(command: GivenCommand): string {
  const { opModifier } = command;
  if (opModifier === MLX4_MCAST_DISABLE) return `${port(command)}, disable`;
  return `${port(command)}, ${opModifier === MLX4_MCAST_ENABLE ? 'enable' : 'add'}`;
}

function group({ inModifier, opModifier }: GivenCommand): string {
  if (opModifier !== MLX4_WRITE_MCG_PROMISC) return `entry ${inModifier}`;
  const steer = promiscSteer(inModifier) === MLX4_UC_STEER ? 'unicast' : 'multicast';
  return `port ${promiscPort(inModifier)}, all ${steer}`;
}

function statistics(command: GivenCommand): string {
  const resets = (command.inModifier & MLX4_DUMP_ETH_STATS_RESET) !== 0;
  return `${port(command)}${resets ? ', reset' : ''}`;
}

const eqn: About = ({ inModifier }) => `EQN ${inModifier % MLX4_MAP_EQ_UNMAP}`;
const cqn = numbered('cqn');
const qpn: About = ({ inModifier }) => `qpn ${hex(inModifier & 0xff_ffff)}`;
const srqn = numbered('srqn');
const region = numbered('region');

/** By short name. */
const table: Readonly<Record<string, About>> = {
  QUERY_PORT: port,
  SENSE_PORT: port,
  INIT_PORT: port,
  CLOSE_PORT: port,
  SET_PORT: setPort,
  SET_VLAN_FLTR: port,
  SET_MCAST_FLTR: multicastFilter,
  DUMP_ETH_STATS: statistics,
  QUERY_IF_STAT: ({ inModifier }) => `counter ${inModifier % MLX4_IF_STAT_RESET}`,
  MAD_IFC: port,
  CONFIG_DEV: ({ opModifier }) => (opModifier === MLX4_CONFIG_DEV_GET ? 'get' : 'set'),
  VIRT_PORT_MAP: portMap,
  MAP_FA: pages,
  MAP_ICM: pages,
  MAP_ICM_AUX: pages,
  UNMAP_ICM: ({ inModifier }) => `${inModifier} pages`,
  MAP_EQ: ({ inModifier }) =>
    `${inModifier >= MLX4_MAP_EQ_UNMAP ? 'unmap ' : ''}EQN ${inModifier % MLX4_MAP_EQ_UNMAP}`,
  SW2HW_EQ: eqn,
  HW2SW_EQ: eqn,
  QUERY_EQ: eqn,
  SW2HW_CQ: cqn,
  HW2SW_CQ: cqn,
  QUERY_CQ: cqn,
  MODIFY_CQ: cqn,
  SW2HW_SRQ: srqn,
  HW2SW_SRQ: srqn,
  QUERY_SRQ: srqn,
  ARM_SRQ: srqn,
  SW2HW_MPT: region,
  HW2SW_MPT: region,
  QUERY_MPT: region,
  READ_MCG: group,
  WRITE_MCG: group,
  CONF_SPECIAL_QP: qpn,
};

/** A few words, or none. */
export function commandAbout(command: GivenCommand): string {
  const about = table[command.name] ?? (/_QP$/.test(command.name) ? qpn : undefined);
  return about?.(command) ?? '';
}
