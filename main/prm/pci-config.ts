// Configuration space of the card (facts/device 1.1, 1.2): offsets of the standard header and of
// the capabilities that a real ConnectX-3 has. Little-endian, as PCI defines it, hence plain
// offsets. Left out: extended configuration space (SR-IOV, AER, ARI). The order in which a real
// card chains its capabilities is not in the facts; the tables below are sorted by what they name.

/** Bytes of configuration space. */
export const configBytes = 256;

export const mellanoxVendorId = 0x15b3;
export const connectX3DeviceId = 0x1003;

/** Offsets in the header. */
export const PCI_VENDOR_ID = 0x00;
export const PCI_DEVICE_ID = 0x02;
export const PCI_COMMAND = 0x04;
export const PCI_STATUS = 0x06;
export const PCI_CLASS_REVISION = 0x08;
export const PCI_CACHE_LINE_SIZE = 0x0c;
export const PCI_BASE_ADDRESS_0 = 0x10;
export const PCI_BASE_ADDRESS_2 = 0x18;
export const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
export const PCI_SUBSYSTEM_ID = 0x2e;
export const PCI_CAPABILITY_LIST = 0x34;
export const PCI_INTERRUPT_LINE = 0x3c;
export const PCI_INTERRUPT_PIN = 0x3d;

export const PCI_COMMAND_MEMORY = 0x2;
export const PCI_COMMAND_MASTER = 0x4;
export const PCI_COMMAND_INTX_DISABLE = 0x400;
/** Bits of COMMAND that can be written: memory, master, parity, SERR, INTx disable. */
export const commandWritable = 0x0546;
export const PCI_STATUS_CAP_LIST = 0x10;
export const PCI_STATUS_INTERRUPT = 0x08;
/** Network controller, Ethernet. */
export const ethernetClass = 0x020000;

/** Low bits of a 64-bit memory BAR, without and with prefetching. */
export const barMemory64 = 0x4;
export const barMemory64Prefetch = 0xc;

/** Capability ids. */
export const PCI_CAP_ID_PM = 0x01;
export const PCI_CAP_ID_VPD = 0x03;
export const PCI_CAP_ID_VNDR = 0x09;
export const PCI_CAP_ID_EXP = 0x10;
export const PCI_CAP_ID_MSIX = 0x11;

/** Where the card has its capabilities. */
export const pmOffset = 0x40;
export const vpdOffset = 0x48;
export const pcieOffset = 0x60;
export const msixOffset = 0x9c;
export const vendorOffset = 0xc0;
export const vendorCapabilityBytes = 0x18;

/** Offsets in the PCI Express capability. */
export const PCI_EXP_FLAGS = 0x02;
export const PCI_EXP_DEVCAP = 0x04;
export const PCI_EXP_DEVCTL = 0x08;
export const PCI_EXP_LNKCAP = 0x0c;
export const PCI_EXP_LNKCTL = 0x10;
export const PCI_EXP_LNKSTA = 0x12;
export const PCI_EXP_LNKCAP2 = 0x2c;
/** Version 2, endpoint. */
export const pcieFlags = 0x0002;
/** Max payload 512 bytes, function level reset not offered. */
export const pcieDevcap = 0x0000_8002;
/** 8 GT/s, eight lanes. */
export const pcieLink8x8 = 0x0083;
/** LNKCAP2: 2.5, 5 and 8 GT/s; Linux takes the highest speed from here. */
export const pcieSpeedsTo8 = 0x0000_000e;

/** Offsets in the MSI-X capability. */
export const PCI_MSIX_FLAGS = 0x02;
export const PCI_MSIX_TABLE = 0x04;
export const PCI_MSIX_PBA = 0x08;
export const PCI_MSIX_FLAGS_ENABLE = 0x8000;
export const PCI_MSIX_FLAGS_MASKALL = 0x4000;

/** A capability of a real card: id and place. */
export interface PciCapability {
  readonly name: string;
  readonly id: number;
  readonly offset: number;
}

/** The capability list of a real card (facts/device 1.2), by offset. */
export const capabilities: readonly PciCapability[] = [
  { name: 'Power Management v3', id: PCI_CAP_ID_PM, offset: pmOffset },
  { name: 'Vital Product Data', id: PCI_CAP_ID_VPD, offset: vpdOffset },
  { name: 'PCI Express v2 endpoint', id: PCI_CAP_ID_EXP, offset: pcieOffset },
  { name: 'MSI-X', id: PCI_CAP_ID_MSIX, offset: msixOffset },
  { name: 'Vendor specific', id: PCI_CAP_ID_VNDR, offset: vendorOffset },
];

/** Class codes that cards show, by the port types their firmware is set to. */
export const infinibandClass = 0x020700;
export const otherNetworkClass = 0x028000;

/** Dwords with side effects (a gateway); the driver's reset saves and restores all others. */
export const gatewayDwords: readonly number[] = [22, 23];

/** Device ids that the driver claims without CONFIG_MLX4_CORE_GEN2 (main.c: mlx4_pci_table). */
export const mlx4DeviceIds: ReadonlyMap<number, { family: string; isVf: boolean }> = new Map([
  [0x1003, { family: 'MT27500 ConnectX-3', isVf: false }],
  [0x1004, { family: 'ConnectX-3 virtual function', isVf: true }],
  [0x1005, { family: 'MT27510', isVf: false }],
  [0x1006, { family: 'MT27511', isVf: false }],
  [0x1007, { family: 'MT27520 ConnectX-3 Pro', isVf: false }],
  [0x1008, { family: 'MT27521', isVf: false }],
  [0x1009, { family: 'MT27530', isVf: false }],
  [0x100a, { family: 'MT27531', isVf: false }],
  [0x100b, { family: 'MT27540', isVf: false }],
  [0x100c, { family: 'MT27541', isVf: false }],
  [0x100d, { family: 'MT27550', isVf: false }],
  [0x100e, { family: 'MT27551', isVf: false }],
  [0x100f, { family: 'MT27560', isVf: false }],
  [0x1010, { family: 'MT27561', isVf: false }],
]);
