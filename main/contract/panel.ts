// The front panel as it crosses the contract: its types are declared where they are made.

export type {
  CableView,
  FarPortView,
  FaultView,
  HostView,
  Panel,
  PortView,
} from '#lab/moment/panel.ts';
export type { PortChoice } from '#lab/moment/facts.ts';
export type { BondRow } from '#lab/moment/bond.ts';
export type { Leds, LedState } from '#lab/moment/leds.ts';
