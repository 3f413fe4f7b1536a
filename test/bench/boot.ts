// How many machines boot per second of CPU time: kernel and card made, mlx4_core and mlx4_en
// loaded, both ports up and their links trained.

import { untilBlocked } from '#explore/until-blocked.ts';
import { modprobe } from '#kernel/module.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { msleep } from '#kernel/time/delay.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { LabMachine } from '#lab/machine.ts';
import { Trace } from '#trace/trace.ts';
import { cpuSeconds } from './clock.ts';

/** Nothing is loaded or renamed by itself: what is measured is what is asked for. */
const spec = { ...defaultMachineSpec, autoload: false, rename: false };

/** Boots one machine as far as two running ports with carrier. */
export function boot(): LabMachine {
  const machine = new LabMachine(spec, new Trace(), untilBlocked());
  const { k } = machine;
  const up = (name: string): boolean =>
    k.net.devices.some((dev) => dev.name === name && dev.running && dev.carrier);
  machine.spawn('boot', function* () {
    yield* machine.waitForBoot();
    yield* modprobe(k, 'mlx4_core');
    yield* modprobe(k, 'mlx4_en');
    yield* ipLinkSet(k, 'eth0', { up: true });
    yield* ipLinkSet(k, 'eth1', { up: true });
    while (!(up('eth0') && up('eth1'))) yield* msleep(k, 1);
    k.sim.stop();
  });
  k.sim.run(60e9);
  if (!(up('eth0') && up('eth1'))) throw new Error('the ports did not come up');
  return machine;
}

/** Boots per CPU second, of `count`. Boots are cold code at first: warm up with a hundred. */
export function bootsPerSecond(count: number): number {
  const start = cpuSeconds();
  for (let i = 0; i < count; i++) boot();
  return count / (cpuSeconds() - start);
}

if (import.meta.main) {
  for (let i = 0; i < 10; i++) console.log(`${bootsPerSecond(20).toFixed(1)} boots/s`);
}
