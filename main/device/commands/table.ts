// The dispatch table: every command that prm/opcodes.ts calls modelled has a row here, and no
// other. A missing or surplus row is a type error.

import type { ModelledCommand } from '#prm/opcodes.ts';
import type { Command } from '../command.ts';
import type { Hca, Phase } from '../hca.ts';
import * as completion from './completion.ts';
import * as event from './event.ts';
import * as firmware from './firmware.ts';
import * as flow from './flow.ts';
import * as initHca from './init-hca.ts';
import * as mad from './mad.ts';
import * as memory from './memory.ts';
import * as multicast from './multicast.ts';
import * as port from './port.ts';
import * as qp from './qp.ts';
import * as remap from './remap.ts';
import * as setPort from './set-port.ts';
import * as srq from './srq.ts';

/** Carries a command out. Throws a Refusal when it will not. */
export type Handler = (hca: Hca, command: Command) => void;

/** One command. */
export interface CommandBehaviour {
  /** How far the driver must have come. */
  readonly needs: Phase;
  readonly run: Handler;
  /** Opcode modifiers that the card knows; any other is a bad operation. */
  readonly opModifiers: readonly number[];
  /** For commands whose input varies: the opcode modifier with an input mailbox. */
  readonly mailboxFor?: number;
}

const plain: readonly number[] = [0];
const optionalOutput: readonly number[] = [0, 1];
/** Bits 0 to 2 of MAD_IFC: ignore M_Key, ignore B_Key, extended information. */
const madModifiers: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

type Make = (
  run: Handler,
  opModifiers?: readonly number[],
  mailboxFor?: number,
) => CommandBehaviour;

const from =
  (needs: Phase): Make =>
  (run, opModifiers = plain, mailboxFor) =>
    mailboxFor === undefined
      ? { needs, run, opModifiers }
      : { needs, run, opModifiers, mailboxFor };

const power = from('power');
const running = from('running');
const ready = from('initialised');

const nothing: Handler = () => undefined;

