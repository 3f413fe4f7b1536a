// Structures of the card, declared once: name, size, fields. Reading, writing, text dump and any
// view of registers come from the same declaration. Everything is big-endian, as on the card
// (facts/device.md).
//
//   const eqContext = layout('eq_context', 64, {
//     flags: be32(0x00), log_eq_size: bits(0x0c, 28, 24), intr: u8(0x17),
//     mtt_base_addr: addr64(0x18),
//   });
//
// A declaration that overlaps itself or overflows throws at once; a value that does not fit throws
// when it is written.

/** Kinds of field; the type of a field's value follows from it. */
export type FieldKind =
  'u8' | 'be16' | 'be32' | 'be64' | 'addr64' | 'bit' | 'bits' | 'bytes' | 'reserved';

/** One declared field. Offsets are bytes from the start of the structure. */
export interface Field<Kind extends FieldKind = FieldKind> {
  readonly kind: Kind;
  readonly offset: number;
  /** Bytes that the field touches; for bit and bits the 32-bit word that holds them. */
  readonly bytes: number;
  /** Highest and lowest bit in the big-endian 32-bit word at `offset`, for bit and bits. */
  readonly high: number;
  readonly low: number;
}

const field = <Kind extends FieldKind>(
  kind: Kind,
  offset: number,
  bytes: number,
  high = 0,
  low = 0,
) => ({ kind, offset, bytes, high, low }) satisfies Field<Kind>;

/** An unsigned byte. */
export const u8 = (offset: number): Field<'u8'> => field('u8', offset, 1);
/** A big-endian 16-bit number. */
export const be16 = (offset: number): Field<'be16'> => field('be16', offset, 2);
/** A big-endian 32-bit number. */
export const be32 = (offset: number): Field<'be32'> => field('be32', offset, 4);
/** A big-endian 64-bit number that may use all its bits: a bigint. */
export const be64 = (offset: number): Field<'be64'> => field('be64', offset, 8);
/** A big-endian 64-bit address, size or counter below 2^53: a number. */
export const addr64 = (offset: number): Field<'addr64'> => field('addr64', offset, 8);
/** One bit (31 = most significant) of the big-endian 32-bit word at `offset`: a boolean. */
export const bit = (offset: number, at: number): Field<'bit'> => field('bit', offset, 4, at, at);
/** Bits high…low of the big-endian 32-bit word at `offset`. */
export const bits = (offset: number, high: number, low: number): Field<'bits'> =>
  field('bits', offset, 4, high, low);
/** A run of raw bytes. */
export const bytes = (offset: number, length: number): Field<'bytes'> =>
  field('bytes', offset, length);
/** Bytes that nobody may use; documents a hole. */
export const reserved = (offset: number, length: number): Field<'reserved'> =>
  field('reserved', offset, length);

export type Fields = Readonly<Record<string, Field>>;

/** Value type of a field kind. */
export type ValueOf<F extends Field> = F['kind'] extends 'bit'
  ? boolean
  : F['kind'] extends 'be64'
    ? bigint
    : F['kind'] extends 'bytes'
      ? Uint8Array
      : F['kind'] extends 'reserved'
        ? never
        : number;

/** All values of a structure. */
export type ValuesOf<F extends Fields> = { [N in keyof F]: ValueOf<F[N]> };

/** A declared structure. */
export interface Layout<F extends Fields> {
  readonly name: string;
  readonly sizeBytes: number;
  readonly fields: F;
  /** One field of the structure that starts at `at` in `from`. */
  get<N extends keyof F & string>(from: Uint8Array, name: N, at?: number): ValueOf<F[N]>;
  /**
   * Writes one field; other bits keep their value. Throws RangeError when the value does not fit.
   */
  set<N extends keyof F & string>(
    into: Uint8Array,
    name: N,
    value: ValueOf<F[N]>,
    at?: number,
  ): void;
  /** Every field, decoded. */
  read(from: Uint8Array, at?: number): ValuesOf<F>;
  /** A zeroed structure with the given fields set. */
  make(values: Partial<ValuesOf<F>>): Uint8Array<ArrayBuffer>;
  /** Sets several fields. */
  write(into: Uint8Array, values: Partial<ValuesOf<F>>, at?: number): void;
  /** `name = value` lines for every field, numbers in hex. */
  dump(from: Uint8Array, at?: number): string[];
}

