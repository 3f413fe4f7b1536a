// The input mailbox of a command, field by field, through the layouts that driver and card share.
// A run keeps the first 256 bytes of a mailbox; fields behind them are not shown.

import { cqContext, eqContext, mptEntry, srqContext } from '#prm/contexts.ts';
import { configDev, initHca, mapEntry, modStatCfg, virtPortMap } from '#prm/firmware.ts';
import type { Field, Fields, Layout } from '#prm/layout.ts';
import { accessReg, mad, nodeDescription, ptys, ptysOffset } from '#prm/mad.ts';
import {
  MLX4_SET_PORT,
  MLX4_SET_PORT_BEACON_OPCODE,
  MLX4_SET_PORT_IB_OPCODE,
  macTableEntry,
  setPortBeacon,
  setPortGeneral,
  setPortIb,
  setPortPrio2tc,
  setPortRqpCalc,
  setPortType,
  setPortVxlan,
  vlanTableEntry,
} from '#prm/port.ts';
import {
  qpContext,
  qpContextMailboxOffset,
  qpOptParMask,
  updateQp,
  updateQpContextOffset,
} from '#prm/qp-context.ts';
import {
  MLX4_NET_TRANS_RULE_ID,
  flowRule,
  flowRuleBytes,
  flowSpec,
  flowSpecs,
  mgm,
  mgmMember,
  mgmQpOffset,
} from '#prm/steering.ts';
import type { GivenCommand } from './command-about.ts';

/** A field of a mailbox. */
export interface MailboxField {
  /** The driver's name where it has one; an array's with its index. */
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** Highest and lowest bit of the 32-bit word at `offset`, or null for whole bytes. */
  readonly bits: readonly [high: number, low: number] | null;
  readonly value: string;
  readonly isZero: boolean;
}

/** A structure at a place. */
interface Part {
  readonly layout: Layout<Fields>;
  readonly at: number;
  /** Before the names of its fields. */
  readonly prefix: string;
}

const part = (layout: unknown, at = 0, prefix = ''): Part => ({
  layout: layout as Layout<Fields>,
  at,
  prefix,
});

/** The same structure again and again. */
const array = (layout: Layout<Fields>, count: number, at = 0): Part[] =>
  Array.from({ length: count }, (_, index) =>
    part(layout, at + index * layout.sizeBytes, `[${index}].`),
  );

const tableMax = 64;

function setPortParts({ inModifier, opModifier, mailbox }: GivenCommand): Part[] {
  if (opModifier === MLX4_SET_PORT_IB_OPCODE) return [part(setPortIb)];
  if (opModifier === MLX4_SET_PORT_BEACON_OPCODE) return [part(setPortBeacon)];
  switch (setPortType(inModifier)) {
    case MLX4_SET_PORT.GENERAL:
      return [part(setPortGeneral)];
    case MLX4_SET_PORT.RQP_CALC:
      return [part(setPortRqpCalc)];
    case MLX4_SET_PORT.VXLAN:
      return [part(setPortVxlan)];
    case MLX4_SET_PORT.PRIO2TC:
      return [part(setPortPrio2tc)];
    case MLX4_SET_PORT.MAC_TABLE:
      return array(macTableEntry, Math.floor(mailbox.length / 8));
    case MLX4_SET_PORT.VLAN_TABLE:
      return array(vlanTableEntry, Math.floor(mailbox.length / 4));
    default:
      return [];
  }
}

function groupParts({ mailbox }: GivenCommand): Part[] {
  const count = Math.min(mgm.get(mailbox, 'members_count'), tableMax);
  return [part(mgm), ...array(mgmMember, count, mgmQpOffset(0))];
}

const specKinds = Object.keys(flowSpecs) as (keyof typeof flowSpecs)[];

/** A spec of a steering rule, its number and kind before its fields; of an unknown one the head. */
function specPart(mailbox: Uint8Array, at: number, index: number): Part {
  const id = flowSpec.get(mailbox, 'id', at);
  const kind = specKinds.find((name) => MLX4_NET_TRANS_RULE_ID[name] === id);
  if (kind === undefined) return part(flowSpec, at, `[${index}].`);
  return part(flowSpecs[kind], at, `[${index}].${kind.toLowerCase()}.`);
}

/** The input modifier is the length of a rule, and each spec begins with its own, in words. */
function ruleParts({ inModifier, mailbox }: GivenCommand): Part[] {
  const parts = [part(flowRule)];
  const end = Math.min(inModifier * 4, mailbox.length);
  for (let at = flowRuleBytes; at + flowSpec.sizeBytes <= end;) {
    parts.push(specPart(mailbox, at, parts.length - 1));
    const bytes = flowSpec.get(mailbox, 'size', at) * 4;
    if (bytes === 0) break;
    at += bytes;
  }
  return parts;
}

const mapParts = ({ inModifier }: GivenCommand): Part[] =>
  array(mapEntry, Math.min(inModifier, tableMax));

const always =
  (...parts: readonly Part[]) =>
  (): readonly Part[] =>
    parts;

/** By short name. */
const table: Readonly<Record<string, (given: GivenCommand) => readonly Part[]>> = {
  INIT_HCA: always(part(initHca)),
  MOD_STAT_CFG: always(part(modStatCfg)),
  CONFIG_DEV: always(part(configDev)),
  VIRT_PORT_MAP: always(part(virtPortMap)),
  MAP_FA: mapParts,
  MAP_ICM: mapParts,
  MAP_ICM_AUX: mapParts,
  SET_PORT: setPortParts,
  SET_NODE: always(part(nodeDescription)),
  SW2HW_EQ: always(part(eqContext)),
  SW2HW_CQ: always(part(cqContext)),
  MODIFY_CQ: always(part(cqContext)),
  SW2HW_SRQ: always(part(srqContext)),
  SW2HW_MPT: always(part(mptEntry)),
  WRITE_MCG: groupParts,
  QP_FLOW_STEERING_ATTACH: ruleParts,
  MAD_IFC: always(part(mad)),
  ACCESS_REG: always(part(accessReg), part(ptys, ptysOffset)),
  UPDATE_QP: always(part(updateQp), part(qpContext, updateQpContextOffset)),
};

const qpParts = always(part(qpOptParMask), part(qpContext, qpContextMailboxOffset));

/** A value in words: small numbers as they are, others in hex. */
function valueText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) {
    return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const number = BigInt(value as number | bigint);
  return number < 10n ? `${number}` : `0x${number.toString(16)}`;
}

const isNarrow = ({ kind }: Field): boolean => kind === 'bit' || kind === 'bits';

function fieldsOf({ layout, at, prefix }: Part, mailbox: Uint8Array): MailboxField[] {
  return Object.entries(layout.fields).flatMap(([name, field]) => {
    const offset = at + field.offset;
    if (field.kind === 'reserved' || offset + field.bytes > mailbox.length) return [];
    const value = valueText(layout.get(mailbox, name, at));
    return {
      name: `${prefix}${name}`,
      offset,
      bytes: field.bytes,
      bits: isNarrow(field) ? ([field.high, field.low] as const) : null,
      value,
      isZero: /^0*$/.test(value),
    };
  });
}

/** The fields of a command's input mailbox; none for a form that has no layout. */
export function mailboxFields(given: GivenCommand): MailboxField[] {
  const { name, mailbox } = given;
  if (mailbox.length === 0) return [];
  const parts = table[name]?.(given) ?? (name.endsWith('_QP') ? qpParts() : []);
  return parts.flatMap((each) => fieldsOf(each, mailbox));
}
