// One call of `ip`: its options, its words, and how iproute2 answers mistakes. Words may be
// shortened as iproute2 allows it: `ip a`, `ip l s`, `ip n`.

import { parseIpv4Address } from '#bus/ipv4.ts';
import { ENODEV, errnoText } from '#kernel/errno.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../../process.ts';
import { jsonText } from '../json.ts';
import type { Json } from '../json.ts';

/** Options in front of the object. */
export interface IpOptions {
  json: boolean;
  pretty: boolean;
  details: boolean;
  /** How often -s was given. */
  statistics: number;
  brief: boolean;
  oneline: boolean;
  /** False after -6: there is no IPv6 to show. */
  inet: boolean;
}

/** Wrong words: what is printed, and the exit status. */
export class IpError extends Error {
  readonly status: number;

  constructor(message: string, status = 255) {
    super(message);
    this.name = 'IpError';
    this.status = status;
  }
}

/** True when `word` is the beginning of `whole`. */
export const isShort = (word: string, whole: string): boolean =>
  word !== '' && whole.startsWith(word);

export class IpRequest {
  readonly process: Process;
  readonly options: IpOptions;
  private readonly words: string[];

  constructor(process: Process, options: IpOptions, words: readonly string[]) {
    this.process = process;
    this.options = options;
    this.words = [...words];
  }

  /** The next word, taken; undefined at the end. */
  next(): string | undefined {
    return this.words.shift();
  }

  peek(): string | undefined {
    return this.words[0];
  }

  get done(): boolean {
    return this.words.length === 0;
  }

  /** The value of an option: the next word must be there. */
  value(): string {
    const word = this.words.shift();
    if (word === undefined) throw new IpError('Command line is not complete. Try option "help"');
    return word;
  }

  /** A whole number that an option wants. */
  number(option: string): number {
    const word = this.value();
    if (!/^\d+$/.test(word)) {
      throw new IpError(`Error: argument "${word}" is wrong: Invalid "${option}" value`);
    }
    return Number(word);
  }

  /** `on` or `off`. */
  onOff(option: string): boolean {
    const word = this.value();
    if (word === 'on' || word === 'off') return word === 'on';
    throw new IpError(`Error: argument of "${option}" must be "on" or "off", not "${word}"`);
  }

  *out(text: string): MaySleep<void> {
    yield* this.process.out(text);
  }

  *json(value: Json): MaySleep<void> {
    yield* this.out(`${jsonText(value, this.options.pretty)}\n`);
  }

  /** Lines of one object; -o joins them with backslashes. */
  *lines(lines: readonly string[]): MaySleep<void> {
    yield* this.out(`${lines.join(this.options.oneline ? '\\' : '\n')}\n`);
  }

  /** Makes a call of the kernel. */
  call<T>(call: MaySleep<T>): MaySleep<T> {
    return this.process.call(call);
  }

  /** What `ip` says to the kernel's answer; 0 is silence. */
  *answer(error: number, device = '', extack: NetlinkExtack = { message: '' }): MaySleep<number> {
    if (error >= 0) return 0;
    if (error === -ENODEV && device !== '') throw new IpError(`Cannot find device "${device}"`, 1);
    const { message } = extack;
    const text =
      message === ''
        ? `RTNETLINK answers: ${errnoText(error)}`
        : `Error: ${message.replace(/\.?$/, '.')}`;
    yield* this.process.err(`${text}\n`);
    return 2;
  }
}

/** An IPv4 address; throws for anything else. */
export function addressOf(word: string, what = 'inet address'): number {
  try {
    return parseIpv4Address(word);
  } catch {
    throw new IpError(`Error: ${what} is expected rather than "${word}".`, 1);
  }
}

/** `10.0.0.2/24`; without a length it is a host. */
export function prefixOf(word: string): { address: number; length: number } {
  const [text = '', length = '32'] = word.split('/');
  const wrong = (): IpError =>
    new IpError(`Error: any valid prefix is expected rather than "${word}".`, 1);
  if (!/^\d+$/.test(length) || Number(length) > 32) throw wrong();
  try {
    return { address: parseIpv4Address(text), length: Number(length) };
  } catch {
    throw wrong();
  }
}

/** An option that was not expected here. */
export const garbage = (word: string): IpError =>
  new IpError(`Error: either "dev" is duplicate, or "${word}" is a garbage.`);
