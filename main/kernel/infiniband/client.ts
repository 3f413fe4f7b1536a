// Clients of RDMA devices (core/device.c): parts of the core, or modules, that want to know every
// device. They are added in order of registration and removed in reverse, with no lock that
// excludes others held over their callbacks. A client's `uses` count fences its unregistration.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { complete, init_completion, wait_for_completion } from '../locking/completion.ts';
import type { Completion } from '../locking/completion.ts';
import { down_read, down_write, up_read, up_write } from '../locking/rwsem.ts';
import { ib_device_put, ib_device_try_get } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';

/** struct ib_client. */
export interface IbClient {
  readonly name: string;
  /** 0, or a negative error: then no more calls for this device. */
  add?(device: IbDevice): MaySleep<number>;
  remove?(device: IbDevice, data: unknown): MaySleep<void>;
}

/** A client that is registered, with its number and the count of its users. */
export interface RegisteredClient {
  readonly client: IbClient;
  readonly client_id: number;
  uses: number;
  readonly uses_zero: Completion;
  /** CLIENT_REGISTERED. */
  registered: boolean;
}

/** What a device keeps of a client. */
export interface ClientData {
  data: unknown;
  /** CLIENT_DATA_REGISTERED: add() has finished. */
  registered: boolean;
}

function* ib_client_put(entry: RegisteredClient): Atomic<void> {
  entry.uses--;
  if (entry.uses === 0) yield* complete(entry.uses_zero);
}

/** Tells a client of a device, once. The error of a client that cannot use it is not passed on. */
export function* add_client_context(device: IbDevice, entry: RegisteredClient): MaySleep<void> {
  const { client_data_rwsem, client_data, refs } = device;
  yield* down_write(client_data_rwsem);
  if (entry.uses === 0 || client_data.get(entry.client_id)?.registered === true) {
    yield* up_write(client_data_rwsem);
    return;
  }
  entry.uses++;
  yield* refs!.hold(null, `client ${entry.client.name}`);
  const slot: ClientData = { data: null, registered: false };
  client_data.set(entry.client_id, slot);
  // Linux downgrades to a reader here: nobody else adds this client meanwhile, others may look.
  yield* up_write(client_data_rwsem);
  yield* down_read(client_data_rwsem);
  const err = entry.client.add === undefined ? 0 : yield* entry.client.add(device);
  if (err === 0) slot.registered = true;
  else client_data.delete(entry.client_id);
  yield* up_read(client_data_rwsem);
  if (err === 0) return;
  yield* ib_device_put(device, null);
  yield* ib_client_put(entry);
}

/** Tells a client that a device goes; nothing when it was never added. */
export function* remove_client_context(device: IbDevice, clientId: number): MaySleep<void> {
  const { client_data_rwsem, client_data, k } = device;
  yield* down_write(client_data_rwsem);
  const slot = client_data.get(clientId);
  const entry = k.infiniband.clients.get(clientId);
  if (slot?.registered !== true || entry === undefined) {
    yield* up_write(client_data_rwsem);
    return;
  }
  slot.registered = false;
  yield* up_write(client_data_rwsem);
  if (entry.client.remove !== undefined) yield* entry.client.remove(device, slot.data);
  client_data.delete(clientId);
  yield* ib_device_put(device, null);
  yield* ib_client_put(entry);
}

/** Registers a client and adds it to every registered device. */
export function* ib_register_client(k: Kernel, client: IbClient): MaySleep<number> {
  const { infiniband } = k;
  yield* down_write(infiniband.devices_rwsem);
  yield* down_write(infiniband.clients_rwsem);
  const entry: RegisteredClient = {
    client,
    client_id: infiniband.highest_client_id++,
    uses: 1,
    uses_zero: init_completion(k, `uses_zero(${client.name})`),
    registered: true,
  };
  infiniband.clients.set(entry.client_id, entry);
  for (const device of infiniband.devices.filter((each) => each.registered)) {
    yield* add_client_context(device, entry);
  }
  yield* up_write(infiniband.clients_rwsem);
  yield* up_write(infiniband.devices_rwsem);
  return 0;
}

/** Removes the client from every device; afterwards no callback of it runs any more. */
export function* ib_unregister_client(k: Kernel, client: IbClient): MaySleep<void> {
  const { infiniband } = k;
  const entry = [...infiniband.clients.values()].find((each) => each.client === client);
  if (entry === undefined) return;
  yield* down_write(infiniband.clients_rwsem);
  yield* ib_client_put(entry);
  entry.registered = false;
  yield* up_write(infiniband.clients_rwsem);
  for (const device of [...infiniband.devices]) {
    if (!(yield* ib_device_try_get(device, `unregister client ${client.name}`))) continue;
    yield* remove_client_context(device, entry.client_id);
    yield* ib_device_put(device);
  }
  yield* wait_for_completion(entry.uses_zero);
  yield* down_write(infiniband.clients_rwsem);
  infiniband.clients.delete(entry.client_id);
  while (
    infiniband.highest_client_id > 0 &&
    !infiniband.clients.has(infiniband.highest_client_id - 1)
  ) {
    infiniband.highest_client_id--;
  }
  yield* up_write(infiniband.clients_rwsem);
}

/** ib_set_client_data(): what remove() gets back. */
export function ib_set_client_data(device: IbDevice, client: IbClient, data: unknown): void {
  for (const entry of device.k.infiniband.clients.values()) {
    const slot = device.client_data.get(entry.client_id);
    if (entry.client === client && slot !== undefined) slot.data = data;
  }
}
