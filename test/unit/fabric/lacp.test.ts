// LACP of the switch against a scripted partner that speaks as Linux bonding does (facts/driver.md
// 10.7), and against another switch: it comes up, it stays up, it times out, it takes one partner.

import { expect, test } from 'vitest';
import { ethHeaderBytes } from '#bus/frame.ts';
import { LacpState, buildLacpduFrame, isLacpFrame, parseLacpdu } from '#bus/lacpdu.ts';
import type { LacpParty, Lacpdu } from '#bus/lacpdu.ts';
import { buildGratuitousArp } from '#bus/arp.ts';
import { parseMac } from '#bus/mac.ts';
import { Cable } from '#fabric/cable.ts';
import { lacpKey } from '#fabric/lacp-group.ts';
import type { LagSpec } from '#fabric/lag.ts';
import { Switch } from '#fabric/switch.ts';
import { TestClock } from '#test/support/clock.ts';
import { Trace } from '#trace/trace.ts';
import { ScriptedPort, msNs, secondNs } from './rig.ts';

const { activity, timeout, aggregation, synchronization, collecting, distributing } = LacpState;
const switchMac = parseMac('02:00:00:00:10:00');
const bondMac = parseMac('00:02:c9:a0:b0:c1');
const nobody: LacpParty = {
  systemPriority: 0,
  system: 0,
  key: 0,
  portPriority: 0,
  port: 0,
  state: 0,
};

/** One slave of a bond: answers in sync what it hears, and speaks once a second while it may. */
class BondSlave {
  readonly port: ScriptedPort;
  readonly heard: Lacpdu[] = [];
  talking = true;
  state = activity | aggregation;
  private partner = nobody;
  private readonly number: number;
  private readonly system: number;
  private readonly clock: TestClock;

  constructor(clock: TestClock, number: number, system = bondMac) {
    this.clock = clock;
    this.number = number;
    this.system = system;
    this.port = new ScriptedPort(`card0 port ${number}`, clock);
    this.port.onFrame = (frame) => {
      if (isLacpFrame(frame)) this.hear(parseLacpdu(frame, ethHeaderBytes)!);
    };
    this.tick();
  }

  get lastHeard(): Lacpdu {
    return this.heard.at(-1)!;
  }

  /** Gets one bit of what the switch said wrong, which costs nobody the sync. */
  misremember(): void {
    this.partner = { ...this.partner, state: this.partner.state ^ timeout };
  }

  speak(): void {
    const actor = {
      systemPriority: 65_535,
      system: this.system,
      key: 23,
      portPriority: 255,
      port: this.number,
      state: this.state,
    };
    const pdu = { version: 1, actor, partner: this.partner, collectorMaxDelay: 0 };
    this.port.end?.send(buildLacpduFrame(this.system + this.number, pdu));
  }

  private hear(pdu: Lacpdu): void {
    this.heard.push(pdu);
    if (!this.talking) return;
    const before = this.state;
    this.partner = pdu.actor;
    this.state |= synchronization;
    const inSync = (pdu.actor.state & synchronization) !== 0;
    this.state = inSync
      ? this.state | collecting | distributing
      : this.state & ~(collecting | distributing);
    if (this.state !== before || pdu.partner.state !== this.state) this.speak();
  }

  private tick(): void {
    this.clock.after(secondNs, () => {
      if (this.talking && this.port.up) this.speak();
      this.tick();
    });
  }
}

function rig(lag: LagSpec, systems = [bondMac, bondMac]) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const made = new Switch({ name: 'switch0', clock, trace, ports: 4, mac: switchMac, lags: [lag] });
  const slaves = systems.map((system, index) => new BondSlave(clock, index + 1, system));
  const cables = slaves.map((slave, index) => {
    const cable = new Cable({ name: `cable${index + 1}`, clock, trace });
    cable.plug('a', slave.port);
    cable.plug('b', made.port(index + 1));
    return cable;
  });
  const show = () => slaves.map((_, index) => made.portState(index + 1));
  return { clock, made, slaves, cables, show };
}

