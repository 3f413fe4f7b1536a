// `npm run build`: the window into renderer/dist, and the program that Electron runs into
// dist/desktop, which electron-builder packs.

import { programFolder } from './program-build.ts';

process.stdout.write(`Built: ${await programFolder()}\n`);
