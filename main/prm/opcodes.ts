// The one command table of the ConnectX-3 (facts/device 4, include/linux/mlx4/cmd.h): name, opcode,
// kind of parameters, and how far the card models it. The card dispatches through it: a missing or
// surplus handler is a type error. A refused command answers the card's own status and leaves a
// trace event. Parameter kinds are those of command interface revision 3 and native mode. Commands
// without a documented parameter ('–' in the facts) have `none`.
// Left out: input and opcode modifiers of each command; they are beside the layouts that they go
// with (port.ts, steering.ts, mad.ts, firmware.ts).

/** What a command parameter is. `varies`: it depends on the opcode modifier. */
export type ParameterKind = 'none' | 'immediate' | 'mailbox' | 'varies';

/** How far the card models a command. */
export type ModelledState = 'full' | 'partial' | 'constant' | 'refused';

/** One firmware command; `opcode` has 12 bits. */
export interface CommandRow {
  readonly opcode: number;
  readonly in: ParameterKind;
  readonly out: ParameterKind;
  readonly modelled: ModelledState;
  /** What is missing, when the state is not full. */
  readonly note: string;
}

const row = <const M extends ModelledState>(
  opcode: number,
  input: ParameterKind,
  output: ParameterKind,
  modelled: M,
  note = '',
) => ({ opcode, in: input, out: output, modelled, note });

const sriov = 'SR-IOV is out of scope';
const virtual = 'a virtual function sends it to its master; it never reaches firmware';
const unused = 'no Linux 6.1 driver sends it';

