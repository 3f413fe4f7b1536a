// The guest's kernel log as it comes: records of /dev/kmsg, which a second serial line carries. The
// form is Documentation/ABI/testing/dev-kmsg's: `prefix,number,microseconds,flags;text`, then lines
// that begin with a space and belong to the record.

/** A line of the log. */
export interface LogLine {
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  readonly text: string;
}

/** Of the prefix these bits are the level; above them is who has logged it. */
const levelMask = 7;

const record = /^(\d+),\d+,\d+,[^;]*;(.*)$/;

/** Bytes that are not printed stand as `\x09`. */
const unescaped = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));

export class KernelLog {
  private readonly onLine: (line: LogLine) => void;
  private rest = '';

  constructor(onLine: (line: LogLine) => void) {
    this.onLine = onLine;
  }

  /** The serial line has brought something. */
  take(text: string): void {
    const lines = `${this.rest}${text.replaceAll('\r', '')}`.split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      const match = record.exec(line);
      if (match === null) continue;
      this.onLine({ level: Number(match[1]) & levelMask, text: unescaped(match[2]!) });
    }
  }
}
