// The packager's configuration, checked by the packager's own schema: Electron's binary is not
// needed for that. And what the house wants of it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '#desktop/renderer-build.ts';

const require = createRequire(import.meta.url);
const { validateConfiguration } = require('app-builder-lib/out/util/config/config') as {
  validateConfiguration(config: unknown, log: unknown): Promise<void>;
};
const { DebugLogger } = require('builder-util') as { DebugLogger: new (on: boolean) => unknown };

type Tree = Readonly<Record<string, unknown>>;
const config = parse(readFileSync(`${root}electron-builder.yml`, 'utf8')) as Tree;
const check = (wanted: Tree): Promise<void> =>
  validateConfiguration(wanted, new DebugLogger(false));

test('the packager takes it, and would not take a slip of the pen', async () => {
  await check(config);
  await expect(check({ ...config, asarUnpak: [] })).rejects.toThrow(/asarUnpak/);
});

test('the four packages, and every fuse the safe way', () => {
  const { linux, mac, win } = config as Record<string, { readonly target: unknown }>;
  expect([linux!.target, mac!.target, win!.target]).toEqual([['AppImage', 'deb'], 'dmg', 'nsis']);
  expect(config['electronFuses']).toEqual({
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
  expect(config).toMatchObject({ asar: true, npmRebuild: false, publish: null });
});
