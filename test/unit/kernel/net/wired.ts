// A netdev on a wire: a driver with a receive ring, an interrupt and NAPI, whose other end is a
// host of the fabric. Both run on the engine's clock.

import { Host } from '#fabric/host.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import {
  napi_complete_done,
  napi_disable,
  napi_enable,
  napi_gro_receive,
  napi_schedule,
  netif_napi_add,
} from '#kernel/net/napi.ts';
import type { Napi } from '#kernel/net/napi.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netif_tx_start_all_queues, netif_tx_stop_all_queues } from '#kernel/net/queue.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { ipAddrAdd } from '#kernel/net/rtnl-addr.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { eth_type_trans, SkBuff } from '#kernel/net/skb.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { testDevice } from './rig.ts';

/** One way of the wire, ns. */
const wireNs = 1000;

export class WiredDevice {
  readonly k: Kernel;
  readonly dev: NetDevice;
  readonly host: Host;
  /** Frames that the device sent. */
  readonly sent: Uint8Array[] = [];
  /** Frames for each call of the poll function. */
  readonly polls: number[] = [];
  /** The wire delivers nothing while it is cut. */
  cut = false;
  private readonly ring: Uint8Array[] = [];
  private readonly napi: Napi;
  private irqOn = true;

  constructor(k: Kernel, name: string, last: number, host: Host) {
    this.k = k;
    this.host = host;
    this.dev = testDevice(k, name, last, [], {
      ndo_open: (dev) => this.open(dev),
      ndo_stop: (dev) => this.close(dev),
      ndo_start_xmit: (skb) => this.xmit(skb),
    });
    this.napi = netif_napi_add(this.dev, (budget) => this.poll(budget));
    host.plugged({
      send: (frame) => {
        k.sim.after(wireNs, () => this.arrive(frame));
      },
      offerChanged: () => undefined,
      peerOffer: () => null,
    });
  }

  private *open(dev: NetDevice): MaySleep<number> {
    yield* napi_enable(this.napi);
    yield* netif_tx_start_all_queues(dev);
    yield* netif_carrier_on(dev);
    return 0;
  }

  private *close(dev: NetDevice): MaySleep<number> {
    yield* netif_tx_stop_all_queues(dev);
    yield* napi_disable(this.napi);
    yield* netif_carrier_off(dev);
    return 0;
  }

  private *xmit(skb: SkBuff): Atomic<number> {
    const frame = skb.data;
    this.sent.push(frame);
    if (!this.cut) {
      this.k.sim.after(wireNs, () => {
        this.host.frameArrived(frame.slice());
      });
    }
    return NETDEV_TX_OK;
  }

  /** A frame comes out of the wire. */
  arrive(frame: Uint8Array): void {
    if (this.cut || !this.dev.running) return;
    this.ring.push(frame);
    if (!this.irqOn) return;
    this.irqOn = false;
    this.k.sim.cpus.request(0, 'hardirq', this.dev.name, () => napi_schedule(this.napi));
  }

  private *poll(budget: number): Atomic<number> {
    let done = 0;
    while (done < budget && this.ring.length > 0) {
      const skb = new SkBuff(this.ring.shift()!, this.dev);
      eth_type_trans(skb, this.dev);
      yield* napi_gro_receive(this.napi, skb);
      done++;
    }
    this.polls.push(done);
    if (done < budget && (yield* napi_complete_done(this.napi, done))) this.irqOn = true;
    return done;
  }
}

/** A host with an address, on the engine's clock. */
export const hostOn = (k: Kernel, last: number, ip: string): Host =>
  new Host({ name: `host${last}`, clock: k.sim, mac: 0x0200_0000_0100 + last, ips: [ip] });

/** A registered and open device at 10.0.0.2/24 with a host at 10.0.0.1 behind it. */
export function* wiredPair(k: Kernel): MaySleep<WiredDevice> {
  const wired = new WiredDevice(k, 'eth%d', 1, hostOn(k, 1, '10.0.0.1'));
  yield* register_netdev(wired.dev);
  yield* ipLinkSet(k, 'eth0', { up: true });
  yield* ipAddrAdd(k, 'eth0', 0x0a00_0002, 24);
  return wired;
}
