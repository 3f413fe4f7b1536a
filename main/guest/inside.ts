// What is used of the inside of v86 0.5.462. None of it is documented, so the names are checked
// when an emulator is made: another version says so at once, and not by a guest that hangs.

/** PCI of the emulator. Bus addresses are `slot << 3`. */
export interface InsidePci {
  pci_addr: Uint8Array;
  pci_response32: Int32Array;
  pci_status32: Int32Array;
  device_spaces: (Int32Array | undefined)[];
  devices: (object | undefined)[];
  pci_query(): void;
  pci_write8(address: number, value: number): void;
  pci_write16(address: number, value: number): void;
  pci_write32(address: number, value: number): void;
  raise_irq(bdf: number): void;
  lower_irq(bdf: number): void;
}

/** The processor with all that belongs to it. */
export interface InsideCpu {
  readonly devices: { readonly pci: InsidePci };
  readonly io: {
    mmap_register(
      base: number,
      size: number,
      read8: (address: number) => number,
      write8: (address: number, value: number) => void,
      read32: (address: number) => number,
      write32: (address: number, value: number) => void,
    ): void;
  };
  /** The buffer is another one after the memory has grown. */
  readonly wasm_memory: WebAssembly.Memory;
  /** Memory of the guest; slow to index, but it says where the bytes are. */
  readonly mem8: Uint8Array;
  readonly memory_size: Int32Array;
  /** Called before a snapshot's memory is put in place, for all of the memory. */
  zero_memory(begin: number, length: number): void;
  jit_dirty_cache(begin: number, end: number): void;
  get_apic_addr(): number;
  handle_irqs(): void;
  run_hardware_timers(acpi: boolean, nowMs: number): number;
}

/** How parts of the emulator tell each other what happens. */
export interface InsideBus {
  send(name: string, value: unknown): void;
}

const madeFor = 'the guest is made for v86 0.5.462 alone.';

const parts: readonly (readonly [string, readonly string[]])[] = [
  ['cpu', ['io', 'wasm_memory', 'mem8', 'memory_size', 'zero_memory', 'devices']],
  ['cpu', ['jit_dirty_cache', 'get_apic_addr', 'handle_irqs', 'run_hardware_timers']],
  ['pci', ['pci_addr', 'pci_response32', 'pci_status32', 'device_spaces', 'devices']],
  ['pci', ['pci_query', 'pci_write8', 'pci_write16', 'pci_write32', 'raise_irq', 'lower_irq']],
];

/** The processor of an emulator that has loaded. */
export function insideOf(emulator: object): InsideCpu {
  const { v86 } = emulator as { readonly v86?: { readonly cpu?: InsideCpu } };
  const cpu = v86?.cpu;
  const found: Readonly<Record<string, object | undefined>> = { cpu, pci: cpu?.devices?.pci };
  for (const [part, names] of parts) {
    const missing = names.find((name) => !(name in (found[part] ?? {})));
    if (missing === undefined) continue;
    throw new Error(`v86 has no ${part}.${missing}: ${madeFor}`);
  }
  return cpu!;
}

/** The bus of an emulator that has loaded. */
export function busOf(emulator: object): InsideBus {
  const { bus } = emulator as { readonly bus?: InsideBus };
  if (typeof bus?.send === 'function') return bus;
  throw new Error(`v86 has no bus: ${madeFor}`);
}
