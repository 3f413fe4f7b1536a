// What somebody does, as a number that is the same in both runs: kind, object and what the value
// means. Times, CPUs and whatever tells of the scheduler do not belong to it, nor do numbers that
// only say in which order a run handed them out: two runs do the same when they differ in those.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { byText } from './both.ts';

/** Numbers within names that a run hands out as it goes: works, firmware tokens, their contexts. */
const handedOut = /(?<=\w)#\d+| ?\btoken[= ]0x[0-9a-f]+| ev=\d|(?<=cmd\.context)\[\d+\]/g;

/** A name without such numbers. */
export const plainName = (text: string): string => text.replace(handedOut, '');

/** Numbers for texts, the same for both runs. 0 is the empty text. */
export class Numbering {
  private readonly texts: string[] = [''];
  private readonly numbers = new Map<string, number>([['', 0]]);

  of(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.push(text) - 1;
    this.numbers.set(text, number);
    return number;
  }

  text(number: number): string {
    return this.texts[number] ?? '';
  }
}

/** Kinds that tell what the scheduler does. Waiting is in the comparison of objects. */
const schedulingKinds: readonly KindName[] = [
  'none',
  'task.switch',
  'preempt',
  'task.relax',
  'task.block',
  'task.wake',
  'task.spin',
];

/** Kinds that say again, for pictures, what other events say or lead to. */
const drawingKinds: readonly KindName[] = [
  'resource',
  'work.actor',
  'hold.begin',
  'hold.handed',
  'hold.end',
  'wait.begin',
  'wait.end',
  'deadlock',
  'deadlock.wait',
  'deadlock.hold',
  'deadlock.end',
  'report',
  'ref.warning',
  'hung.look',
  'sysctl',
  'tty.open',
  'tty.typed',
  'tty.text',
  'tty.run',
  'tty.done',
  'tty.close',
  'netdev.going',
  'driver.state',
  'driver.port',
  'driver.netdev',
  'card.type',
  'card.open',
  'card.usable',
  'bond.mode',
  'bond.active',
  'bond.slave',
  'cable.end',
  'fault',
  'fault.held',
];

/**
 * Kinds whose value follows from what others did: counts of references, CPUs, addresses, tokens,
 * who made a task (its doer), the number of a queue.
 */
const valuesLeftOut: readonly KindName[] = [
  'task.create',
  'irq.raise',
  'irq.enter',
  'irq.exit',
  'ref.hold',
  'ref.put',
  'ref.wait',
  'timer.arm',
  'mmio.read',
  'mmio.write',
];

/** How a number in a deed is to be read. */
export type DeedPart = 'text' | 'task' | 'number' | 'none';

/** What of a kind's events is a deed. */
export interface DeedForm {
  readonly isDeed: boolean;
  readonly object: DeedPart;
  readonly value: DeedPart;
}

function valuePart(name: KindName, value: (typeof kindTable)[number]['value']): DeedPart {
  if (valuesLeftOut.includes(name)) return 'none';
  switch (value) {
    case 'text':
      return 'text';
    case 'task':
      return 'task';
    case 'none':
    case 'blob':
      return 'none';
    default:
      return 'number';
  }
}

/** By kind. */
export const deedForms: readonly DeedForm[] = kindTable.map(({ name, object, value }) => ({
  isDeed: !schedulingKinds.includes(name) && !drawingKinds.includes(name),
  object: object === 'none' || object === 'task' ? object : 'text',
  value: valuePart(name, value),
}));

/** Every deed of both runs. Numbers count from 1. */
export class DeedTable {
  readonly names = new Numbering();
  private count = 0;
  private kinds = new Uint8Array(1024);
  private objects = new Uint32Array(1024);
  private values = new Uint32Array(1024);
  /** Numbers of deeds by hash, 0 where there is none; twice the size of the rest. */
  private slots = new Uint32Array(2048);

  /** The number of a deed; equal deeds have equal numbers. Texts and tasks are those of `names`. */
  number(kind: number, object: number, value: number): number {
    const mask = this.slots.length - 1;
    for (let at = hash(kind, object, value) & mask; ; at = (at + 1) & mask) {
      const known = this.slots[at]!;
      if (known === 0) return this.add(kind, object, value, at);
      const isSame =
        this.objects[known] === object &&
        this.values[known] === value &&
        this.kinds[known] === kind;
      if (isSame) return known;
    }
  }

  private add(kind: number, object: number, value: number, slot: number): number {
    const number = ++this.count;
    this.kinds[number] = kind;
    this.objects[number] = object;
    this.values[number] = value;
    this.slots[slot] = number;
    if (number + 1 === this.kinds.length) this.grow();
    return number;
  }

  private grow(): void {
    const room = 2 * this.kinds.length;
    const { kinds, objects, values } = this;
    this.kinds = new Uint8Array(room);
    this.objects = new Uint32Array(room);
    this.values = new Uint32Array(room);
    this.kinds.set(kinds);
    this.objects.set(objects);
    this.values.set(values);
    this.slots = new Uint32Array(2 * room);
    const mask = this.slots.length - 1;
    for (let number = 1; number <= this.count; number++) {
      let at = hash(kinds[number]!, objects[number]!, values[number]!) & mask;
      while (this.slots[at] !== 0) at = (at + 1) & mask;
      this.slots[at] = number;
    }
  }

  /** An order that is the same whichever run was read first. */
  order(one: number, other: number): number {
    const kind = this.kinds[one]! - this.kinds[other]!;
    if (kind !== 0) return kind;
    const object = this.textOrder(this.objects[one]!, this.objects[other]!);
    if (object !== 0) return object;
    const [left, right] = [this.values[one]!, this.values[other]!];
    const { value } = deedForms[this.kinds[one]!]!;
    return value === 'number' ? left - right : this.textOrder(left, right);
  }

  private textOrder(one: number, other: number): number {
    return byText(this.names.text(one), this.names.text(other));
  }
}

function hash(kind: number, object: number, value: number): number {
  let mixed = Math.imul(object, 0x9e37_79b1) ^ Math.imul(value, 0x85eb_ca6b) ^ (kind << 24);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