const fastLag: LagSpec = { id: 1, ports: [1, 2], rate: 'fast' };

test('the key tells LAG, speed and duplex, as Linux counts speeds', () => {
  expect([lacpKey(0, 10_000), lacpKey(0, 40_000), lacpKey(0, 56_000)]).toEqual([15, 23, 27]);
  expect(lacpKey(3, 40_000)).toBe(3 * 64 + 23);
});

for (const mode of ['active', 'passive'] as const) {
  test(`a bond and a switch in ${mode} mode reach COLLECTING_DISTRIBUTING on both ports`, () => {
    const { clock, slaves, show } = rig({ ...fastLag, mode });
    clock.runFor(5 * secondNs);
    const all = activity | aggregation | synchronization | collecting | distributing;
    for (const [index, state] of show().entries()) {
      expect(state).toMatchObject({ lagId: 1, carries: 'lag' });
      expect(state.lacp).toMatchObject({ rx: 'CURRENT', mux: 'COLLECTING_DISTRIBUTING' });
      expect(state.lacp!.partner).toMatchObject({ system: bondMac, key: 23, port: index + 1 });
      expect(slaves[index]!.state).toBe(all);
      // The partner hears one system and one key on both ports, and itself described rightly.
      const { actor, partner } = slaves[index]!.lastHeard;
      expect(actor).toMatchObject({
        system: switchMac,
        systemPriority: 32_768,
        key: lacpKey(1, 40_000),
        port: index + 1,
      });
      expect(actor.state).toBe((mode === 'active' ? all : all & ~activity) | timeout);
      expect(partner).toMatchObject({ system: bondMac, key: 23, port: index + 1 });
    }
  });
}

test('a passive switch says nothing until it is spoken to', () => {
  const { clock, slaves } = rig({ ...fastLag, mode: 'passive' });
  for (const slave of slaves) slave.talking = false;
  clock.runFor(20 * secondNs);
  expect(slaves.map((slave) => slave.heard.length)).toEqual([0, 0]);
  slaves[0]!.talking = true;
  clock.runFor(2 * secondNs);
  expect(slaves[0]!.heard.length).toBeGreaterThan(0);
  expect(slaves[1]!.heard.length).toBe(0);
});

test('it takes two seconds of waiting, and carries nothing before', () => {
  const { clock, made, slaves, show } = rig(fastLag);
  clock.runFor(20 * msNs + 1900 * msNs);
  slaves[0]!.port.end!.send(buildGratuitousArp(bondMac, 0x0a00_0002));
  clock.runFor(msNs);
  expect(show()[0]!.lacp!.mux).toBe('WAITING');
  expect(made.portState(1).counters.blocked).toBe(1);
  expect(made.learned()).toEqual([]);
  clock.runFor(2 * secondNs);
  slaves[0]!.port.end!.send(buildGratuitousArp(bondMac, 0x0a00_0002));
  clock.runFor(msNs);
  expect(made.learned()).toMatchObject([{ mac: '00:02:c9:a0:b0:c1', place: 'lag 1' }]);
});

test('when LACPDUs stop, the port leaves at once after 3 s, and is a link of its own later', () => {
  const { clock, slaves, show } = rig(fastLag);
  clock.runFor(6 * secondNs);
  slaves[1]!.talking = false;
  clock.runFor(2500 * msNs);
  expect(show().map((state) => state.carries)).toEqual(['lag', 'lag']);
  clock.runFor(secondNs);
  expect(show()[1]).toMatchObject({ carries: 'nothing', lacp: { rx: 'EXPIRED', mux: 'ATTACHED' } });
  expect(slaves[1]!.lastHeard.actor.state & LacpState.expired).not.toBe(0);
  clock.runFor(3 * secondNs);
  expect(show()[1]!.lacp).toMatchObject({ rx: 'DEFAULTED' });
  clock.runFor(2200 * msNs);
  expect(show().map((state) => state.carries)).toEqual(['lag', 'alone']);
  // It comes back as soon as the partner does.
  slaves[1]!.talking = true;
  clock.runFor(4 * secondNs);
  expect(show().map((state) => state.carries)).toEqual(['lag', 'lag']);
});

