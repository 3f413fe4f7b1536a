// What lies between a port and a cable. A card's port, a switch's port and a host's NIC all plug
// into a cable in the same way; the cable (fabric/cable.ts) trains the link and carries frames.
// A frame is never changed once it is sent: switches, traces and several receivers hold the same
// bytes. Who wants other contents makes a frame of its own.

/** Layer below the frames: what a cable's two ends agreed on, or found on the other side. */
export type LinkProtocol = 'eth' | 'ib';

/** Result of link training, given to both ends. */
export interface LinkState {
  readonly up: boolean;
  /** Agreed speed in Mb/s (10000, 40000, 56000, …); 0 while down. */
  readonly speedMbps: number;
}

/** What a port offers to the other end of its cable while training. */
export interface LinkOffer {
  /** False: the port is powered down or closed and holds the link down. */
  readonly enabled: boolean;
  readonly protocol: LinkProtocol;
  /** Speeds the port can do, Mb/s, in any order; the highest common one wins. */
  readonly speedsMbps: readonly number[];
}

/** A port: something that a cable's end plugs into. */
export interface WirePort {
  /** Stable name, for example `card0 port 1` or `switch0 port 3`. */
  readonly name: string;
  /** What the port offers now. Asked when training starts. */
  offer(): LinkOffer;
  /** The cable was plugged in (the end to send on) or pulled out (null). */
  plugged(end: WireEnd | null): void;
  /** Link training ended, or the link was lost. */
  linkChanged(state: LinkState): void;
  /** A frame arrived: destination MAC first, without FCS. Its bytes must not be changed. */
  frameArrived(frame: Uint8Array): void;
  /**
   * A frame arrived whose FCS is wrong (a fault of the cable). A port without this method never
   * sees such a frame, as a NIC that discards them; a card that reports them implements it.
   */
  damagedFrameArrived?(frame: Uint8Array): void;
}

/** A cable's end, as the port that holds it sees it. */
export interface WireEnd {
  /**
   * Sends a frame towards the other end. A frame on a link that is down is lost, and counted. The
   * bytes are not copied: nobody may change them from here on.
   */
  send(frame: Uint8Array): void;
  /** Tells the cable that offer() changed: the link drops and trains again. */
  offerChanged(): void;
  /**
   * What the other end offers at the moment, or null with nothing plugged in there (for sensing).
   */
  peerOffer(): LinkOffer | null;
}
