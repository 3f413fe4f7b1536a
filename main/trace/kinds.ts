// The event vocabulary: every kind of event that a run can hold, declared once. A kind's number is
// its position, so rows are only ever appended. `object` names what the event's object number
// refers to, `value` what its value means; the text form, the window and SQL are all made from this
// table.

/** How to read an event's object number. */
export type ObjectMeaning = 'resource' | 'task' | 'text' | 'none';

/** How to read an event's value. */
export type ValueMeaning = 'none' | 'count' | 'text' | 'blob' | 'task' | 'ns' | 'hex';

/** One kind of event. */
export interface KindRow {
  readonly name: string;
  readonly object: ObjectMeaning;
  readonly value: ValueMeaning;
}

const row = <const N extends string>(name: N, object: ObjectMeaning, value: ValueMeaning) => ({
  name,
  object,
  value,
});

export const kindTable = [
  row('none', 'none', 'none'),
  // Engine.
  row('task.create', 'task', 'task'),
  row('task.exit', 'task', 'none'),
  row('task.switch', 'task', 'count'),
  row('task.block', 'resource', 'text'),
  row('task.wake', 'task', 'none'),
  row('task.sleep', 'none', 'ns'),
  row('task.relax', 'none', 'none'),
  row('preempt', 'none', 'none'),
  row('irq.raise', 'text', 'count'),
  row('irq.enter', 'text', 'count'),
  row('irq.exit', 'text', 'count'),
  row('softirq.enter', 'text', 'none'),
  row('softirq.exit', 'text', 'none'),
  row('cell.read', 'resource', 'none'),
  row('cell.write', 'resource', 'none'),
  // Locks and waits.
  row('mutex.lock', 'resource', 'none'),
  row('mutex.acquired', 'resource', 'none'),
  row('mutex.unlock', 'resource', 'none'),
  row('mutex.trylock', 'resource', 'count'),
  row('spin.lock', 'resource', 'none'),
  row('spin.unlock', 'resource', 'none'),
  row('rwsem.read', 'resource', 'none'),
  row('rwsem.write', 'resource', 'none'),
  row('rwsem.release', 'resource', 'none'),
  row('sem.down', 'resource', 'none'),
  row('sem.up', 'resource', 'none'),
  row('completion.wait', 'resource', 'none'),
  row('completion.complete', 'resource', 'none'),
  row('ref.hold', 'resource', 'count'),
  row('ref.put', 'resource', 'count'),
  row('ref.wait', 'resource', 'count'),
  row('rcu.synchronize', 'none', 'none'),
  row('rcu.barrier', 'none', 'none'),
  // Deferred work.
  row('work.queue', 'resource', 'text'),
  row('work.start', 'resource', 'text'),
  row('work.end', 'resource', 'text'),
  row('work.cancel', 'resource', 'count'),
  row('work.flush', 'resource', 'none'),
  row('timer.arm', 'resource', 'count'),
  row('timer.fire', 'resource', 'none'),
  row('timer.cancel', 'resource', 'none'),
  // Kernel services.
  row('printk', 'text', 'count'),
  row('notifier.call', 'resource', 'text'),
  row('netdev.state', 'resource', 'text'),
  row('device.bind', 'resource', 'text'),
  row('device.unbind', 'resource', 'text'),
  row('module.load', 'text', 'none'),
  row('module.unload', 'text', 'none'),
  row('syscall', 'text', 'text'),
  row('oops', 'text', 'text'),
  // The card.
  row('mmio.read', 'text', 'hex'),
  row('mmio.write', 'text', 'hex'),
  row('fw.command', 'text', 'blob'),
  row('fw.done', 'text', 'hex'),
  row('card.port', 'text', 'text'),
  row('card.event', 'text', 'text'),
  row('card.refused', 'text', 'text'),
  row('card.error', 'text', 'text'),
  row('card.reset', 'text', 'none'),
  row('card.map', 'text', 'hex'),
  row('card.fault', 'text', 'text'),
  // The wire.
  row('packet.send', 'text', 'blob'),
  row('packet.receive', 'text', 'blob'),
  row('packet.drop', 'text', 'text'),
  row('link', 'text', 'count'),
  row('cable', 'text', 'text'),
  // The lab.
  row('input', 'text', 'none'),
  row('step', 'text', 'text'),
  row('check', 'text', 'count'),
  row('finding', 'text', 'text'),
  row('bond.state', 'resource', 'text'),
  row('switch.port', 'text', 'text'),
  // Engine, continued.
  row('task.spin', 'resource', 'none'),
  row('spin.acquired', 'resource', 'none'),
  row('rwsem.acquired', 'resource', 'count'),
  row('sem.acquired', 'resource', 'none'),
  // A counted object or a spinlock has another name from now on.
  row('ref.rename', 'resource', 'text'),
  // The wait graph, as it is. Locks tell of their holds by *.acquired, spinlocks of their ends too,
  // workqueues by work.start and work.end; everything else is told here. Actors are named by texts.
  // What a resource is: value is its kind, place its name.
  row('resource', 'resource', 'text'),
  // A work that holds or waits for something.
  row('work.actor', 'text', 'none'),
  // Value is the actor, place says why.
  row('hold.begin', 'resource', 'text'),
  // The same of a lock that was handed over; its taker tells *.acquired when it runs.
  row('hold.handed', 'resource', 'text'),
  row('hold.end', 'resource', 'text'),
  row('wait.begin', 'resource', 'text'),
  row('wait.end', 'resource', 'text'),
  // A cycle has closed: its sentence, and the number of its steps. Each is a deadlock.wait (place is
  // where the waiter waits) and a deadlock.hold (place says why the holder holds).
  row('deadlock', 'text', 'count'),
  row('deadlock.wait', 'resource', 'text'),
  row('deadlock.hold', 'resource', 'text'),
  // A cycle stands no longer.
  row('deadlock.end', 'text', 'none'),
  // A detector of the kernel has found something: kind, text; place is the task.
  row('report', 'text', 'text'),
  // The netdev reference warning: the usage count that it prints.
  row('ref.warning', 'resource', 'count'),
  // The hung task detector looks at the tasks, with its time-out in s.
  row('hung.look', 'none', 'count'),
  row('sysctl', 'text', 'count'),
  // Terminals, by name.
  row('tty.open', 'text', 'task'),
  row('tty.typed', 'text', 'text'),
  row('tty.text', 'text', 'text'),
  row('tty.run', 'text', 'text'),
  row('tty.done', 'text', 'count'),
  row('tty.close', 'text', 'none'),
  // 1 from the beginning of its unregistration, 0 from its registration on.
  row('netdev.going', 'resource', 'count'),
  // What the driver believes: `card0 port map` and the like, as card.map has it.
  row('driver.state', 'text', 'hex'),
  // What mlx4_port1 says of a port; empty for a card that is not loaded.
  row('driver.port', 'text', 'text'),
  // Netdev of a port, by the name of its reference; empty for none.
  row('driver.netdev', 'text', 'text'),
  // The card's own state of a port.
  row('card.type', 'text', 'text'),
  row('card.open', 'text', 'count'),
  row('card.usable', 'text', 'count'),
  // Bonds, and netdevs by the names of their references; the empty text for none.
  row('bond.mode', 'text', 'text'),
  row('bond.active', 'text', 'text'),
  row('bond.slave', 'text', 'text'),
  // The port that an end (place: a or b) is in; the empty text for none.
  row('cable.end', 'text', 'text'),
  // How many faults of a name are armed; place is the cable that they are on.
  row('fault', 'text', 'count'),
  row('fault.held', 'text', 'count'),
] as const satisfies readonly KindRow[];

/** Name of an event kind, for example `mutex.lock`. */
export type KindName = (typeof kindTable)[number]['name'];

/** Number of an event kind: its position in the table. */
export type Kind = number;

/** Kind numbers by name: `K['mutex.lock']`. */
export const K: Readonly<Record<KindName, Kind>> = Object.fromEntries(
  kindTable.map((entry, index) => [entry.name, index]),
) as Record<KindName, Kind>;
