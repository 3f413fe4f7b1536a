// Reading an option's value from text, and whether it may be set now (bond_options.c:
// bond_opt_parse, bond_opt_check_deps, bond_opt_error_interpret; facts/driver 10.10).

import { EACCES, EBUSY, EINVAL, ENODEV, ENOTEMPTY } from '#kernel/errno.ts';
import { IFF_UP } from '#kernel/net/flags.ts';
import { netdev_err } from '#kernel/net/netdev-log.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import { bond_has_slaves, BOND_MODE } from '../bonding.ts';
import type { bonding } from '../bonding.ts';
import { valueName } from './table.ts';
import type { bond_opt_value, bond_option } from './table.ts';

/** Longest name of a value. */
const BOND_OPT_MAX_NAMELEN = 32;

/** A value as it arrived, and what it was read as. */
export interface ParsedValue {
  /** The text, without its newline. */
  readonly text: string;
  /** Its number; NaN for the raw options, which read the text themselves. */
  readonly value: number;
}

/** A written text ends at its newline. */
export const withoutNewline = (text: string): string => text.split('\n', 1)[0]!;

const flagged = (option: bond_option, flag: 'min' | 'max'): bond_opt_value | undefined =>
  option.values?.find((each) => each.flags?.includes(flag));

/**
 * A number without a name, within the option's bounds; without an upper bound there is none such.
 */
function bond_opt_check_range(option: bond_option, value: number): boolean {
  const max = flagged(option, 'max');
  const min = flagged(option, 'min');
  return max !== undefined && value <= max.value && value >= (min?.value ?? 0);
}

/** Finds what the text means to the option; null when it means nothing. */
export function bond_opt_parse(option: bond_option, written: string): ParsedValue | null {
  const text = withoutNewline(written);
  if (option.raw === true) return { text, value: NaN };
  const values = option.values ?? [];
  if (/^[\d\s]*$/.test(text)) {
    const [digits] = text.trim().split(/\s+/);
    if (digits === undefined || digits === '') return null;
    const value = Number(digits);
    const known = values.some((each) => each.value === value);
    return known || bond_opt_check_range(option, value) ? { text, value } : null;
  }
  const word = text.trim().split(/\s+/)[0]!.slice(0, BOND_OPT_MAX_NAMELEN);
  const wantsDefault = (each: bond_opt_value): boolean =>
    word === 'default' && each.flags?.includes('default') === true;
  const found = values.find((each) => each.string === word || wantsDefault(each));
  return found === undefined ? null : { text, value: found.value };
}

const supported = (bond: bonding, option: bond_option): boolean =>
  option.modes === undefined || option.modes.includes(BOND_MODE(bond));

/** 0, or why the option cannot be set now. */
export function bond_opt_check_deps(bond: bonding, option: bond_option): number {
  if (!supported(bond, option)) return -EACCES;
  if (option.noSlaves === true && bond_has_slaves(bond)) return -ENOTEMPTY;
  if (option.ifDown === true && (bond.dev.flags & IFF_UP) !== 0) return -EBUSY;
  return 0;
}

/** Lines for a value that cannot be. */
function invalidValue(bond: bonding, option: bond_option, text: string): void {
  netdev_err(bond.dev, `option ${option.name}: invalid value (${text})`);
  const max = flagged(option, 'max');
  if (max === undefined) return;
  const range = `${flagged(option, 'min')?.value ?? 0} - ${max.value}`;
  netdev_err(bond.dev, `option ${option.name}: allowed values ${range}`);
}

/**
 * Says in the log, and to `ip`, why an option was not set. Goes by the error alone, as the kernel
 * does.
 */
export function bond_opt_error_interpret(
  bond: bonding,
  option: bond_option,
  error: number,
  text: string,
  extack: NetlinkExtack | null,
): void {
  const say = (message: string): void => {
    if (extack !== null) extack.message = message;
  };
  const log = (message: string): void => netdev_err(bond.dev, `option ${option.name}: ${message}`);
  switch (error) {
    case -EINVAL:
      say('invalid option value');
      invalidValue(bond, option, text);
      break;
    case -EACCES: {
      if (supported(bond, option)) break;
      const mode = `${valueName('mode', BOND_MODE(bond))}(${BOND_MODE(bond)})`;
      log(`mode dependency failed, not supported in mode ${mode}`);
      say('option not supported in mode');
      break;
    }
    case -ENOTEMPTY:
      say('unable to set option because the bond device has slaves');
      log('unable to set because the bond device has slaves');
      break;
    case -EBUSY:
      say('unable to set option because the bond is up');
      log('unable to set because the bond device is up');
      break;
    case -ENODEV:
      log(`interface ${text} does not exist!`);
      say('interface does not exist');
  }
}