const word = (from: Uint8Array, at: number): number =>
  ((from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!) >>> 0;

function putWord(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

type Value = number | bigint | boolean | Uint8Array;
/** Reads a field of the structure that starts at `at`. */
type Reader = (from: Uint8Array, at: number) => Value;
/** Writes a field of the structure that starts at `at`; throws RangeError. */
type Writer = (into: Uint8Array, value: unknown, at: number) => void;

/** What a field's kind and place come to, worked out once: reading is on the packet path. */
function reader(f: Field): Reader {
  const { offset, low } = f;
  const mask = lowMask(f);
  switch (f.kind) {
    case 'u8':
      return (from, at) => from[at + offset]!;
    case 'be16':
      return (from, at) => (from[at + offset]! << 8) | from[at + offset + 1]!;
    case 'be32':
      return (from, at) => word(from, at + offset);
    case 'be64':
      return (from, at) =>
        (BigInt(word(from, at + offset)) << 32n) | BigInt(word(from, at + offset + 4));
    case 'addr64':
      return (from, at) => word(from, at + offset) * 2 ** 32 + word(from, at + offset + 4);
    case 'bit':
      return (from, at) => ((word(from, at + offset) >>> low) & 1) === 1;
    case 'bits':
      return (from, at) => ((word(from, at + offset) >>> low) & mask) >>> 0;
    case 'bytes':
      return (from, at) => from.slice(at + offset, at + offset + f.bytes);
    case 'reserved':
      return () => 0;
  }
}

/** The ones of a bit field, moved down to bit 0; all 32 for other kinds. */
const lowMask = (f: Field): number => (2 ** (f.high - f.low + 1) - 1) >>> 0;

/** The value, when it is a whole number from 0 to `most`. */
function whole(value: unknown, most: number, name: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${name} = ${String(value)} does not fit (0 to ${most})`);
  }
  return value;
}

function writer(f: Field, name: string): Writer {
  const { offset } = f;
  switch (f.kind) {
    case 'u8':
      return (into, value, at) => {
        into[at + offset] = whole(value, 0xff, name);
      };
    case 'be16':
      return (into, value, at) => {
        const v = whole(value, 0xffff, name);
        into[at + offset] = v >>> 8;
        into[at + offset + 1] = v;
      };
    case 'be32':
      return (into, value, at) => {
        putWord(into, at + offset, whole(value, 0xffff_ffff, name));
      };
    case 'addr64':
      return (into, value, at) => {
        const v = whole(value, Number.MAX_SAFE_INTEGER, name);
        putWord(into, at + offset, Math.floor(v / 2 ** 32));
        putWord(into, at + offset + 4, v % 2 ** 32);
      };
    case 'be64':
      return (into, value, at) => {
        if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) {
          throw new RangeError(`${name} = ${String(value)} does not fit in 64 bits`);
        }
        putWord(into, at + offset, Number(value >> 32n));
        putWord(into, at + offset + 4, Number(value & 0xffff_ffffn));
      };
    case 'bit':
    case 'bits':
      return bitsWriter(f, name);
    case 'bytes':
      return (into, value, at) => {
        if (!(value instanceof Uint8Array) || value.length > f.bytes) {
          throw new RangeError(`${name} takes at most ${f.bytes} bytes`);
        }
        into.fill(0, at + offset, at + offset + f.bytes);
        into.set(value, at + offset);
      };
    case 'reserved':
      return () => {
        throw new RangeError(`${name} is reserved`);
      };
  }
}

/** Writes some bits of a word and leaves the others alone. */
function bitsWriter(f: Field, name: string): Writer {
  const { offset, low } = f;
  const most = lowMask(f);
  const others = ~(most << low);
  const isBit = f.kind === 'bit';
  return (into, value, at) => {
    const v = isBit ? Number(Boolean(value)) : whole(value, most, name);
    putWord(into, at + offset, (word(into, at + offset) & others) | (v << low));
  };
}

function checkDeclaration(name: string, sizeBytes: number, fields: Fields): void {
  const owner = new Map<number, string>();
  for (const [fieldName, f] of Object.entries(fields)) {
    const narrow = f.kind === 'bit' || f.kind === 'bits';
    if (f.offset < 0 || f.offset + f.bytes > sizeBytes) {
      throw new RangeError(`${name}.${fieldName} overflows ${sizeBytes} bytes`);
    }
    if (narrow && (f.high > 31 || f.low < 0 || f.high < f.low)) {
      throw new RangeError(`${name}.${fieldName}: bits ${f.high}:${f.low} of a 32-bit word`);
    }
    const first = narrow ? f.offset * 8 + 31 - f.high : f.offset * 8;
    const last = narrow ? f.offset * 8 + 31 - f.low : (f.offset + f.bytes) * 8 - 1;
    for (let at = first; at <= last; at++) {
      const other = owner.get(at);
      if (other !== undefined) throw new RangeError(`${name}: ${fieldName} overlaps ${other}`);
      owner.set(at, fieldName);
    }
  }
}

/** Declares a structure. Throws RangeError when fields overlap or overflow. */
export function layout<const F extends Fields>(
  name: string,
  sizeBytes: number,
  fields: F,
): Layout<F> {
  checkDeclaration(name, sizeBytes, fields);
  const readers = new Map<string, Reader>();
  const writers = new Map<string, Writer>();
  for (const [fieldName, f] of Object.entries(fields)) {
    readers.set(fieldName, reader(f));
    writers.set(fieldName, writer(f, `${name}.${fieldName}`));
  }
  const self: Layout<F> = {
    name,
    sizeBytes,
    fields,
    get: (from, fieldName, at = 0) => readers.get(fieldName)!(from, at) as never,
    set: (into, fieldName, value, at = 0) => {
      writers.get(fieldName)!(into, value, at);
    },
    read: (from, at = 0) => {
      const values: Record<string, Value> = {};
      for (const [n, read] of readers) values[n] = read(from, at);
      return values as ValuesOf<F>;
    },
    make: (values) => {
      const into = new Uint8Array(sizeBytes);
      self.write(into, values);
      return into;
    },
    write: (into, values, at = 0) => {
      for (const n in values) writers.get(n)!(into, values[n], at);
    },
    dump: (from, at = 0) =>
      Object.entries(fields)
        .filter(([, f]) => f.kind !== 'reserved')
        .map(([n]) => `${n} = ${show(readers.get(n)!(from, at))}`),
  };
  return self;
}

function show(value: Value): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) {
    return Array.from(value, (b) => b.toString(16).padStart(2, '0')).join('');
  }
  return `0x${value.toString(16)}`;
}
