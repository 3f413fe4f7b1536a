// What SET_PORT and the filter commands leave in a port (facts/device 5.14, 5.18, 9.5): tables,
// filters, MTU, pause. CLOSE_HCA and a reset throw it away; CLOSE_PORT keeps it.
// Kept without effect: user MTU and MAC, the GID table, the beacon, the InfiniBand mask.

import { readBe32 } from '#bus/bytes.ts';
import {
  MLX4_MAX_MAC_NUM,
  MLX4_MAX_VLAN_NUM,
  MLX4_ROCE_MAX_GIDS,
  gidBytes,
  mtuOnWire,
  vlanFilterBit,
  vlanFilterWord,
} from '#prm/port.ts';

/** MTU of an Ethernet port until software sets another. */
const defaultMtu = 1500;

/** Pause, global and by priority, in both directions. */
export interface PauseSettings {
  readonly pptx: number;
  readonly pfctx: number;
  readonly pprx: number;
  readonly pfcrx: number;
}

/** Settings of one port. */
export class PortSettings {
  /** Largest frame, FCS included. */
  mtuBytes = mtuOnWire(defaultMtu);
  userMtu = 0;
  userMac = 0;
  pause: PauseSettings = { pptx: 0, pfctx: 0, pprx: 0, pfcrx: 0 };
  beaconSeconds = 0;
  ibCapabilityMask = 0;
  /** What it offers on InfiniBand: largest MTU as its code (5 = 4096 bytes), virtual lanes. */
  infiniBand = { mtuCap: 5, lanes: 8 };
  /** MACs by table index; 0 = empty. */
  readonly macTable = new Float64Array(MLX4_MAX_MAC_NUM);
  /** VLAN ids by table index; -1 = empty. */
  readonly vlanTable = new Int16Array(MLX4_MAX_VLAN_NUM).fill(-1);
  readonly gidTable = new Uint8Array(MLX4_ROCE_MAX_GIDS * gidBytes);
  /** Multicast addresses that pass while the filter is on. */
  readonly multicast = new Set<number>();
  multicastFilter = false;
  /** 4096-bit map; null until software sets one: then every tag passes. */
  vlanFilter: Uint8Array | null = null;

  /** True when the VLAN filter lets a tag with this id pass. */
  vlanPasses(vlan: number): boolean {
    if (this.vlanFilter === null) return true;
    const word = readBe32(this.vlanFilter, vlanFilterWord(vlan) * 4);
    return ((word >>> vlanFilterBit(vlan)) & 1) === 1;
  }

  /** True when the multicast filter lets an address pass. */
  multicastPasses(mac: number): boolean {
    return !this.multicastFilter || this.multicast.has(mac);
  }
}
