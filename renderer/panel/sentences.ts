// What the things of the panel are called by a screen reader: whole sentences, with the same words
// that are on the screen.

import { endAt, endKey, freeEnds, portWords } from './cables.ts';
import type { Place } from './layout.ts';
import type { BondRow, PortView, FarPortView, Leds, Panel } from '#contract/panel.ts';
import { texts } from './texts.ts';

const typeWords = (type: PortView['cardType']): string =>
  type === 'eth' ? texts.ethernet : texts.infiniband;

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
function cardPortSentence(panel: Panel, port: PortView): string {
  const { number, name, netdev, role, cardType, note, link, leds } = port;
  const parts = [
    `Port ${number}`,
    netdev ?? texts.noNetdev,
    ...(role === '' ? [] : [role]),
    typeWords(cardType),
    ...linkWords(link, leds),
    cableWords(panel, name),
  ];
  const why = note === '' || note === texts.noCable ? '' : ` ${note}.`;
  return `${parts.join(', ')}.${why}`;
}

/** `tor1 port 2, link up, cable C1 to port 1.` */
const farPortSentence = (panel: Panel, { name, link, leds }: FarPortView): string =>
  `${[name, ...linkWords(link, leds), cableWords(panel, name)].join(', ')}.`;

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
  const port = panel.ports.find((each) => each.name === name);
  if (port !== undefined) return cardPortSentence(panel, port);
  const far = [...panel.switches.flatMap(({ ports }) => ports), ...panel.hosts];
  return farPortSentence(
    panel,
    far.find((each) => each.name === name)!,
  );
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
