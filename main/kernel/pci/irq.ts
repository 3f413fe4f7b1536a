// Interrupts (kernel/irq/, arch/x86/kernel/apic/): MSI-X messages are decoded to vectors of CPUs
// and raise an interrupt frame there; INTx lines are level triggered and shared. A message that
// comes while its frame is asked for is one with it, as in the local APIC. An interrupt that nobody
// handles is counted and its line switched off in the end, by the kernel's rule. Left out: threaded
// handlers, balancing.

import type { MsixMessage } from '#bus/pci-function.ts';
import { preempt } from '#sim/task.ts';
import { Resource } from '#detect/graph.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EBUSY, EINVAL } from '../errno.ts';
import { dump_stack } from '../dump-stack.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_EMERG, KERN_ERR, printk } from '../printk.ts';
import { actorOf, cpu_relax, currentActor, might_sleep } from '../sched.ts';
import { warn_on } from '../warn.ts';

export const IRQ_NONE = 0;
export const IRQ_HANDLED = 1;

/** A handler; atomic, answers IRQ_NONE or IRQ_HANDLED. */
export type IrqHandler = () => Atomic<number>;

interface IrqAction {
  readonly name: string;
  readonly handler: IrqHandler;
  readonly devId: unknown;
}

/** First vector that devices get. */
const firstVector = 0x22;
const lastVector = 0xee;
/** Interrupt numbers of messages start here. */
const firstMessageIrq = 24;
const messageAddress = 0xfee0_0000;
/**
 * note_interrupt(): after so many interrupts, of which nearly none was handled, the line is off.
 */
const observed = 100_000;
const observedUnhandled = 99_900;

/** One interrupt number. */
export class IrqDesc {
  readonly irq: number;
  readonly level: boolean;
  /** What /proc/interrupts shows of the chip. */
  readonly chip: string;
  readonly counts: number[];
  actions: readonly IrqAction[] = [];
  cpu = 0;
  vector = 0;
  /** A frame is asked for and has not begun. */
  requested = false;
  inProgress = false;
  /** The frame that handles it. */
  frame: Task | null = null;
  /** Who waits in synchronize_irq() waits for the frame. */
  readonly resource: Resource;
  /** disable_irq() nesting; starts at 1, as nobody has asked for it yet. */
  depth = 1;
  /** Came while disabled: replayed by enable_irq(). */
  pending = false;
  /** Cards that pull the line. */
  readonly asserted = new Set<unknown>();
  seen = 0;
  unhandled = 0;
  /** Masks at the card (MSI-X) when the first handler comes and the last goes. */
  setMasked: (masked: boolean) => void = () => undefined;
  /** Tells the card a new message. */
  setMessage: (message: MsixMessage) => void = () => undefined;

  constructor(irq: number, level: boolean, chip: string, cpus: number) {
    this.irq = irq;
    this.level = level;
    this.chip = chip;
    this.resource = new Resource(`handlers of irq ${irq}`, 'flush');
    this.counts = Array.from({ length: cpus }, () => 0);
  }

  /** Names of the handlers, as /proc/interrupts lists them. */
  get label(): string {
    return this.actions.map((action) => action.name).join(', ');
  }

  get message(): MsixMessage {
    return { address: messageAddress + this.cpu * 0x1000, data: this.vector };
  }
}

export class IrqController {
  readonly descs = new Map<number, IrqDesc>();
  /** Messages to vectors that nobody has. */
  spurious = 0;
  private readonly k: Kernel;
  /** By CPU and vector. */
  private readonly vectors = new Map<number, IrqDesc>();

  constructor(k: Kernel) {
    this.k = k;
  }

  /** Makes an INTx line known. */
  addLine(irq: number): void {
    if (this.descs.has(irq)) return;
    this.descs.set(irq, new IrqDesc(irq, true, `IO-APIC   ${irq}-fasteoi`, this.k.options.cpus));
  }

  /** Allocates a number and a vector for a message; on the CPU with the fewest vectors. */
  allocateMessage(chip: string): IrqDesc | null {
    let irq = firstMessageIrq;
    while (this.descs.has(irq)) irq++;
    const desc = new IrqDesc(irq, false, chip, this.k.options.cpus);
    const loads = desc.counts.map((_, cpu) => this.vectorsOf(cpu));
    if (!this.assignVector(desc, loads.indexOf(Math.min(...loads)))) return null;
    this.descs.set(irq, desc);
    return desc;
  }

