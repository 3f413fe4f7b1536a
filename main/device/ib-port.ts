// What a subnet manager makes of an InfiniBand port: its state and addresses (facts/device 5.21, IB
// specification 14.2.5.6). The link's physical state is the cable's; the logical one goes DOWN,
// INIT (link trained), ARMED, ACTIVE, and only a manager's Set(PortInfo) moves it past INIT.
// Left out: P_Key tables, SL to VL maps, M_Keys, LMC paths: they are answered, not used.

import { IB_DEFAULT_GID_PREFIX, IB_PORT_STATE } from '#prm/mad.ts';
import { MLX4_EQ_PORT_INFO } from '#prm/events.ts';

/** What a Set(PortInfo) asks for. */
export interface PortInfoSetting {
  readonly state: number;
  readonly lid: number;
  readonly smLid: number;
  readonly smSl: number;
  /** Largest packet that both ends can take, IB MTU code; 0 = no change. */
  readonly neighborMtu: number;
  /** Longest time of a datagram through the subnet: 4.096 µs × 2^this. */
  readonly subnetTimeout: number;
  readonly lmc: number;
  readonly gidPrefix: bigint;
}

/** The logical side of one InfiniBand port. */
export class IbPort {
  /** IB_PORT_STATE. */
  state: number = IB_PORT_STATE.DOWN;
  lid = 0;
  smLid = 0;
  smSl = 0;
  /** IB MTU code; 0 until a manager has set it. */
  neighborMtu = 0;
  subnetTimeout = 0;
  lmc = 0;
  gidPrefix = IB_DEFAULT_GID_PREFIX;

  get active(): boolean {
    return this.state === IB_PORT_STATE.ACTIVE;
  }

  /** The link trained or was lost; addresses are kept until a manager gives new ones. */
  linkChanged(up: boolean): void {
    this.state = up ? IB_PORT_STATE.INIT : IB_PORT_STATE.DOWN;
  }

  /** True when a manager may ask for this from here. */
  allows({ state, lid }: PortInfoSetting): boolean {
    if (lid === 0 || lid >= firstMulticastLid) return false;
    if (state === IB_PORT_STATE.NO_CHANGE || state === this.state) return true;
    if (state === IB_PORT_STATE.ARMED) return this.state === IB_PORT_STATE.INIT;
    return state === IB_PORT_STATE.ACTIVE && this.state === IB_PORT_STATE.ARMED;
  }

  /** Takes the settings over. Gives what changed, as MLX4_EQ_PORT_INFO bits. */
  apply(setting: PortInfoSetting): number {
    const { state, lid, smLid, smSl, lmc, gidPrefix } = setting;
    const prefix = gidPrefix === 0n ? this.gidPrefix : gidPrefix;
    const changed =
      (smLid === this.smLid ? 0 : MLX4_EQ_PORT_INFO.MSTR_SM_LID_CHANGE) |
      (prefix === this.gidPrefix ? 0 : MLX4_EQ_PORT_INFO.GID_PFX_CHANGE) |
      (lid === this.lid ? 0 : MLX4_EQ_PORT_INFO.LID_CHANGE) |
      (smSl === this.smSl ? 0 : MLX4_EQ_PORT_INFO.MSTR_SM_SL_CHANGE);
    if (state !== IB_PORT_STATE.NO_CHANGE) this.state = state;
    this.lid = lid;
    this.smLid = smLid;
    this.smSl = smSl;
    if (setting.neighborMtu !== 0) this.neighborMtu = setting.neighborMtu;
    this.subnetTimeout = setting.subnetTimeout;
    this.lmc = lmc;
    this.gidPrefix = prefix;
    return changed;
  }
}

/** LIDs from here on are multicast. */
const firstMulticastLid = 0xc000;