test('slow rate: the partner may be silent for 90 s', () => {
  const { clock, slaves, show } = rig({ ...fastLag, rate: 'slow' });
  clock.runFor(6 * secondNs);
  for (const slave of slaves) slave.talking = false;
  clock.runFor(88 * secondNs);
  expect(show().map((state) => state.lacp!.rx)).toEqual(['CURRENT', 'CURRENT']);
  clock.runFor(3 * secondNs);
  expect(show().map((state) => state.lacp!.rx)).toEqual(['EXPIRED', 'EXPIRED']);
});

test('what the partner asks for decides how often it hears', () => {
  const { clock, slaves } = rig(fastLag);
  slaves[1]!.state |= timeout;
  clock.runFor(10 * secondNs);
  const before = slaves.map((slave) => slave.heard.length);
  clock.runFor(60 * secondNs);
  const heard = slaves.map((slave, index) => slave.heard.length - before[index]!);
  expect(heard[0]).toBe(2);
  expect(heard[1]).toBeGreaterThanOrEqual(54);
  expect(heard[1]).toBeLessThanOrEqual(60);
});

test('a partner that claims to be in sync but does not know the switch is not believed', () => {
  const { clock, slaves, show } = rig(fastLag);
  for (const slave of slaves) {
    slave.talking = false;
    slave.state |= synchronization;
  }
  clock.runFor(100 * msNs);
  for (let i = 0; i < 10; i++) {
    for (const slave of slaves) slave.speak();
    clock.runFor(secondNs);
  }
  expect(show().map((state) => state.lacp!.rx)).toEqual(['CURRENT', 'CURRENT']);
  expect(show().map((state) => state.carries)).toEqual(['nothing', 'nothing']);
});

test('answers at once when the partner has it wrong, or begins to ask for speed', () => {
  const { clock, slaves } = rig({ ...fastLag, rate: 'slow' });
  clock.runFor(10 * secondNs);
  const [slave] = slaves;
  const answersTo = (change: () => void) => {
    const before = slave!.heard.length;
    change();
    slave!.speak();
    clock.runFor(150 * msNs);
    const answers = slave!.heard.length - before;
    clock.runFor(4 * secondNs);
    return answers;
  };
  slave!.talking = false;
  expect(answersTo(() => {})).toBe(0);
  expect(answersTo(() => (slave!.state |= timeout))).toBe(1);
  expect(answersTo(() => (slave!.state &= ~timeout))).toBe(0);
  expect(answersTo(() => slave!.misremember())).toBe(1);
});

test('a port whose partner fell silent asks every second, whatever the partner wanted', () => {
  const { clock, slaves, show } = rig(fastLag);
  clock.runFor(6 * secondNs);
  const [slave] = slaves;
  slave!.talking = false;
  while (show()[0]!.lacp!.rx === 'CURRENT') clock.runFor(100 * msNs);
  const before = slave!.heard.length;
  clock.runFor(2900 * msNs);
  expect(slave!.heard.length - before).toBeGreaterThanOrEqual(2);
});

test('at most three LACPDUs a second, however often it is provoked', () => {
  const { clock, slaves } = rig(fastLag);
  clock.runFor(6 * secondNs);
  const slave = slaves[0]!;
  slave.talking = false;
  const before = slave.heard.length;
  for (let i = 0; i < 50; i++) {
    slave.state ^= synchronization;
    slave.speak();
    clock.runFor(18 * msNs);
  }
  expect(slave.heard.length - before).toBeLessThanOrEqual(6);
});

