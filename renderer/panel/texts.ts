// Every English word of the front panel. Words that the lab has made, such as why a port has no
// link, come with the data.

export const texts = {
  title: 'Front panel',
  none: 'No card yet.',
  drawing: 'The card, its cables and the switch',
  keys:
    'Enter picks a plug up, arrow keys go through the free ports, Enter plugs it in, Escape puts ' +
    'it back, Delete pulls it, x exchanges the cables of the two ports.',
  ethernet: 'Ethernet',
  infiniband: 'InfiniBand',
  linkUp: 'link up',
  linkDown: 'no link',
  linkProblem: 'problem with the link',
  traffic: 'traffic',
  empty: 'empty',
  noNetdev: 'no interface',
  /** What the lab says of an empty cage: the picture shows it. */
  noCable: 'no cable',
  mayGoHere: 'may go here',
  cableTo: (label: string, far: string) => `cable ${label} to ${far}`,
  cableHangs: (label: string) => `cable ${label}, its other end hangs`,
  hangsHere: (label: string) => `Cable ${label} hangs before it.`,
  carrying: (label: string, port: string) =>
    `You hold cable ${label}. Enter plugs it into ${port}. Escape puts it back.`,
  pulled: (label: string, port: string) => `Cable ${label} pulled out of ${port}.`,
  plugged: (label: string, port: string) => `Cable ${label} is in ${port}.`,
  leftHanging: (label: string) => `Cable ${label} hangs free.`,
  portType: (number: number) => `Type of port ${number}`,
  ledNames: { link: 'link LED', activity: 'activity LED' },
  ledStates: {
    off: 'off',
    steady: 'steady',
    traffic: 'traffic',
    error: 'problem',
    locate: 'locate',
  },
  switch: 'switch',
  cardSays: 'as the card has it',
  driverSays: 'as the driver believes',
  driverUnseen: 'the driver is not seen',
  rows: { portMap: 'Port map', rxPortCheck: 'RX port check', hardware: 'Hardware bond' },
  noBond: 'No bond.',
  /** Loading the module makes bond0: a second one of that name is refused. */
  noBondMake: (loaded: boolean) => (loaded ? 'ip link add bond0 type bond' : 'modprobe bonding'),
  noBondMakes: 'makes bond0.',
  equal: 'Equal.',
  differ: 'They differ.',
  parted: (seq: string) => `They part at event ${seq}. Enter: go there.`,
  faults: 'Faults',
  armed: (count: number) => (count === 0 ? 'none' : `${count} armed`),
  isArmed: 'armed',
  heldCommands: (held: number) => `${held} held`,
  release: 'release',
} as const;
