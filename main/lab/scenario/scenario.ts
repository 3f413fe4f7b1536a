// What a scenario file can say, as types. parse.ts makes them from YAML; the runner carries them
// out. Times are ns, speeds Mb/s; nothing here is text that still has to be understood.

import type { CardOptions, CardProfile } from '#device/options.ts';
import type { Fault, FaultTarget } from '#device/faults.ts';
import type { CableFaults } from '#fabric/faults.ts';
import type { CableAction } from '#fabric/fabric.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import type { DetectorName, DetectorState } from '../board.ts';
import type { FindingKind } from '../findings.ts';
import type { Outcome } from '../outcome.ts';

/** Which variants a step or check is for; empty means all. */
export interface When {
  readonly variants: readonly string[];
}

/** The card in the machine. */
export interface CardSpec {
  readonly profile: CardProfile;
  /** PCI address, as Linux writes it. */
  readonly slot: string;
  /** What differs from the profile. */
  readonly options: Partial<CardOptions>;
}

/** The machine that a scenario runs on. */
export interface MachineSpec {
  readonly cpus: number;
  readonly hz: number;
  /** A preset of main/driver/variant.ts, with switches: `v6.1+bond-locks-intf`. */
  readonly variant: string;
  readonly card: CardSpec;
  readonly topology: TopologySpec;
  /** Parameters by module, for example mlx4_core: debug_level=1. */
  readonly moduleOptions: ReadonlyMap<string, string>;
  /** Interfaces are renamed as udev does (ens1, ens1d1); off keeps eth0, eth1. */
  readonly rename: boolean;
  /** Modules are loaded by udev from MODALIAS; off leaves loading to the script. */
  readonly autoload: boolean;
}

/** A card where there are several. */
export interface OnCard {
  /** `card1`; the lab's own, card0, unless given. */
  readonly card?: string;
}

/** A named fault switch with its settings: one of the card's, or one of a cable's. */
export type FaultSpec =
  | ({ readonly on: 'card'; readonly fault: Fault } & OnCard)
  | {
      readonly on: 'cable';
      readonly name: CableFaultName;
      /** A port that the cable is plugged into. */
      readonly port: string;
      readonly settings: Partial<CableFaults>;
    };

/** Fault switches of cables, as scenarios name them. */
export type CableFaultName = 'frameLoss' | 'frameDamage' | 'cableFlap';

/** Name of any fault switch. */
export type FaultName = Fault['name'] | CableFaultName;

/** What a text must be like; null asks for nothing. */
export interface TextWanted {
  readonly contains: string | null;
  readonly equals: string | null;
}

/** A condition to wait for or to check. */
export type Condition =
  | { readonly kind: 'log'; readonly text: string; readonly count: number }
  | { readonly kind: 'noLog'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string; readonly wanted: TextWanted }
  | {
      readonly kind: 'output';
      readonly line: string;
      readonly wanted: TextWanted;
      readonly status: number | null;
    }
  | { readonly kind: 'exists' | 'missing'; readonly path: string }
  | { readonly kind: 'portMap'; readonly map: readonly [number, number] }
  | { readonly kind: 'rxPortCheck'; readonly on: boolean }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | {
      readonly kind: 'finding';
      readonly finding: FindingKind;
      readonly mentions: readonly string[];
    }
  | { readonly kind: 'noFinding'; readonly finding: FindingKind }
  | { readonly kind: 'detector'; readonly name: DetectorName; readonly state: DetectorState }
  | { readonly kind: 'blocked'; readonly task: string }
  | { readonly kind: 'idle'; readonly terminal: string }
  | { readonly kind: 'linkUp' | 'linkDown'; readonly port: string };

/** What reaches a machine from outside: by a script's step, or by a person. */
export type Input =
  | { readonly kind: 'type'; readonly terminal: string; readonly line: string }
  | { readonly kind: 'interrupt'; readonly terminal: string }
  | {
      readonly kind: 'cable';
      readonly action: CableAction;
      readonly port: string;
      /** The other port of a swap, or the cable to plug in. */
      readonly other: string | null;
    }
  | { readonly kind: 'farPort'; readonly port: string; readonly enabled: boolean }
  | { readonly kind: 'fault'; readonly fault: FaultSpec }
  | ({ readonly kind: 'clearFault'; readonly name: FaultName } & OnCard)
  /** Lets held firmware commands of this name go on. */
  | ({ readonly kind: 'release'; readonly command: FaultTarget } & OnCard);

/** One step of the script. */
export type Step =
  | Exclude<Input, { kind: 'type' }>
  | {
      readonly kind: 'run';
      readonly line: string;
      readonly terminal: string;
      /** The script goes on while the line runs. */
      readonly background: boolean;
    }
  | { readonly kind: 'mark'; readonly text: string }
  | { readonly kind: 'sleep'; readonly durationNs: number }
  | { readonly kind: 'wait'; readonly condition: Condition; readonly timeoutNs: number };

/** A step with the variants that it is for and its line in the file. */
export interface ScriptStep {
  readonly step: Step;
  readonly when: When;
  readonly line: number;
}

/** A statement that must hold at the end, and why it should. */
export interface Check {
  readonly condition: Condition;
  readonly reason: string;
  readonly when: When;
  readonly line: number;
}

/** What a deadlock does: end the run at once, or let time go on until then. */
export type OnDeadlock =
  { readonly kind: 'stop' } | { readonly kind: 'continue'; readonly untilNs: number };

/** A whole scenario. */
export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly title: string;
  readonly machine: MachineSpec;
  /** On from the start. */
  readonly faults: readonly FaultSpec[];
  readonly steps: readonly ScriptStep[];
  readonly checks: readonly Check[];
  readonly onDeadlock: OnDeadlock;
  /** The run ends as a time-out when the script is not done by then. */
  readonly untilNs: number;
  /** A person who chooses the next task is asked from this mark on; null from the begin. */
  readonly chooseFrom: string | null;
}
