// GIDs of RoCE ports: those that follow the IPv4 addresses of a netdev, or of the bond that it is
// under while the card is bonded.

import { expect, it } from 'vitest';
import { inet_add_addr, inet_del_addr } from '#kernel/net/inetdev.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import type { MaySleep } from '#sim/task.ts';
import { IbRig } from './rig.ts';

function started(): IbRig {
  const rig = new IbRig({ variant: 'v6.1' });
  rig.load(['mlx4_en', 'mlx4_ib'], true);
  return rig;
}

function change(rig: IbRig, name: string, address: string, add: boolean): void {
  const { k } = rig;
  rig.run(function* (): MaySleep<void> {
    yield* rtnl_lock(k);
    const dev = k.net.devices.find((each) => each.name === name)!;
    if (add) yield* inet_add_addr(dev, address, 24);
    else yield* inet_del_addr(dev, address);
    yield* rtnl_unlock(k);
  });
  rig.wait(0.5);
}

/** Netdev and type of each GID of a port that is set, by GID. */
function gids(rig: IbRig, port: number): Record<string, string> {
  const path = `mlx4_0/ports/${port}`;
  const found: [string, string][] = [];
  for (const index of rig.list(`${path}/gids`)) {
    const gid = rig.read(`${path}/gids/${index}`);
    if (typeof gid === 'number' || /^[0:]*$/.test(gid)) continue;
    const attrs = ['ndevs', 'types'].map((name) => rig.read(`${path}/gid_attrs/${name}/${index}`));
    found.push([gid, attrs.join(' ')]);
  }
  return Object.fromEntries(found);
}

const linkLocal = (last: number): string => `fe80:0000:0000:0000:0202:c9ff:fea0:b0c${last}`;
const mapped = '0000:0000:0000:0000:0000:ffff:0a00:0002';

it('come and go with the addresses of a netdev', () => {
  const rig = started();
  change(rig, 'eth1', '10.0.0.2', true);
  expect(gids(rig, 1)).toEqual({ [linkLocal(1)]: 'eth0 IB/RoCE v1' });
  expect(gids(rig, 2)).toEqual({
    [linkLocal(2)]: 'eth1 IB/RoCE v1',
    [mapped]: 'eth1 IB/RoCE v1',
  });
  change(rig, 'eth1', '10.0.0.2', false);
  expect(gids(rig, 2)).toEqual({ [linkLocal(2)]: 'eth1 IB/RoCE v1' });
});

it('are those of the bond while the card is bonded', () => {
  const rig = started();
  rig.enslave();
  rig.until('bonded', () => rig.list('mlx4_0/ports').join() === '1');
  rig.wait(2);
  change(rig, 'bond0', '10.0.0.2', true);
  expect(gids(rig, 1)).toEqual({
    [linkLocal(1)]: 'bond0 IB/RoCE v1',
    [mapped]: 'bond0 IB/RoCE v1',
  });
});
