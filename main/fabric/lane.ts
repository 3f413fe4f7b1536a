// One direction of a link while it is up: frames leave one after the other (serialisation delay by
// the agreed speed), travel, and arrive in order. A lane lives from link up to link down; what is
// in flight when it is closed never arrives. Left out: flow control (pause frames); a queue bound
// stands for it.

import type { Clock } from '#bus/clock.ts';
import { fcsBytes, minFrameBytes } from '#bus/frame.ts';

/** Preamble, start delimiter and the gap between frames, in byte times. */
const overheadBytes = 8 + 12;

/** Nanoseconds that a frame (without FCS) of `frameBytes` occupies a link of `speedMbps`. */
export function serialisationNs(frameBytes: number, speedMbps: number): number {
  const onWire = Math.max(frameBytes, minFrameBytes) + fcsBytes + overheadBytes;
  return Math.ceil((onWire * 8 * 1000) / speedMbps);
}

/** A frame under way. */
export interface Flight {
  readonly frame: Uint8Array;
  /** Number of the recorded bytes in the trace, 0 when not recorded. */
  readonly blob: number;
  /** Its FCS will be wrong. */
  readonly damaged: boolean;
}

/** What a lane needs to know of its cable. */
export interface LaneOptions {
  readonly clock: Clock;
  readonly speedMbps: number;
  readonly propagationNs: number;
  /** Most frames under way or waiting to leave. */
  readonly framesMax: number;
  readonly arrived: (flight: Flight) => void;
}

/** One direction of a link. */
export class Lane {
  private readonly options: LaneOptions;
  private readonly flights: Flight[] = [];
  private head = 0;
  private freeAtNs = 0;
  private closed = false;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  /** Frames under way or waiting to leave. */
  get inFlight(): number {
    return this.flights.length - this.head;
  }

  /** Sends a frame. False when the queue is full: the frame was not taken. */
  send(flight: Flight): boolean {
    const { clock, speedMbps, propagationNs, framesMax } = this.options;
    if (this.inFlight >= framesMax) return false;
    const now = clock.now();
    const start = Math.max(now, this.freeAtNs);
    this.freeAtNs = start + serialisationNs(flight.frame.length, speedMbps);
    this.flights.push(flight);
    clock.after(this.freeAtNs + propagationNs - now, this.deliver);
    return true;
  }

  /** Ends the lane and gives the number of frames that were under way and are lost. */
  close(): number {
    const lost = this.inFlight;
    this.closed = true;
    this.flights.length = 0;
    this.head = 0;
    return lost;
  }

  /**
   * One function for all frames: arrivals keep the order of sending, so each call is for the head.
   */
  private readonly deliver = (): void => {
    if (this.closed) return;
    const flight = this.flights[this.head++]!;
    if (this.head === this.flights.length || this.head >= 1024) {
      this.flights.splice(0, this.head);
      this.head = 0;
    }
    this.options.arrived(flight);
  };
}
