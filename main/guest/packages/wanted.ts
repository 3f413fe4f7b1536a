// What of Debian's packages a guest is made of: the kernel with the card's drivers, busybox, and
// the BIOS that starts it; in programs.ts the programs that look at the card.

import { programs } from './programs.ts';

/** Kernels of Debian for 32-bit PCs: without and with physical address extension. */
export const flavours = ['686', '686-pae'] as const;
export type Flavour = (typeof flavours)[number];

/** A package. */
export interface Wanted {
  /** As a person would ask for it. */
  readonly said: string;
  /** What its name looks like. */
  readonly name: RegExp;
  /** What its file is called. */
  readonly file: RegExp;
}

export const kernelOf = (flavour: Flavour): Wanted => ({
  said: `linux-image-6.1.0-…-${flavour}, i386`,
  name: new RegExp(`^linux-image-6\\.1\\.0-\\d+-${flavour}$`),
  file: new RegExp(`^linux-image-(6\\.1\\.0-\\d+)-${flavour}_.*_i386\\.deb$`),
});
export const busybox: Wanted = {
  said: 'busybox-static, i386',
  name: /^busybox-static$/,
  file: /^busybox-static_.*_i386\.deb$/,
};
export const seabios: Wanted = {
  said: 'seabios',
  name: /^seabios$/,
  file: /^seabios_.*_all\.deb$/,
};

/** All packages of a guest. */
export const packagesOf = (flavour: Flavour): readonly Wanted[] => [
  kernelOf(flavour),
  busybox,
  seabios,
  ...programs,
];

/** Files of each package, by their path. */
export const kernelFile = /^boot\/vmlinuz-(.*)$/;
export const busyboxFile = 'bin/busybox';
export const biosFiles = {
  bios: 'usr/share/seabios/bios.bin',
  vga: 'usr/share/seabios/vgabios-stdvga.bin',
} as const;

/**
 * Folders of modules that the card's drivers are in, and those of the emulator's own adapters,
 * beside which the card is measured; or that they need.
 */
const moduleFolders = [
  'drivers/net/ethernet/mellanox/mlx4',
  'drivers/net/ethernet/8390',
  'drivers/net',
  'drivers/virtio',
  'net/core',
  'drivers/net/bonding',
  'drivers/infiniband/core',
  'drivers/infiniband/hw/mlx4',
  'net/tls',
  'net/8021q',
  'net/802',
  'net/llc',
] as const;

const isIn = new RegExp(`^lib/modules/[^/]+/kernel/(${moduleFolders.join('|')})/[^/]+\\.ko$`);

export const isModule = (path: string): boolean => isIn.test(path);

/** Modules that a guest has; what they depend on comes with them. */
export const modules = [
  'mlx4_en',
  'mlx4_ib',
  'ib_uverbs',
  'bonding',
  '8021q',
  'ne2k_pci',
  'virtio_pci',
  'virtio_net',
] as const;
