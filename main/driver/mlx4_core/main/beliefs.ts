// What the driver believes of the card, told to the trace when it changes: the port map cache, the
// bonded flag, the RX port check that it last asked for, and what mlx4_port1 says. No part of the
// real driver: pictures put it beside what the card has.

import { K } from '#trace/kinds.ts';
import { cardName, MLX4_PORT_TYPE_AUTO, MLX4_PORT_TYPE_IB } from '../mlx4.ts';
import type { mlx4_dev, mlx4_port_map } from '../mlx4.ts';

function tell(dev: mlx4_dev, what: string, value: number): void {
  const { trace } = dev.k;
  trace.emit(K['driver.state'], trace.intern(`${cardName(dev)} ${what}`), value);
}

/** priv.v2p, as 0x12 for (1, 2); 0 for a card that is not loaded. */
export function tellPortMap(dev: mlx4_dev, { port1, port2 }: mlx4_port_map): void {
  tell(dev, 'port map', port1 * 16 + port2);
}

/** MLX4_FLAG_BONDED. */
export function tellBonded(dev: mlx4_dev, on: boolean): void {
  tell(dev, 'bonded', on ? 1 : 0);
}

/** What it has asked the card for; a card checks until it is told not to. */
export function tellRxPortCheck(dev: mlx4_dev, on: boolean): void {
  tell(dev, 'rx port check', on ? 1 : 0);
}

/** What mlx4_port1 says. */
export function portTypeText({ caps }: mlx4_dev, port: number): string {
  const type = caps.port_type[port] === MLX4_PORT_TYPE_IB ? 'ib' : 'eth';
  return caps.possible_type[port] === MLX4_PORT_TYPE_AUTO ? `auto (${type})` : type;
}

function tellPort(dev: mlx4_dev, port: number, text: string): void {
  const { trace } = dev.k;
  const name = `${cardName(dev)} port ${port}`;
  trace.emit(K['driver.port'], trace.intern(name), trace.intern(text));
}

export function tellPortType(dev: mlx4_dev, port: number): void {
  tellPort(dev, port, portTypeText(dev, port));
}

/** The files of the port are gone. */
export function tellPortGone(dev: mlx4_dev, port: number): void {
  tellPort(dev, port, '');
}