export const commandTable = {
  // Initialisation and general.
  MLX4_CMD_SYS_EN: row(0x001, 'none', 'none', 'refused', unused),
  MLX4_CMD_SYS_DIS: row(0x002, 'none', 'none', 'refused', unused),
  MLX4_CMD_QUERY_DEV_CAP: row(0x003, 'none', 'mailbox', 'full'),
  MLX4_CMD_QUERY_FW: row(0x004, 'none', 'mailbox', 'full'),
  MLX4_CMD_QUERY_DDR: row(0x005, 'none', 'none', 'refused', unused),
  MLX4_CMD_QUERY_ADAPTER: row(0x006, 'none', 'mailbox', 'full'),
  MLX4_CMD_INIT_HCA: row(0x007, 'mailbox', 'none', 'full'),
  MLX4_CMD_CLOSE_HCA: row(0x008, 'none', 'none', 'full'),
  // Only command interface revision 2 gives INIT_PORT a mailbox; this card is revision 3.
  MLX4_CMD_INIT_PORT: row(0x009, 'none', 'none', 'full'),
  MLX4_CMD_CLOSE_PORT: row(0x00a, 'none', 'none', 'full'),
  MLX4_CMD_QUERY_HCA: row(0x00b, 'none', 'mailbox', 'full'),
  MLX4_CMD_SET_PORT: row(
    0x00c,
    'mailbox',
    'none',
    'partial',
    'priority and VXLAN forms are kept, without effect',
  ),
  MLX4_CMD_MAP_ICM: row(0xffa, 'mailbox', 'none', 'full'),
  MLX4_CMD_UNMAP_ICM: row(0xff9, 'immediate', 'none', 'full'),
  MLX4_CMD_MAP_ICM_AUX: row(0xffc, 'mailbox', 'none', 'full'),
  MLX4_CMD_UNMAP_ICM_AUX: row(0xffb, 'none', 'none', 'full'),
  MLX4_CMD_SET_ICM_SIZE: row(0xffd, 'immediate', 'immediate', 'full'),
  MLX4_CMD_MAP_FA: row(0xfff, 'mailbox', 'none', 'full'),
  MLX4_CMD_UNMAP_FA: row(0xffe, 'none', 'none', 'full'),
  MLX4_CMD_RUN_FW: row(0xff6, 'none', 'none', 'full'),
  MLX4_CMD_DISABLE_LAM: row(0xff7, 'none', 'none', 'refused', unused),
  MLX4_CMD_ENABLE_LAM: row(0xff8, 'none', 'none', 'refused', unused),
  MLX4_CMD_MOD_STAT_CFG: row(
    0x034,
    'varies',
    'varies',
    'partial',
    'page size override, port GUIDs; no Wake-on-LAN',
  ),
  MLX4_CMD_QUERY_PORT: row(0x043, 'none', 'mailbox', 'full'),
  MLX4_CMD_SENSE_PORT: row(0x04d, 'none', 'immediate', 'full'),
  MLX4_CMD_HW_HEALTH_CHECK: row(0x050, 'none', 'none', 'constant', 'always healthy'),
  MLX4_CMD_QUERY_FUNC: row(0x056, 'none', 'mailbox', 'refused', 'system EQs are not offered'),
  MLX4_CMD_GET_OP_REQ: row(
    0x059,
    'none',
    'varies',
    'refused',
    'the card never asks for an operation',
  ),
  MLX4_CMD_SET_NODE: row(0x05a, 'mailbox', 'none', 'full'),
  MLX4_CMD_INFORM_FLR_DONE: row(0x05b, 'none', 'none', 'refused', sriov),
  MLX4_CMD_VIRT_PORT_MAP: row(0x05c, 'varies', 'varies', 'full'),
  MLX4_CMD_CONFIG_DEV: row(
    0x03a,
    'varies',
    'varies',
    'partial',
    'VXLAN and RoCE v2 ports are kept, without effect',
  ),
  MLX4_CMD_ACCESS_REG: row(0x03b, 'mailbox', 'mailbox', 'partial', 'PTYS of an Ethernet port'),
  MLX4_CMD_ALLOCATE_VPP: row(0x080, 'varies', 'varies', 'refused', sriov),
  MLX4_CMD_SET_VPORT_QOS: row(0x081, 'varies', 'varies', 'refused', sriov),
  // Memory.
  MLX4_CMD_SW2HW_MPT: row(
    0x00d,
    'mailbox',
    'none',
    'partial',
    'local access; no windows, no remote access, no fast registration',
  ),
  MLX4_CMD_QUERY_MPT: row(0x00e, 'none', 'mailbox', 'full'),
  MLX4_CMD_HW2SW_MPT: row(0x00f, 'none', 'varies', 'full'),
  MLX4_CMD_READ_MTT: row(0x010, 'none', 'mailbox', 'refused', unused),
  MLX4_CMD_WRITE_MTT: row(0x011, 'mailbox', 'none', 'refused', sriov),
  MLX4_CMD_SYNC_TPT: row(0x02f, 'none', 'none', 'full'),
  // Event queues.
  MLX4_CMD_MAP_EQ: row(0x012, 'immediate', 'none', 'full'),
  MLX4_CMD_SW2HW_EQ: row(0x013, 'mailbox', 'none', 'partial', 'no moderation, no collapsed queues'),
  MLX4_CMD_HW2SW_EQ: row(0x014, 'none', 'varies', 'full'),
  MLX4_CMD_QUERY_EQ: row(0x015, 'none', 'mailbox', 'full'),
  // Completion queues.
  MLX4_CMD_SW2HW_CQ: row(0x016, 'mailbox', 'none', 'partial', 'no collapsed queues, no timestamps'),
  MLX4_CMD_HW2SW_CQ: row(0x017, 'none', 'varies', 'full'),
  MLX4_CMD_QUERY_CQ: row(0x018, 'none', 'mailbox', 'full'),
  MLX4_CMD_MODIFY_CQ: row(0x02c, 'mailbox', 'none', 'partial', 'moderation; resize is refused'),
  // Shared receive queues.
  MLX4_CMD_SW2HW_SRQ: row(0x035, 'mailbox', 'none', 'partial', 'no XRC domains'),
  MLX4_CMD_HW2SW_SRQ: row(0x036, 'none', 'varies', 'full'),
  MLX4_CMD_QUERY_SRQ: row(0x037, 'none', 'mailbox', 'full'),
  MLX4_CMD_ARM_SRQ: row(0x040, 'immediate', 'none', 'full'),
  // Queue pairs.
  MLX4_CMD_RST2INIT_QP: row(
    0x019,
    'mailbox',
    'none',
    'partial',
    'raw Ethernet moves data; other services only change their state',
  ),
  MLX4_CMD_INIT2RTR_QP: row(0x01a, 'mailbox', 'none', 'full'),
  MLX4_CMD_RTR2RTS_QP: row(0x01b, 'mailbox', 'none', 'full'),
  MLX4_CMD_RTS2RTS_QP: row(0x01c, 'mailbox', 'none', 'full'),
  MLX4_CMD_SQERR2RTS_QP: row(
    0x01d,
    'mailbox',
    'none',
    'partial',
    'no queue pair gets there: a failed send leads to ERR',
  ),
  MLX4_CMD_2ERR_QP: row(0x01e, 'mailbox', 'none', 'full'),
  MLX4_CMD_RTS2SQD_QP: row(0x01f, 'mailbox', 'none', 'full'),
  MLX4_CMD_SQD2RTS_QP: row(0x020, 'mailbox', 'none', 'full'),
  MLX4_CMD_2RST_QP: row(0x021, 'none', 'varies', 'full'),
  MLX4_CMD_QUERY_QP: row(0x022, 'none', 'mailbox', 'full'),
  MLX4_CMD_INIT2INIT_QP: row(0x02d, 'mailbox', 'none', 'full'),
  MLX4_CMD_SUSPEND_QP: row(0x032, 'none', 'none', 'refused', unused),
  MLX4_CMD_UNSUSPEND_QP: row(0x033, 'none', 'none', 'refused', unused),
  MLX4_CMD_SQD2SQD_QP: row(0x038, 'mailbox', 'none', 'full'),
  MLX4_CMD_UPDATE_QP: row(0x061, 'mailbox', 'none', 'partial', 'VLAN stripping only'),
  // Special queue pairs and management.
  MLX4_CMD_CONF_SPECIAL_QP: row(
    0x023,
    'none',
    'none',
    'partial',
    'QP1 of each port sends and receives; firmware serves QP0 itself',
  ),
  MLX4_CMD_MAD_IFC: row(
    0x024,
    'mailbox',
    'mailbox',
    'partial',
    'subnet management: Get of node and port attributes, Set of two; no performance class',
  ),
  MLX4_CMD_MAD_DEMUX: row(0x203, 'varies', 'varies', 'refused', 'not offered'),
  // Multicast and steering.
  MLX4_CMD_READ_MCG: row(0x025, 'none', 'mailbox', 'full'),
  MLX4_CMD_WRITE_MCG: row(0x026, 'mailbox', 'none', 'full'),
  MLX4_CMD_MGID_HASH: row(0x027, 'mailbox', 'immediate', 'full'),
  // Flow steering is offered by the card profile `full` only; on others these find it off.
  MLX4_QP_FLOW_STEERING_ATTACH: row(
    0x065,
    'mailbox',
    'immediate',
    'partial',
    'Ethernet, IPv4, TCP, UDP, default rules; no InfiniBand, VXLAN, mirrors, sniffers',
  ),
  MLX4_QP_FLOW_STEERING_DETACH: row(0x066, 'immediate', 'none', 'full'),
  MLX4_FLOW_STEERING_IB_UC_QP_RANGE: row(
    0x064,
    'immediate',
    'none',
    'partial',
    'the range is checked, without effect: InfiniBand ports move no data',
  ),
  // Miscellaneous and Ethernet. ACCESS_DDR is another name of ACCESS_MEM.
  MLX4_CMD_ACCESS_MEM: row(0x02e, 'immediate', 'immediate', 'refused', sriov),
  MLX4_CMD_QUERY_DEBUG_MSG: row(0x02a, 'none', 'none', 'refused', unused),
  MLX4_CMD_SET_DEBUG_MSG: row(0x02b, 'none', 'none', 'refused', unused),
  MLX4_CMD_DIAG_RPRT: row(0x030, 'none', 'mailbox', 'constant', 'all counters are zero'),
  MLX4_CMD_NOP: row(0x031, 'none', 'none', 'full'),
  MLX4_CMD_SET_VLAN_FLTR: row(0x047, 'mailbox', 'none', 'full'),
  MLX4_CMD_SET_MCAST_FLTR: row(0x048, 'immediate', 'none', 'full'),
  MLX4_CMD_DUMP_ETH_STATS: row(
    0x049,
    'none',
    'mailbox',
    'partial',
    'the card sends no pause frame',
  ),
  MLX4_CMD_SET_VEP: row(0x052, 'none', 'none', 'refused', unused),
  MLX4_CMD_QUERY_IF_STAT: row(0x054, 'none', 'mailbox', 'full'),
  MLX4_CMD_SET_IF_STAT: row(0x055, 'none', 'none', 'refused', unused),
  MLX4_CMD_ARM_COMM_CHANNEL: row(0x057, 'none', 'none', 'refused', sriov),
  MLX4_CMD_GEN_EQE: row(0x058, 'mailbox', 'none', 'refused', sriov),
  MLX4_CMD_CONGESTION_CTRL_OPCODE: row(0x068, 'varies', 'varies', 'refused', 'not offered (QCN)'),
  // Virtual commands (facts/device 4.10).
  MLX4_CMD_ALLOC_RES: row(0xf00, 'immediate', 'immediate', 'refused', virtual),
  MLX4_CMD_FREE_RES: row(0xf01, 'immediate', 'none', 'refused', virtual),
  MLX4_CMD_MCAST_ATTACH: row(0xf05, 'none', 'none', 'refused', unused),
  MLX4_CMD_UCAST_ATTACH: row(0xf06, 'none', 'none', 'refused', unused),
  MLX4_CMD_PROMISC: row(0xf08, 'immediate', 'none', 'refused', virtual),
  MLX4_CMD_QUERY_FUNC_CAP: row(0xf0a, 'none', 'mailbox', 'refused', virtual),
  MLX4_CMD_QP_ATTACH: row(0xf0b, 'mailbox', 'none', 'refused', virtual),
} as const satisfies Record<string, CommandRow>;

/** Name of a command, as Linux spells it. */
export type CommandName = keyof typeof commandTable;

/** Names of the commands that the card carries out. */
export type ModelledCommand = {
  [N in CommandName]: (typeof commandTable)[N]['modelled'] extends 'refused' ? never : N;
}[CommandName];

/** Command names by opcode; an opcode that is not in it does not exist on this card. */
export const commandByOpcode: ReadonlyMap<number, CommandName> = new Map(
  Object.entries(commandTable).map(([name, entry]) => [entry.opcode, name as CommandName]),
);
