// A PC on v86. It boots a kernel, or goes on from a snapshot; its console is the first serial line,
// the second one carries the kernel's log. It has a network adapter of the emulator's own, which
// nobody uses but the bench; whoever wants a card puts it into a slot (pci-slot.ts).

import { createRequire } from 'node:module';
import { V86 } from 'v86';
import { GuestConsole, GuestSilent } from './console.ts';
import { bootedLine, readyMark } from './initramfs.ts';
import { busOf, insideOf } from './inside.ts';
import type { InsideBus, InsideCpu } from './inside.ts';
import { KernelLog } from './kernel-log.ts';
import type { LogLine } from './kernel-log.ts';

/** What a guest boots from. */
export interface BootFiles {
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  readonly kernel: Uint8Array;
  readonly initramfs: Uint8Array;
}

/** Network adapters that the emulator brings: the lab's own is a card in a slot. */
export type EmulatorNic = 'ne2k' | 'virtio';

/** Memory of a guest, bytes: all of it is within reach of DMA. */
const memoryBytes = 512 * 1024 * 1024;

/** Where the emulator puts the initramfs; of what it loads nothing lies higher. */
const initramfsAt = 64 * 1024 * 1024;

/** Boots quickly; with ACPI there are MSI-X, and a hot-plug driver that would eject the card. */
const commandLine = [
  'console=ttyS0',
  'nokaslr',
  'cryptomgr.notests',
  'noisapnp',
  'initcall_blacklist=init_kprobe_trace',
  'acpiphp.disable=1',
  'random.trust_cpu=on',
].join(' ');

/** Time for a boot on a busy machine, ms. */
const bootMs = 240_000;

const wasm = createRequire(import.meta.url).resolve('v86/build/v86.wasm');

/** A copy, as the emulator wants it: it writes into the kernel. */
const copyOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** The bytes themselves, if they are all of their buffer: a snapshot is large, and is only read. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length;
  return isWhole ? buffer : copyOf(bytes);
}

export class Pc {
  readonly console: GuestConsole;
  /** The processor, for what is put into a slot. */
  readonly cpu: InsideCpu;
  /** Told of every line of the kernel's log. */
  onLog: (line: LogLine) => void = () => undefined;
  private onBooted: () => void = () => undefined;
  /** Gets the frames that the emulator's own adapter sends. */
  onFrame: (frame: Uint8Array) => void = () => undefined;
  private readonly emulator: V86;
  private readonly bus: InsideBus;
  /** Bytes of memory, from its beginning, in which a PC that has not run may have something. */
  private readonly loadedBytes: number;

  private constructor(emulator: V86, files: BootFiles) {
    this.emulator = emulator;
    this.loadedBytes = initramfsAt + files.initramfs.length;
    this.cpu = insideOf(emulator);
    this.bus = busOf(emulator);
    this.console = new GuestConsole((text) => {
      emulator.serial0_send(text);
    });
    emulator.add_listener('serial0-output-byte', (byte: number) => {
      this.console.take(String.fromCharCode(byte));
    });
    const log = new KernelLog((line) => {
      this.onLog(line);
      if (line.text === bootedLine) this.onBooted();
    });
    emulator.add_listener('serial1-output-byte', (byte: number) => {
      log.take(String.fromCharCode(byte));
    });
    emulator.add_listener('net0-send', (frame: Uint8Array) => {
      this.onFrame(frame);
    });
  }

  /** Makes one that is switched off. A snapshot fits a PC with the same adapter. */
  static async make(files: BootFiles, nic: EmulatorNic = 'ne2k'): Promise<Pc> {
    const emulator = new V86({
      wasm_path: wasm,
      memory_size: memoryBytes,
      autostart: false,
      acpi: true,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      net_device: { type: nic },
      uart1: true,
      bios: { buffer: copyOf(files.bios) },
      vga_bios: { buffer: copyOf(files.vgaBios) },
      bzimage: { buffer: copyOf(files.kernel) },
      initrd: { buffer: copyOf(files.initramfs) },
      cmdline: commandLine,
    });
    await new Promise<void>((resolve) => {
      emulator.add_listener('emulator-loaded', () => {
        resolve();
      });
    });
    return new Pc(emulator, files);
  }

  /**
   * Boots to the shell, and until the log of the boot is out: a snapshot would else go on with it.
   * Throws GuestSilent.
   */
  async boot(): Promise<void> {
    const ready = this.console.waitFor(new RegExp(`${readyMark}$`), bootMs, 'boot');
    const logged = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new GuestSilent(`The log of the boot has no end after ${bootMs / 1000} s.`));
      }, bootMs);
      this.onBooted = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await this.emulator.run();
    await Promise.all([ready, logged]);
  }

  /**
   * Memory and processor of one that has not run are put as they were. The emulator would write
   * zeros over all of the memory before; above what it has loaded there are none but zeros, and to
   * write them takes seconds, and pages of the host.
   */
  async restore(snapshot: Uint8Array): Promise<void> {
    const { cpu } = this;
    const zero = cpu.zero_memory;
    cpu.zero_memory = (begin, length) => {
      zero.call(cpu, begin, Math.min(length, this.loadedBytes));
    };
    try {
      await this.emulator.restore_state(bufferOf(snapshot));
    } finally {
      cpu.zero_memory = zero;
    }
  }

  /** Lets it go on. */
  async run(): Promise<void> {
    await this.emulator.run();
  }

  /** A frame arrives at the emulator's own adapter. Never from inside an access of this PC. */
  takeFrame(frame: Uint8Array): void {
    this.bus.send('net0-receive', frame);
  }

  /** A snapshot. No driver may be at a card: what is inside it is not kept. */
  async snapshot(): Promise<Uint8Array> {
    return new Uint8Array(await this.emulator.save_state());
  }

  stop(): Promise<void> {
    return this.emulator.destroy();
  }
}
