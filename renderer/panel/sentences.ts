// What the things of the panel are called by a screen reader: whole sentences, with the same words
// that are on the screen.

import { endAt, endKey, freeEnds, portWords } from './cables.ts';
import { cardPortName } from './layout.ts';
import type { Place } from './layout.ts';
import type { BondRow, CardPort, FarPort, Leds, Panel } from './panel.ts';
import { texts } from './texts.ts';

/** `40 Gb/s`. */
export const speedWords = (mbps: number): string =>
  mbps >= 1000 ? `${mbps / 1000} Gb/s` : `${mbps} Mb/s`;

const typeWords = (type: string): string =>
  type === 'eth' ? texts.ethernet : type === 'ib' ? texts.infiniband : type;

const linkWords = (link: 'up' | 'down', { link: led, activity }: Leds): string[] => [
  led === 'error' ? texts.linkProblem : link === 'up' ? texts.linkUp : texts.linkDown,
  ...(activity === 'traffic' ? [texts.traffic] : []),
];

/** Where the cable in a port goes. */
function cableWords(panel: Panel, port: string): string {
  const here = endAt(panel.cables, port);
  if (here === null) return texts.empty;
  const far = here.cable.ends[here.end === 0 ? 1 : 0];
  return far === null
    ? texts.cableHangs(here.cable.label)
    : texts.cableTo(here.cable.label, portWords(panel, far));
}

/** `Port 1, p1, Ethernet, link up, traffic, cable C1 to tor1 port 2.` */
export function cardPortSentence(panel: Panel, port: CardPort): string {
  const { number, netdev, role, type, note, link, leds } = port;
  const parts = [
    `Port ${number}`,
    netdev ?? texts.noNetdev,
    ...(role === '' ? [] : [role]),
    typeWords(type),
    ...linkWords(link, leds),
    cableWords(panel, cardPortName(panel, number)),
  ];
  return `${parts.join(', ')}.${note === '' ? '' : ` ${note}.`}`;
}

/** `tor1 port 2, link up, cable C1 to port 1.` */
export const farPortSentence = (panel: Panel, { name, link, leds }: FarPort): string =>
  `${[name, ...linkWords(link, leds), cableWords(panel, name)].join(', ')}.`;

/** `host0, 10.0.0.1, cable C3 to switch0 port 3.` */
export const hostSentence = (panel: Panel, name: string, ip: string): string =>
  `${[name, ...(ip === '' ? [] : [ip]), cableWords(panel, name)].join(', ')}.`;

/** The port of a place, with what hangs before it. */
export function placeSentence(
  panel: Panel,
  { name }: Place,
  before: Readonly<Record<string, string>>,
): string {
  const hanging = freeEnds(panel.cables).filter((end) => before[endKey(end)] === name);
  const words = hanging.map(({ cable }) => ` ${texts.hangsHere(cable.label)}`).join('');
  return `${portSentence(panel, name)}${words}`;
}

function portSentence(panel: Panel, name: string): string {
  const port = panel.ports.find(({ number }) => cardPortName(panel, number) === name);
  if (port !== undefined) return cardPortSentence(panel, port);
  const far = panel.switches.flatMap(({ ports }) => ports).find((each) => each.name === name);
  if (far !== undefined) return farPortSentence(panel, far);
  return hostSentence(panel, name, panel.hosts.find((host) => host.name === name)?.ip ?? '');
}

/** `Port 1 link LED, steady.` */
export const ledSentence = (port: string, which: keyof Leds, leds: Leds): string =>
  `${port} ${texts.ledNames[which]}, ${texts.ledStates[leds[which]]}.`;

const mapWords = (map: readonly number[]): string =>
  map.map((to, index) => `${index + 1} to ${to}`).join(', ');

/** `Port map. Card: 1 to 1, 2 to 2. Driver: 1 to 1, 2 to 1. They differ.` */
export function bondRowSentence(row: BondRow): string {
  const card = row.cardMap === undefined ? row.card : mapWords(row.cardMap);
  const driver = row.driverMap === undefined ? row.driver : mapWords(row.driverMap);
  const verdict = row.equal ? texts.equal : texts.differ;
  return `${texts.rows[row.what]}. Card: ${card}. Driver: ${driver}. ${verdict}`;
}
