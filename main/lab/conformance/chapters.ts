// What the real driver and ours do one after the other, so that the commands which their card sees
// can be laid side by side. Both have one CPU, the same card, the same network, and type the same.

/** The card's folder in sysfs, which both have under another address. */
export const cardFolder = '$CARD';

/**
 * A line of shell, hands as in `mlx4-lab shell`, or a rest: so many seconds in which the driver
 * sends nothing but what it sends now and then anyway.
 */
export type ChapterStep =
  { readonly run: string } | { readonly hand: string } | { readonly rest: number };

/** A part of the run whose commands are compared for themselves. */
export interface Chapter {
  readonly name: string;
  readonly title: string;
  readonly steps: readonly ChapterStep[];
}

const bond = '/sys/class/net/bond0/bonding';
const run = (line: string): ChapterStep => ({ run: line });
const rest = (seconds: number): ChapterStep => ({ rest: seconds });

export const chapters: readonly Chapter[] = [
  {
    name: 'probe',
    title: 'modprobe mlx4_core, which asks for mlx4_en and mlx4_ib',
    steps: [run('modprobe mlx4_core'), rest(4)],
  },
  { name: 'up', title: 'the first port is set up', steps: [run('ip link set eth0 up'), rest(3)] },
  {
    name: 'ping',
    title: 'an address, and a ping',
    steps: [run('ip addr add 10.0.0.2/24 dev eth0'), run('ping -c 3 10.0.0.1'), rest(2)],
  },
  {
    name: 'down',
    title: 'the port is set down',
    steps: [run('ip addr del 10.0.0.2/24 dev eth0'), run('ip link set eth0 down'), rest(2)],
  },
  {
    name: 'bond',
    title: 'a bond of both ports',
    steps: [
      run('modprobe bonding max_bonds=0'),
      run('echo +bond0 > /sys/class/net/bonding_masters'),
      run(`echo active-backup > ${bond}/mode`),
      run(`echo 100 > ${bond}/miimon`),
      run('ip addr add 10.0.0.2/24 dev bond0'),
      run('ip link set bond0 up'),
      run(`echo +eth0 > ${bond}/slaves`),
      rest(2),
      run(`echo +eth1 > ${bond}/slaves`),
      rest(4),
    ],
  },
  {
    name: 'failover',
    title: "the active slave's cable is pulled",
    steps: [{ hand: 'pull card0 port 1' }, rest(4)],
  },
  {
    name: 'portType',
    title: 'a port of the bond becomes InfiniBand',
    steps: [run(`echo ib > ${cardFolder}/mlx4_port1`), rest(4)],
  },
  {
    name: 'unload',
    title: 'everything is unloaded',
    steps: [
      run('rmmod bonding'),
      run('rmmod mlx4_ib'),
      run('rmmod mlx4_en'),
      run('rmmod mlx4_core'),
    ],
  },
];