  freeMessage(desc: IrqDesc): void {
    this.vectors.delete(desc.cpu * 256 + desc.vector);
    this.descs.delete(desc.irq);
  }

  /** Moves a message to a vector of another CPU. */
  move(desc: IrqDesc, cpu: number): boolean {
    const before = desc.cpu * 256 + desc.vector;
    if (!this.assignVector(desc, cpu)) return false;
    this.vectors.delete(before);
    desc.setMessage(desc.message);
    return true;
  }

  private vectorsOf(cpu: number): number {
    return [...this.vectors.keys()].filter((key) => Math.floor(key / 256) === cpu).length;
  }

  private assignVector(desc: IrqDesc, cpu: number): boolean {
    for (let vector = firstVector; vector <= lastVector; vector++) {
      if (this.vectors.has(cpu * 256 + vector)) continue;
      desc.cpu = cpu;
      desc.vector = vector;
      this.vectors.set(cpu * 256 + vector, desc);
      return true;
    }
    return false;
  }

  /** A message write arrived. Never runs a handler here. */
  deliverMessage(message: MsixMessage): void {
    const cpu = Math.floor((message.address - messageAddress) / 0x1000) & 0xff;
    const vector = message.data & 0xff;
    const desc = this.vectors.get(cpu * 256 + vector);
    if (desc !== undefined) {
      this.request(desc);
      return;
    }
    this.spurious++;
    printk(this.k, KERN_EMERG, `__common_interrupt: ${cpu}.${vector} No irq handler for vector`);
  }

  /** A card pulls its line. */
  assertLine(irq: number, source: unknown): void {
    const desc = this.descs.get(irq);
    if (desc === undefined) return;
    desc.asserted.add(source);
    this.request(desc);
  }

  releaseLine(irq: number, source: unknown): void {
    this.descs.get(irq)?.asserted.delete(source);
  }

  /** Asks for a frame, unless one is asked for already or the interrupt is off. */
  request(desc: IrqDesc): void {
    if (desc.depth > 0) desc.pending = true;
    if (desc.depth > 0 || desc.requested) return;
    desc.requested = true;
    const name = desc.label === '' ? `irq ${desc.irq}` : desc.label;
    this.k.sim.cpus.request(desc.cpu, 'hardirq', name, () => this.common_interrupt(desc));
  }

  private *common_interrupt(desc: IrqDesc): Atomic<void> {
    desc.requested = false;
    if (desc.depth > 0) {
      desc.pending = true;
      return;
    }
    if (desc.level && desc.asserted.size === 0) return;
    const { cpu } = this.k.sim.current;
    desc.inProgress = true;
    desc.frame = this.k.sim.current;
    desc.counts[cpu] = (desc.counts[cpu] ?? 0) + 1;
    const handled = yield* this.handle_irq_event(desc);
    desc.inProgress = false;
    this.k.graph.release(desc.resource, currentActor(this.k));
    desc.frame = null;
    this.note_interrupt(desc, handled);
    if (desc.level && desc.asserted.size > 0) this.request(desc);
  }

  private *handle_irq_event(desc: IrqDesc): Atomic<number> {
    return yield* this.__handle_irq_event_percpu(desc);
  }

  private *__handle_irq_event_percpu(desc: IrqDesc): Atomic<number> {
    let handled = IRQ_NONE;
    for (const action of desc.actions) {
      if (this.k.sim.point(K.preempt, 0)) yield preempt;
      handled |= yield* action.handler();
    }
    return handled;
  }

  private note_interrupt(desc: IrqDesc, handled: number): void {
    desc.seen++;
    if (handled === IRQ_NONE) desc.unhandled++;
    if (desc.seen < observed) return;
    if (desc.unhandled > observedUnhandled) {
      const lines = `irq ${desc.irq}: nobody cared (try booting with the "irqpoll" option)`;
      printk(this.k, KERN_ERR, lines);
      dump_stack(this.k, []);
      printk(this.k, KERN_ERR, `handlers:\n${desc.label}`);
      printk(this.k, KERN_EMERG, `Disabling IRQ #${desc.irq}`);
      desc.depth++;
    }
    desc.seen = 0;
    desc.unhandled = 0;
  }

