// Structures of the card, declared once: name, size, fields. Reading, writing, text dump and any view of
// registers come from the same declaration. Everything is big-endian, as on the card (facts/device.md).
//
//   const eqContext = layout('eq_context', 64, {
//     flags: be32(0x00), log_eq_size: bits(0x0c, 28, 24), intr: u8(0x17), mtt_base_addr: addr64(0x18),
//   });
//
// A declaration that overlaps itself or overflows throws at once; a value that does not fit throws when
// it is written.

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
  /** Writes one field; other bits keep their value. Throws RangeError when the value does not fit. */
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

const mask = (high: number, low: number): number => 2 ** (high - low + 1) - 1;

function decode(from: Uint8Array, f: Field, at: number): number | bigint | boolean | Uint8Array {
  const o = at + f.offset;
  switch (f.kind) {
    case 'u8':
      return from[o]!;
    case 'be16':
      return (from[o]! << 8) | from[o + 1]!;
    case 'be32':
      return word(from, o);
    case 'be64':
      return (BigInt(word(from, o)) << 32n) | BigInt(word(from, o + 4));
    case 'addr64':
      return word(from, o) * 2 ** 32 + word(from, o + 4);
    case 'bit':
      return ((word(from, o) >>> f.low) & 1) === 1;
    case 'bits':
      return Math.floor(word(from, o) / 2 ** f.low) % 2 ** (f.high - f.low + 1);
    case 'bytes':
      return from.slice(o, o + f.bytes);
    case 'reserved':
      return 0;
  }
}

function encode(into: Uint8Array, f: Field, value: unknown, at: number, name: string): void {
  const o = at + f.offset;
  const limit = { u8: 0xff, be16: 0xffff, be32: 0xffff_ffff, addr64: Number.MAX_SAFE_INTEGER };
  const whole = (most: number): number => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw new RangeError(`${name} = ${String(value)} does not fit (0 to ${most})`);
    }
    return value;
  };
  switch (f.kind) {
    case 'u8':
      into[o] = whole(limit.u8);
      return;
    case 'be16': {
      const v = whole(limit.be16);
      into[o] = v >>> 8;
      into[o + 1] = v;
      return;
    }
    case 'be32':
      putWord(into, o, whole(limit.be32));
      return;
    case 'addr64': {
      const v = whole(limit.addr64);
      putWord(into, o, Math.floor(v / 2 ** 32));
      putWord(into, o + 4, v % 2 ** 32);
      return;
    }
    case 'be64': {
      if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) {
        throw new RangeError(`${name} = ${String(value)} does not fit in 64 bits`);
      }
      putWord(into, o, Number(value >> 32n));
      putWord(into, o + 4, Number(value & 0xffff_ffffn));
      return;
    }
    case 'bit':
    case 'bits': {
      const v = f.kind === 'bit' ? Number(value) : whole(mask(f.high, f.low));
      const old = word(into, o);
      const cleared = old - decodeBits(old, f) * 2 ** f.low;
      putWord(into, o, cleared + v * 2 ** f.low);
      return;
    }
    case 'bytes': {
      if (!(value instanceof Uint8Array) || value.length > f.bytes) {
        throw new RangeError(`${name} takes at most ${f.bytes} bytes`);
      }
      into.fill(0, o, o + f.bytes);
      into.set(value, o);
      return;
    }
    case 'reserved':
      throw new RangeError(`${name} is reserved`);
  }
}

const decodeBits = (value: number, f: Field): number =>
  Math.floor(value / 2 ** f.low) % 2 ** (f.high - f.low + 1);

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
  const self: Layout<F> = {
    name,
    sizeBytes,
    fields,
    get: (from, fieldName, at = 0) => decode(from, fields[fieldName]!, at) as never,
    set: (into, fieldName, value, at = 0) => {
      encode(into, fields[fieldName]!, value, at, `${name}.${fieldName}`);
    },
    read: (from, at = 0) =>
      Object.fromEntries(
        Object.entries(fields).map(([n, f]) => [n, decode(from, f, at)]),
      ) as ValuesOf<F>,
    make: (values) => {
      const into = new Uint8Array(sizeBytes);
      self.write(into, values);
      return into;
    },
    write: (into, values, at = 0) => {
      for (const [n, value] of Object.entries(values)) {
        encode(into, fields[n]!, value, at, `${name}.${n}`);
      }
    },
    dump: (from, at = 0) =>
      Object.entries(fields)
        .filter(([, f]) => f.kind !== 'reserved')
        .map(([n, f]) => `${n} = ${show(decode(from, f, at))}`),
  };
  return self;
}

function show(value: number | bigint | boolean | Uint8Array): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) {
    return Array.from(value, (b) => b.toString(16).padStart(2, '0')).join('');
  }
  return `0x${value.toString(16)}`;
}
