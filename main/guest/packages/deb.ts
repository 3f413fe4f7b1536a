// A .deb package: an ar archive with two tar archives in it, compressed as their names say. What is
// in `data.tar` are the files; `control.tar` has their MD5 sums, against which they are checked.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import type * as Xz from 'xz-decompress';

/** A file of a package, or a symbolic link. */
export interface PackedFile {
  /** From the root of the system, without a slash before it: `bin/busybox`. */
  readonly path: string;
  /** Type and permissions, as in `st_mode`. */
  readonly mode: number;
  /** What is in it; of a link the path that it leads to. */
  readonly bytes: Uint8Array;
}

const permissions = 0o777;
/** Types in `st_mode`. */
const fileType = 0o100000;
const linkMode = 0o120777;

export const isLink = ({ mode }: PackedFile): boolean => mode === linkMode;

/** A package that is none, or is damaged; the message names the file. */
export class BadPackage extends Error {}

/** A CommonJS module whose names an import does not see. */
const { XzReadableStream } = createRequire(import.meta.url)('xz-decompress') as typeof Xz;

const arMagic = '!<arch>\n';
const arHeaderBytes = 60;

/** Members of an ar archive by name. */
function membersOf(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const text = (from: number, length: number): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1');
  if (bytes.length < arMagic.length || text(0, arMagic.length) !== arMagic) {
    throw new BadPackage(`${name} is no Debian package.`);
  }
  const members = new Map<string, Uint8Array>();
  for (let at = arMagic.length; at + arHeaderBytes <= bytes.length;) {
    const size = Number(text(at + 48, 10));
    const begin = at + arHeaderBytes;
    if (!Number.isInteger(size) || begin + size > bytes.length) {
      throw new BadPackage(`${name} ends too early: fetch it again.`);
    }
    const member = text(at, 16).trimEnd().replace(/\/$/, '');
    members.set(member, bytes.subarray(begin, begin + size));
    at = begin + size + (size % 2);
  }
  return members;
}

const streamOf = (bytes: Uint8Array): Readable => Readable.from([Buffer.from(bytes)]);

/** Ways of compressing, by the ending of the name. */
const unpackers: Readonly<Record<string, (bytes: Uint8Array) => Readable>> = {
  '.tar': streamOf,
  '.tar.gz': (bytes) => streamOf(bytes).pipe(createGunzip()),
  '.tar.zst': (bytes) => streamOf(bytes).pipe(createZstdDecompress()),
  '.tar.xz': (bytes) => {
    const packed = new Blob([Buffer.from(bytes)]).stream();
    return Readable.fromWeb(new XzReadableStream(packed) as Parameters<typeof Readable.fromWeb>[0]);
  },
};

/** Files and symbolic links of one of the two archives whose path is wanted. */
async function filesIn(
  members: ReadonlyMap<string, Uint8Array>,
  archive: 'control' | 'data',
  isWanted: (path: string) => boolean,
): Promise<PackedFile[]> {
  const found = [...members].find(([member]) => member.startsWith(`${archive}.tar`));
  const unpack = found && unpackers[found[0].slice(archive.length)];
  if (found === undefined || unpack === undefined) throw new BadPackage(`no ${archive}.tar`);
  const entries = extract();
  const source = unpack(found[1]);
  source.on('error', (error) => entries.destroy(error));
  source.pipe(entries);
  const files: PackedFile[] = [];
  for await (const entry of entries) {
    const { name, type, mode, linkname } = entry.header;
    const path = name.replace(/^\.?\//, '');
    if (type === 'file' && isWanted(path)) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      files.push({ path, mode: fileType + (mode & permissions), bytes });
      continue;
    }
    if (type === 'symlink' && isWanted(path)) {
      files.push({ path, mode: linkMode, bytes: Buffer.from(linkname ?? '') });
    }
    entry.resume();
  }
  return files;
}

/**
 * The files and symbolic links of a package whose path is wanted. `name` is for messages. Throws
 * BadPackage for what is no package, and for a file that is not what its sum says.
 */
export async function debFiles(
  bytes: Uint8Array,
  name: string,
  isWanted: (path: string) => boolean,
): Promise<PackedFile[]> {
  const members = membersOf(bytes, name);
  try {
    const [list] = await filesIn(members, 'control', (path) => path === 'md5sums');
    const lines = Buffer.from(list?.bytes ?? []).toString('utf8');
    const sums = new Map(
      lines.split('\n').map((line) => [line.slice(34), line.slice(0, 32)] as const),
    );
    const files = await filesIn(members, 'data', isWanted);
    for (const file of files) {
      const { path, bytes: content } = file;
      // A link has no sum: the list is of files.
      const wanted = isLink(file) ? undefined : sums.get(path);
      const sum = createHash('md5').update(content).digest('hex');
      if (wanted !== undefined && wanted !== sum) throw new Error(`${path} is damaged`);
    }
    return files;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new BadPackage(`${name} cannot be read (${said}): fetch it again.`);
  }
}