test('a pulled cable takes its port out until it is plugged back; the other carries all', () => {
  const { clock, made, cables, slaves, show } = rig(fastLag);
  clock.runFor(6 * secondNs);
  cables[0]!.unplug('b');
  expect(show().map((state) => state.carries)).toEqual(['nothing', 'lag']);
  expect(show()[0]!.lacp).toMatchObject({ rx: 'PORT_DISABLED', mux: 'DETACHED', selected: false });
  slaves[0]!.state = activity | aggregation;
  clock.runFor(5 * secondNs);
  expect(show().map((state) => state.carries)).toEqual(['nothing', 'lag']);
  cables[0]!.plug('b', made.port(1));
  clock.runFor(5 * secondNs);
  expect(show().map((state) => state.carries)).toEqual(['lag', 'lag']);
});

test('a LAG takes one partner; the other one waits until the first is gone', () => {
  const { clock, cables, show } = rig(fastLag, [bondMac, bondMac + 0x100]);
  clock.runFor(6 * secondNs);
  expect(show().map((state) => [state.carries, state.lacp!.selected])).toEqual([
    ['lag', true],
    ['nothing', false],
  ]);
  cables[0]!.unplug('a');
  clock.runFor(4 * secondNs);
  expect(show()[1]).toMatchObject({
    carries: 'lag',
    lacp: { partner: { system: bondMac + 0x100 } },
  });
});

test('a LAG that is set up on running links, and taken away again', () => {
  const { clock, made, show } = rig(fastLag);
  clock.runFor(6 * secondNs);
  made.removeLag(1);
  expect(show().map((state) => [state.carries, state.lagId, state.lacp])).toEqual([
    ['alone', null, null],
    ['alone', null, null],
  ]);
  clock.runFor(secondNs);
  made.addLag(fastLag);
  expect(show().map((state) => state.carries)).toEqual(['nothing', 'nothing']);
  clock.runFor(5 * secondNs);
  expect(show().map((state) => state.carries)).toEqual(['lag', 'lag']);
});

/** Two switches with two cables between them, and the modes that they have. */
function pair(modes: readonly ['active' | 'passive', 'active' | 'passive']) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const [x, y] = modes.map((mode, index) => {
    const lags = [{ id: index + 1, ports: [1, 2], mode }];
    const mac = switchMac + index * 0x1000;
    return new Switch({ name: `switch${index}`, clock, trace, ports: 3, mac, lags });
  }) as [Switch, Switch];
  for (const n of [1, 2]) {
    const cable = new Cable({ name: `trunk${n}`, clock, trace });
    cable.plug('a', x.port(n));
    cable.plug('b', y.port(n));
  }
  return { clock, x, y };
}

test('two switches agree and stay agreed', () => {
  const { clock, x, y } = pair(['active', 'passive']);
  const carries = () => [x, y].flatMap((one) => [1, 2].map((n) => one.portState(n).carries));
  clock.runFor(5 * secondNs);
  expect(carries()).toEqual(['lag', 'lag', 'lag', 'lag']);
  for (let i = 0; i < 30; i++) {
    clock.runFor(10 * secondNs);
    expect(carries()).toEqual(['lag', 'lag', 'lag', 'lag']);
  }
});

test('two passive switches never talk', () => {
  const { clock, x, y } = pair(['passive', 'passive']);
  clock.runFor(100 * secondNs);
  for (const one of [x, y]) {
    expect(one.portState(1).lacp).toMatchObject({ sent: 0, received: 0, rx: 'DEFAULTED' });
    expect(one.portState(1).carries).toBe('alone');
  }
});

test('a cable from a LAG back into the same LAG never carries anything once it is heard', () => {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const made = new Switch({ name: 's', clock, trace, ports: 2, mac: switchMac, lags: [fastLag] });
  const cable = new Cable({ name: 'loop', clock, trace });
  cable.plug('a', made.port(1));
  cable.plug('b', made.port(2));
  clock.runFor(20 * secondNs);
  expect([1, 2].map((n) => made.portState(n).carries)).toEqual(['nothing', 'nothing']);
  expect(made.portState(1).lacp!.rx).toBe('CURRENT');
});
