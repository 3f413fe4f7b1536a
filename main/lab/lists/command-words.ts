// What a firmware command does, in one sentence. Facts from facts/device 4 and 5; one line for each
// command that the card carries out.

import { MLX4_SET_PORT_VIRT2PHY, configDev, virtPortMap } from '#prm/firmware.ts';
import type { GivenCommand } from './command-about.ts';

const sentences: Readonly<Record<string, string>> = {
  QUERY_FW: 'Asks for the version of the firmware and where its registers are.',
  MAP_FA: 'Gives the firmware memory of the host to live in.',
  UNMAP_FA: 'Takes the memory of the firmware back.',
  RUN_FW: 'Lets the firmware start.',
  QUERY_DEV_CAP: 'Asks what the card can do and how many of everything it has.',
  QUERY_ADAPTER: 'Asks for the board: its identity and its interrupt pin.',
  MOD_STAT_CFG: 'Sets or asks for what the card keeps over a reset.',
  HW_HEALTH_CHECK: 'Asks whether the card is well.',
  NOP: 'Does nothing: the driver tries whether the answer comes by interrupt.',
  SET_ICM_SIZE: 'Says how much context memory the tables need, and asks for the auxiliary pages.',
  MAP_ICM: 'Gives pages of the host to the card’s context memory.',
  UNMAP_ICM: 'Takes pages of the context memory back.',
  MAP_ICM_AUX: 'Gives the auxiliary pages of the context memory.',
  UNMAP_ICM_AUX: 'Takes the auxiliary pages of the context memory back.',
  INIT_HCA: 'Says where every table is and starts the card.',
  CLOSE_HCA: 'Stops the card.',
  QUERY_HCA: 'Asks how the card was started.',
  QUERY_PORT: 'Asks for link, types and addresses of a port.',
  SENSE_PORT: 'Asks which type of link the far end of a port speaks.',
  INIT_PORT: 'Opens a port: its link may come up.',
  CLOSE_PORT: 'Closes a port: its link goes down.',
  SET_PORT: 'Sets what a port is and how it behaves.',
  SET_NODE: 'Sets the description of the node.',
  ACCESS_REG: 'Reads or writes a register of the port.',
  SET_VLAN_FLTR: 'Sets which VLANs a port lets in.',
  SET_MCAST_FLTR: 'Changes the multicast filter of a port.',
  DUMP_ETH_STATS: 'Asks for the counters of a port.',
  QUERY_IF_STAT: 'Asks for a counter of frames and bytes.',
  DIAG_RPRT: 'Asks for the counters of diagnosis.',
  SW2HW_MPT: 'Hands a memory region to the card.',
  QUERY_MPT: 'Asks for a memory region.',
  HW2SW_MPT: 'Takes a memory region back.',
  SYNC_TPT: 'Lets the card forget translations that it has cached.',
  MAP_EQ: 'Says which events go to an event queue.',
  SW2HW_EQ: 'Hands an event queue to the card.',
  HW2SW_EQ: 'Takes an event queue back.',
  QUERY_EQ: 'Asks for an event queue.',
  SW2HW_CQ: 'Hands a completion queue to the card.',
  HW2SW_CQ: 'Takes a completion queue back.',
  QUERY_CQ: 'Asks for a completion queue.',
  MODIFY_CQ: 'Changes how many completions make an event.',
  SW2HW_SRQ: 'Hands a shared receive queue to the card.',
  HW2SW_SRQ: 'Takes a shared receive queue back.',
  QUERY_SRQ: 'Asks for a shared receive queue.',
  ARM_SRQ: 'Asks for an event when a shared receive queue runs low.',
  RST2INIT_QP: 'Takes a queue pair from reset to INIT: it gets its buffer.',
  INIT2INIT_QP: 'Changes a queue pair that is in INIT.',
  INIT2RTR_QP: 'Lets a queue pair receive: INIT to RTR.',
  RTR2RTS_QP: 'Lets a queue pair send: RTR to RTS.',
  RTS2RTS_QP: 'Changes a queue pair that sends.',
  SQERR2RTS_QP: 'Lets a queue pair send again after an error.',
  SQD2RTS_QP: 'Lets a drained queue pair send again.',
  SQD2SQD_QP: 'Changes a queue pair that is drained.',
  RTS2SQD_QP: 'Lets a queue pair send what it has, and no more.',
  '2ERR_QP': 'Puts a queue pair into the error state.',
  '2RST_QP': 'Puts a queue pair into reset: its buffer is free again.',
  QUERY_QP: 'Asks for a queue pair.',
  UPDATE_QP: 'Changes a queue pair while it works.',
  CONF_SPECIAL_QP: 'Names the queue pairs of management.',
  MAD_IFC: 'Hands a management datagram to the firmware.',
  READ_MCG: 'Reads an entry of the steering table.',
  WRITE_MCG: 'Writes an entry of the steering table.',
  MGID_HASH: 'Asks where an address belongs in the steering table.',
  QP_FLOW_STEERING_ATTACH: 'Steers the frames that match a rule to a queue pair.',
  QP_FLOW_STEERING_DETACH: 'Takes a steering rule away.',
  FLOW_STEERING_IB_UC_QP_RANGE: 'Says which queue pairs unicast rules of InfiniBand may name.',
};

function portMapWords({ opModifier, mailbox }: GivenCommand): string {
  if (opModifier !== MLX4_SET_PORT_VIRT2PHY || mailbox.length < virtPortMap.sizeBytes) {
    return 'Asks through which ports the virtual ports leave.';
  }
  const { port1, port2 } = virtPortMap.read(mailbox);
  return `Virtual port 1 leaves through port ${port1}, virtual port 2 through port ${port2}.`;
}

function configWords({ opModifier, mailbox }: GivenCommand): string {
  if (opModifier !== 0 || mailbox.length < configDev.sizeBytes) return 'Asks how the card is set.';
  if (!configDev.get(mailbox, 'update_rx_port_check')) return 'Sets how the card treats packets.';
  return configDev.get(mailbox, 'rx_port_check_disabled')
    ? 'The card no longer checks on which port a packet came.'
    : 'The card checks again on which port a packet came.';
}

/** The sentence of a command. */
export function commandWords(given: GivenCommand): string {
  if (given.name === 'VIRT_PORT_MAP') return portMapWords(given);
  if (given.name === 'CONFIG_DEV') return configWords(given);
  return sentences[given.name] ?? 'The card does not know this command.';
}
