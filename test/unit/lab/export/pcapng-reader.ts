// A reader of pcapng files, written from draft-ietf-opsawg-pcapng and apart from the writer. It
// refuses what the draft forbids, and what a reader of live captures would stumble over.

/** An interface description block. */
export interface ReadInterface {
  readonly linktype: number;
  readonly name: string;
  readonly description: string;
  /** Digits of a second: 9 for nanoseconds. */
  readonly resolution: number;
}

/** An enhanced packet block. */
export interface ReadPacket {
  readonly interface: ReadInterface;
  readonly time: number;
  readonly bytes: Buffer;
  readonly comment: string;
  /** 1 inbound, 2 outbound. */
  readonly direction: number;
}

/** A file. */
export interface ReadCapture {
  readonly comment: string;
  readonly application: string;
  readonly interfaces: readonly ReadInterface[];
  readonly packets: readonly ReadPacket[];
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Options from `at` to the end of a block's body: code to bytes. */
function optionsOf(body: Buffer, at: number): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let from = at; from < body.length;) {
    const code = body.readUInt16LE(from);
    const length = body.readUInt16LE(from + 2);
    if (code === 0) {
      must(length === 0 && from + 4 === body.length, 'opt_endofopt is not the end');
      return options;
    }
    must(from + 4 + length <= body.length, `option ${code} is cut`);
    must(!options.has(code), `option ${code} twice`);
    options.set(code, body.subarray(from + 4, from + 4 + length));
    from += 4 + Math.ceil(length / 4) * 4;
  }
  throw new Error('options without opt_endofopt');
}

function* blocksOf(file: Buffer): Generator<{ type: number; body: Buffer }> {
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at + 4);
    must(length >= 12 && length % 4 === 0, `block of ${length} bytes`);
    must(at + length <= file.length, 'the last block is cut');
    must(file.readUInt32LE(at + length - 4) === length, 'the two lengths of a block differ');
    yield { type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) };
    at += length;
  }
}

function interfaceOf(body: Buffer): ReadInterface {
  const options = optionsOf(body, 8);
  return {
    linktype: body.readUInt16LE(0),
    name: String(options.get(2)),
    description: String(options.get(3)),
    resolution: options.get(9)?.[0] ?? 6,
  };
}

function packetOf(body: Buffer, interfaces: readonly ReadInterface[]): ReadPacket {
  const number = body.readUInt32LE(0);
  must(number < interfaces.length, `packet of interface ${number}, which was not described`);
  const captured = body.readUInt32LE(12);
  must(captured === body.readUInt32LE(16), 'a packet is cut');
  const options = optionsOf(body, 20 + Math.ceil(captured / 4) * 4);
  return {
    interface: interfaces[number]!,
    time: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
    bytes: body.subarray(20, 20 + captured),
    comment: String(options.get(1) ?? ''),
    direction: options.get(2)?.readUInt32LE(0) ?? 0,
  };
}

/** Reads a file of one little-endian section. */
export function readPcapng(file: Buffer): ReadCapture {
  const [section, ...blocks] = [...blocksOf(file)];
  must(section?.type === 0x0a0d0d0a, 'no section header');
  const head = section!.body;
  must(head.readUInt32LE(0) === 0x1a2b3c4d, 'no byte-order magic');
  must(head.readUInt16LE(4) === 1 && head.readUInt16LE(6) === 0, 'not version 1.0');
  const options = optionsOf(head, 16);
  const interfaces: ReadInterface[] = [];
  const packets: ReadPacket[] = [];
  for (const { type, body } of blocks) {
    if (type === 1) interfaces.push(interfaceOf(body));
    else if (type === 6) packets.push(packetOf(body, interfaces));
    else throw new Error(`block of type ${type}`);
  }
  const comment = String(options.get(1));
  return { comment, application: String(options.get(4)), interfaces, packets };
}