export const commandRows = {
  MLX4_CMD_QUERY_FW: power(firmware.queryFirmware),
  MLX4_CMD_MAP_FA: power(firmware.mapFirmwareArea),
  MLX4_CMD_UNMAP_FA: power(firmware.unmapFirmwareArea),
  MLX4_CMD_RUN_FW: power(firmware.runFirmware),
  MLX4_CMD_QUERY_DEV_CAP: running(firmware.queryDeviceCapabilities),
  MLX4_CMD_QUERY_ADAPTER: running(firmware.queryBoard),
  MLX4_CMD_MOD_STAT_CFG: running(firmware.modStatConfig, [0, 2], 0),
  MLX4_CMD_HW_HEALTH_CHECK: running(nothing),
  MLX4_CMD_NOP: running(nothing),
  MLX4_CMD_SET_ICM_SIZE: running(firmware.setIcmSize),
  MLX4_CMD_MAP_ICM: running(firmware.mapIcm),
  MLX4_CMD_UNMAP_ICM: running(firmware.unmapIcm),
  MLX4_CMD_MAP_ICM_AUX: running(firmware.mapIcmAux),
  MLX4_CMD_UNMAP_ICM_AUX: running(firmware.unmapIcmAux),
  MLX4_CMD_INIT_HCA: running(initHca.initHcaCommand),
  MLX4_CMD_CLOSE_HCA: running(initHca.closeHca, [0, 1]),
  MLX4_CMD_QUERY_HCA: running(initHca.queryHcaCommand),
  MLX4_CMD_CONFIG_DEV: running(remap.configDevice, [0, 1], 0),
  MLX4_CMD_VIRT_PORT_MAP: ready(remap.virtualPortMap, [0, 1], 1),
  MLX4_CMD_QUERY_PORT: running(port.queryPortCommand),
  MLX4_CMD_SENSE_PORT: running(port.sensePort),
  MLX4_CMD_INIT_PORT: ready(port.initPort),
  MLX4_CMD_CLOSE_PORT: ready(port.closePort),
  MLX4_CMD_SET_PORT: ready(setPort.setPort, [0, 1, 4]),
  MLX4_CMD_SET_NODE: ready(mad.setNode),
  MLX4_CMD_ACCESS_REG: running(port.accessRegister),
  MLX4_CMD_SET_VLAN_FLTR: ready(port.setVlanFilter),
  MLX4_CMD_SET_MCAST_FLTR: ready(port.setMulticastFilter, [0, 1, 2]),
  MLX4_CMD_DUMP_ETH_STATS: ready(port.dumpStatistics),
  MLX4_CMD_QUERY_IF_STAT: ready(port.queryCounter),
  MLX4_CMD_DIAG_RPRT: ready(port.diagnosticReport, [2]),
  MLX4_CMD_SW2HW_MPT: ready(memory.createRegion),
  MLX4_CMD_QUERY_MPT: ready(memory.queryRegion),
  MLX4_CMD_HW2SW_MPT: ready(memory.destroyRegion, optionalOutput),
  MLX4_CMD_SYNC_TPT: ready(memory.syncTables),
  MLX4_CMD_MAP_EQ: ready(event.mapEventQueue),
  MLX4_CMD_SW2HW_EQ: ready(event.createEventQueue),
  MLX4_CMD_HW2SW_EQ: ready(event.destroyEventQueue, optionalOutput),
  MLX4_CMD_QUERY_EQ: ready(event.queryEventQueue),
  MLX4_CMD_SW2HW_CQ: ready(completion.createCompletionQueue),
  MLX4_CMD_HW2SW_CQ: ready(completion.destroyCompletionQueue, optionalOutput),
  MLX4_CMD_QUERY_CQ: ready(completion.queryCompletionQueue),
  MLX4_CMD_MODIFY_CQ: ready(completion.modifyCompletionQueue, [1]),
  MLX4_CMD_SW2HW_SRQ: ready(srq.createSharedQueue),
  MLX4_CMD_HW2SW_SRQ: ready(srq.destroySharedQueue, optionalOutput),
  MLX4_CMD_QUERY_SRQ: ready(srq.querySharedQueue),
  MLX4_CMD_ARM_SRQ: ready(srq.armSharedQueue),
  MLX4_CMD_RST2INIT_QP: ready(qp.resetToInit),
  MLX4_CMD_INIT2INIT_QP: ready(qp.transition('INIT', 'INIT')),
  MLX4_CMD_INIT2RTR_QP: ready(qp.transition('INIT', 'RTR')),
  MLX4_CMD_RTR2RTS_QP: ready(qp.transition('RTR', 'RTS')),
  MLX4_CMD_RTS2RTS_QP: ready(qp.transition('RTS', 'RTS')),
  MLX4_CMD_SQERR2RTS_QP: ready(qp.transition('SQER', 'RTS')),
  MLX4_CMD_SQD2RTS_QP: ready(qp.transition('SQD', 'RTS')),
  MLX4_CMD_SQD2SQD_QP: ready(qp.transition('SQD', 'SQD')),
  MLX4_CMD_RTS2SQD_QP: ready(qp.drain),
  MLX4_CMD_2ERR_QP: ready(qp.toError),
  MLX4_CMD_2RST_QP: ready(qp.toReset, [0, 2]),
  MLX4_CMD_QUERY_QP: ready(qp.queryQueuePair),
  MLX4_CMD_UPDATE_QP: ready(qp.updateQueuePair),
  MLX4_CMD_CONF_SPECIAL_QP: ready(qp.configureSpecial),
  MLX4_CMD_MAD_IFC: ready(mad.madInterface, madModifiers),
  MLX4_CMD_READ_MCG: ready(multicast.readGroup),
  MLX4_CMD_WRITE_MCG: ready(multicast.writeGroup, [0, 1]),
  MLX4_CMD_MGID_HASH: ready(multicast.hashGid, [0, 1]),
  MLX4_QP_FLOW_STEERING_ATTACH: ready(flow.attachRule),
  MLX4_QP_FLOW_STEERING_DETACH: ready(flow.detachRule),
  MLX4_FLOW_STEERING_IB_UC_QP_RANGE: ready(flow.setIbRange),
} as const satisfies { readonly [N in ModelledCommand]: CommandBehaviour };
