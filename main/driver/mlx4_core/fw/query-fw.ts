// QUERY_FW (fw.c: mlx4_QUERY_FW; facts/device 5.1): versions, how many commands at once, where in
// the BARs things are. Nothing of it may be assumed: the driver goes by these addresses.
// Left out: command interface revision 2, whose port commands are others; the comm channel.

import { pageBytes } from '#bus/memory.ts';
import { ENODEV } from '#kernel/errno.ts';
import {
  barOfByte,
  MLX4_COMMAND_INTERFACE_NEW_PORT_CMDS,
  MLX4_ICM_PAGE_SIZE,
  queryFw,
} from '#prm/firmware.ts';
import type { MaySleep } from '#sim/task.ts';
import { queryMailbox } from '../cmd/query.ts';
import type { FirmwareVersion } from '../limits.ts';
import { mlx4_dbg, mlx4_err, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

const MLX4_COMMAND_INTERFACE_MIN_REV = MLX4_COMMAND_INTERFACE_NEW_PORT_CMDS;
const MLX4_COMMAND_INTERFACE_MAX_REV = 3;

/** As messages print it: the last part has three digits. */
export const versionText = ({ major, minor, subminor }: FirmwareVersion): string =>
  `${major}.${minor}.${String(subminor).padStart(3, '0')}`;

const hex = (value: number): string => `0x${value.toString(16)}`;

function refuse(dev: mlx4_dev, revision: number): number {
  const range = `${MLX4_COMMAND_INTERFACE_MIN_REV} to ${MLX4_COMMAND_INTERFACE_MAX_REV}`;
  mlx4_err(dev, `Installed FW has unsupported command interface revision ${revision}`);
  mlx4_err(dev, `(Installed FW version is ${versionText(dev.caps.fw_ver)})`);
  mlx4_err(dev, `This driver version supports only revisions ${range}`);
  return -ENODEV;
}

/** Fills in priv.fw, cmd.max_cmds and the versions. 0 or a negative error. */
export function* mlx4_QUERY_FW(dev: mlx4_dev): MaySleep<number> {
  const { fw, cmd } = mlx4_priv(dev);
  const answer = yield* queryMailbox(dev, 'MLX4_CMD_QUERY_FW', queryFw.sizeBytes);
  if (typeof answer === 'number') return answer;
  const of = queryFw.read(answer);
  dev.caps.fw_ver = {
    major: of.fw_ver_major,
    minor: of.fw_ver_minor,
    subminor: of.fw_ver_subminor,
  };
  dev.caps.function = of.ppf_function;
  const revision = of.cmd_if_rev;
  if (revision < MLX4_COMMAND_INTERFACE_MIN_REV || revision > MLX4_COMMAND_INTERFACE_MAX_REV) {
    return refuse(dev, revision);
  }
  cmd.max_cmds = 2 ** of.log_max_cmds;
  const version = `FW version ${versionText(dev.caps.fw_ver)} (cmd intf rev ${revision})`;
  mlx4_dbg(dev, `${version}, max commands ${cmd.max_cmds}`);
  fw.catas_offset = of.catas_offset;
  fw.catas_size = of.catas_size;
  fw.catas_bar = barOfByte(of.catas_bar);
  const catas = `at ${hex(fw.catas_offset)}, size ${hex(fw.catas_size)}, BAR ${fw.catas_bar}`;
  mlx4_dbg(dev, `Catastrophic error buffer ${catas}`);
  fw.clr_int_base = of.clr_int_base;
  fw.clr_int_bar = barOfByte(of.clr_int_bar);
  const comm = `bar:${barOfByte(of.comm_bar)} offset:${hex(of.comm_base)}`;
  mlx4_dbg(dev, `Communication vector ${comm}`);
  mlx4_dbg(dev, `FW size ${of.fw_pages >> 2} KB`);
  fw.clock_offset = of.clock_offset;
  fw.clock_bar = barOfByte(of.clock_bar);
  mlx4_dbg(dev, `Internal clock bar:${fw.clock_bar} offset:${hex(fw.clock_offset)}`);
  fw.fw_pages = Math.ceil((of.fw_pages * MLX4_ICM_PAGE_SIZE) / pageBytes);
  mlx4_dbg(dev, `Clear int @ ${fw.clr_int_base.toString(16)}, BAR ${fw.clr_int_bar}`);
  return 0;
}
