// What a scenario file can say, as types. parse.ts makes them from YAML; the runner carries them out.
// Times are ns.

/** Which variants a check or step is for; empty means all. */
export interface When {
  readonly variants: readonly string[];
}

/** The machine that a scenario runs on. */
export interface MachineSpec {
  readonly cpus: number;
  readonly hz: number;
  readonly variant: string;
  /** Capability profile of the card: `default` or `trace61`. */
  readonly card: string;
  /** Parameters by module, for example mlx4_core: debug_level=1. */
  readonly moduleOptions: ReadonlyMap<string, string>;
  /** Interfaces are renamed as udev does (ens1, ens1d1); off keeps eth0, eth1. */
  readonly rename: boolean;
  /** Modules are loaded by udev from MODALIAS; off leaves loading to the script. */
  readonly autoload: boolean;
}

/** A named fault switch and its settings, as text. */
export interface FaultSpec {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** A condition to wait for or to check. */
export type Condition =
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'noLog'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string; readonly contains: string | null; readonly equals: string | null }
  | { readonly kind: 'output'; readonly line: string; readonly contains: string | null; readonly equals: string | null; readonly status: number | null }
  | { readonly kind: 'portMap'; readonly map: readonly [number, number] }
  | { readonly kind: 'rxPortCheck'; readonly on: boolean }
  | { readonly kind: 'outcome'; readonly outcome: string }
  | { readonly kind: 'finding'; readonly finding: string; readonly mentions: readonly string[] }
  | { readonly kind: 'noFinding'; readonly finding: string }
  | { readonly kind: 'blocked'; readonly task: string }
  | { readonly kind: 'linkUp'; readonly port: string };

/** One step of the script. */
export type Step =
  | { readonly kind: 'run'; readonly line: string; readonly terminal: string; readonly background: boolean }
  | { readonly kind: 'sleep'; readonly durationNs: number }
  | { readonly kind: 'cable'; readonly action: 'pull' | 'plug'; readonly port: string }
  | { readonly kind: 'fault'; readonly fault: FaultSpec }
  | { readonly kind: 'clearFault'; readonly name: string }
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

/** A whole scenario. */
export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly title: string;
  readonly machine: MachineSpec;
  readonly faults: readonly FaultSpec[];
  readonly steps: readonly ScriptStep[];
  readonly checks: readonly Check[];
  /** After a deadlock: stop at once, or let time go on until this time. */
  readonly onDeadlock: { readonly kind: 'stop' } | { readonly kind: 'continue'; readonly untilNs: number };
  /** The run ends with timeOut when the script is not done by then. */
  readonly untilNs: number;
}
