// The files of a port in the PCI device's directory, and its devlink port (main.c:
// mlx4_init_port_info, set_port_type, set_port_ib_mtu; facts/driver 6.3). The write to mlx4_port1
// is how the story begins: the writer carries the file's active reference, set_port_type_mutex (one
// for all cards) and port_mutex. Kept as in the kernel: the files exist before the card is
// registered and before sensing is initialised (facts 7.6, E16), and a word without its newline is
// refused.

import type { DeviceAttribute } from '#kernel/base/device.ts';
import { device_create_file, device_remove_file } from '#kernel/base/device.ts';
import {
  devl_port_register,
  devl_port_unregister,
  DevlinkPort,
  devlink_port_type_clear,
} from '#kernel/devlink.ts';
import { EINVAL } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_register_device, mlx4_unregister_device } from '../intf.ts';
import {
  mlx4_err,
  MLX4_PORT_TYPE_AUTO,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
  mlx4_priv,
  mlx4_warn,
} from '../mlx4.ts';
import type { mlx4_dev, mlx4_port_info } from '../mlx4.ts';
import { mlx4_init_port_tables } from '../port.ts';
import { mlx4_start_sense, mlx4_stop_sense } from '../sense.ts';
import { portTypeText, tellPortGone, tellPortType } from './beliefs.ts';
import { __set_port_type, setPorts } from './port-types.ts';

/** Words of the file, newline included, and the types that they ask for. */
const typeWords: ReadonlyMap<string, number> = new Map([
  ['ib\n', MLX4_PORT_TYPE_IB],
  ['eth\n', MLX4_PORT_TYPE_ETH],
  ['auto\n', MLX4_PORT_TYPE_AUTO],
]);

/** IB MTUs in bytes; the place in the list is their code (enum ibta_mtu). */
const ibMtuBytes = [0, 256, 512, 1024, 2048, 4096];

function* show_port_type({ dev, port }: mlx4_port_info): MaySleep<string> {
  return `${portTypeText(dev, port)}\n`;
}

function* set_port_type(info: mlx4_port_info, buf: string): MaySleep<number> {
  const { set_port_type_mutex } = mlx4_priv(info.dev).module;
  yield* mutex_lock(set_port_type_mutex);
  const type = typeWords.get(buf);
  let err = -EINVAL;
  if (type === undefined) mlx4_err(info.dev, `${buf} is not supported port type`);
  else err = yield* __set_port_type(info, type);
  yield* mutex_unlock(set_port_type_mutex);
  return err === 0 ? buf.length : err;
}

const isEthernet = ({ dev, port }: mlx4_port_info): boolean =>
  dev.caps.port_type[port] === MLX4_PORT_TYPE_ETH;

const onlyForIb = 'port level mtu is only used for IB ports';

function* show_port_ib_mtu(info: mlx4_port_info): MaySleep<string> {
  if (isEthernet(info)) mlx4_warn(info.dev, onlyForIb);
  return `${ibMtuBytes[info.dev.caps.port_ib_mtu[info.port]!] ?? -1}\n`;
}

function* set_port_ib_mtu(info: mlx4_port_info, buf: string): MaySleep<number> {
  const { dev, port } = info;
  if (isEthernet(info)) {
    mlx4_warn(dev, onlyForIb);
    return -EINVAL;
  }
  const text = buf.trim();
  const code = text === '' ? -1 : ibMtuBytes.indexOf(Number(text));
  if (code < 1) {
    mlx4_err(dev, `${buf} is invalid IBTA mtu`);
    return -EINVAL;
  }
  dev.caps.port_ib_mtu[port] = code;
  yield* mlx4_stop_sense(dev);
  const { port_mutex } = mlx4_priv(dev);
  yield* mutex_lock(port_mutex);
  yield* mlx4_unregister_device(dev);
  let err = yield* setPorts(dev, dev.caps.port_type);
  if (err === 0) err = yield* mlx4_register_device(dev);
  yield* mutex_unlock(port_mutex);
  yield* mlx4_start_sense(dev);
  return err === 0 ? buf.length : err;
}

function portFiles(info: mlx4_port_info): DeviceAttribute[] {
  const owner = mlx4_priv(info.dev).module.module;
  const file = {
    name: `mlx4_port${info.port}`,
    mode: 0o644,
    owner,
    show: () => show_port_type(info),
    store: (_: unknown, buf: string) => set_port_type(info, buf),
  };
  const mtuFile = {
    name: `mlx4_port${info.port}_mtu`,
    mode: 0o644,
    owner,
    show: () => show_port_ib_mtu(info),
    store: (_: unknown, buf: string) => set_port_ib_mtu(info, buf),
  };
  return [file, mtuFile];
}

/** Files and devlink port of a port, and its tables of addresses. 0, or a negative error. */
export function* mlx4_init_port_info(dev: mlx4_dev, port: number): MaySleep<number> {
  const priv = mlx4_priv(dev);
  const info: mlx4_port_info = {
    dev,
    port,
    tmp_type: 0,
    devlink_port: new DevlinkPort(),
    files: [],
  };
  let err = devl_port_register(priv.devlink, info.devlink_port, port);
  if (err !== 0) return err;
  priv.port[port] = info;
  tellPortType(dev, port);
  yield* mlx4_init_port_tables(dev, port);
  for (const attribute of portFiles(info)) {
    err = device_create_file(dev.persist.pdev, attribute);
    if (err === 0) {
      info.files.push(attribute.name);
      continue;
    }
    const kind = attribute.name.endsWith('_mtu') ? 'mtu file' : 'file';
    mlx4_err(dev, `Failed to create ${kind} for port ${port}`);
    yield* mlx4_cleanup_port_info(info);
    return err;
  }
  return 0;
}

/** Takes the files away, which waits for a write in progress, and the devlink port. */
export function* mlx4_cleanup_port_info(info: mlx4_port_info): MaySleep<void> {
  for (const name of info.files.splice(0)) {
    yield* device_remove_file(info.dev.persist.pdev, name);
  }
  tellPortGone(info.dev, info.port);
  devlink_port_type_clear(info.devlink_port);
  devl_port_unregister(info.devlink_port);
}
