// The archive that Linux unpacks as its first file system: cpio in the "newc" format, not
// compressed. Everything belongs to root; times are 0, so that equal files give equal bytes.

/** An entry: a folder, a file, or a character device. */
export interface CpioEntry {
  readonly path: string;
  /** Type and permissions, as in `st_mode`. */
  readonly mode: number;
  readonly bytes?: Uint8Array;
  /** Major and minor number. */
  readonly device?: readonly [number, number];
}

export const cpioFolder = 0o040755;
export const cpioProgram = 0o100755;
export const cpioFile = 0o100644;
export const cpioDevice = 0o020600;
/** A symbolic link; its bytes are the path it leads to. */
export const cpioLink = 0o120777;

const trailer: CpioEntry = { path: 'TRAILER!!!', mode: 0 };

const padded = (length: number): number => (length + 3) & ~3;

/** The header and the name, padded. */
function headOf({ path, mode, bytes, device = [0, 0] }: CpioEntry, number: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [number, mode, 0, 0, 1, 0, bytes?.length ?? 0, 0, 0, ...device, name.length, 0];
  const hex = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  const head = Buffer.concat([Buffer.from(`070701${hex}`), name]);
  return Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)]);
}

/** Writes an archive. A folder stands before what is in it. */
export function cpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = [...entries, trailer].flatMap((entry, at) => {
    const { bytes = new Uint8Array() } = entry;
    return [headOf(entry, at + 1), bytes, Buffer.alloc(padded(bytes.length) - bytes.length)];
  });
  return Buffer.concat(parts);
}