  /** Text of /proc/interrupts. */
  describe(): string {
    const column = (text: string | number): string => String(text).padStart(10);
    const heads = Array.from({ length: this.k.options.cpus }, (_, cpu) => `CPU${cpu}`.padEnd(11));
    const lines = [...this.descs.values()]
      .filter((desc) => desc.actions.length > 0)
      .sort((a, b) => a.irq - b.irq)
      .map((desc) => {
        const counts = desc.counts.map(column).join(' ');
        return `${String(desc.irq).padStart(3)}: ${counts}   ${desc.chip}      ${desc.label}\n`;
      });
    return `${' '.repeat(11)}${heads.join('').trimEnd()}\n${lines.join('')}`;
  }
}

/**
 * Adds a handler. The first one switches the interrupt on. 0, or -EINVAL for a number that does not
 * exist, or -EBUSY when a message has a handler already.
 */
export function request_irq(
  k: Kernel,
  irq: number,
  name: string,
  handler: IrqHandler,
  devId: unknown = null,
): number {
  const desc = k.irqs.descs.get(irq);
  if (desc === undefined) return -EINVAL;
  if (!desc.level && desc.actions.length > 0) return -EBUSY;
  desc.actions = [...desc.actions, { name, handler, devId }];
  if (desc.actions.length > 1) return 0;
  desc.depth = 0;
  desc.pending = false;
  desc.setMasked(false);
  if (desc.asserted.size > 0) k.irqs.request(desc);
  return 0;
}

/** Waits until no handler of this interrupt runs. */
export function* synchronize_irq(k: Kernel, irq: number): MaySleep<void> {
  might_sleep(k);
  const desc = k.irqs.descs.get(irq);
  if (desc === undefined || !(desc.inProgress || desc.requested)) return;
  const actor = currentActor(k);
  const { graph } = k;
  if (desc.frame !== null) graph.hold(desc.resource, actorOf(k, desc.frame), 'handles it');
  graph.wait(actor, desc.resource);
  while (desc.inProgress || desc.requested) yield* cpu_relax(k);
  graph.endWait(actor, desc.resource);
}

/** Removes a handler and waits until it runs no more. The last one switches the interrupt off. */
export function* free_irq(k: Kernel, irq: number, devId: unknown = null): MaySleep<void> {
  const desc = k.irqs.descs.get(irq);
  const action = desc?.actions.find((each) => each.devId === devId);
  if (desc === undefined || action === undefined) {
    warn_on(k, 'kernel/irq/manage.c:1902', '__free_irq', `Trying to free already-free IRQ ${irq}`);
    return;
  }
  desc.actions = desc.actions.filter((each) => each !== action);
  if (desc.actions.length === 0) {
    desc.depth = 1;
    desc.setMasked(true);
  }
  yield* synchronize_irq(k, irq);
}

/** Switches an interrupt off without waiting for its handlers. */

export function* disable_irq_nosync(k: Kernel, irq: number): Atomic<void> {
  const desc = k.irqs.descs.get(irq);
  if (desc !== undefined) desc.depth++;
}

export function* disable_irq(k: Kernel, irq: number): MaySleep<void> {
  yield* disable_irq_nosync(k, irq);
  yield* synchronize_irq(k, irq);
}

/** The reverse of one disable_irq(); an interrupt that came meanwhile is replayed. */

export function* enable_irq(k: Kernel, irq: number): Atomic<void> {
  const desc = k.irqs.descs.get(irq);
  if (desc === undefined || desc.depth === 0) return;
  if (--desc.depth > 0) return;
  const replay = desc.pending || desc.asserted.size > 0;
  desc.pending = false;
  if (replay) k.irqs.request(desc);
}

/** irq_set_affinity(): which CPU an interrupt goes to. 0 or -EINVAL. */

export function* irq_set_affinity(k: Kernel, irq: number, cpu: number): Atomic<number> {
  const desc = k.irqs.descs.get(irq);
  if (desc === undefined || cpu < 0 || cpu >= k.options.cpus) return -EINVAL;
  if (desc.cpu === cpu) return 0;
  if (desc.level) {
    desc.cpu = cpu;
    return 0;
  }
  return k.irqs.move(desc, cpu) ? 0 : -EBUSY;
}
